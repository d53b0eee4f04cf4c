"""Reading and writing the folder that a dataset is.

    dataset.json            what it is, and the hashes of everything below
    samples.parquet         one row a sample: its columns, then the annotations of every side
    features/{modality}.npy values; {modality}.offsets.npy beside it where they are sequences
    media/                  clips, where there are any

Written to a temporary place and renamed. Reading loads the table and maps the features, so that a
million samples open in about a second; the hash of the table is checked on every reading, those of
the features by :func:`verify`. Nothing that is read can run code: JSON, Parquet and plain arrays only.
"""

import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from emoviz import workspace
from emoviz.data.checks import MODALITY, check, is_inside, media_columns
from emoviz.data.dataset import Annotation, Dataset, Features, Kind, Label
from emoviz.errors import DatasetError

FORMAT = 1
CHUNK = 1 << 24  # bytes hashed at a time
MANIFEST = "dataset.json"
TABLE = "samples.parquet"


@dataclass(frozen=True)
class FeatureInfo:
    """What the manifest says of the features of one modality.

    Attributes:
        columns: name of each feature
        groups: group of each feature
        rows: of samples, or of time steps where they are sequences
        dtype: ``float16``, ``float32`` or ``float64``
        sequence: whether a sample has a sequence of them
        sha256: over the values, and the offsets where there are any
    """

    columns: tuple[str, ...]
    groups: tuple[str, ...]
    rows: int
    dtype: str
    sequence: bool
    sha256: str


@dataclass(frozen=True)
class Info:
    """A dataset without its data, as quick to read as one small file. See :class:`Dataset` for the rest.

    Attributes:
        name: of its folder
        samples: how many
        columns: of the table of samples, without annotations
        annotations: side to kind
        features: modality to what the manifest says of them
        samples_sha256: over the values of the table
        table_sha256: over the file that holds the table
        folder: where it lies
        shipped: whether it came with emoviz and cannot be removed
    """

    name: str
    title: str
    description: str
    licence: str
    source: str
    simulated: bool
    labels: tuple[Label, ...]
    modalities: tuple[str, ...]
    context: tuple[str, ...]
    samples: int
    columns: tuple[str, ...]
    annotations: dict[str, Kind]
    features: dict[str, FeatureInfo]
    samples_sha256: str
    table_sha256: str
    content_hash: str
    folder: Path
    shipped: bool


def names() -> tuple[str, ...]:
    """Names of all datasets: those in the workspace and those that came with emoviz."""
    return tuple(sorted(workspace.folders("dataset", workspace.ASSETS, MANIFEST)))


