"""Clips are read as they are: their own times, their own shape, and only as far as they go."""

import os
import signal
import threading
import time
from pathlib import Path

import av
import numpy as np
import pytest

from emoviz.errors import CancelledError, ClipError, ConfigError
from emoviz.perception import media
from emoviz.perception.base import Cue
from emoviz.perception.media import Clip, Limits
from tests.media import CODECS, sound, subtitled, tone, turned, video

ALL = sorted(CODECS)
PICTURES = [end for end, (picture, _) in CODECS.items() if picture]


def made(path: Path, **options) -> Path:
    return (video if path.suffix in PICTURES else sound)(path, **options)


def decoders(count: int) -> list[int]:
    """The decoders at work, once there are so many: it takes a moment until one that is not wanted is gone."""
    parent = media._forker.process.pid
    for _ in range(100):
        found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        if len(found) == count:
            break
        time.sleep(0.02)
    assert len(found) == count
    return list(map(int, found))


@pytest.mark.parametrize("end", ALL)
def test_every_kind_of_clip_is_read(tmp_path, end):
    with Clip(made(tmp_path / f"a{end}")) as clip:
        frames, heard = list(clip.frames(5)), clip.sound()
        assert clip.seconds == pytest.approx(1, abs=0.1)
        assert clip.info.has_picture == (end in PICTURES)
        assert clip.notes == ()
    assert heard.rate == 16_000
    assert heard.seconds == pytest.approx(1, abs=0.1)
    assert np.abs(np.fft.rfft(heard.samples)).argmax() / heard.seconds == pytest.approx(220, abs=3)
    if end in PICTURES:
        assert [frame.time for frame in frames][:5] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8], abs=0.041)
        assert {frame.image.shape for frame in frames} == {(48, 64, 3)}
    else:
        assert frames == []


def test_what_a_clip_is_called_does_not_matter(tmp_path):
    path = video(tmp_path / "a.webm").rename(tmp_path / "a.txt")
    assert media.probe(path).container == "matroska,webm"


def test_pictures_come_with_their_own_times(tmp_path):
    times = [0.5, 0.6, 1.0, 1.9]
    with Clip(video(tmp_path / "a.mp4", times=times, samples=tone(2))) as clip:
        frames = list(clip.frames(25))
        assert [frame.time for frame in clip.frames(2)] == pytest.approx([0.5, 1.0, 1.9])
        assert [frame.time for frame in clip.frames(25, start=0.9)] == pytest.approx([1.0, 1.9])
    assert [frame.time for frame in frames] == pytest.approx(times)
    assert [int(frame.image[9, 9, 0]) for frame in frames] == pytest.approx([120, 140, 220, 160], abs=3)


def test_a_clip_that_begins_late_begins_at_0(tmp_path):
    with Clip(video(tmp_path / "a.mp4", times=[5.0, 5.2, 5.4], silent=True)) as clip:
        assert [frame.time for frame in clip.frames(25)] == pytest.approx([0, 0.2, 0.4])


def test_a_recording_that_does_not_say_how_long_it_is_is_measured(tmp_path):
    path = tmp_path / "recorded.webm"
    with av.open(str(video(tmp_path / "a.webm", 2))) as given, av.open(str(path), "w", options={"live": "1"}) as made:
        tracks = {stream.index: made.add_stream_from_template(stream) for stream in given.streams}
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = tracks[packet.stream.index]
                made.mux(packet)
    with av.open(str(path)) as given:
        assert given.duration is None
    with Clip(path) as clip:
        assert clip.seconds == pytest.approx(2, abs=0.1)
        assert len(list(clip.frames(5))) == 10


@pytest.mark.parametrize(("degrees", "corner"), [(0, (0, 0)), (90, (0, -1)), (180, (-1, -1)), (270, (-1, 0))])
def test_pictures_are_upright(tmp_path, degrees, corner):
    def marked(_):
        image = np.zeros((48, 64, 3), np.uint8)
        image[:16, :16] = 255
        return image

    with Clip(turned(video(tmp_path / "a.mp4", picture=marked), degrees)) as clip:
        image = next(clip.frames(1)).image
    assert (clip.info.height, clip.info.width) == image.shape[:2]
    assert image[corner][0] > 200
    assert np.mean(image > 200) == pytest.approx(1 / 12, abs=0.02)


def test_large_pictures_are_made_smaller(tmp_path):
    with Clip(video(tmp_path / "a.mp4", 0.2, size=(1280, 720))) as clip:
        assert next(clip.frames(1)).image.shape == (360, 640, 3)
        assert next(clip.frames(1, longest=100)).image.shape == (56, 100, 3)


def test_sound_is_one_channel_in_a_file_without_a_name(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))  # of the system, which nothing is written to
    path = sound(tmp_path / "a.wav", samples=tone(0.5))
    with Clip(path, scratch=tmp_path) as clip:
        heard = clip.sound()
        assert clip.sound() is heard
        assert isinstance(heard.samples, np.memmap)
        np.testing.assert_allclose(heard.samples, tone(0.5), atol=1e-3)
        assert [entry.name for entry in tmp_path.iterdir()] == ["a.wav"]


