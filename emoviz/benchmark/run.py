"""Runs a benchmark: every cell of its plan that is not there yet, several processes at a time.

What is done is kept one file a cell until all are, so that a run that was stopped goes on where it was; a plan that
grows runs only what is new. A cell that fails is a row that says why, and is tried again the next time.
"""

import json
import os
import platform
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch

import emoviz
from emoviz import processes, workspace
from emoviz.benchmark import cells, facts, results, table, words
from emoviz.benchmark import plan as plans
from emoviz.benchmark.cells import Done, Order
from emoviz.benchmark.facts import Facts
from emoviz.benchmark.plan import Data, Plan, Variant
from emoviz.benchmark.results import Cell, Results, Trial
from emoviz.data import store
from emoviz.errors import DatasetError
from emoviz.progress import Progress, Work
from emoviz.training import loop

T = TypeVar("T")
UNDER_WAY = "cells"
KILLED = "Its process ended: the machine may lack memory. Run the benchmark again, with fewer --jobs."


def run(plan: Plan, folder: Path | None = None, *, jobs: int | None = None, device: str = "auto") -> Work[Results]:
    """Run what is missing of a plan, and write its tables.

    Args:
        plan: what to compare
        folder: where the results stand, or shall; the plan's name in the workspace where ``None``
        jobs: trainings at the same time; one for every two processors where ``None``
        device: ``cpu``, ``cuda`` or ``auto``

    Returns:
        the results, written

    Raises:
        UnknownNameError: if a dataset does not exist
        DatasetError: if a dataset cannot be tested, or another benchmark stands in the folder
        ConfigError: for a number of jobs or a device that cannot be
    """
    at_once = processes.count(jobs)
    loop.chosen_device(device)
    folder = folder or workspace.place("benchmarks") / plan.name
    before = _before(plan, folder)
    yield Progress(0.0, f"looking at {len(plan.datasets)} dataset{'s' if len(plan.datasets) > 1 else ''}")
    known = {data.title: _facts(plan, data) for data in plan.datasets}
    parts = folder / UNDER_WAY
    parts.mkdir(parents=True, exist_ok=True)
    _keep(before, parts)
    trials = yield from _searched(plan, known, parts, at_once, device)
    found = _best(trials)
    orders = [
        Order(
            data,
            known[data.title].about.content_hash,
            variant,
            *_settings(found, data, variant, part),
            seed,
            part,
            device,
        )
        for data in plan.datasets
        for variant in plan.variants
        for seed in plan.seeds
        for part in range(data.parts)
    ]
    missing = [order for order in orders if not _path(parts, order).is_file()]
    failed: dict[str, Cell] = {}
    for n, (order, done) in enumerate(_worked(cells.run, missing, at_once), 1):
        told = f"{order.variant.title} on {order.data.title}, seed {order.seed}" + _part(order)
        if done is None:
            done = Done(_killed(order), None)
        if done.answers is None:
            failed[done.cell.key] = done.cell
            told += f" failed: {done.cell.reason}"
        else:
            _write_cell(done, _path(parts, order))
        yield Progress(0.1 + 0.85 * n / len(missing), f"{n} of {len(missing)}: {told}")
    yield Progress(0.95, "gathering")
    made = _gathered(plan, folder, known, orders, failed, trials)
    yield Progress(0.96, "drawing intervals")
    written = table.table(made)
    written.to_csv(folder / results.TABLE, index=False, float_format="%.6g", na_rep="nan")
    (folder / results.PAGE).write_text(words.page(made, written), encoding="utf-8")
    shutil.rmtree(parts)
    yield Progress(1.0, f"written to {folder}")
    return results.load(folder)


def _before(plan: Plan, folder: Path) -> Results | None:
    """What stands in the folder, if it is of this plan."""
    if not (folder / results.ABOUT).is_file():
        if folder.is_dir() and any(path.name != UNDER_WAY for path in folder.iterdir()):
            raise DatasetError(f"'{folder}' holds other files. Choose another folder (-o), or empty it first.")
        return None
    found = results.load(folder)
    if found.plan.name != plan.name:
        raise DatasetError(f"'{folder}' holds the benchmark '{found.plan.name}'. Choose another folder (-o).")
    return found


