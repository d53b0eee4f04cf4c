"""What one dataset is, wherever it came from.

Axis letters as everywhere in emoviz: N samples, K labels, T time steps, F features. A *side* is
either a modality of the dataset or ``"fused"``: what people said of the whole sample.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

FUSED = "fused"
Kind = Literal["votes", "distribution", "label", "score"]


@dataclass(frozen=True)
class Label:
    """One emotion of a dataset.

    Attributes:
        name: as shown, lower case
        colour: ``#rrggbb``
        valence: -1 unpleasant to 1 pleasant, 0 neutral, NaN unknown
    """

    name: str
    colour: str
    valence: float = float("nan")


@dataclass(frozen=True)
class Annotation:
    """What people said of one side of every sample.

    Attributes:
        kind: ``votes`` (counts), ``distribution`` (rows sum to 1), ``label`` or ``score``
        values: ``(N, K)`` for votes and distributions, a row of NaN where missing;
            ``(N,)`` label index, -1 where missing; ``(N,)`` score, NaN where missing
    """

    kind: Kind
    values: np.ndarray

    def distribution(self, labels: int) -> np.ndarray | None:
        """Emotion distributions ``(N, K)``, NaN where missing or without votes; ``None`` for scores."""
        if self.kind == "score":
            return None
        if self.kind == "label":
            one_hot = np.eye(labels)[np.maximum(self.values, 0)]
            return np.where((self.values >= 0)[:, None], one_hot, np.nan)
        values = np.asarray(self.values, float)
        if self.kind == "distribution":
            return values
        total = values.sum(1, keepdims=True)
        return np.divide(values, total, out=np.full_like(values, np.nan), where=total > 0)


@dataclass(frozen=True)
class Features:
    """The features of one modality, memory-mapped when read from disk.

    Attributes:
        values: ``(N, F)`` utterance vectors, a row of NaN where missing; or, with ``offsets``,
            ``(sum of T, F)``: the sequences of all samples one after the other
        columns: name of each of the F features
        groups: group of each of the F features, for choosing what a model reads
        offsets: ``(N + 1,)``, sample i is ``values[offsets[i]:offsets[i + 1]]``, empty where
            missing; ``None`` for utterance vectors
    """

    values: np.ndarray
    columns: tuple[str, ...]
    groups: tuple[str, ...]
    offsets: np.ndarray | None = None

    @property
    def is_sequence(self) -> bool:
        return self.offsets is not None

    def present(self) -> np.ndarray:
        """Which samples have this modality, ``(N,)`` bool."""
        if self.offsets is not None:
            return np.diff(self.offsets) > 0
        return ~np.isnan(self.values).any(1)


@dataclass(frozen=True)
class Dataset:
    """Samples with what their modalities show and what people said of them.

    Attributes:
        name: of its folder
        title: as shown
        description: one or two sentences for a newcomer
        licence: name and terms in one line
        source: where it came from, with its version
        simulated: whether no person was ever seen or heard
        labels: the emotions, in the order of every K axis
        modalities: names, in the order of every M axis
        samples: one row a sample, ``sample_id`` (unique), ``group`` (speaker; empty if unknown),
            ``split`` (``train``, ``validation``, ``test`` or empty), ``flag`` (why to distrust it, or
            empty), ``text`` (words, or empty), ``media`` and ``media_{modality}`` (path inside the
            dataset's media folder, or empty), and whatever else the source had
        annotations: side to annotation; a side may be missing
        features: modality to features; a modality may be missing
        context: columns of ``samples`` that a fusion may read (categories)
        folder: where it lies, empty for a dataset in memory
        content_hash: SHA-256 over everything above but name and folder, empty before it is stored
    """

    name: str
    title: str
    description: str
    licence: str
    source: str
    simulated: bool
    labels: tuple[Label, ...]
    modalities: tuple[str, ...]
    samples: pd.DataFrame
    annotations: dict[str, Annotation] = field(default_factory=dict)
    features: dict[str, Features] = field(default_factory=dict)
    context: tuple[str, ...] = ()
    folder: str = ""
    content_hash: str = ""

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def label_names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.labels)

    def distribution(self, side: str) -> np.ndarray | None:
        """What people said of a side, ``(N, K)`` with NaN where missing, or ``None`` where nothing was asked."""
        annotation = self.annotations.get(side)
        return None if annotation is None else annotation.distribution(len(self.labels))
