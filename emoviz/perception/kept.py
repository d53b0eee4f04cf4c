"""Readings kept in the workspace, so that the same clip is read once by each version of an extractor.

One file a reading, ``perception/{hash of the clip}/{modality}-{hash of version and words}.npz``: plain arrays,
and one of bytes that holds the rest as JSON. The folder may be deleted at any time.
"""

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from emoviz import workspace
from emoviz.perception.base import Cue, Reading, Trace, Windows

FORMAT = "1"
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
        try:
            return from_bytes(self._path(modality, version).read_bytes())
        except (OSError, ValueError):
            return None

    def put(self, version: str, reading: Reading) -> None:
        """Keep a reading that is complete."""
        path = self._path(reading.modality, version)
        path.parent.mkdir(exist_ok=True)
        scratch = path.with_name(f".{path.name}.{os.getpid()}")
        scratch.write_bytes(to_bytes(reading))
        scratch.replace(path)

    def _path(self, modality: str, version: str) -> Path:
        key = hashlib.sha256(json.dumps([FORMAT, version, self.words]).encode()).hexdigest()[:16]
        return self.folder / f"{workspace.checked_name('modality', modality)}-{key}.npz"


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
