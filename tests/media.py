"""Small clips for tests, made by PyAV: pictures and sounds that never were anybody's."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

CODECS = {
    ".mp4": ("libx264", "aac"),
    ".mov": ("libx264", "aac"),
    ".mkv": ("libx264", "aac"),
    ".webm": ("libvpx", "libopus"),
    ".avi": ("mpeg4", "libmp3lame"),
    ".flv": ("flv1", "libmp3lame"),
    ".wav": (None, "pcm_s16le"),
    ".mp3": (None, "libmp3lame"),
    ".flac": (None, "flac"),
    ".m4a": (None, "aac"),
    ".ogg": (None, "libopus"),
}
FORMATS = {".mkv": "matroska", ".m4a": "ipod"}
CLOCK = Fraction(1, 90_000)


def grey(seconds: float, width: int = 64, height: int = 48) -> np.ndarray:
    """A picture, ``(H, W, 3)``, whose brightness tells its time: 20 more each tenth of a second, up to 240."""
    return np.full((height, width, 3), 20 * (1 + int(seconds * 10 + 1e-6) % 12), np.uint8)


def tone(seconds: float, rate: int = 16_000, hz: float = 220) -> np.ndarray:
    """A sine of half amplitude, ``(S,)`` float32."""
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def video(
    path: Path,
    seconds: float = 1.0,
    *,
    fps: float = 25,
    size: tuple[int, int] = (64, 48),
    picture: Callable[[float], np.ndarray] | None = None,
    times: Iterable[float] | None = None,
    samples: np.ndarray | None = None,
    silent: bool = False,
) -> Path:
    """A clip with picture and sound, in the format of its suffix.

    Args:
        path: where to write it
        seconds: how long
        fps: pictures a second
        size: width and height
        picture: gives the picture at a time; :func:`grey` where not given
        times: when pictures are shown, for a variable rate or a late start; evenly spaced where not given
        samples: the sound, ``(S,)`` float32 at 16 kHz; a tone where not given
        silent: whether to leave the sound out
    """
    width, height = size
    draw = picture or (lambda t: grey(t, width, height))
    shown = [k / fps for k in range(round(seconds * fps))] if times is None else list(times)
    codec, voice = CODECS[path.suffix]
    with av.open(str(path), "w", format=FORMATS.get(path.suffix)) as made:
        stream = made.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        if times is not None:
            stream.codec_context.time_base = CLOCK
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "bf": "0"}
        heard = None if silent else _sound_stream(made, voice)
        for k, t in enumerate(shown):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(draw(t)), format="rgb24")
            if times is not None:
                frame.pts, frame.time_base = round(t / CLOCK), CLOCK
            else:
                frame.pts = k
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
        if heard is not None:
            _write_sound(made, heard, tone(seconds) if samples is None else samples, 16_000)
    return path


def sound(path: Path, seconds: float = 1.0, *, samples: np.ndarray | None = None, rate: int = 16_000) -> Path:
    """A clip of sound alone, in the format of its suffix; ``samples`` ``(S,)`` float32, a tone where not given."""
    with av.open(str(path), "w", format=FORMATS.get(path.suffix)) as made:
        stream = _sound_stream(made, CODECS[path.suffix][1])
        _write_sound(made, stream, tone(seconds, rate) if samples is None else samples, rate)
    return path


def turned(path: Path, degrees: int) -> Path:
    """Tell an MP4 that it is to be shown turned clockwise by 0, 90, 180 or 270 degrees."""
    one = 1 << 16
    a, b, c, d = {0: (one, 0, 0, one), 90: (0, one, -one, 0), 180: (-one, 0, 0, -one), 270: (0, -one, one, 0)}[degrees]
    raw = bytearray(path.read_bytes())
    matrix = raw.index(b"tkhd") + 4 + 40  # after version, flags, times, ids, duration, layer, volume
    for place, value in ((0, a), (4, b), (12, c), (16, d)):
        raw[matrix + place : matrix + place + 4] = value.to_bytes(4, "big", signed=True)
    path.write_bytes(raw)
    return path


def subtitled(path: Path, cues: Iterable[tuple[float, float, str]], seconds: float = 1.0) -> Path:
    """A Matroska clip of sound with an embedded subtitle track; cues are start, end and words."""
    with av.open(str(path), "w", format="matroska") as made:
        stream = _sound_stream(made, "libopus")
        words = made.add_stream("subrip")
        words.codec_context.subtitle_header = b"[Script Info]\n"  # the encoder does not open without one
        words.time_base = Fraction(1, 1000)
        for start, end, text in cues:
            packet = av.Packet(text.encode())
            packet.stream, packet.time_base = words, Fraction(1, 1000)
            packet.pts = packet.dts = round(start * 1000)
            packet.duration = round((end - start) * 1000)
            made.mux(packet)
        _write_sound(made, stream, tone(seconds), 16_000)
    return path


def _sound_stream(made, codec: str):
    stream = made.add_stream(
        codec, rate=48_000 if codec == "libopus" else 44_100 if made.format.name == "flv" else 16_000
    )
    stream.layout = "mono"
    return stream


def _write_sound(made, stream, samples: np.ndarray, rate: int) -> None:
    context = stream.codec_context
    resampler = av.AudioResampler(context.format.name, "mono", context.rate, frame_size=context.frame_size or 1024)
    frame = av.AudioFrame.from_ndarray(samples.astype(np.float32)[None], format="flt", layout="mono")
    frame.sample_rate, frame.pts = rate, 0
    for ready in [*resampler.resample(frame), *resampler.resample(None)]:
        made.mux(stream.encode(ready))
    made.mux(stream.encode(None))
