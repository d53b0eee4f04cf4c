"""What a benchmark found, as a folder.

    results.json          the plan, what its datasets are, and one record a cell
    predictions.parquet   one row a tested sample and cell
    table.csv, table.md   what follows from them

A *cell* is one training: a dataset, a model, a seed and a part of the groups that are tested. Nothing that is
read can run code: JSON, Parquet and CSV only.
"""

import json
import math
import os
from collections import Counter
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from emoviz import workspace
from emoviz.benchmark.plan import Claim, Data, Plan, Variant
from emoviz.errors import DatasetError, UnknownNameError
from emoviz.models.base import TargetKind

FORMAT = 1
ABOUT, PREDICTIONS, TABLE, PAGE = "results.json", "predictions.parquet", "table.csv", "table.md"
SHIPPED = workspace.ASSETS / "benchmarks"
Reference = Literal["people", "heads", "none"]


@dataclass(frozen=True)
class About:
    """What one dataset of a benchmark is.

    Attributes:
        title: in the plan
        name: of the stored dataset
        content_hash: of the dataset that was read
        simulated: whether no person was ever seen or heard
        labels: names, in the order of every K axis
        colours: of the labels, ``#rrggbb``
        modalities: that are read, in the order of every M axis
        target: what is predicted
        trained: samples that may be trained on
        tested: samples that are tested
        groups: independent groups (speakers) among the tested; as many as samples where none are known
        planted: whether some conflicts were planted, so that the truth about them is known
        reference: whose judgement the column ``reference`` rests on: ``people`` who judged each modality alone,
            ``heads``, plain linear models of one modality each, or ``none``
        detects: whether conflict found by a model may be compared with people's: not where it read their votes
    """

    title: str
    name: str
    content_hash: str
    simulated: bool
    labels: tuple[str, ...]
    colours: tuple[str, ...]
    modalities: tuple[str, ...]
    target: TargetKind
    trained: int
    tested: int
    groups: int
    planted: bool
    reference: Reference
    detects: bool


@dataclass(frozen=True)
class Point:
    """One epoch of a training.

    Attributes:
        epoch: counted from 1
        train_loss: in the loss's own units
        validation: on the held-out groups; NaN while the model is trained anew on all groups
    """

    epoch: int
    train_loss: float
    validation: float


@dataclass(frozen=True)
class Relabelled:
    """How right the labels are that a model gives to single modalities of training samples, for one group.

    A label is counted where it is known what the modality shows. It is *moved* where it is not the sample's own.

    Attributes:
        group: of the samples
        n: labels
        right: of which name what the modality shows
        off: of which belong to modalities that show something else than the sample's label
        off_right: of the latter, those named rightly
        moved: labels that are not the sample's
        moved_right: of the latter, those named rightly
    """

    group: str
    n: int
    right: int
    off: int
    off_right: int
    moved: int
    moved_right: int


@dataclass(frozen=True)
class Cell:
    """One training and what became of it.

    Attributes:
        key: hash over everything that its predictions depend on
        dataset: title of the dataset
        title: of the model or ablation
        model: its name in the zoo
        seed: of weights, order and dropout
        part: which part of the groups is tested; 0 for a split, else fold, counted on over the repeats
        status: ``done`` or ``failed``
        reason: why it failed, as a sentence, or empty
        settings: ``field=value`` beside the model's defaults
        tried: settings that were tried on validation groups before these were taken
        trained: samples that were trained on
        tested: samples that were tested
        epochs: of training, those on all groups included
        seen: samples that went through training, over all epochs
        seconds: of training, on the clock
        parameters: numbers that are learned
        memory: most memory of the process, bytes; of the GPU where there is one
        curve: one point an epoch
        relabelled: where the dataset says what each modality shows
    """

    key: str
    dataset: str
    title: str
    model: str
    seed: int
    part: int
    status: Literal["done", "failed"]
    reason: str = ""
    settings: tuple[str, ...] = ()
    tried: int = 0
    trained: int = 0
    tested: int = 0
    epochs: int = 0
    seen: int = 0
    seconds: float = 0.0
    parameters: int = 0
    memory: int = 0
    curve: tuple[Point, ...] = ()
    relabelled: tuple[Relabelled, ...] = ()

    @property
    def pace(self) -> float:
        """Training samples a second; NaN for a model that is found at once."""
        return self.seen / self.seconds if self.seen and self.seconds else math.nan


@dataclass(frozen=True)
class Trial:
    """One of the settings that were tried for a model, before anything was tested.

    Attributes:
        key: hash over everything that its outcome depends on
        dataset: title of the dataset
        title: of the model
        part: whose training groups it used
        settings: ``field=value`` beside the model's defaults
        validation: how wrong it was on validation groups; infinite if nothing was learned
    """

    key: str
    dataset: str
    title: str
    part: int
    settings: tuple[str, ...]
    validation: float


