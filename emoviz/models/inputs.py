"""From a dataset to the tensors of a model, and what a checkpoint remembers of that.

:class:`Inputs` is written in the card: another dataset is checked against it, and a mismatch is a
sentence. Means and deviations are no part of it: each model keeps those of its own training rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import torch

from emoviz.data.dataset import FUSED, Dataset, Features
from emoviz.errors import ConfigError, DatasetError
from emoviz.models.base import Batch, Batches, TargetKind

# Odd 64-bit multipliers spread the bits of a row over its key; the seed is part of stored checkpoints.
KEY_SEED = 20_251_115
# Columns of samples in which people's ratings of affect stand, where they were asked.
AFFECT = ("valence", "arousal")


@dataclass(frozen=True)
class ModalityInputs:
    """What a model reads of one modality.

    Attributes:
        name: of the modality
        columns: names of the features, in order
        sequence: whether every sample is ``(T, F)`` instead of ``(F,)``
    """

    name: str
    columns: tuple[str, ...]
    sequence: bool


@dataclass(frozen=True)
class ContextInputs:
    """A column of categories that the fusion reads.

    Attributes:
        column: of ``dataset.samples``
        categories: seen in training, sorted; another one reads as all zeros
    """

    column: str
    categories: tuple[str, ...]


@dataclass(frozen=True)
class Inputs:
    """Everything a model reads, and the shape of what it answers.

    Attributes:
        modalities: in the order of every M axis
        context: what the fusion may read besides
        labels: names, in the order of every K axis
        valences: of the labels, -1 unpleasant to 1 pleasant, 0 neutral or unknown
        target: what the fused annotation is: a class, a distribution or a score
    """

    modalities: tuple[ModalityInputs, ...]
    context: tuple[ContextInputs, ...]
    labels: tuple[str, ...]
    valences: tuple[float, ...]
    target: TargetKind

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the modalities."""
        return tuple(modality.name for modality in self.modalities)

    @property
    def context_size(self) -> int:
        """Width of the one-hot context."""
        return sum(len(entry.categories) for entry in self.context)


def declare(dataset: Dataset, groups: str = "all", context: bool = True) -> Inputs:
    """What a new model shall read of a dataset.

    Args:
        dataset: with features and a fused annotation
        groups: feature groups joined by ``+``, or ``all``
        context: whether the fusion may read ``dataset.context``

    Raises:
        DatasetError: if the dataset has nothing to learn from
        ConfigError: if a feature group does not exist
    """
    if FUSED not in dataset.annotations:
        raise DatasetError(
            f"Dataset '{dataset.name}' has no fused label to learn. "
            "Import it with a column such as 'label' or 'fused_<emotion>'."
        )
    if len(dataset.labels) < 2 and dataset.annotations[FUSED].kind != "score":
        raise DatasetError(f"Dataset '{dataset.name}' has fewer than two labels, so there is nothing to tell apart.")
    with_features = [name for name in dataset.modalities if name in dataset.features]
    if not with_features:
        raise DatasetError(
            f"Dataset '{dataset.name}' has no features to learn from. "
            "Import it with columns such as '<modality>_f0', or with votes per modality."
        )
    known = {group for name in with_features for group in dataset.features[name].groups}
    chosen = known if groups == "all" else {group.strip() for group in groups.replace(",", "+").split("+")}
    if unknown := chosen - known:
        raise ConfigError(
            f"Unknown feature group '{sorted(unknown)[0]}' in inputs. "
            f"Dataset '{dataset.name}' has: {', '.join(sorted(known))} (or 'all')."
        )
    modalities = tuple(
        ModalityInputs(name, tuple(_columns(dataset.features[name], chosen)), dataset.features[name].is_sequence)
        for name in with_features
    )
    if empty := [modality.name for modality in modalities if not modality.columns]:
        raise ConfigError(
            f"The feature groups {', '.join(sorted(chosen))} leave nothing of modality '{empty[0]}'. "
            "Name one of its groups too."
        )
    entries = (
        [
            ContextInputs(column, tuple(sorted(dataset.samples[column].astype(str).unique())))
            for column in dataset.context
        ]
        if context
        else []
    )
    kind = dataset.annotations[FUSED].kind
    target: TargetKind = "class" if kind == "label" else "score" if kind == "score" else "distribution"
    valences = tuple(0.0 if np.isnan(label.valence) else float(label.valence) for label in dataset.labels)
    return Inputs(modalities, tuple(entries), dataset.label_names, valences, target)


