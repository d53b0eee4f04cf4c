"""What a clip would convey if something in it were otherwise.

A changed clip is a new one: :func:`changed` gives its readings, and :func:`fingerprint` of the original links the
two. Perception is not run again: what is taken away, moved or exchanged are its windows.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from emoviz.analysis.clip.sentences import clock, name
from emoviz.errors import UnknownNameError
from emoviz.perception.base import Cue, Reading, Trace, Windows
from emoviz.perception.pipeline import Perceived


@dataclass(frozen=True)
class Mute:
    """One modality left out."""

    modality: str

    def __str__(self) -> str:
        return f"The {name(self.modality)} left out."

    def of(self, reading: Reading) -> Reading:
        return Reading(self.modality, "missing", "It was left out.")


@dataclass(frozen=True)
class Mask:
    """One modality hidden from ``start`` to ``end``, in seconds: windows that reach into that are gone."""

    modality: str
    start: float
    end: float

    def __str__(self) -> str:
        return f"The {name(self.modality)} hidden from {clock(self.start)} to {clock(self.end)}."

    def of(self, reading: Reading) -> Reading:
        windows = reading.windows
        if windows is None:
            return reading
        return _kept(reading, (windows.end <= self.start) | (windows.start >= self.end))


@dataclass(frozen=True)
class Delay:
    """One modality so many seconds later, or earlier where negative; what leaves the clip is gone."""

    modality: str
    seconds: float

    def __str__(self) -> str:
        when = "later" if self.seconds >= 0 else "earlier"
        return f"The {name(self.modality)} {abs(self.seconds):g} s {when}."

    def of(self, reading: Reading) -> Reading:
        if reading.windows is None:
            return reading
        windows = replace(
            reading.windows, start=reading.windows.start + self.seconds, end=reading.windows.end + self.seconds
        )
        traces = tuple(replace(trace, time=trace.time + self.seconds) for trace in reading.traces)
        cues = tuple(Cue(cue.start + self.seconds, cue.end + self.seconds, cue.text) for cue in reading.cues)
        return replace(reading, windows=windows, traces=traces, cues=cues)


@dataclass(frozen=True, eq=False)
class Swap:
    """One modality exchanged for another clip's."""

    modality: str
    other: Perceived

    def __str__(self) -> str:
        return f"The {name(self.modality)} of another clip."

    def of(self, reading: Reading) -> Reading:
        missing = Reading(self.modality, "missing", "The other clip has none.")
        return self.other.readings.get(self.modality, missing)


Change = Mute | Mask | Delay | Swap


def changed(perceived: Perceived, changes: Sequence[Change]) -> Perceived:
    """The clip with some changes, one after the other.

    Raises:
        UnknownNameError: for a modality that the clip does not know
    """
    readings = dict(perceived.readings)
    for change in changes:
        if change.modality not in readings:
            raise UnknownNameError("modality", change.modality, readings)
        readings[change.modality] = _inside(change.of(readings[change.modality]), length(perceived))
    return replace(perceived, readings=readings, notes=(*perceived.notes, *map(str, changes)))


def length(perceived: Perceived) -> float:
    """How long a clip is, in seconds; for words alone, until the last of them is said."""
    if perceived.info is not None and perceived.info.seconds > 0:
        return perceived.info.seconds
    ends = [r.windows.end.max() for r in perceived.readings.values() if r.windows is not None and len(r.windows)]
    return float(max(ends, default=0.0))


def fingerprint(perceived: Perceived) -> str:
    """SHA-256 over what was read of a clip: alike for clips that say the same."""
    digest = hashlib.sha256()
    for modality, reading in perceived.readings.items():
        digest.update(f"{modality} {reading.status} ".encode())
        if reading.windows is not None:
            for values in (reading.windows.start, reading.windows.end, reading.windows.native, reading.windows.quality):
                digest.update(np.ascontiguousarray(values, float).tobytes())
    return digest.hexdigest()


def _inside(reading: Reading, seconds: float) -> Reading:
    """A reading without what lies outside the clip."""
    windows = reading.windows
    if windows is None or not len(windows):
        return reading
    middle = (windows.start + windows.end) / 2
    kept = _kept(reading, (middle >= 0) & (middle < seconds))
    return replace(kept, traces=tuple(_cut(trace, seconds) for trace in kept.traces))


def _cut(trace: Trace, seconds: float) -> Trace:
    there = (trace.time >= 0) & (trace.time < seconds)
    return replace(trace, time=trace.time[there], values=trace.values[there])


def _kept(reading: Reading, there: np.ndarray) -> Reading:
    """A reading with some of its windows, ``there`` ``(W,)`` bool; missing without any."""
    windows = reading.windows
    assert windows is not None  # whoever calls has looked
    if there.all():
        return reading
    # Words have one cue a window (see their extractor); other modalities have none.
    cues = tuple(cue for cue, one in zip(reading.cues, there, strict=False) if one)
    if not there.any():
        return replace(reading, status="missing", reason="All of it was hidden or moved away.", windows=None, cues=cues)
    left = Windows(
        windows.start[there],
        windows.end[there],
        windows.native[there],
        windows.embedding[there],
        windows.quality[there],
        windows.labels,
    )
    return replace(reading, windows=left, cues=cues)
