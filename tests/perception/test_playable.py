"""What a browser cannot play is made playable once, in a process without rights."""

import av
import numpy as np
import pytest

from emoviz.errors import ClipError
from emoviz.perception import media, playable
from tests.media import sound, turned, video


def test_flash_video_becomes_mp4_of_the_same_length(tmp_path):
    found = playable.playable(video(tmp_path / "a.flv"))
    assert (found.kind, found.path.suffix) == ("video", ".mp4")
    with av.open(str(found.path)) as made:
        assert {stream.codec_context.name for stream in made.streams} == {"h264", "aac"}
        assert made.duration / 1e6 == pytest.approx(1.0, abs=0.15)


def test_a_clip_without_sound_is_normal(tmp_path):
    found = playable.playable(video(tmp_path / "silent.flv", silent=True))
    with av.open(str(found.path)) as made:
        assert [stream.type for stream in made.streams] == ["video"]


def test_sound_that_browsers_do_not_know_becomes_sound(tmp_path):
    source = tmp_path / "a.aiff"
    sound(tmp_path / "a.wav").rename(tmp_path / "given.wav")
    with av.open(str(tmp_path / "given.wav")) as given, av.open(str(source), "w") as made:
        stream = made.add_stream("pcm_s16be", rate=16_000)
        for frame in given.decode(audio=0):
            made.mux(stream.encode(frame))
    for _ in range(2):
        found = playable.playable(source)
        assert (found.kind, found.path.suffix) == ("audio", ".m4a")


def test_the_second_time_nothing_is_decoded(tmp_path, monkeypatch):
    sources = [video(tmp_path / "a.flv"), video(tmp_path / "b.mp4")]
    first = [playable.playable(source) for source in sources]
    monkeypatch.setattr(media, "probe", lambda *_: pytest.fail("looked at again"))
    assert [playable.playable(source) for source in sources] == first


@pytest.mark.parametrize(("name", "kind"), [("a.mp4", "video"), ("a.webm", "video"), ("a.mp3", "audio")])
def test_what_browsers_play_is_left_alone(tmp_path, name, kind):
    source = (video if kind == "video" else sound)(tmp_path / name)
    assert playable.playable(source) == playable.Playable(kind, source)


def test_a_copy_may_lie_in_a_folder_of_its_own(tmp_path, own_workspace):
    private = tmp_path / "private"
    private.mkdir()
    found = playable.playable(video(tmp_path / "a.flv"), private)
    assert found.path.parent == private
    assert not (own_workspace / "playable").exists()


def test_a_turned_clip_is_copied_upright(tmp_path):
    def corner(_):
        image = np.zeros((48, 64, 3), np.uint8)
        image[:16, :24] = 255
        return image

    source = turned(video(tmp_path / "a.mp4", picture=corner), 90)
    with (tmp_path / "copy.mp4").open("w+b") as file:
        media.make_copy(source, file, media.probe(source))
    with media.Clip(tmp_path / "copy.mp4") as clip:
        image = next(clip.frames(1)).image
    assert image.shape == (64, 48, 3)
    assert image[4, -5, 0] > 200 > 60 > image[4, 4, 0]


def test_what_is_no_clip_is_said_in_a_sentence_each_time(tmp_path, own_workspace):
    broken = tmp_path / "broken.flv"
    broken.write_bytes(b"FLV\x01\x05" + bytes(200))
    for _ in range(2):
        with pytest.raises(ClipError, match=r"'broken.flv'"):
            playable.playable(broken)
    assert not list((own_workspace / "playable").glob("*.mp4"))


@pytest.mark.external
def test_a_real_clip_becomes_playable(test_data):
    source = next((test_data / "crema-d-clips").glob("*.flv"))
    found = playable.playable(source)
    with av.open(str(source)) as given, av.open(str(found.path)) as made:
        assert made.duration == pytest.approx(given.duration, rel=0.05)
        assert made.streams.video[0].frames > 30