def info(name: str | Path) -> Info:
    """What a dataset is, without reading its data.

    Args:
        name: a dataset's name, or the folder of one anywhere

    Raises:
        UnknownNameError: if there is none of that name
        DatasetError: if its manifest is damaged
    """
    folder = workspace.folder(name, "dataset", workspace.ASSETS, MANIFEST)
    try:
        raw = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        told = _parsed(raw, folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(folder, f"{MANIFEST} cannot be read") from error
    if not all(MODALITY.fullmatch(modality) for modality in told.features):
        raise _damaged(folder, "a modality has a name that cannot be one")
    if raw.get("format") != FORMAT:
        raise DatasetError(f"Dataset '{folder.name}' was written by another version of emoviz. Import it again.")
    if told.content_hash != _content_hash(raw):
        raise _damaged(folder, f"{MANIFEST} was altered")
    return told


def read(name: str | Path) -> Dataset:
    """A dataset, its features memory-mapped.

    Args:
        name: a dataset's name, or the folder of one anywhere

    Raises:
        UnknownNameError: if there is none of that name
        DatasetError: if a file is missing, damaged or not the one its manifest describes
    """
    told = info(name)
    path = told.folder / TABLE
    try:
        if _file_hash(path) != told.table_sha256:
            raise _damaged(told.folder, f"{TABLE} was altered")
        table = pq.read_table(path, memory_map=True)
        samples = table.select(list(told.columns)).to_pandas(ignore_metadata=True)
        annotations = {side: _annotation(table, side, kind, told.labels) for side, kind in told.annotations.items()}
        features = {modality: _mapped(told, modality) for modality in told.features}
    except (OSError, ValueError, KeyError, EOFError, pa.ArrowException) as error:
        raise _damaged(told.folder, f"a file of it cannot be read ({type(error).__name__})") from error
    dataset = Dataset(
        name=told.name,
        title=told.title,
        description=told.description,
        licence=told.licence,
        source=told.source,
        simulated=told.simulated,
        labels=told.labels,
        modalities=told.modalities,
        samples=samples,
        annotations=annotations,
        features=features,
        context=told.context,
        folder=str(told.folder),
        content_hash=told.content_hash,
    )
    try:
        check(dataset)
    except DatasetError as error:
        raise _damaged(told.folder, str(error).rstrip(".")) from error
    return dataset


def write(
    dataset: Dataset, folder: Path | None = None, *, media_from: Path | None = None, replaced: bool = False
) -> Dataset:
    """Store a dataset and give it as it reads back: with its hash, and memory-mapped.

    Args:
        dataset: what to store; its ``name`` chooses the place in the workspace
        folder: where to store it instead
        media_from: the folder that the media paths of its samples are relative to; for a stored
            dataset its own, else no media are taken along
        replaced: whether a dataset that stands there may go

    Raises:
        DatasetError: if it is not a sound dataset, or one of that name exists
        BadNameError: if its name cannot be the name of a folder
    """
    check(dataset)
    if media_from is None and dataset.folder:
        media_from = Path(dataset.folder) / "media"
    if media_from is None:
        dataset = _without_media(dataset)
    final = folder or workspace.place("datasets") / workspace.checked_name("dataset", dataset.name)
    with workspace.staged(final, replace=replaced) as staging:
        table = _table(dataset)
        pq.write_table(table, staging / TABLE, compression="zstd")
        features = {m: asdict(_write_features(staging, m, dataset.features[m])) for m in dataset.features}
        if media_from is not None:
            _take_media(dataset, Path(media_from), staging / "media")
        manifest = {
            "format": FORMAT,
            "title": dataset.title,
            "description": dataset.description,
            "licence": dataset.licence,
            "source": dataset.source,
            "simulated": dataset.simulated,
            "labels": [[a.name, a.colour, None if math.isnan(a.valence) else a.valence] for a in dataset.labels],
            "modalities": dataset.modalities,
            "context": dataset.context,
            "samples": len(dataset),
            "columns": [str(column) for column in dataset.samples.columns],
            "annotations": {side: annotation.kind for side, annotation in dataset.annotations.items()},
            "features": features,
            "samples_sha256": _table_hash(table),
            "table_sha256": _file_hash(staging / TABLE),
        }
        manifest["content_hash"] = _content_hash(manifest)
        (staging / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return read(final)


def remove(name: str) -> None:
    """Delete a dataset of the workspace, media and all.

    Raises:
        UnknownNameError: if there is none of that name
        DatasetError: if it came with emoviz
    """
    folder = workspace.folder(workspace.checked_name("dataset", name), "dataset", workspace.ASSETS, MANIFEST)
    if folder.parent == workspace.ASSETS:
        raise DatasetError(f"'{name}' comes with emoviz and cannot be removed.")
    workspace.discard(folder)


def verify(name: str | Path) -> None:
    """Read every number of a dataset and compare it with the hashes of its manifest.

    Raises:
        DatasetError: naming what is not as it was written
    """
    told, dataset = info(name), read(name)
    if _table_hash(pq.read_table(told.folder / TABLE)) != told.samples_sha256:
        raise _damaged(told.folder, f"{TABLE} was altered")
    for modality, features in dataset.features.items():
        if _array_hash(features.values, features.offsets) != told.features[modality].sha256:
            raise _damaged(told.folder, f"the features of '{modality}' were altered")


def media_file(dataset: Dataset, path: str) -> Path:
    """The file behind a ``media`` cell of a stored dataset.

    Raises:
        DatasetError: if the cell is empty, leaves the dataset's folder, or its file is gone
    """
    root = (Path(dataset.folder) / "media").resolve()
    file = (root / path).resolve()
    if not (dataset.folder and path and is_inside(path) and file.is_relative_to(root) and file.is_file()):
        raise DatasetError(f"Dataset '{dataset.name}' has no clip '{path[:80]}'. Import it again with its media.")
    return file


def _damaged(folder: Path, why: str) -> DatasetError:
    return DatasetError(f"Dataset '{folder.name}' is damaged: {why}. Remove it and import it again.")


def _parsed(raw: dict[str, Any], folder: Path) -> Info:
    """The manifest as a value; whatever is missing or of the wrong type raises."""
    return Info(
        name=folder.name,
        **{key: str(raw[key]) for key in ("title", "description", "licence", "source", "content_hash")},
        **{key: str(raw[key]) for key in ("samples_sha256", "table_sha256")},
        simulated=bool(raw["simulated"]),
        labels=tuple(Label(str(a), str(b), math.nan if v is None else float(v)) for a, b, v in raw["labels"]),
        modalities=tuple(map(str, raw["modalities"])),
        context=tuple(map(str, raw["context"])),
        samples=int(raw["samples"]),
        columns=tuple(map(str, raw["columns"])),
        annotations=dict(raw["annotations"]),
        features={modality: _parsed_features(told) for modality, told in raw["features"].items()},
        folder=folder,
        shipped=folder.parent == workspace.ASSETS,
    )


def _parsed_features(raw: dict[str, Any]) -> FeatureInfo:
    told = FeatureInfo(**raw)
    return replace(told, columns=tuple(told.columns), groups=tuple(told.groups))


def _annotation_columns(side: str, kind: Kind, labels: tuple[Label, ...]) -> list[str]:
    if kind in ("label", "score"):
        return [f"{side}_{kind}"]
    return [f"{side}_{kind}_{label.name}" for label in labels]


def _table(dataset: Dataset) -> pa.Table:
    """Samples and annotations as one Arrow table."""
    columns = {str(name): _arrow(dataset.samples[name]) for name in dataset.samples.columns}
    for side, annotation in dataset.annotations.items():
        names = _annotation_columns(side, annotation.kind, dataset.labels)
        clash = [name for name in names if name in columns]
        if clash:
            raise DatasetError(f"The column '{clash[0]}' of the samples has the name of an annotation. Rename it.")
        dtype = np.int64 if annotation.kind == "label" else np.float64
        values = np.asarray(annotation.values, dtype).reshape(len(dataset), len(names))
        columns |= {name: pa.array(np.ascontiguousarray(values[:, i])) for i, name in enumerate(names)}
    return pa.table(columns)


def _arrow(column: pd.Series) -> pa.Array:
    """A column as one of four types: truth, whole number, number, words (never null)."""
    if pd.api.types.is_bool_dtype(column):
        return pa.array(column.to_numpy(bool))
    if pd.api.types.is_integer_dtype(column) and not column.hasnans:
        return pa.array(column.to_numpy(np.int64))
    if pd.api.types.is_numeric_dtype(column):
        return pa.array(column.to_numpy(np.float64, na_value=np.nan))
    words = column.astype("str").where(column.notna(), "")
    return pa.array(words.tolist(), pa.large_string())


def _annotation(table: pa.Table, side: str, kind: Kind, labels: tuple[Label, ...]) -> Annotation:
    columns = [table[name].to_numpy() for name in _annotation_columns(side, kind, labels)]
    return Annotation(kind, columns[0] if kind in ("label", "score") else np.column_stack(columns))


def _write_features(folder: Path, modality: str, features: Features) -> FeatureInfo:
    (folder / "features").mkdir(exist_ok=True)
    if any(np.isinf(block).any() for block in _blocks(features.values)):
        raise DatasetError(f"The features of '{modality}' hold infinite numbers. Leave these samples' features out.")
    np.save(folder / "features" / f"{modality}.npy", features.values, allow_pickle=False)
    if features.offsets is not None:
        np.save(folder / "features" / f"{modality}.offsets.npy", features.offsets.astype(np.int64), allow_pickle=False)
    return FeatureInfo(
        columns=features.columns,
        groups=features.groups,
        rows=len(features.values),
        dtype=str(features.values.dtype),
        sequence=features.is_sequence,
        sha256=_array_hash(features.values, features.offsets),
    )


def _mapped(told: Info, modality: str) -> Features:
    wanted = told.features[modality]
    path = told.folder / "features" / f"{modality}.npy"
    values = np.load(path, mmap_mode="r", allow_pickle=False)
    if values.shape != (wanted.rows, len(wanted.columns)) or str(values.dtype) != wanted.dtype:
        raise _damaged(told.folder, f"the features of '{modality}' are not those its manifest describes")
    offsets = np.load(path.with_suffix(".offsets.npy"), allow_pickle=False) if wanted.sequence else None
    return Features(values, wanted.columns, wanted.groups, offsets)


def _without_media(dataset: Dataset) -> Dataset:
    return replace(dataset, samples=dataset.samples.assign(**dict.fromkeys(media_columns(dataset.samples), "")))


def _take_media(dataset: Dataset, source: Path, target: Path) -> None:
    """Bring the clips along: linked where the disk allows it, else copied."""
    root = source.resolve()
    cells = dataset.samples[media_columns(dataset.samples)]
    for path in sorted({path for column in cells for path in cells[column].unique() if path}):
        file = (root / path).resolve()
        if not (file.is_relative_to(root) and file.is_file()):
            raise DatasetError(
                f"The clip '{path[:80]}' is not in the media folder. Put it there, or leave its cell empty."
            )
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(file, target / path)
        except OSError:
            shutil.copyfile(file, target / path)


def _content_hash(manifest: dict[str, Any]) -> str:
    """Over everything a dataset holds, but not over how this machine encoded its table, nor over its name."""
    kept = {key: value for key, value in manifest.items() if key not in ("table_sha256", "content_hash")}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _table_hash(table: pa.Table) -> str:
    """Over names and values, independent of the version that wrote the file."""
    digest = hashlib.sha256()
    for name in table.column_names:
        column = table[name]
        words = pa.types.is_large_string(column.type) or pa.types.is_string(column.type)
        digest.update(json.dumps([name, "words" if words else str(column.type)]).encode())
        digest.update(json.dumps(column.to_pylist()).encode() if words else column.to_numpy().tobytes())
    return digest.hexdigest()


def _array_hash(values: np.ndarray, offsets: np.ndarray | None) -> str:
    digest = hashlib.sha256()
    for block in _blocks(values):
        digest.update(np.ascontiguousarray(block).data)
    if offsets is not None:
        digest.update(offsets.astype(np.int64).tobytes())
    return digest.hexdigest()


def _blocks(values: np.ndarray) -> Iterator[np.ndarray]:
    """Rows of an array in pieces of :data:`CHUNK` bytes, so that a mapped one never fills memory."""
    step = max(1, CHUNK // (values.shape[1] * values.itemsize))
    for start in range(0, len(values), step):
        yield values[start : start + step]


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
