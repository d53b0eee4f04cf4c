"""A folder of clips to a dataset: one row a clip, what face, voice and words convey as its features.

Each clip is read by one of several processes. What was read is kept by content, so that extraction that was
stopped goes on where it was. Words come from a transcript of the same name beside the clip, else from the clip;
what people said of the clips comes from ``labels.csv`` in the folder, a table as ``emoviz data import`` takes it.
"""

import math
from collections import defaultdict
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import emoviz
from emoviz import processes, workspace
from emoviz.data import clips, emotions, store
from emoviz.data.checks import is_inside, samples_table
from emoviz.data.dataset import FUSED, Annotation, Dataset, Features
from emoviz.data.importers import table
from emoviz.data.report import LoadReport, Note
from emoviz.errors import ClipError, DatasetError
from emoviz.perception import common, pipeline
from emoviz.perception.base import Cue, Reading
from emoviz.perception.media import LIMITS, Limits, shown
from emoviz.perception.pipeline import SHIPPED, Extractors
from emoviz.perception.text import transcript
from emoviz.progress import Progress, Work, finish

TOLD = "labels.csv"
MOST_TEXT = 10_000  # characters of a row
ENDED = "A process that read clips ended: the machine may lack memory. Extract again, with fewer --jobs."


@dataclass(frozen=True, eq=False)
class Row:
    """What one clip came to.

    Attributes:
        path: relative to the folder
        refused: why it is no sample, or empty
        seconds: how long it is
        text: its words
        flag: what to keep in mind
        features: modality to distribution over the common labels, embedding and quality, ``(K + E + 1,)``
        missing: modality to why it is missing
    """

    path: str
    refused: str = ""
    seconds: float = math.nan
    text: str = ""
    flag: str = ""
    features: dict[str, np.ndarray] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def extract(
    folder: Path, name: str, *, jobs: int | None = None, extractors: Extractors = SHIPPED, limits: Limits = LIMITS
) -> Work[tuple[Dataset, LoadReport]]:
    """Make a dataset of all clips in a folder and those below it, and store it.

    Args:
        folder: with the clips
        name: of the dataset
        jobs: how many clips are read at the same time; one for every two processors where not given
        extractors: modality to what makes its extractor, which other processes must be able to import
        limits: what each clip may ask of the machine

    Yields:
        progress

    Returns:
        the stored dataset, and what became of each file

    Raises:
        DatasetError: if there is no such folder, no clip in it that can be read, or a dataset of that name
        BadNameError: if the name cannot be one
        ConfigError: for a number of jobs that cannot be
    """
    folder = Path(folder)
    if workspace.checked_name("dataset", name) in store.names():
        raise DatasetError(f"There is a dataset '{name}' already. Choose another name, or remove it first.")
    if not folder.is_dir():
        raise DatasetError(f"There is no folder '{folder}' to take clips from.")
    at_once = processes.count(jobs)
    yield Progress(0.0, f"looking through {folder.name}")
    said = table.read(folder / TOLD, media=folder)[0] if (folder / TOLD).is_file() else None
    paths = [path for path in clips.paths(folder, (*clips.VIDEO, *clips.SOUND)) if is_inside(path)]
    if not paths:
        kinds = ", ".join((*clips.VIDEO, *clips.SOUND))
        raise DatasetError(f"There is no clip in '{folder}'. Clips end in {kinds}.")
    rows: dict[str, Row] = {}
    with processes.workers(at_once) as pool:
        waiting = [pool.submit(read, folder, path, extractors, limits) for path in paths]
        try:
            for done in as_completed(waiting):
                row = done.result()
                rows[row.path] = row
                words = row.refused or f"{', '.join(row.features) or 'nothing'} read"
                yield Progress(
                    0.95 * len(rows) / len(paths), f"{len(rows)} of {len(paths)}: {shown(row.path)}: {words}"
                )
        except BrokenProcessPool as error:
            raise DatasetError(ENDED) from error
    taken = [rows[path] for path in paths if not rows[path].refused]
    if not taken:
        raise DatasetError(f"None of the {len(paths)} clips could be read. The first: {rows[paths[0]].refused}")
    yield Progress(0.95, f"storing {len(taken):,} samples")
    stored = store.write(_dataset(name, folder, taken, said, list(extractors)), media_from=folder)
    yield Progress(1.0, f"stored as {name}")
    return stored, _report(rows, paths)


def read(folder: Path, path: str, extractors: Extractors, limits: Limits) -> Row:
    """Read one clip of a folder."""
    clip, note = folder / path, ""
    try:
        try:
            cues = _beside(clip)
        except ClipError as error:  # without its words, the clip is still one
            cues, note = None, str(error)
        perceived = finish(pipeline.perceive(clip, transcript=cues, extractors=extractors, limits=limits))
    except ClipError as error:
        return Row(path, refused=str(error))
    features = {m: summary for m, reading in perceived.readings.items() if (summary := summarised(reading)) is not None}
    missing = {m: reading.reason for m, reading in perceived.readings.items() if m not in features}
    refused = "" if features else f"Nothing of '{shown(Path(path))}' could be read. {' '.join(missing.values())}"
    text = " ".join(cue.text for reading in perceived.readings.values() for cue in reading.cues)[:MOST_TEXT]
    seconds = perceived.info.seconds if perceived.info else math.nan
    return Row(path, refused, seconds, text, " ".join([*perceived.notes, note]).strip(), features, missing)


