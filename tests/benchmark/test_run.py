"""A benchmark runs what is missing, and a training that fails is a row that says why."""

import json
from contextlib import closing
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from emoviz import cli
from emoviz.benchmark import cells, plan, results, run
from emoviz.data import store
from emoviz.errors import ConfigError, DatasetError, UnknownNameError
from emoviz.progress import finish
from tests import tiny
from tests.benchmark import own
from tests.benchmark.conftest import PLAN

QUICK = PLAN | {"datasets": PLAN["datasets"][:1], "models": PLAN["models"][:2], "ablations": []}


def lines(made: plan.Plan, folder, **options) -> list[str]:
    """What a run says of each training."""
    told = []
    finish(run.run(made, folder, jobs=1, device="cpu", **options), lambda line: told.append(line.message))
    return [line for line in told if " of " in line]


def test_every_cell_is_there_and_those_that_failed_say_why(ran):
    assert len(ran.cells) == 5 * 2 * (1 + 3)
    assert {cell.title for cell in ran.failed} == {"nose alone"}
    assert "nose" in ran.failed[0].reason
    assert {path.name for path in ran.folder.iterdir()} == {
        "results.json", "predictions.parquet", "table.csv", "table.md",
    }  # fmt: skip


def test_predictions_have_a_row_for_each_tested_sample_and_cell(ran):
    rows = ran.predictions
    done = [cell for cell in ran.cells if cell.status == "done"]
    assert len(rows) == sum(cell.tested for cell in done)
    votes = rows[rows["dataset"] == "votes"]
    assert (votes.groupby(["title", "seed"])["sample_id"].nunique() == 60).all()
    assert set(rows.columns) >= {
        *("dataset", "title", "model", "seed", "part", "sample_id", "group", "target", "fused", "said", "shown"),
        *("conflict", "dissenter", "kind", "planted_conflict", "planted_dissenter", "reference", "observer"),
    }


def test_a_cell_says_what_it_cost(ran):
    cell = next(cell for cell in ran.cells if cell.model == "early")
    assert cell.settings == ("epochs=2", "patience=1", "width=8")
    assert cell.epochs == len(cell.curve) >= 3  # then anew, on the validation groups too
    assert cell.curve[0].validation > 0
    assert cell.parameters > 100
    assert cell.memory > 10**7
    assert cell.pace == pytest.approx(cell.seen / cell.seconds)
    assert next(cell for cell in ran.cells if cell.model == "prior").parameters == 0


def test_results_are_what_was_written(ran):
    again = results.load(ran.folder)
    assert (again.plan, again.datasets) == (ran.plan, ran.datasets)
    assert str(again.cells) == str(ran.cells)  # a NaN is not equal to itself
    assert ran.tidy["value"].notna().all()


def test_what_is_there_is_not_run_again(stored, tmp_path):
    made = plan.parsed(QUICK, "tried")
    assert len(lines(replace(made, seeds=(0,)), tmp_path / "a")) == 2
    grown = lines(made, tmp_path / "a")
    assert [line.split(": ")[1] for line in grown] == [f"{v.title} on planted, seed 1" for v in made.variants]
    assert lines(made, tmp_path / "a") == []
    lines(made, tmp_path / "b")
    assert results.load(tmp_path / "a").predictions.equals(results.load(tmp_path / "b").predictions)


def test_a_run_that_was_stopped_goes_on(stored, tmp_path):
    made = plan.parsed(QUICK, "tried")
    with closing(run.run(made, tmp_path / "a", jobs=1)) as work:
        while "1 of 4" not in next(work).message:
            pass
    assert len(lines(made, tmp_path / "a")) == 3


def test_settings_are_searched_on_training_groups_for_all_alike(stored, tmp_path):
    raw = QUICK | {"models": [{"model": "early", "set": ["epochs=1", "width=8"]}], "search": 3, "seeds": [0]}
    raw |= {"ablations": [{"of": "early", "title": "less", "set": ["unimodal=0"]}]}
    found = finish(run.run(plan.parsed(raw, "tried"), tmp_path / "a", jobs=1))
    assert found.trials[0].settings[0] == "epochs=1"
    best = min(found.trials, key=lambda trial: trial.validation)
    whole, part = found.cells
    assert whole.tried == part.tried == len(found.trials) == 3
    assert set(whole.settings) == set(best.settings)
    assert set(part.settings) == {*best.settings, "unimodal=0.0"}
    assert not any("width" in setting and setting != "width=8" for t in found.trials for setting in t.settings)


def test_a_process_that_is_killed_is_a_row_too(stored):
    made = plan.parsed(QUICK, "tried")
    (data,), content_hash = made.datasets, store.info("tiny").content_hash
    orders = [cells.Order(data, content_hash, v, (), 0, 0, 0, "cpu") for v in made.variants]
    found = dict(run._worked(own.deadly, orders, 1))
    assert found[orders[0]].cell.status == "done"
    assert found[orders[1]] is None
    assert "fewer --jobs" in run._killed(orders[1]).reason


def test_what_cannot_be_run_is_said_in_a_sentence(stored, tmp_path):
    made = plan.parsed(QUICK, "tried")
    with pytest.raises(ConfigError, match="choose 1 to 64"):
        finish(run.run(made, tmp_path / "a", jobs=0))
    with pytest.raises(UnknownNameError, match="Unknown dataset 'gone'"):
        finish(run.run(plan.parsed(QUICK | {"datasets": [{"name": "gone"}]}, "tried"), tmp_path / "a"))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "thesis.txt").write_text("mine")
    with pytest.raises(DatasetError, match="holds other files"):
        finish(run.run(made, tmp_path / "b"))


def test_another_benchmark_is_not_written_over(stored, ran):
    with pytest.raises(DatasetError, match="holds the benchmark 'tried'"):
        finish(run.run(plan.parsed(QUICK | {"name": "other"}, "other"), ran.folder))


def test_a_planted_leak_is_refused_before_any_training(own_workspace, tmp_path):
    made = tiny.dataset(60, groups=6, split=True)  # every fifth sample tests, of every group
    store.write(made)
    with pytest.raises(DatasetError, match="in its training part and in its test split"):
        finish(run.run(plan.parsed(QUICK, "tried"), tmp_path / "a"))
    assert not (tmp_path / "a").exists()


def test_names_lists_what_was_run_and_a_damaged_one_says_so(ran, own_workspace):
    place = own_workspace / "benchmarks" / "mine"
    place.mkdir(parents=True)
    for path in ran.folder.iterdir():
        (place / path.name).write_bytes(path.read_bytes())
    assert "mine" in results.names()
    assert results.load("mine").plan == ran.plan
    (place / "results.json").write_text("{")
    with pytest.raises(DatasetError, match="'mine' cannot be read"):
        results.load("mine")
    with pytest.raises(UnknownNameError, match="Unknown benchmark 'yours'"):
        results.load("yours")


def test_the_command_prints_what_is_proven_and_where(stored, tmp_path, capsys):
    file = tmp_path / "plan.toml"
    file.write_text(
        'seeds = [0]\n[[datasets]]\nname = "tiny"\n[[models]]\nmodel = "linear"\n[[models]]\nmodel = "prior"\n'
    )
    assert cli.run(["benchmark", str(file), "-o", str(tmp_path / "out"), "--jobs", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["cells"] == 2
    assert pq.read_metadata(tmp_path / "out" / "predictions.parquet").num_rows == 128
    assert "Soft logistic regression" in told["proven"][0]
