"""A clip is read side by side, early, as far as it goes, and given up at once."""

import threading
from contextlib import closing

import numpy as np
import pytest

from emoviz.errors import ClipError
from emoviz.perception import kept, pipeline
from emoviz.perception.base import Cue, Reading, Trace, Windows
from emoviz.perception.common import LABELS
from emoviz.perception.media import Limits
from emoviz.progress import finish
from tests.media import sound, video


def windows(count: int) -> Windows:
    chance = np.random.default_rng(count)
    return Windows(
        start=np.arange(count, dtype=float),
        end=np.arange(count) + 1.0,
        native=chance.dirichlet(np.ones(len(LABELS)), count),
        embedding=chance.normal(size=(count, 3)).astype(np.float32),
        quality=np.ones(count),
        labels=LABELS,
    )


class Brightness:
    """A modality of its own: how bright the picture is."""

    modality = "light"
    version = "1"
    looked = 0

    def read(self, media):
        Brightness.looked += 1
        seen = [(frame.time, frame.image.mean()) for frame in media.frames(2)]
        if not seen:
            yield Reading("light", "missing", "There is no picture.")
            return
        for count in range(1, len(seen) + 1):
            trace = Trace("brightness", "of 255", *np.array(seen[:count]).T)
            yield Reading("light", "read" if count == len(seen) else "reading", "", windows(count), (trace,))


class Broken:
    """Raises what nobody expected."""

    modality = "broken"
    version = "1"

    def read(self, media):
        yield Reading("broken", "reading", "", windows(1))
        raise ZeroDivisionError(media.cues()[0].text)


class Heard:
    """Tells of the sound and the words."""

    modality = "heard"
    version = "1"

    def read(self, media):
        heard = media.sound()
        cues = media.cues()
        status = "read" if heard is not None or cues else "missing"
        yield Reading("heard", status, "" if heard is None else f"{heard.seconds:.0f} s", windows(2), (), cues)


OWN = {"light": Brightness, "heard": Heard}


def test_every_modality_is_read_and_told_as_it_comes(tmp_path):
    work = pipeline.perceive(video(tmp_path / "a.mp4", 3), extractors=OWN)
    updates = []
    done = finish(work, updates.append)
    assert {name: reading.status for name, reading in done.readings.items()} == {"light": "read", "heard": "read"}
    assert list(done.readings) == list(OWN)
    assert done.info.has_picture and done.readings["heard"].reason == "3 s"
    counts = [len(update.perceived.readings["light"].windows or ()) for update in updates]
    assert sorted(counts) == counts and set(counts) >= {0, 1, 2, 3, 4, 5, 6}
    fractions = [update.fraction for update in updates]
    assert fractions == sorted(fractions) and fractions[-1] == 1


def test_what_cannot_be_read_is_missing_and_the_rest_goes_on(tmp_path, capsys):
    done = finish(
        pipeline.perceive(sound(tmp_path / "a.wav"), text="secret words", extractors=OWN | {"broken": Broken})
    )
    assert {name: reading.status for name, reading in done.readings.items()} == {
        "light": "missing",
        "heard": "read",
        "broken": "missing",
    }
    assert done.readings["light"].reason == "There is no picture."
    assert done.readings["broken"].reason == "Something unexpected happened (ZeroDivisionError)."
    assert "secret words" not in "".join(capsys.readouterr())


def test_an_extractor_that_cannot_be_made_is_a_missing_modality(tmp_path):
    def make():
        raise ClipError("There are no weights.")

    done = finish(pipeline.perceive(sound(tmp_path / "a.wav"), extractors={"face": make, "heard": Heard}))
    assert (done.readings["face"].status, done.readings["face"].reason) == ("missing", "There are no weights.")


def test_words_alone_are_enough():
    done = finish(pipeline.perceive(None, text="so be it", extractors=OWN))
    assert done.info is None
    assert [cue.text for cue in done.readings["heard"].cues] == ["so be it"]
    assert done.readings["light"].status == "missing"


