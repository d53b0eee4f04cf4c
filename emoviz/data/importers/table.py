"""A table with one row a sample: CSV, TSV, JSON Lines, JSON or Parquet.

What each column means is found in :mod:`emoviz.data.importers.roles`. A row with a value that cannot
be true is refused, and named; a cell that can be left empty is, and named too. No row costs another.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emoviz.data import emotions, reading
from emoviz.data.checks import COLUMNS, LABEL, MOST_LABELS, is_inside, media_columns, samples_table
from emoviz.data.dataset import FUSED, Annotation, Dataset, Features, Kind, Label
from emoviz.data.importers import roles
from emoviz.data.importers.roles import Roles, Side
from emoviz.data.report import Ledger, LoadReport
from emoviz.errors import DatasetError

MOST_TEXT = 10_000  # characters of a cell
MOST_ID = 128
MOST_OTHER = 200  # columns without a role that are kept
TOLERANCE = 0.05  # how far a distribution may be from summing to 1 and still be scaled to it
ROUNDING = 2e-3  # below this nobody needs to be told
LARGEST = 1e30  # of a feature or score: float32 ends at 3e38
KINDS = ("votes", "distribution", "label", "score")
SPLITS = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development"), "validation"),
    **dict.fromkeys(("test", "testing", "tst", "eval"), "test"),
}
SCORE_LABELS = ("negative", "neutral", "positive")  # what a dataset with scores alone is shown by


@dataclass(frozen=True)
class _Table:
    """What the steps of an import pass on.

    Attributes:
        frame: the table
        roles: what its columns are
        names: the emotions
        ledger: which rows are taken
    """

    frame: pd.DataFrame
    roles: Roles
    names: tuple[str, ...]
    ledger: Ledger


def read(
    path: str | Path, mapping: str | Path | Mapping[str, Any] | None = None, media: str | Path | None = None
) -> tuple[Dataset, LoadReport]:
    """A dataset from a table.

    Args:
        path: the file
        mapping: what its columns are, if their names do not tell: a JSON or TOML file, or its content
        media: the folder its media cells are relative to, if not its own

    Returns:
        the dataset, not stored; and what became of the rows

    Raises:
        DatasetError: if nothing can be made of the table
    """
    path = Path(path)
    sheet = reading.read(path)
    found = roles.by_name(sheet.frame) if mapping is None else roles.by_mapping(mapping, sheet.frame)
    if not found.sides:
        raise DatasetError(
            f"No column of '{path.name}' says what people heard, saw or read. Name them like voice_anger, "
            "face_label or text_score, or import with a mapping file."
        )
    ledger = Ledger(sheet.frame.index)
    for remark in found.remarks:
        ledger.remark(None, remark)
    labels = _labels(sheet.frame, found)
    table = _Table(sheet.frame, found, tuple(label.name for label in labels), ledger)
    samples = _samples(table, Path(media or path.parent))
    annotations = {
        name: annotation for name, side in found.sides.items() if (annotation := _annotation(table, name, side))
    }
    features = {name: values for name, side in found.sides.items() if (values := _features(table, name, side))}
    _refuse_repeated(table, samples["sample_id"])
    kept = ledger.taken
    if not kept.any():
        raise DatasetError(f"No row of '{path.name}' can be used. {ledger.refused[0].sentence()}")
    annotations = {side: Annotation(a.kind, a.values[kept]) for side, a in annotations.items()}
    features = {m: Features(f.values[kept], f.columns, f.groups) for m, f in features.items()}
    annotations = {side: a for side, a in annotations.items() if _says_something(table, side, a.values)}
    features = {m: f for m, f in features.items() if _says_something(table, m, f.values)}
    modalities = tuple(side for side in found.sides if side != FUSED and (side in annotations or side in features))
    if not modalities:
        raise DatasetError(
            f"'{path.name}' has no modality with a value in it. Fill columns like voice_anger, face_label or text_f0."
        )
    in_samples = _other_names(table) | {column: what for what, column in found.samples.items()}
    dataset = Dataset(
        name=re.sub(r"[^a-z0-9_-]+", "-", path.stem.lower()).strip("-_")[:64] or "table",
        title=found.title or path.stem,
        description=found.description or f"Imported from {path.name}.",
        licence=found.licence or "not stated",
        source=found.source or path.name,
        simulated=False,
        labels=labels,
        modalities=modalities,
        samples=samples[kept].reset_index(drop=True),
        annotations=annotations,
        features=features,
        context=tuple(in_samples[column] for column in found.context if column in in_samples),
    )
    refused = sheet.rows_refused + int((~kept).sum())
    return dataset, LoadReport(len(dataset), ledger.repaired, (*sheet.notes, *ledger.refused), refused)


def _labels(frame: pd.DataFrame, found: Roles) -> tuple[Label, ...]:
    """The emotions: those told, else those of the columns, else those that annotators named."""
    sides = found.sides.values()
    names = dict.fromkeys(emotion for side in sides for emotion in side.emotions)
    if not names:
        columns = [column for side in sides for column in (*side.raters, side.label) if column is not None]
        words = {word for column in columns for word in _emotion_words(frame[column]).unique()}
        seen = {word for word in words if LABEL.fullmatch(word)}
        if len(seen) > MOST_LABELS:
            raise DatasetError(
                f"'{columns[0]}' holds {len(seen):,} different words where a list of at most {MOST_LABELS} emotions "
                "was expected. Name the column otherwise, or import with a mapping file."
            )
        names = dict.fromkeys(sorted(seen))
    if found.labels:
        strange = [name for name in names if name not in {label.name for label in found.labels}]
        if strange and any(side.emotions for side in sides):
            raise DatasetError(f"'{strange[0]}' has votes but is not among the mapping's labels. Add it there.")
        return found.labels
    if not names and any(side.score for side in sides):
        names = dict.fromkeys(SCORE_LABELS)
    if len(names) < 2:
        only = f"only one emotion, '{next(iter(names))}'" if names else "no emotion"
        raise DatasetError(f"The table names {only}. A dataset needs at least two: add their columns or labels.")
    if len(names) > MOST_LABELS:
        raise DatasetError(f"The table names {len(names):,} emotions; {MOST_LABELS} are the most. Join rare ones.")
    return emotions.labels(map(roles.plain_emotion, names))


def _emotion_words(column: pd.Series) -> pd.Series:
    """Cells as emotions are named: lower case, single spaces."""
    return reading.words(column).str.lower().str.replace(r"\s+", " ", regex=True)


def _samples(table: _Table, media: Path) -> pd.DataFrame:
    """The table of samples, of all rows, refused ones included."""
    frame, ledger, named = table.frame, table.ledger, table.roles.samples
    ids = _ids(table)
    columns = {what: _cut(frame[column], what, ledger) for what, column in named.items() if what != "sample_id"}
    if "split" in columns:
        columns["split"] = _splits(columns["split"], named["split"], ledger)
    for what in media_columns(pd.DataFrame(columns=list(columns))):
        columns[what] = _media(columns[what], named[what], media, ledger)
    left = len(frame.columns) - len(table.roles.columns())
    if left > MOST_OTHER:
        ledger.remark(None, f"{left - MOST_OTHER:,} of the columns that mean nothing to emoviz were left out")
    for column, name in _other_names(table).items():
        columns[name] = _other(frame[column], column, ledger)
    return samples_table(ids, **columns)


def _other_names(table: _Table) -> dict[str, str]:
    """Column to its name among the samples, for columns without a role."""
    left = [column for column in table.frame if column not in table.roles.columns()][:MOST_OTHER]
    names: dict[str, str] = {}
    for column in left:
        name = roles.plain(column) or "column"
        while name in names.values() or _is_reserved(name, table):
            name = f"other_{name}"
        names[column] = name
    return names


def _is_reserved(name: str, table: _Table) -> bool:
    """Whether every dataset has a column of that name, or the store needs it for an annotation."""
    sides = tuple(f"{side}_{kind}" for side in table.roles.sides for kind in KINDS)
    return name in COLUMNS or name.startswith(("media_", *sides))


def _ids(table: _Table) -> pd.Series:
    """Ids as given, by row where there is none; wrong ones are refused."""
    frame, ledger = table.frame, table.ledger
    by_row = pd.Series([f"row-{row}" for row in frame.index], index=frame.index, dtype="str")
    column = table.roles.samples.get("sample_id")
    if column is None:
        return by_row
    ids = reading.words(frame[column])
    wrong = (ids.str.len() > MOST_ID) | ids.str.contains(r"[\x00-\x1f\x7f]", regex=True)
    ledger.refuse(wrong.to_numpy(bool), column, f"an id has at most {MOST_ID} printable characters", ids)
    empty = (ids == "").to_numpy(bool)
    ledger.mend(empty, column, "there is no id; the row's number stands for it")
    return ids.where(~empty, by_row)


def _refuse_repeated(table: _Table, ids: pd.Series) -> None:
    """Of the rows that are taken, the first keeps its id; so this comes after all other reasons to refuse."""
    taken = table.ledger.taken
    twice = np.zeros(len(ids), bool)
    twice[taken] = ids[taken].duplicated()
    column = table.roles.samples.get("sample_id")
    table.ledger.refuse(twice, column, "the id '{value}' stands in an earlier row", ids)


def _cut(cells: pd.Series, column: str, ledger: Ledger) -> pd.Series:
    """Words of a bearable length."""
    words = reading.words(cells)
    long = (words.str.len() > MOST_TEXT).to_numpy(bool)
    ledger.mend(long, column, f"longer than {MOST_TEXT:,} characters; cut there")
    return words.str.slice(0, MOST_TEXT) if long.any() else words


def _splits(words: pd.Series, column: str, ledger: Ledger) -> pd.Series:
    known = words.str.lower().map(SPLITS)
    strange = (known.isna() & (words != "")).to_numpy(bool)
    ledger.mend(strange, column, "'{value}' is none of train, validation and test; left empty", words)
    return known.fillna("")


def _media(words: pd.Series, column: str, folder: Path, ledger: Ledger) -> pd.Series:
    """Paths of clips that are there and inside the folder; others are emptied."""
    paths = words.str.replace("\\", "/", regex=False).str.replace(r"^(\./)+", "", regex=True)
    told = (paths != "").to_numpy(bool)
    inside = np.array([is_inside(path) for path in paths])
    ledger.mend(told & ~inside, column, "'{value}' is no path inside the media folder; left empty", words)
    root = folder.resolve()
    there = np.array([ok and _is_file(root, path) for path, ok in zip(paths, told & inside, strict=True)])
    ledger.mend(told & inside & ~there, column, "'{value}' is not in the media folder; left empty", words)
    return paths.where(there, "")


def _is_file(root: Path, path: str) -> bool:
    try:
        file = (root / path).resolve()
        return file.is_relative_to(root) and file.is_file()
    except OSError:  # a name longer than the disk allows, or a loop of links
        return False


def _other(cells: pd.Series, column: str, ledger: Ledger) -> pd.Series:
    """A column without a role: numbers if all its cells are, else words."""
    values = reading.numbers(cells)
    return (
        pd.Series(values, index=cells.index)
        if np.isfinite(values).any() and not np.isinf(values).any()
        else _cut(cells, column, ledger)
    )


def _annotation(table: _Table, name: str, side: Side) -> Annotation | None:
    """What is said of one side: its votes before its annotators, these before its label, that before its score."""
    if side.emotions:
        return _emotion_values(table, name, side)
    if side.raters:
        return _raters(table, side)
    if side.label:
        return Annotation("label", _label_indices(table, side.label))
    if side.score:
        values = reading.numbers(table.frame[side.score])
        wrong = np.isinf(values) | (np.abs(values) > LARGEST)
        table.ledger.refuse(wrong, side.score, "'{value}' is not a number", table.frame[side.score])
        return Annotation("score", values)
    return None


def _emotion_values(table: _Table, name: str, side: Side) -> Annotation:
    """Votes or a distribution, whichever the numbers are."""
    frame, ledger = table.frame, table.ledger
    given = np.empty((len(frame), len(side.emotions)))
    for i, column in enumerate(side.emotions.values()):
        cells = reading.numbers(frame[column])
        strange = np.isinf(cells) | (cells > reading.MOST_VOTES)
        ledger.refuse(strange, column, "'{value}' is not a number of votes", frame[column])
        ledger.refuse(cells < 0, column, "'{value}' is negative", frame[column])
        given[:, i] = np.where(strange | (cells < 0), np.nan, cells)
    empty = np.isnan(given)
    partly = np.isin(empty.sum(1), range(1, len(side.emotions)))
    ledger.mend(partly, None, f"some votes of '{name}' are empty; counted as 0")
    values = np.zeros((len(frame), len(table.names)))
    values[:, [table.names.index(emotion) for emotion in side.emotions]] = np.where(empty, 0, given)
    total = values.sum(1)
    ledger.mend((total == 0) & ~empty.all(1), None, f"nobody voted on '{name}'; left empty")
    values[total == 0] = np.nan
    usable = ledger.taken & (total > 0)
    kind = side.kind or _kind(values[usable])
    columns = next(iter(side.emotions.values()))
    if kind == "votes":
        whole = reading.are_counts(values).all(1)
        ledger.refuse((total > 0) & ~whole, columns, f"the votes of '{name}' are not whole numbers")
        return Annotation("votes", values)
    if usable.any() and abs(np.median(total[usable]) - 100) < 100 * TOLERANCE:
        ledger.remark(None, f"The numbers of '{name}' sum to 100 and were taken for per cent")
        values, total = values / 100, total / 100
    off = np.abs(total - 1)
    sums = pd.Series([f"{number:.6g}" for number in total], index=frame.index)
    ledger.refuse(
        (total > 0) & (off > TOLERANCE), columns, f"the distribution of '{name}' sums to {{value}}, not to 1", sums
    )
    ledger.mend(
        (total > 0) & (off > ROUNDING), columns, f"the distribution of '{name}' sums to {{value}}; scaled to 1", sums
    )
    return Annotation("distribution", values / np.where(total > 0, total, np.nan)[:, None])


def _kind(values: np.ndarray) -> Kind:
    """Votes where most rows are whole numbers and more than one is cast."""
    votes = (np.floor(values) == values).all(1)
    return "votes" if votes.sum() * 2 >= len(values) and (values[votes].sum(1) > 1).any() else "distribution"


def _raters(table: _Table, side: Side) -> Annotation:
    """One vote of each annotator."""
    votes = np.zeros((len(table.frame), len(table.names)))
    rows = np.arange(len(votes))
    for column in side.raters:
        label = _label_indices(table, column)
        votes[rows[label >= 0], label[label >= 0]] += 1
    votes[votes.sum(1) == 0] = np.nan
    return Annotation("votes", votes)


def _label_indices(table: _Table, column: str) -> np.ndarray:
    """Index of the emotion in each cell, -1 where it is empty or none of them."""
    cells = _emotion_words(table.frame[column])
    label = cells.map({name: i for i, name in enumerate(table.names)}).fillna(-1).to_numpy(np.int64)
    listed = ", ".join(table.names[:8]) + (", …" if len(table.names) > 8 else "")
    strange = (label < 0) & (cells != "").to_numpy(bool)
    table.ledger.mend(strange, column, f"'{{value}}' is none of {listed}; left empty", table.frame[column])
    return label


def _features(table: _Table, name: str, side: Side) -> Features | None:
    """Utterance vectors; a sample that lacks one of them lacks the modality."""
    if not side.features or name == FUSED:
        return None
    frame, ledger = table.frame, table.ledger
    values = np.empty((len(frame), len(side.features)), np.float32)
    for i, column in enumerate(side.features):
        cells = reading.numbers(frame[column])
        wrong = np.isinf(cells) | (np.abs(cells) > LARGEST)
        ledger.refuse(wrong, column, "'{value}' is not a number that features can have", frame[column])
        values[:, i] = np.where(wrong, np.nan, cells)
    gaps = np.isnan(values)
    partly = np.isin(gaps.sum(1), range(1, len(side.features)))
    ledger.mend(partly, None, f"some features of '{name}' are empty; counted as missing altogether")
    values[gaps.any(1)] = np.nan
    columns = tuple(column[:80] for column in side.features)
    return Features(values, columns, ("features",) * len(columns))


def _says_something(table: _Table, side: str, values: np.ndarray) -> bool:
    """Whether a side has any value in the rows that are taken; says so if not."""
    missing = values < 0 if np.issubdtype(values.dtype, np.integer) else np.isnan(values)
    if missing.all():
        table.ledger.remark(None, f"The columns of '{side}' are empty in every row; left out")
    return not missing.all()