def _beside(clip: Path) -> tuple[Cue, ...] | None:
    """The words in a file of the same name, if there is one."""
    beside = [clip.with_suffix(end) for end in transcript.SUFFIXES]
    return next((transcript.read(path).cues for path in beside if path.is_file()), None)


def summarised(reading: Reading) -> np.ndarray | None:
    """A reading as one row of features: distribution, embedding and quality, ``(K + E + 1,)``; ``None`` if missing."""
    distribution, windows = reading.distribution, reading.windows
    if distribution is None or windows is None or not np.isfinite(distribution).all():
        return None
    weight = (windows.end - windows.start).clip(1e-3) * windows.quality.clip(1e-3)
    embedding = weight @ windows.embedding / weight.sum()
    return np.concatenate([distribution, embedding, [windows.quality.mean()]]).astype(np.float32)


# One dataset


def _dataset(name: str, folder: Path, rows: list[Row], said: Dataset | None, order: list[str]) -> Dataset:
    features = {
        m: _features([row.features.get(m) for row in rows]) for m in order if any(m in r.features for r in rows)
    }
    ids = _ids([row.path for row in rows])
    columns: dict[str, Any] = {
        "text": [row.text for row in rows],
        "flag": [row.flag for row in rows],
        "media": [row.path for row in rows],
        "seconds": [row.seconds for row in rows],
    }
    labels, annotations, modalities = emotions.labels(common.LABELS), {}, list(features)
    if said is not None:
        where = _matched(rows, ids, said)
        labels = said.labels
        annotations = {side: _taken(annotation, where) for side, annotation in said.annotations.items()}
        modalities += [side for side in annotations if side not in (*modalities, FUSED)]
        for column in ("group", "split"):
            columns[column] = np.append(said.samples[column].to_numpy(object), "")[where]
        columns["text"] = [
            theirs or ours
            for theirs, ours in zip(
                np.append(said.samples["text"].to_numpy(object), "")[where], columns["text"], strict=True
            )
        ]
    return Dataset(
        name=name,
        title=f"Clips of {shown(folder.resolve().name) or 'a folder'}",
        description=f"{len(rows):,} clips read by emoviz: predictions of what others would perceive in them.",
        licence="that of the clips",
        source=f"extracted by emoviz {emoviz.__version__}",
        simulated=False,
        labels=labels,
        modalities=tuple(modalities),
        samples=samples_table(ids, **columns),
        annotations=annotations,
        features=features,
    )


def _features(found: list[np.ndarray | None]) -> Features:
    width = next(len(row) for row in found if row is not None)
    values = np.stack([np.full(width, np.nan, np.float32) if row is None else row for row in found])
    size = width - len(common.LABELS) - 1
    return Features(
        values,
        columns=(*common.LABELS, *(f"embedding_{k}" for k in range(size)), "quality"),
        groups=(*["distribution"] * len(common.LABELS), *["embedding"] * size, "quality"),
    )


def _ids(paths: list[str]) -> list[str]:
    """Paths without their suffix where that is still one clip."""
    stems = [str(Path(path).with_suffix("")) for path in paths]
    return [path if stems.count(stem) > 1 else stem for path, stem in zip(paths, stems, strict=True)]


def _matched(rows: list[Row], ids: list[str], said: Dataset) -> np.ndarray:
    """The row of the table that speaks of each clip, ``(N,)``, -1 where none does."""
    known: dict[str, int] = {}
    for k, (sample, media) in enumerate(zip(said.samples["sample_id"], said.samples["media"], strict=True)):
        known |= {sample: k} | ({media: k} if media else {})
    called = [(row.path, own, Path(row.path).name, Path(row.path).stem) for row, own in zip(rows, ids, strict=True)]
    return np.array([next((known[name] for name in names if name in known), -1) for names in called])


def _taken(annotation: Annotation, where: np.ndarray) -> Annotation:
    """Rows of an annotation, empty where there is none."""
    values = annotation.values
    empty = -1 if annotation.kind == "label" else np.nan
    padded = np.concatenate([values, np.full((1, *values.shape[1:]), empty, values.dtype if empty == -1 else float)])
    return Annotation(annotation.kind, padded[where])


def _report(rows: dict[str, Row], paths: list[str]) -> LoadReport:
    """What became of each file; modalities missing for the same reason are told together."""
    refused = tuple(Note(None, None, rows[path].refused) for path in paths if rows[path].refused)
    gone: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in paths:
        if not rows[path].refused:
            for modality, why in rows[path].missing.items():
                gone[modality, why].append(path)
    notes = [
        Note(None, None, f"'{shown(files[0])}' has no {modality}: {why}", more=len(files) - 1)
        for (modality, why), files in gone.items()
    ]
    flagged = [Note(None, None, f"'{shown(path)}': {rows[path].flag}") for path in paths if rows[path].flag]
    return LoadReport(len(paths) - len(refused), (*notes, *flagged), refused, len(refused))