@dataclass(frozen=True, eq=False)
class Answers:
    """What one model said about all tested samples of a dataset, its trainings side by side.

    R complete trainings (seeds times repeats; one with a failed part is left out), N samples, M modalities, K labels;
    for scores K is 1.

    Attributes:
        sample_id: ``(N,)``
        group: ``(N,)``, the sample's own name where unknown
        target: ``(N, K)``
        fused: ``(R, N, K)``
        said: what each modality says alone, ``(R, M, N, K)``, NaN where missing
        conflict: ``(R, N)``, NaN below two modalities
        dissenter: index of a modality, ``(R, N)``, -1 where none is named
        kind: planted relation of the modalities, ``(N,)``, empty where unknown
        planted: 1 where a conflict was planted, 0 where not, ``(N,)``, NaN unknown
        planted_dissenter: index of a modality, ``(N,)``, -1 where none
        shown: label that each modality truly shows, ``(M, N)``, -1 unknown
        reference: how much the modalities disagree, whichever model is asked, ``(N,)``, NaN unknown
        observer: evidence of conflict that the best observer of the same samples has, ``(N,)``, NaN unknown
        trainings: seed and repeat of each training, ``(R, 2)``
    """

    sample_id: np.ndarray
    group: np.ndarray
    target: np.ndarray
    fused: np.ndarray
    said: np.ndarray
    conflict: np.ndarray
    dissenter: np.ndarray
    kind: np.ndarray
    planted: np.ndarray
    planted_dissenter: np.ndarray
    shown: np.ndarray
    reference: np.ndarray
    observer: np.ndarray
    trainings: np.ndarray