def _columns(features: Features, groups: set[str]) -> Iterator[str]:
    return (column for column, group in zip(features.columns, features.groups, strict=True) if group in groups)


def check(inputs: Inputs, dataset: Dataset, checkpoint: str) -> None:
    """Refuse a dataset that a model cannot read.

    Raises:
        DatasetError: naming the first mismatch and what the model needs
    """
    if inputs.target != "score" and dataset.label_names != inputs.labels:
        raise DatasetError(
            f"Checkpoint '{checkpoint}' answers in the labels {', '.join(inputs.labels)}; dataset '{dataset.name}' has "
            f"{', '.join(dataset.label_names)}. Choose a checkpoint trained on these labels, or train one."
        )
    for modality in inputs.modalities:
        features = dataset.features.get(modality.name)
        if features is None:
            continue  # a missing modality is masked
        if features.is_sequence != modality.sequence:
            wanted = "sequences" if modality.sequence else "one vector a sample"
            raise DatasetError(
                f"Checkpoint '{checkpoint}' reads {wanted} of modality '{modality.name}', "
                f"dataset '{dataset.name}' has the other kind. "
                "Choose a checkpoint trained on such features, or train one."
            )
        if missing := [column for column in modality.columns if column not in features.columns]:
            raise DatasetError(
                f"Checkpoint '{checkpoint}' reads feature '{missing[0]}' of modality '{modality.name}', which dataset "
                f"'{dataset.name}' lacks ({len(missing)} of {len(modality.columns)} are missing). "
                "Train one on this dataset."
            )
    if not any(name in dataset.features for name in inputs.names):
        raise DatasetError(
            f"Checkpoint '{checkpoint}' reads {', '.join(inputs.names)}; dataset '{dataset.name}' has none of them."
        )


def truth(dataset: Dataset) -> np.ndarray:
    """The fused annotation, ``(N, K)`` distributions or ``(N,)`` scores; NaN where missing."""
    annotation = dataset.annotations[FUSED]
    distribution = annotation.distribution(len(dataset.labels))
    return np.asarray(annotation.values, float) if distribution is None else distribution


def labelled(dataset: Dataset) -> np.ndarray:
    """Which samples have a fused annotation, ``(N,)`` bool."""
    known = ~np.isnan(truth(dataset))
    return known if known.ndim == 1 else known.all(1)