def test_a_gap_in_the_sound_is_silence(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as made:
        stream = made.add_stream("pcm_s16le", rate=16_000)
        stream.layout = "mono"
        for start in (0, 32_000):
            frame = av.AudioFrame.from_ndarray((tone(1)[None] * 32767).astype(np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.pts = 16_000, start
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    with Clip(path) as clip:
        samples = clip.sound().samples
    loud = [float(np.abs(samples[s * 16_000 + 2000 : s * 16_000 + 14_000]).max()) for s in range(3)]
    assert loud == pytest.approx([0.5, 0, 0.5], abs=0.01)


def test_words_come_from_the_subtitles_without_their_markup(tmp_path):
    path = subtitled(tmp_path / "a.mkv", [(0.1, 0.5, "Hello <i>you</i>"), (0.6, 0.9, "two\nlines")])
    with Clip(path) as clip:
        (one, two) = clip.cues()
    assert (one.text, two.text) == ("Hello you", "two lines")
    assert (one.start, one.end, two.start) == pytest.approx((0.1, 0.5, 0.6), abs=0.01)


def test_words_that_are_given_go_first(tmp_path):
    words = (Cue(0, 1, "mine"),)
    with Clip(subtitled(tmp_path / "a.mkv", [(0.1, 0.5, "theirs")]), words) as clip:
        assert clip.cues() == words


def test_a_broken_tail_is_read_as_far_as_it_goes_and_said(tmp_path):
    path = video(tmp_path / "a.mkv", 4)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with Clip(path) as clip:
        frames = list(clip.frames(5))
        heard = clip.sound()
        assert 5 <= len(frames) < 20
        assert clip.notes and all("can be read up to" in note for note in clip.notes)
    assert heard is None or heard.seconds < 4


def test_of_two_sound_tracks_the_first_is_read_and_that_is_said(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as made:
        streams = [made.add_stream("pcm_s16le", rate=16_000, layout="mono") for _ in range(2)]
        for k, stream in enumerate(streams):
            frame = av.AudioFrame.from_ndarray(np.full((1, 16_000), 16384 * k, np.int16), format="s16", layout="mono")
            frame.sample_rate = 16_000
            made.mux(stream.encode(frame))
    with Clip(path) as clip:
        assert not clip.sound().samples.any()
        assert clip.notes == ("The clip has 2 sound tracks; the first of them is read.",)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(bytes=1000), r"MB; at most 0 MB"),
        (Limits(seconds=0.5), r"lasts 1 seconds; at most 0.5 seconds"),
        (Limits(side=50), r"larger than 50 x 50 pixels"),
        (Limits(streams=1), r"has 2 streams; at most 1"),
        (Limits(memory=1 << 20), r"cannot be decoded|needs more than 1 MiB"),
    ],
)
def test_each_limit_is_said_in_a_sentence(tmp_path, limits, words):
    path = video(tmp_path / "a.mp4")
    with pytest.raises(ClipError, match=words):
        media.probe(path, limits)


def test_the_limits_are_said_in_a_sentence():
    assert Limits().sentence() == "A clip may have up to 500 MB, 60 minutes, 8192 x 8192 pixels and 16 streams."


def test_limits_are_settings():
    assert media.limits_from("seconds=7200 streams=3") == Limits(seconds=7200, streams=3)
    assert media.limits_from("") == Limits()


@pytest.mark.parametrize("words", ["size=3", "bytes", "bytes=", "bytes=-1", "seconds=inf", "seconds=long"])
def test_a_limit_that_cannot_be_is_a_sentence(words):
    with pytest.raises(ConfigError, match=r"is no limit: write NAME=NUMBER.*bytes, seconds, side"):
        media.limits_from(words)


def test_a_decoder_that_says_nothing_is_not_waited_for(tmp_path):
    with Clip(video(tmp_path / "a.mp4", 4, size=(640, 480)), limits=Limits(patience=0.3)) as clip:
        frames = clip.frames(25)
        next(frames)
        os.kill(decoders(1)[0], signal.SIGSTOP)
        with pytest.raises(ClipError, match="takes too long to decode"):
            list(frames)
    decoders(0)


def test_closing_ends_who_is_reading(tmp_path):
    clip = Clip(video(tmp_path / "a.mp4", 2))
    frames = clip.frames(25)
    next(frames)
    threading.Timer(0.05, clip.close).start()
    with pytest.raises(CancelledError):
        for _ in frames:
            threading.Event().wait(0.02)
    decoders(0)


def test_who_stops_looking_leaves_no_decoder(tmp_path):
    with Clip(video(tmp_path / "a.mp4", 2)) as clip:
        frames = clip.frames(25)
        next(frames)
        decoders(1)
        frames.close()
        decoders(0)


def test_a_decoder_that_dies_is_a_sentence_and_the_next_one_lives(tmp_path):
    with Clip(video(tmp_path / "a.mp4", 4, size=(640, 480))) as clip:
        frames = clip.frames(25)
        next(frames)
        os.kill(decoders(1)[0], 9)
        with pytest.raises(ClipError, match="cannot be decoded"):
            list(frames)
        assert len(list(clip.frames(1))) == 4
        media._forker.process.kill()
        media._forker.process.wait()
        assert len(list(clip.frames(1))) == 4


def test_a_decoder_has_no_rights(tmp_path):
    with Clip(video(tmp_path / "a.mp4", 4, size=(640, 480))) as clip:
        frames = clip.frames(25)
        next(frames)
        limits = Path(f"/proc/{decoders(1)[0]}/limits").read_text()
        opened = list(Path(f"/proc/{decoders(1)[0]}/fd").iterdir())
        frames.close()
    limits = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()}
    assert limits["Max open files"] == ["0", "0"]
    assert limits["Max file size"] == ["0", "0"]
    assert limits["Max address space"] == [str(2 << 30)] * 2
    assert limits["Max cpu time"] == ["38", "38"]
    assert len(opened) == 3  # the clip, the pipe, and errors that nobody reads


@pytest.mark.external
def test_real_flash_video_is_read(test_data):
    with Clip(test_data / "crema-d-clips" / "1001_DFA_HAP_XX.flv") as clip:
        assert next(clip.frames(5)).image.shape == (360, 480, 3)
        assert clip.sound().seconds == pytest.approx(clip.seconds, abs=0.1)
        assert clip.notes == ()