def test_a_transcript_goes_before_words_without_times(tmp_path):
    cues = (Cue(0.0, 1.0, "timed"),)
    done = finish(pipeline.perceive(sound(tmp_path / "a.wav"), text="untimed", transcript=cues, extractors=OWN))
    assert done.readings["heard"].cues == cues


def test_neither_clip_nor_words_is_a_sentence():
    with pytest.raises(ClipError, match="neither a clip nor words"):
        finish(pipeline.perceive(None, text=" "))


def test_a_limit_ends_it_before_anything_is_read(tmp_path):
    with pytest.raises(ClipError, match="at most 1 seconds"):
        finish(pipeline.perceive(sound(tmp_path / "a.wav", 3), limits=Limits(seconds=1), extractors=OWN))


def test_the_same_clip_is_read_once_whatever_it_is_called(tmp_path):
    path = video(tmp_path / "a.mp4")
    first = finish(pipeline.perceive(path, extractors=OWN))
    before = Brightness.looked
    second = finish(pipeline.perceive(path.rename(tmp_path / "b.mp4"), extractors=OWN))
    assert Brightness.looked == before
    for name, reading in first.readings.items():
        again = second.readings[name]
        assert (again.status, again.reason, again.cues) == (reading.status, reading.reason, reading.cues)
        np.testing.assert_array_equal(again.windows.native, reading.windows.native)
        np.testing.assert_array_equal(again.windows.embedding, reading.windows.embedding)
        assert [trace.name for trace in again.traces] == [trace.name for trace in reading.traces]


def test_other_words_or_a_new_version_are_read_again(tmp_path, monkeypatch):
    path = video(tmp_path / "a.mp4")
    finish(pipeline.perceive(path, extractors=OWN))
    before = Brightness.looked
    finish(pipeline.perceive(path, text="words", extractors=OWN))
    assert Brightness.looked == before + 1
    monkeypatch.setattr(Brightness, "version", "2")
    finish(pipeline.perceive(path, extractors=OWN))
    assert Brightness.looked == before + 2


def test_nothing_is_kept_of_what_is_private(tmp_path, own_workspace):
    finish(pipeline.perceive(video(tmp_path / "a.mp4"), text="private", cache=False, extractors=OWN))
    assert not list(own_workspace.glob("**/*"))


def test_a_damaged_reading_is_made_again(tmp_path, own_workspace):
    path = video(tmp_path / "a.mp4")
    finish(pipeline.perceive(path, extractors=OWN))
    for file in own_workspace.glob("perception/*/*.npz"):
        file.write_bytes(file.read_bytes()[:-40])
    done = finish(pipeline.perceive(path, extractors=OWN))
    assert done.readings["light"].status == "read"


@pytest.mark.parametrize("data", [b"", b"PK", b"\x80\x04K\x01."])
def test_what_is_no_reading_is_said(data):
    with pytest.raises(ValueError, match="no reading"):
        kept.from_bytes(data)


def test_whoever_gives_up_leaves_no_thread_and_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = video(tmp_path / "a.mp4", 30)
    threads = threading.active_count()
    with closing(pipeline.perceive(path, cache=False, extractors=OWN)) as work:
        next(work), next(work)
    assert threading.active_count() == threads
    assert [entry.name for entry in tmp_path.iterdir() if entry.name != "home"] == ["a.mp4"]


def test_the_shipped_extractors_read_a_clip_without_anybody_in_it(tmp_path):
    done = finish(pipeline.perceive(video(tmp_path / "a.mp4", 2), text="I am so happy about this!"))
    assert list(done.readings) == ["face", "voice", "text"]
    assert {name: reading.status for name, reading in done.readings.items()} == {
        "face": "missing",
        "voice": "missing",
        "text": "read",
    }
    assert all(reading.reason for reading in done.readings.values() if reading.status == "missing")
    assert LABELS[done.readings["text"].distribution.argmax()] == "happiness"