class Samples:
    """Chosen rows of a dataset as float32 tensors on one device, cut into batches on demand."""

    def __init__(self, inputs: Inputs, dataset: Dataset, rows: np.ndarray, device: torch.device):
        self.inputs = inputs
        self.device = device
        self._values: dict[str, torch.Tensor] = {}
        self._starts: dict[str, np.ndarray] = {}
        self._present: dict[str, torch.Tensor] = {}
        self._count = len(rows)
        keys = np.zeros((self._count, len(inputs.modalities)), np.int64)
        for m, modality in enumerate(inputs.modalities):
            features = dataset.features.get(modality.name)
            if features is None:
                features = Features(
                    np.full((len(dataset), len(modality.columns)), np.nan, np.float32),
                    modality.columns,
                    modality.columns,
                )
                self._read_vectors(modality, features, rows)
            elif modality.sequence:
                keys[:, m] = self._read_sequences(modality, features, rows)
            else:
                keys[:, m] = self._read_vectors(modality, features, rows)
        self._keys = torch.from_numpy(keys).to(device)
        self._context = torch.from_numpy(_one_hot(inputs, dataset, rows)).to(device)
        self._target = torch.from_numpy(_target(inputs, dataset, rows)).to(device)
        self._affect = torch.from_numpy(_affect(dataset, rows)).to(device)

    def __len__(self) -> int:
        return self._count

    @property
    def target(self) -> torch.Tensor:
        """``(N, K)`` or ``(N,)``, NaN where unknown."""
        return self._target

    def _read_vectors(self, modality: ModalityInputs, features: Features, rows: np.ndarray) -> np.ndarray:
        values = np.asarray(features.values[rows][:, _positions(modality, features)], np.float32)
        present = ~np.isnan(values).any(1)
        values[~present] = 0
        self._values[modality.name] = torch.from_numpy(values).to(self.device)
        self._present[modality.name] = torch.from_numpy(present).to(self.device)
        return _keys(values)

    def _read_sequences(self, modality: ModalityInputs, features: Features, rows: np.ndarray) -> np.ndarray:
        offsets = np.asarray(features.offsets)
        lengths = np.diff(offsets)[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        steps = (
            np.concatenate([np.arange(offsets[row], offsets[row + 1]) for row in rows])
            if len(rows)
            else np.zeros(0, int)
        )
        values = np.nan_to_num(np.asarray(features.values[steps][:, _positions(modality, features)], np.float32))
        self._values[modality.name] = torch.from_numpy(values).to(self.device)
        self._starts[modality.name] = starts
        self._present[modality.name] = torch.from_numpy(lengths > 0).to(self.device)
        # A sequence's key is that of its steps, weighted by their place.
        spans = pairwise(starts.tolist())
        return np.array([(_keys(values[a:b]) * np.arange(1, 2 * (b - a), 2)).sum() for a, b in spans], np.int64)

    def batch(self, rows: torch.Tensor) -> Batch:
        """The samples at some positions, ``(B,)`` int64."""
        features, steps = {}, {}
        for modality in self.inputs.modalities:
            name = modality.name
            if modality.sequence and name in self._starts:
                features[name], steps[name] = self._padded(name, rows)
            elif modality.sequence:
                features[name] = self._values[name][rows][:, None]
                steps[name] = torch.zeros(len(rows), 1, dtype=torch.bool, device=self.device)
            else:
                features[name] = self._values[name][rows]
        present = {name: values[rows] for name, values in self._present.items()}
        return Batch(
            features,
            steps,
            present,
            self._context[rows],
            self._keys[rows],
            rows,
            self._target[rows],
            self._affect[rows],
        )

    def _padded(self, name: str, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        starts = self._starts[name]
        spans = [(starts[row], starts[row + 1]) for row in rows.tolist()]
        longest = max(1, max(b - a for a, b in spans))
        values = self._values[name]
        out = values.new_zeros(len(spans), longest, values.shape[1])
        steps = torch.zeros(len(spans), longest, dtype=torch.bool, device=self.device)
        for i, (a, b) in enumerate(spans):
            out[i, : b - a] = values[a:b]
            steps[i, : b - a] = True
        return out, steps


class Ordered(Batches):
    """Some rows of :class:`Samples`, in order, a block at a time."""

    def __init__(self, samples: Samples, rows: torch.Tensor, block: int = 2048):
        self.samples, self.rows, self.block = samples, rows, block

    def __iter__(self) -> Iterator[Batch]:
        """The batches in order."""
        return (self.samples.batch(rows) for rows in self.rows.split(self.block))

    def __len__(self) -> int:
        """How many samples."""
        return len(self.rows)


def _positions(modality: ModalityInputs, features: Features) -> list[int]:
    place = {column: i for i, column in enumerate(features.columns)}
    return [place[column] for column in modality.columns]


def _keys(values: np.ndarray) -> np.ndarray:
    """One int64 per row; rows that are equal to the bit have equal keys."""
    multipliers = np.random.default_rng(KEY_SEED).integers(0, 2**63, (1, values.shape[1]), np.int64) | 1
    bits = np.ascontiguousarray(values + np.float32(0)).view(np.int32).astype(np.int64)  # + 0 makes -0 a 0
    with np.errstate(over="ignore"):
        return ((bits ^ (bits << 21)) * multipliers).sum(1)


def _one_hot(inputs: Inputs, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    blocks: list[np.ndarray] = [np.zeros((len(rows), 0), np.float32)]
    for entry in inputs.context:
        values = (
            dataset.samples[entry.column].astype(str).to_numpy()[rows]
            if entry.column in dataset.samples
            else np.full(len(rows), "")
        )
        blocks.append((values[:, None] == np.array(entry.categories)[None]).astype(np.float32))
    return np.hstack(blocks)


def _target(inputs: Inputs, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """Targets in the kind that the model learns, NaN where the dataset has none of that kind."""
    shape = (len(rows),) if inputs.target == "score" else (len(rows), len(inputs.labels))
    if FUSED not in dataset.annotations or (dataset.annotations[FUSED].kind == "score") != (inputs.target == "score"):
        return np.full(shape, np.nan, np.float32)
    return truth(dataset)[rows].astype(np.float32)


def _affect(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """What the columns ``valence`` and ``arousal`` say, ``(n, 2)``, NaN where there is no number."""
    nothing = pd.Series(np.nan, dataset.samples.index)
    columns = [pd.to_numeric(dataset.samples.get(name, nothing), errors="coerce") for name in AFFECT]
    return np.stack([column.to_numpy(np.float32, na_value=np.nan)[rows] for column in columns], 1)
