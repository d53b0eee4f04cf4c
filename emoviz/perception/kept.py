"""Readings kept in the workspace, so that the same clip is read once by each version of an extractor.

One file a reading, ``perception/{hash of the clip}/{modality}-{hash of version and words}.npz``: plain arrays,
and one of bytes that holds the rest as JSON. The folder may be deleted at any time, and what was used longest ago
goes when there is more than :data:`MOST`.
"""

import hashlib
import io
import json
import math
import os
import threading
import zipfile
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np

from emoviz import workspace
from emoviz.perception.base import Cue, Reading, Trace, Windows

FORMAT = "1"
MOST = 4 << 30  # bytes of all readings together
LEFT = 0.8  # share of them that stays when the oldest go
OFTEN = 0.02  # share of them that a process writes between two looks at how many there are
COLUMNS = ("start", "end", "native", "embedding", "quality")


class Kept:
    """The kept readings of one clip with certain words.

    Args:
        clip: its file
        words: that were given with it
    """

    def __init__(self, clip: Path, words: Iterable[Cue] | None):
        with clip.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.folder = workspace.place("perception") / digest
        self.words = repr(words)

    def get(self, modality: str, version: str) -> Reading | None:
        """The reading of that version, or ``None`` where there is none that can be used."""
        path = self._path(modality, version)
        try:
            found = from_bytes(path.read_bytes())
            os.utime(path)  # used just now
        except (OSError, ValueError):
            return None
        return found

    def put(self, version: str, reading: Reading) -> None:
        """Keep a reading that is complete, where there is room for it."""
        path, data = self._path(reading.modality, version), to_bytes(reading)
        scratch = path.with_name(f".{path.name}.{os.getpid()}")
        with suppress(OSError):  # a full disk, or a folder that another process just found empty: then it is not kept
            path.parent.mkdir(exist_ok=True)
            scratch.write_bytes(data)
            scratch.replace(path)
        _ROOM.take(len(data))

    def _path(self, modality: str, version: str) -> Path:
        key = hashlib.sha256(json.dumps([FORMAT, version, self.words]).encode()).hexdigest()[:16]
        return self.folder / f"{workspace.checked_name('modality', modality)}-{key}.npz"


def forget(most: int) -> None:
    """Where all readings take more than so many bytes, delete those used longest ago."""
    used = []
    for path in workspace.place("perception").glob("*/*"):
        with suppress(OSError):  # another process was faster
            state = path.stat()
            used.append((state.st_mtime, state.st_size, path))
    total = sum(size for _, size, _ in used)
    enough = total if total <= most else LEFT * most
    for _, size, path in sorted(used):
        if total <= enough:
            break
        total -= size
        with suppress(OSError):
            path.unlink()
            path.parent.rmdir()  # fails where other readings of the clip are left


class _Room:
    """Looks now and then whether there is still room; each look goes through all that is kept."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.written = math.inf  # whatever an earlier process left counts too

    def take(self, size: int) -> None:
        """So many bytes more were written."""
        with self.lock:
            self.written += size
            if self.written < OFTEN * MOST:
                return
            self.written = 0
        forget(MOST)


_ROOM = _Room()


def to_bytes(reading: Reading) -> bytes:
    """A reading as one file: arrays, nothing that could run."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **_arrays(reading))
    return buffer.getvalue()


def from_bytes(data: bytes) -> Reading:
    """Inverse of :func:`to_bytes`.

    Raises:
        ValueError: if it is damaged
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return _reading({name: arrays[name] for name in arrays.files})
    except (OSError, KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError("These bytes are no reading.") from error


def _arrays(reading: Reading) -> dict[str, np.ndarray]:
    windows, traces = reading.windows, reading.traces
    told = {
        "modality": reading.modality,
        "status": reading.status,
        "reason": reading.reason,
        "labels": None if windows is None else windows.labels,
        "traces": [(trace.name, trace.unit) for trace in traces],
        "cues": [asdict(cue) for cue in reading.cues],
    }
    arrays = {"told": np.frombuffer(json.dumps(told).encode(), np.uint8)}
    if windows is not None:
        arrays |= {name: np.asarray(getattr(windows, name)) for name in COLUMNS}
    for k, trace in enumerate(traces):
        arrays |= {f"time{k}": np.asarray(trace.time), f"values{k}": np.asarray(trace.values)}
    return arrays


def _reading(arrays: dict[str, np.ndarray]) -> Reading:
    told = json.loads(arrays["told"].tobytes())
    windows = None
    if told["labels"] is not None:
        windows = Windows(labels=tuple(told["labels"]), **{name: arrays[name] for name in COLUMNS})
    return Reading(
        modality=told["modality"],
        status=told["status"],
        reason=told["reason"],
        windows=windows,
        traces=tuple(
            Trace(name, unit, arrays[f"time{k}"], arrays[f"values{k}"]) for k, (name, unit) in enumerate(told["traces"])
        ),
        cues=tuple(Cue(**cue) for cue in told["cues"]),
    )
