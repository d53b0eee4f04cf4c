"""What every dataset keeps to, and how its table of samples is made.

Checked before a dataset is written and again when it is read: everything after this may rely on it.
"""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from emoviz.data.dataset import FUSED, Annotation, Dataset, Features, Label
from emoviz.errors import DatasetError

COLUMNS = ("sample_id", "group", "split", "flag", "text", "media")
SPLITS = ("train", "validation", "test", "")
MODALITY = re.compile(r"[a-z][a-z0-9_]{0,31}")
LABEL = re.compile(r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]{0,38}[^\s\x00-\x1f\x7f])?")
COLOUR = re.compile(r"#[0-9a-f]{6}")
MOST_LABELS = 200
ROUNDING = 1e-6  # how far a stored distribution may be from summing to 1


def samples_table(sample_id: Iterable[str], **columns: Any) -> pd.DataFrame:
    """The table of samples: the columns every dataset has, empty where not given, then all others."""
    # By position: a series would be aligned by its index.
    given = {"sample_id": pd.array(list(sample_id), "str")} | {c: getattr(v, "array", v) for c, v in columns.items()}
    order = [*COLUMNS, *(column for column in given if column not in COLUMNS)]
    table = pd.DataFrame({column: given.get(column, "") for column in order}, index=range(len(given["sample_id"])))
    return table.astype(dict.fromkeys(COLUMNS, "str"))


def is_inside(path: str) -> bool:
    """Whether a relative path stays inside its folder, on any operating system."""
    parts = PurePosixPath(path).parts
    return not (re.search(r"[\\:\x00-\x1f]", path) or path.startswith(("/", "~")) or ".." in parts or not parts)


def media_columns(samples: pd.DataFrame) -> list[str]:
    """Columns that hold paths of clips: ``media`` and ``media_{modality}``."""
    return [column for column in samples if column == "media" or column.startswith("media_")]


def check(dataset: Dataset) -> None:
    """Make sure that a dataset is one.

    Raises:
        DatasetError: naming the first thing that is not as :class:`Dataset` promises
    """
    _check_labels(dataset.labels)
    _check_modalities(dataset.modalities)
    _check_samples(dataset)
    for side, annotation in dataset.annotations.items():
        if side not in (*dataset.modalities, FUSED):
            raise DatasetError(f"There are annotations for '{side}', which is not a modality of the dataset.")
        _check_annotation(side, annotation, len(dataset), len(dataset.labels))
    for modality, features in dataset.features.items():
        if modality not in dataset.modalities:
            raise DatasetError(f"There are features for '{modality}', which is not a modality of the dataset.")
        _check_features(modality, features, len(dataset))


def _check_labels(labels: tuple[Label, ...]) -> None:
    names = [label.name for label in labels]
    if not 2 <= len(names) <= MOST_LABELS:
        few = f"'{names[0]}' only" if len(names) == 1 else f"{len(names)} emotions"
        raise DatasetError(f"A dataset needs 2 to {MOST_LABELS} emotions, this one has {few}.")
    if len(set(names)) < len(names):
        raise DatasetError("Two emotions of the dataset have the same name.")
    for label in labels:
        if not LABEL.fullmatch(label.name):
            raise DatasetError(f"'{label.name[:40]}' cannot name an emotion: use 1 to 40 printable characters.")
        if not COLOUR.fullmatch(label.colour):
            raise DatasetError(f"The colour of '{label.name}' is '{label.colour[:20]}'; write it as #rrggbb.")
        if abs(label.valence) > 1:
            raise DatasetError(f"The valence of '{label.name}' is {label.valence}; it lies between -1 and 1.")


def _check_modalities(modalities: tuple[str, ...]) -> None:
    if not modalities or len(set(modalities)) < len(modalities):
        raise DatasetError("A dataset needs at least one modality, each with a name of its own.")
    for modality in modalities:
        if not MODALITY.fullmatch(modality) or modality == FUSED:
            raise DatasetError(
                f"'{modality[:40]}' cannot name a modality: use lower-case letters, digits and '_', not '{FUSED}'."
            )


def _check_samples(dataset: Dataset) -> None:
    samples = dataset.samples
    missing = [column for column in (*COLUMNS, *dataset.context) if column not in samples]
    if missing:
        raise DatasetError(f"The table of samples has no column '{missing[0]}'.")
    if samples.empty:
        raise DatasetError("A dataset needs at least one sample, this one has none.")
    ids = samples["sample_id"]
    if (ids == "").any() or ids.duplicated().any():
        twice = ids[ids.duplicated()].iloc[:1].tolist()
        raise DatasetError(f"Sample '{twice[0]}' is there twice." if twice else "A sample has no id.")
    strange = set(samples["split"].unique()) - set(SPLITS)
    if strange:
        raise DatasetError(f"'{min(strange)[:40]}' is no split; there are train, validation and test.")
    for column in media_columns(samples):
        outside = [path for path in samples[column].unique() if path and not is_inside(str(path))]
        if outside:
            raise DatasetError(f"'{str(outside[0])[:80]}' leaves the dataset's media folder.")


def _check_annotation(side: str, annotation: Annotation, samples: int, labels: int) -> None:
    kind, values = annotation.kind, annotation.values
    wanted = {"votes": (samples, labels), "distribution": (samples, labels), "label": (samples,), "score": (samples,)}
    if kind not in wanted:
        raise DatasetError(f"'{kind}' is no kind of annotation; there are {', '.join(wanted)}.")
    if values.shape != wanted[kind]:
        raise DatasetError(f"The {kind} of '{side}' have shape {values.shape} where {wanted[kind]} was expected.")
    if kind == "label":
        if not np.issubdtype(values.dtype, np.integer) or values.min() < -1 or values.max() >= labels:
            raise DatasetError(f"A label of '{side}' is not one of the dataset's {labels} emotions.")
        return
    seen = ~np.isnan(values)
    if np.isinf(values).any() or (kind != "score" and (seen.any(-1) & ~seen.all(-1)).any()):
        raise DatasetError(f"The {kind} of '{side}' hold values that are not numbers.")
    if kind != "score" and (values[seen] < 0).any():
        raise DatasetError(f"The {kind} of '{side}' hold negative values.")
    if kind == "distribution" and (abs(values.sum(1)[seen.all(1)] - 1) > ROUNDING).any():
        raise DatasetError(f"A distribution of '{side}' does not sum to 1.")


def _check_features(modality: str, features: Features, samples: int) -> None:
    values, offsets = features.values, features.offsets
    if values.ndim != 2 or not 0 < values.shape[1] == len(features.columns) == len(features.groups):
        raise DatasetError(f"The features of '{modality}' do not fit the names of their columns.")
    if values.dtype not in (np.float16, np.float32, np.float64):
        raise DatasetError(f"The features of '{modality}' are {values.dtype}, not floating-point numbers.")
    if offsets is None:
        if len(values) != samples:
            raise DatasetError(f"'{modality}' has features of {len(values)} samples where there are {samples}.")
    elif offsets.shape != (samples + 1,) or tuple(offsets[[0, -1]]) != (0, len(values)) or (np.diff(offsets) < 0).any():
        raise DatasetError(f"The sequences of '{modality}' do not begin and end where their samples do.")
    if not len(values):
        raise DatasetError(f"'{modality}' has features of no sample at all; leave them out.")
