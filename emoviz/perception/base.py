"""What perception passes on: decoded media on the way in, windows of emotion distributions on the way out.

Every time is in seconds of the clip's own clock, which begins with 0 at the first picture or sound.
Axis letters: W windows, L labels of an extractor, K common labels (:data:`emoviz.perception.common.LABELS`),
E embedding, T time steps. Distributions are predictions of what others would perceive in the clip.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from emoviz.perception import common

MODALITIES = ("face", "voice", "text")  # those the shipped extractors read, in this order everywhere


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a clip, turned upright.

    Attributes:
        time: when it is shown
        image: ``(H, W, 3)`` uint8, RGB
    """

    time: float
    image: np.ndarray


@dataclass(frozen=True, eq=False)
class Sound:
    """The sound of a clip as one channel.

    Attributes:
        rate: samples a second
        start: when the first sample is heard
        samples: ``(S,)`` float32 in [-1, 1]; may lie on disk
    """

    rate: int
    start: float
    samples: np.ndarray

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


@dataclass(frozen=True)
class Cue:
    """Words and when they are said.

    Attributes:
        start: NaN where nobody knows
        end: NaN where nobody knows
        text: what is said
    """

    start: float
    end: float
    text: str


class Media(Protocol):
    """What an extractor may ask of a clip; decoded when asked for, never all at once."""

    @property
    def seconds(self) -> float:
        """How long the clip is; 0 for words alone."""

    def frames(self, rate: float) -> Iterator[Frame]:
        """At most so many pictures a second, in order; none where there is no picture."""

    def sound(self) -> Sound | None:
        """All of its sound at 16 kHz, or ``None``."""

    def cues(self) -> tuple[Cue, ...]:
        """Its words, from whoever knows them; empty where nobody does."""


@dataclass(frozen=True, eq=False)
class Windows:
    """What one modality shows, window by window, in order of time.

    Attributes:
        start: ``(W,)``
        end: ``(W,)``
        native: ``(W, L)`` calibrated distributions over the extractor's own labels
        embedding: ``(W, E)`` float32
        quality: ``(W,)`` in [0, 1]: how far the window can be trusted
        labels: the L labels
    """

    start: np.ndarray
    end: np.ndarray
    native: np.ndarray
    embedding: np.ndarray
    quality: np.ndarray
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.start)

    @property
    def distribution(self) -> np.ndarray:
        """The same over the common labels, ``(W, K)``."""
        return common.shared(self.native, self.labels).distribution

    @property
    def outside(self) -> np.ndarray:
        """Share of each window that no common label names, ``(W,)`` in [0, 1]."""
        return common.shared(self.native, self.labels).outside


@dataclass(frozen=True, eq=False)
class Trace:
    """Something measured along a clip, for showing beside its windows.

    Attributes:
        name: for example ``pitch``
        unit: for example ``Hz``
        time: ``(T,)``
        values: ``(T,)`` or ``(T, C)``; NaN where there is nothing to measure
    """

    name: str
    unit: str
    time: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Reading:
    """One modality of one clip, read or missing.

    Attributes:
        modality: for example ``face``
        status: ``reading`` while windows still come in, then ``read`` or ``missing``
        reason: why it is missing, or what to keep in mind, in sentences; may be empty
        windows: ``None`` where missing
        traces: what was measured along the way: ``box`` (left, top, right, bottom of the face, shares of the
            picture), ``majority`` (how likely most people would choose the label likeliest in a window), ``pitch``,
            ``energy``, ``speech`` (1 where somebody speaks), ...
        cues: words with their times (text only)
    """

    modality: str
    status: Literal["reading", "read", "missing"]
    reason: str = ""
    windows: Windows | None = None
    traces: tuple[Trace, ...] = field(default=())
    cues: tuple[Cue, ...] = field(default=())

    @property
    def native(self) -> np.ndarray | None:
        """Distribution over the extractor's labels for the whole clip, ``(L,)``.

        Windows weigh by quality and length. ``None`` where missing.
        """
        if self.windows is None or not len(self.windows):
            return None
        weight = (self.windows.end - self.windows.start).clip(1e-3) * self.windows.quality.clip(1e-3)
        return weight @ self.windows.native / weight.sum()

    @property
    def distribution(self) -> np.ndarray | None:
        """Distribution over the common labels for the whole clip, ``(K,)``, or ``None`` where missing."""
        native = self.native
        return (
            None if native is None or self.windows is None else common.shared(native, self.windows.labels).distribution
        )

    def at_windows(self, name: str) -> np.ndarray | None:
        """A trace of single numbers at the middle of each window, ``(W,)``; ``None`` where either is missing."""
        trace, windows = self.trace(name), self.windows
        if trace is None or windows is None:
            return None
        return np.interp((windows.start + windows.end) / 2, trace.time, trace.values)

    def trace(self, name: str) -> Trace | None:
        """The trace of that name, if it was measured."""
        return next((trace for trace in self.traces if trace.name == name), None)


class Extractor(Protocol):
    """Reads one modality. Another one needs these members and nothing else (docs/extractors.md)."""

    modality: str
    version: str  # changes whenever its readings would; part of the key under which readings are kept

    def read(self, media: Media) -> Iterator[Reading]:
        """Readings so far, each with all windows up to now; the last one is ``read`` or ``missing``."""
