"""Finding the media files that belong to samples."""

import os
from collections.abc import Iterator
from pathlib import Path

from emoviz.data.checks import is_inside

VIDEO = (".mp4", ".webm", ".flv", ".mov", ".mkv", ".avi")
SOUND = (".wav", ".mp3", ".flac", ".ogg", ".m4a")
DEEPEST = 6  # folders below the given one


def found(folder: Path, kinds: tuple[str, ...]) -> dict[str, str]:
    """File stem to path relative to ``folder``, of all files with one of the suffixes ``kinds``.

    Where several files share a stem, the suffix named first in ``kinds`` wins, as browsers play it.
    """
    best: dict[str, tuple[int, str]] = {}
    for path in _files(folder):
        stem, suffix = os.path.splitext(os.path.basename(path))
        if suffix.lower() in kinds and is_inside(path):
            candidate = (kinds.index(suffix.lower()), path)
            best[stem] = min(best.get(stem, candidate), candidate)
    return {stem: path for stem, (_, path) in best.items()}


def paths(folder: Path, kinds: tuple[str, ...]) -> list[str]:
    """Paths relative to ``folder`` of all files with one of the suffixes ``kinds``, in order."""
    return sorted(path for path in _files(folder) if os.path.splitext(path)[1].lower() in kinds)


def _files(folder: Path) -> Iterator[str]:
    """Relative paths of all files, links not followed."""
    for root, folders, files in os.walk(folder):
        inside = os.path.relpath(root, folder)
        if inside.count(os.sep) >= DEEPEST:
            folders.clear()
        yield from (os.path.normpath(os.path.join(inside, file)) for file in files)