def _facts(plan: Plan, data: Data) -> Facts:
    return facts.gather(store.read(data.name), data, plans.config(data, plan.variants[0]).inputs)


def _keep(before: Results | None, parts: Path) -> None:
    """Lay out what was done before, one file a cell, as an unfinished run has it."""
    if before is None:
        return
    (parts / "trials.json").write_text(json.dumps([asdict(trial) for trial in before.trials]))
    predictions = pq.read_table(before.folder / results.PREDICTIONS)
    for cell in before.cells:
        path = parts / f"{cell.key}.parquet"
        if cell.status == "done" and not path.is_file():
            mine = [pc.field(name) == getattr(cell, name) for name in ("dataset", "title", "seed", "part")]
            rows = predictions.filter(mine[0] & mine[1] & mine[2] & mine[3])
            _write_cell(Done(cell, rows.select(["sample_id", "fused", "said", "conflict", "dissenter"])), path)


def _searched(plan: Plan, known: dict[str, Facts], parts: Path, jobs: int, device: str) -> Work[tuple[Trial, ...]]:
    """Try settings for each model, dataset and part, on validation groups of the training part."""
    if plan.search < 2:
        return ()
    file = parts / "trials.json"
    raw = json.loads(file.read_text()) if file.is_file() else []
    done = {trial["key"]: Trial(**trial | {"settings": tuple(trial["settings"])}) for trial in raw}
    orders = []
    for data, variant in [(data, variant) for data in plan.datasets for variant in plan.models]:
        config, fixed = plans.config(data, variant), (*data.settings, *variant.settings)
        for part in range(data.parts):
            for number in range(plan.search):
                settings = cells.drawn(config, fixed, number)
                about = known[data.title].about
                orders.append(Order(data, about.content_hash, variant, settings, 0, plan.seeds[0], part, device))
    missing = [order for order in orders if order.key("trial") not in done]
    for n, (order, trial) in enumerate(_worked(cells.attempt, missing, jobs), 1):
        if trial is not None:
            done[trial.key] = trial
            file.write_text(json.dumps([asdict(each) for each in done.values()]))
        yield Progress(0.1 * n / len(missing), f"settings {n} of {len(missing)}: {order.variant.title}{_part(order)}")
    return tuple(
        replace(done[order.key("trial")], dataset=order.data.title, title=order.variant.title, part=order.part)
        for order in orders
        if order.key("trial") in done
    )


def _best(trials: Iterable[Trial]) -> dict[tuple[str, str, int], tuple[tuple[str, ...], int]]:
    """The least wrong settings for each dataset, model and part, and how many were tried; of equal ones the first."""
    together: dict[tuple[str, str, int], list[Trial]] = {}
    for trial in trials:
        together.setdefault((trial.dataset, trial.title, trial.part), []).append(trial)
    return {
        key: (min(tried, key=lambda trial: trial.validation).settings, len(tried)) for key, tried in together.items()
    }


def _settings(found: dict, data: Data, variant: Variant, part: int) -> tuple[tuple[str, ...], int]:
    """What was found for a model; an ablation takes what was found for the whole."""
    return found.get((data.title, variant.of or variant.title, part), ((), 0))


def _worked(work: Callable[[Order], T], orders: list[Order], jobs: int) -> Iterator[tuple[Order, T | None]]:
    """Orders and what came of them, as they are done; ``None`` where the process was killed."""
    left = list(orders)
    try:
        with processes.workers(jobs) as pool:
            waiting: dict[Future[T], Order] = {pool.submit(work, order): order for order in left}
            for future in as_completed(waiting):
                made = future.result()
                left.remove(waiting[future])
                yield waiting[future], made
    except BrokenProcessPool:  # one of them did it: each alone now, so that it is known which
        for order in left:
            with processes.workers(1) as pool:
                try:
                    alone = pool.submit(work, order).result()
                except BrokenProcessPool:
                    alone = None
            yield order, alone


