"""What a browser cannot play is made playable once, in a process of its own."""

from fractions import Fraction

import av
import numpy as np
import pytest

from emoviz.data import media
from emoviz.errors import DatasetError


def clip(path, codec="flv1", container="flv", frames=20, sound="mp3"):
    """A small clip with picture and, if wanted, sound."""
    with av.open(str(path), "w", format=container) as made:
        picture = made.add_stream(codec, rate=Fraction(25))
        picture.width, picture.height, picture.pix_fmt = 65 if codec == "flv1" else 64, 48, "yuv420p"
        voice = made.add_stream(sound, rate=44_100) if sound else None
        for k in range(frames):
            image = np.full((48, picture.width, 3), (k * 10) % 255, np.uint8)
            made.mux(picture.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        made.mux(picture.encode(None))
        if voice:
            tone = np.sin(np.arange(44_100 * frames // 25) / 20, dtype=np.float32)[None]
            frame = av.AudioFrame.from_ndarray(np.vstack([tone, tone]), format="fltp", layout="stereo")
            frame.sample_rate = 44_100
            made.mux(voice.encode(frame))
            made.mux(voice.encode(None))
    return path


def test_flash_video_becomes_mp4_of_the_same_length(tmp_path):
    found = media.playable(clip(tmp_path / "a.flv"))
    assert (found.kind, found.path.suffix) == ("video", ".mp4")
    with av.open(str(found.path)) as made:
        names = {stream.codec_context.name for stream in made.streams}
        assert names == {"h264", "aac"}
        assert made.duration / 1e6 == pytest.approx(0.8, abs=0.15)


def test_a_clip_without_sound_is_normal(tmp_path):
    found = media.playable(clip(tmp_path / "silent.flv", sound=None))
    with av.open(str(found.path)) as made:
        assert [stream.type for stream in made.streams] == ["video"]


def test_the_second_time_nothing_is_decoded(tmp_path, monkeypatch):
    source = clip(tmp_path / "a.flv")
    first = media.playable(source)
    monkeypatch.setattr(media, "_run", lambda *_: pytest.fail("decoded again"))
    assert media.playable(source) == first


def test_what_browsers_play_is_left_alone(tmp_path):
    source = clip(tmp_path / "a.mp4", codec="libx264", container="mp4", sound="aac")
    assert media.playable(source).path == source
    sound = tmp_path / "a.mp3"
    sound.write_bytes(b"")
    assert media.playable(sound) == media.Playable("audio", sound)


def test_what_is_no_clip_is_said_in_a_sentence(tmp_path):
    broken = tmp_path / "broken.flv"
    broken.write_bytes(b"FLV\x01\x05" + bytes(200))
    with pytest.raises(DatasetError, match=r"'broken.flv' cannot be decoded"):
        media.playable(broken)
    assert not list((tmp_path / "home" / "playable").glob("*.mp4"))


@pytest.mark.external
def test_a_real_clip_becomes_playable(test_data):
    source = next((test_data / "crema-d-clips").glob("*.flv"))
    found = media.playable(source)
    with av.open(str(source)) as given, av.open(str(found.path)) as made:
        assert made.duration == pytest.approx(given.duration, rel=0.05)
        assert made.streams.video[0].frames > 30
