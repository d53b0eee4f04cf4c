"""Clips as a browser can play them.

What browsers do not know (Flash video, MKV, HEVC, …) is decoded and written again as MP4 with H.264 and
AAC, once, into the workspace. Decoders of old formats are old code and clips come from anywhere: the
work is done in a process of its own, with limits on time and memory.
"""

import hashlib
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from emoviz import workspace
from emoviz.data.clips import SOUND
from emoviz.errors import DatasetError

LONGEST = 600  # seconds of a clip that are made playable
WIDEST = 1280  # pixels
CPU_SECONDS = 300
MEMORY = 4 << 30  # bytes of address space; x264 and the libraries alone map about one
PLAYED = {"mp4": {"h264", "aac", "mp3", "av1", "vp9"}, "webm": {"vp8", "vp9", "av1", "opus", "vorbis"}}
NATIVE = 10  # how the process says that nothing has to be done


@dataclass(frozen=True)
class Playable:
    """A file that browsers play.

    Attributes:
        kind: with picture or sound alone
        path: where it lies
    """

    kind: Literal["video", "audio"]
    path: Path


def playable(clip: Path) -> Playable:
    """The clip itself, or a copy of it that browsers can play, made when it is first asked for.

    Raises:
        DatasetError: if it cannot be decoded
    """
    if clip.suffix.lower() in SOUND:
        return Playable("audio", clip)
    told = clip.stat()
    name = hashlib.sha256(f"{clip.resolve()}|{told.st_size}|{told.st_mtime_ns}".encode()).hexdigest()[:32]
    folder = workspace.place("playable")
    copy, native, failed = (folder / f"{name}.{end}" for end in ("mp4", "native", "failed"))
    if native.exists():
        return Playable("video", clip)
    if failed.exists():
        raise _undecodable(clip)
    if not copy.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            made = Path(scratch) / copy.name
            try:
                needed = _run(clip, made)
            except DatasetError:
                failed.touch()  # so that a page that shows it again does not try again
                raise
            if needed:
                made.replace(copy)
            else:
                native.touch()
                return Playable("video", clip)
    return Playable("video", copy)


def _run(clip: Path, target: Path) -> bool:
    """Transcode in a process of its own; ``False`` if the clip is fine as it is."""
    command = [sys.executable, "-m", "emoviz.data.media", str(clip), str(target)]
    try:
        done = subprocess.run(
            command, cwd=workspace.ROOT, stdin=subprocess.DEVNULL, capture_output=True, timeout=CPU_SECONDS * 2
        )
    except subprocess.TimeoutExpired as error:
        raise DatasetError(
            f"The clip '{clip.name}' took too long to decode. Convert it to MP4 and import again."
        ) from error
    if done.returncode == NATIVE:
        return False
    if done.returncode != 0 or not target.is_file():
        raise _undecodable(clip)
    return True


def _undecodable(clip: Path) -> DatasetError:
    return DatasetError(f"The clip '{clip.name}' cannot be decoded. Convert it to MP4 and import again.")


def transcode(clip: Path, target: Path) -> None:
    """Write a clip as MP4 with H.264 and AAC, at most :data:`LONGEST` seconds of it.

    Times are kept as the clip has them, so picture and sound stay together.
    """
    import av  # heavy, and only the process of its own needs it

    with (
        av.open(str(clip)) as given,
        av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as made,
    ):
        outputs: dict[Any, Any] = {}
        if given.streams.video:
            source = given.streams.video[0]
            scale = min(1.0, WIDEST / source.width)
            picture = made.add_stream("libx264", rate=Fraction(source.average_rate or 25).limit_denominator(1001))
            picture.width, picture.height = (
                max(2, int(side * scale) // 2 * 2) for side in (source.width, source.height)
            )
            picture.pix_fmt = "yuv420p"
            picture.options = {"preset": "veryfast", "crf": "22"}
            picture.codec_context.time_base = Fraction(1, 90_000)
            outputs[source] = picture
        if given.streams.audio:
            sound = made.add_stream("aac", rate=44_100)
            sound.layout = "stereo"
            outputs[given.streams.audio[0]] = sound
        resampler = av.AudioResampler("fltp", "stereo", 44_100, frame_size=1024)
        for stream, frame in _frames(given, list(outputs)):
            if isinstance(frame, av.AudioFrame):
                resampled = resampler.resample(frame)
            else:
                frame.pict_type = 0
                resampled = [frame.reformat(outputs[stream].width, outputs[stream].height, "yuv420p")]
            for one in resampled:
                made.mux(outputs[stream].encode(one))
        for output in outputs.values():
            made.mux(output.encode(None))


def _frames(given, streams: list) -> Iterator[tuple]:
    """Decoded frames with their stream, in order; damaged packets are passed over."""
    import av

    for packet in given.demux(streams):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            continue
        for frame in frames:
            if frame.time is not None and frame.time > LONGEST:
                return
            yield packet.stream, frame


def is_native(clip: Path) -> bool:
    """Whether browsers play the clip as it is."""
    import av

    with av.open(str(clip)) as given:
        codecs = {s.codec_context.codec.canonical_name for s in given.streams if s.type in ("video", "audio")}
        return bool(codecs) and codecs <= PLAYED.get(clip.suffix.lower().removeprefix("."), set())


def main() -> None:
    """Transcode ``argv[1]`` to ``argv[2]``, within limits; exit code 10 where nothing has to be done."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.nice(5)
    clip, target = Path(sys.argv[1]), Path(sys.argv[2])
    if is_native(clip):
        sys.exit(NATIVE)
    transcode(clip, target)


if __name__ == "__main__":
    main()