def _killed(order: Order) -> Cell:
    settings = cells.changed(order.config)
    data, variant = order.data.title, order.variant
    key = order.key("cell")
    return Cell(
        key, data, variant.title, variant.model, order.seed, order.part, "failed", KILLED, settings, order.tried
    )


def _part(order: Order) -> str:
    return f", part {order.part + 1} of {order.data.parts}" if order.data.parts > 1 else ""


# Files


def _path(parts: Path, order: Order) -> Path:
    return parts / f"{order.key('cell')}.parquet"


def _write_cell(done: Done, path: Path) -> None:
    """A cell and its answers in one file, at once or not at all."""
    assert done.answers is not None
    told = {"cell": results.cell_as_json(done.cell)}
    staged = path.with_suffix(".staged")
    pq.write_table(done.answers.replace_schema_metadata(told), staged)
    os.replace(staged, path)


def _read_cell(order: Order, path: Path) -> Done:
    """A cell as its file tells it, under the titles that the plan has now."""
    answers = pq.read_table(path)
    cell = results.cell_from(json.loads(answers.schema.metadata[b"cell"]))
    return Done(replace(cell, dataset=order.data.title, title=order.variant.title, part=order.part), answers)


def _gathered(
    plan: Plan,
    folder: Path,
    known: dict[str, Facts],
    orders: list[Order],
    failed: dict[str, Cell],
    trials: tuple[Trial, ...],
) -> Results:
    """All cells as one file of predictions and one of records."""
    found: list[Cell] = []
    tables: list[pa.Table] = []
    for order in orders:
        if order.key("cell") in failed:
            found.append(failed[order.key("cell")])
            continue
        done = _read_cell(order, _path(folder / UNDER_WAY, order))
        found.append(done.cell)
        if done.answers is not None:
            tables.append(_rows(done.cell, done.answers, known[order.data.title]))
    staged = folder / f".{results.PREDICTIONS}"
    predictions = pa.concat_tables(tables) if tables else pa.table({})
    numbers = [f"{name}.list.element" for name in ("fused", "said")]
    pq.write_table(
        predictions,
        staged,
        compression="zstd",
        compression_level=15,
        use_dictionary=[name for name in predictions.column_names if name not in ("fused", "said", "conflict")],
        use_byte_stream_split=[*numbers, "conflict"],
    )
    os.replace(staged, folder / results.PREDICTIONS)
    made = Results(
        name=folder.name,
        folder=folder,
        plan=plan,
        datasets=tuple(facts_.about for facts_ in known.values()),
        cells=tuple(found),
        trials=trials,
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        versions=f"emoviz {emoviz.__version__}, torch {torch.__version__}, Python {platform.python_version()}",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    results.write(made)
    return made


def _rows(cell: Cell, answers: pa.Table, known: Facts) -> pa.Table:
    """A cell's rows of the predictions: its answers, and what is known of the samples."""
    test = known.parts[cell.part].test
    columns = {name: pa.repeat(pa.scalar(getattr(cell, name)), len(test)) for name in ("dataset", "title", "model")}
    columns |= {name: pa.repeat(pa.scalar(getattr(cell, name), pa.int32()), len(test)) for name in ("seed", "part")}
    columns |= {
        "sample_id": answers["sample_id"],
        "group": pa.array(known.group[test].tolist(), pa.string()),
        "target": cells.lists(known.target[test]),
        "fused": answers["fused"],
        "said": answers["said"],
        "shown": pa.array(known.shown[:, test].T.tolist(), pa.list_(pa.int16())),
        "conflict": answers["conflict"],
        "dissenter": answers["dissenter"],
        "kind": pa.array(known.kind[test].tolist(), pa.string()),
        "planted_conflict": pa.array(known.planted[test].astype(np.float32)),
        "planted_dissenter": pa.array(known.planted_dissenter[test].tolist(), pa.string()),
        "reference": pa.array(known.reference[test].astype(np.float32)),
        "observer": pa.array(known.observer[test].astype(np.float32)),
    }
    return pa.table(columns)