@dataclass(frozen=True, eq=False)
class Results:
    """A benchmark that was run.

    Attributes:
        name: of its folder
        folder: where it lies
        plan: what was compared
        datasets: in the order of the plan
        cells: in the order of the plan
        trials: of the search for settings, if any
        machine: what it ran on, in words
        versions: of emoviz and what it computes with
        created: when, ISO 8601
    """

    name: str
    folder: Path
    plan: Plan
    datasets: tuple[About, ...]
    cells: tuple[Cell, ...]
    trials: tuple[Trial, ...]
    machine: str
    versions: str
    created: str

    def about(self, title: str) -> About:
        """The dataset of that title."""
        return next(about for about in self.datasets if about.title == title)

    @property
    def failed(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.status == "failed")

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """One row a tested sample and cell.

        Columns: ``dataset``, ``title``, ``model``, ``seed``, ``part``, ``sample_id``, ``group``; the lists ``target``
        (K), ``fused`` (K), ``said`` (M times K) and ``shown`` (M); ``conflict``, ``dissenter``, ``kind``,
        ``planted_conflict``, ``planted_dissenter``, ``reference`` and ``observer``, as in :class:`Answers`.
        """
        return self._arrow.to_pandas()

    @cached_property
    def tidy(self) -> pd.DataFrame:
        """The table that was written when the benchmark ended, see :func:`emoviz.benchmark.table.table`."""
        return pd.read_csv(self.folder / TABLE, keep_default_na=False, na_values=["nan"])

    def answers(self, dataset: str, title: str) -> Answers:
        """What one model said about a dataset.

        Raises:
            UnknownNameError: if no cell of it is done
        """
        complete = self._complete(dataset, title)
        if not complete:
            known = [variant.title for variant in self.variants(dataset)]
            raise UnknownNameError("model with answers", title, known)
        rows = self._arrow.filter((pc.field("dataset") == dataset) & (pc.field("title") == title))
        folds = self.plan.data(dataset).folds_at_once
        pairs = list(zip(rows["seed"].to_pylist(), (part // folds for part in rows["part"].to_pylist()), strict=True))
        place = {pair: r for r, pair in enumerate(complete)}
        training = np.array([place.get(pair, -1) for pair in pairs])
        return _answers(rows.filter(pa.array(training >= 0)), training[training >= 0], complete, self.about(dataset))

    def variants(self, dataset: str) -> tuple[Variant, ...]:
        """Models and ablations that answered a dataset, in the order of the plan."""
        return tuple(variant for variant in self.plan.variants if self._complete(dataset, variant.title))

    def _complete(self, dataset: str, title: str) -> list[tuple[int, int]]:
        """Seed and repeat of the trainings whose every part is done."""
        folds = self.plan.data(dataset).folds_at_once
        done = Counter(
            (cell.seed, cell.part // folds)
            for cell in self.cells
            if cell.status == "done" and (cell.dataset, cell.title) == (dataset, title)
        )
        return sorted(pair for pair, parts in done.items() if parts == folds)

    @cached_property
    def _arrow(self) -> pa.Table:
        try:
            return pq.read_table(self.folder / PREDICTIONS, memory_map=True)
        except (OSError, pa.ArrowException) as error:
            raise _damaged(self.folder, error) from error


def names() -> tuple[str, ...]:
    """Names of all benchmarks: those in the workspace and those that came with emoviz."""
    return tuple(sorted(workspace.folders("benchmark", SHIPPED, ABOUT)))


def load(name: str | Path) -> Results:
    """A benchmark by its name, or from a folder anywhere.

    Raises:
        UnknownNameError: if there is none of that name
        DatasetError: if its files cannot be read
    """
    folder = workspace.folder(name, "benchmark", SHIPPED, ABOUT)
    try:
        raw = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if raw["format"] != FORMAT:
            raise DatasetError(f"Benchmark '{folder.name}' was written by another version of emoviz. Run it again.")
        return _parsed(raw, folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(folder, error) from error


def write(results: Results) -> None:
    """Write what is no prediction, at once or not at all."""
    values = {
        "format": FORMAT,
        **{key: getattr(results, key) for key in ("name", "machine", "versions", "created")},
        "plan": asdict(results.plan),
        "datasets": [asdict(about) for about in results.datasets],
        "cells": [_plain(cell) for cell in results.cells],
        "trials": [asdict(trial) | {"validation": _rounded(trial.validation)} for trial in results.trials],
    }
    staged = results.folder / f".{ABOUT}"
    staged.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(staged, results.folder / ABOUT)


def cell_from(raw: dict[str, Any]) -> Cell:
    """A cell from its record; whatever is missing or of the wrong type raises."""
    curve = tuple(Point(int(e), _number(t), _number(v)) for e, t, v in raw["curve"])
    relabelled = tuple(Relabelled(str(group), *map(int, counts)) for group, *counts in raw["relabelled"])
    told = {key: value for key, value in raw.items() if key not in ("curve", "relabelled", "settings")}
    return Cell(**told, settings=tuple(raw["settings"]), curve=curve, relabelled=relabelled)


def cell_as_json(cell: Cell) -> str:
    """A cell as its record."""
    return json.dumps(_plain(cell))


def _plain(cell: Cell) -> dict[str, Any]:
    """A cell as JSON knows it; points and counts as rows, for they are many."""
    rows = {
        "curve": [[p.epoch, _rounded(p.train_loss), _rounded(p.validation)] for p in cell.curve],
        "relabelled": [list(asdict(counts).values()) for counts in cell.relabelled],
    }
    return asdict(cell) | rows


def _rounded(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _damaged(folder: Path, error: Exception) -> DatasetError:
    words = f"Benchmark '{folder.name}' cannot be read ({type(error).__name__}). Remove its folder and run it again."
    return DatasetError(words)


def _parsed(raw: dict[str, Any], folder: Path) -> Results:
    return Results(
        name=folder.name,
        folder=folder,
        plan=_plan(raw["plan"]),
        datasets=tuple(About(**_frozen(about)) for about in raw["datasets"]),
        cells=tuple(map(cell_from, raw["cells"])),
        trials=tuple(map(_trial, raw["trials"])),
        **{key: str(raw[key]) for key in ("machine", "versions", "created")},
    )


def _trial(raw: dict[str, Any]) -> Trial:
    wrong = math.inf if raw["validation"] is None else float(raw["validation"])
    return Trial(**_frozen(raw) | {"validation": wrong})


def _plan(raw: dict[str, Any]) -> Plan:
    return Plan(
        **{key: raw[key] for key in ("name", "title", "search", "metric")},
        seeds=tuple(raw["seeds"]),
        datasets=tuple(Data(**_frozen(entry)) for entry in raw["datasets"]),
        variants=tuple(Variant(**_frozen(entry)) for entry in raw["variants"]),
        claims=tuple(Claim(**_frozen(entry)) for entry in raw.get("claims", ())),
    )


def _frozen(raw: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()}


def _answers(rows: pa.Table, training: np.ndarray, names: list[tuple[int, int]], about: About) -> Answers:
    """Rows of one model on one dataset, put side by side by training; all trainings test the same samples."""
    place, ids = pd.factorize(rows["sample_id"].to_pandas(), sort=True)
    r, n, m = len(names), len(ids), len(about.modalities)
    k = 1 if about.target == "score" else len(about.labels)

    def lists(column: str, width: int) -> np.ndarray:
        return rows[column].combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(-1, width)

    def once(values: np.ndarray) -> np.ndarray:
        out = np.empty((n, *values.shape[1:]), values.dtype)
        out[place] = values
        return out

    def each(values: np.ndarray) -> np.ndarray:
        out = np.empty((r, n, *values.shape[1:]), values.dtype)
        out[training, place] = values
        return out

    def numbers(column: str) -> np.ndarray:
        return rows[column].to_numpy().astype(float)

    def words(column: str) -> np.ndarray:
        return rows[column].to_pandas().to_numpy(str)

    def modality(column: str) -> np.ndarray:
        place = {name: i for i, name in enumerate(about.modalities)}
        return np.array([place.get(name, -1) for name in words(column).tolist()], np.int64)

    return Answers(
        sample_id=ids.to_numpy(str),
        group=once(words("group")),
        target=once(lists("target", k).astype(float)),
        fused=each(lists("fused", k).astype(float)),
        said=each(lists("said", m * k).astype(float).reshape(-1, m, k)).swapaxes(1, 2),
        conflict=each(numbers("conflict")),
        dissenter=each(modality("dissenter")),
        kind=once(words("kind")),
        planted=once(numbers("planted_conflict")),
        planted_dissenter=once(modality("planted_dissenter")),
        shown=once(lists("shown", m)).T.astype(np.int64),
        reference=once(numbers("reference")),
        observer=once(numbers("observer")),
        trainings=np.array(names),
    )
