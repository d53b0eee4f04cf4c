"""Clips as a browser can play them.

What browsers do not know (Flash video, MKV, HEVC, …) is decoded and written again as MP4 with H.264 and AAC,
once, upright, by the same confined process that decodes everything.
"""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from emoviz import workspace
from emoviz.errors import ClipError
from emoviz.perception import media
from emoviz.perception.media import LIMITS, ClipInfo, Limits

# What browsers play, by container as libavformat calls it.
PLAYED = {
    "mov,mp4,m4a,3gp,3g2,mj2": {"h264", "aac", "mp3", "av1", "vp9", "opus", "flac"},
    "matroska,webm": {"vp8", "vp9", "av1", "opus", "vorbis"},
    "wav": {"pcm_s16le", "pcm_s24le", "pcm_f32le", "pcm_u8"},
    "mp3": {"mp3"},
    "flac": {"flac"},
    "ogg": {"opus", "vorbis", "flac"},
}
LONGEST = 600  # seconds that are made playable, since somebody waits
KINDS: dict[Literal["video", "audio"], str] = {"video": "mp4", "audio": "m4a"}  # and the suffix of their copies
PIXELS = ("", "yuv420p", "yuvj420p")  # others are decoded by few browsers


@dataclass(frozen=True)
class Playable:
    """A file that browsers play.

    Attributes:
        kind: with picture or sound alone
        path: where it lies
    """

    kind: Literal["video", "audio"]
    path: Path


def playable(clip: Path, folder: Path | None = None, limits: Limits = LIMITS) -> Playable:
    """The clip itself, or a copy of it that browsers can play, made when it is first asked for.

    Args:
        clip: its file
        folder: where a copy may lie; a place in the workspace where not given
        limits: what the clip may ask of the machine

    Raises:
        ClipError: if it cannot be decoded
    """
    told = clip.stat()
    name = hashlib.sha256(f"{clip.resolve()}|{told.st_size}|{told.st_mtime_ns}".encode()).hexdigest()[:32]
    folder = folder or workspace.place("playable")
    for kind, end in KINDS.items():
        if (copy := folder / f"{name}.{end}").exists():
            return Playable(kind, copy)
        if (folder / f"{name}.{kind}").exists():
            return Playable(kind, clip)
    failed = folder / f"{name}.failed"
    if failed.exists():
        raise ClipError(failed.read_text(encoding="utf-8"))
    try:
        info = media.probe(clip, limits)
        kind = "video" if info.has_picture else "audio"
        if is_native(info):
            (folder / f"{name}.{kind}").touch()
            return Playable(kind, clip)
        copy = folder / f"{name}.{KINDS[kind]}"
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            made = Path(scratch) / copy.name
            with made.open("w+b") as file:
                media.make_copy(clip, file, info, limits, LONGEST)
            made.replace(copy)
    except ClipError as error:
        failed.write_text(str(error), encoding="utf-8")  # so that a page that shows it again does not try again
        raise
    return Playable(kind, copy)


def is_native(info: ClipInfo) -> bool:
    """Whether browsers play such a clip as it is."""
    known = set(info.codecs) <= PLAYED.get(info.container, set())
    return known and bool(info.codecs) and info.pixels in PIXELS
