"""A benchmark runs what is missing, and a training that fails is a row that says why."""

import json
import shutil
from contextlib import closing

import pandas as pd
import pytest

from emoviz import cli
from emoviz.benchmark import cells, plan, results, run, table
from emoviz.data import store
from emoviz.errors import ConfigError, DatasetError, UnknownNameError
from emoviz.progress import finish
from tests import tiny
from tests.benchmark import own
from tests.benchmark.conftest import PLAN

QUICK = PLAN | {"datasets": PLAN["datasets"][:1], "models": PLAN["models"][:2], "ablations": []}


def lines(made: plan.Plan, folder) -> list[str]:
    """What a run says of each training."""
    told = []
    finish(run.run(made, folder, jobs=1, device="cpu"), lambda line: told.append(line.message))
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
    pd.testing.assert_frame_equal(ran.tidy, table.table(ran), rtol=1e-5, check_dtype=False)
    assert ran.tidy["low"].dtype == float


def test_a_run_that_was_stopped_goes_on_and_what_is_there_is_not_run_again(stored, ran, tmp_path):
    made = plan.parsed(QUICK, "tried")
    with closing(run.run(made, tmp_path / "a", jobs=1)) as work:
        while "1 of 4" not in next(work).message:
            pass
    assert len(lines(made, tmp_path / "a")) == 3
    assert lines(made, tmp_path / "a") == []
    found, other = (results.load(folder).predictions for folder in (tmp_path / "a", ran.folder))
    same = other[(other["dataset"] == "planted") & other["title"].isin(found["title"].unique())]
    assert found.equals(same.reset_index(drop=True))


def test_a_plan_that_grows_keeps_what_was_done_under_any_title(ran, stored, tmp_path):
    shutil.copytree(ran.folder, tmp_path / "a")
    raw = QUICK | {"models": [{"model": "linear", "title": "plain"}]}
    assert lines(plan.parsed(raw, "tried"), tmp_path / "a") == []
    again = results.load(tmp_path / "a")
    assert {cell.title for cell in again.cells} == {"plain"}
    assert again.predictions["fused"].tolist()[0].tolist() == ran.predictions["fused"].tolist()[0].tolist()


def test_the_command_searches_settings_on_training_groups_for_all_alike(stored, tmp_path, capsys):
    file = tmp_path / "searched.toml"
    file.write_text(
        'seeds = [0]\nsearch = 3\n[[datasets]]\nname = "tiny"\n'
        '[[models]]\nmodel = "early"\nset = ["epochs=1", "width=8"]\n'
        '[[ablations]]\nof = "early"\ntitle = "less"\nset = ["unimodal=0"]\n'
    )
    assert cli.run(["benchmark", str(file), "-o", str(tmp_path / "out"), "--jobs", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["cells"], told["failed"]) == (2, [])
    assert "Early fusion reaches accuracy" in told["proven"][0]
    found = results.load(tmp_path / "out")
    assert found.trials[0].settings == ("epochs=1", "width=8")
    best = min(found.trials, key=lambda trial: trial.validation)
    whole, part = found.cells
    assert whole.tried == part.tried == len(found.trials) == 3
    assert set(whole.settings) == set(best.settings)
    assert set(part.settings) == {*best.settings, "unimodal=0.0"}
    file.write_text(file.read_text().replace('set = ["epochs', 'title = "renamed"\nset = ["epochs'))
    assert lines(plan.read(file), tmp_path / "out") == []  # neither tried nor trained again
    assert results.load(tmp_path / "out").cells[1].tried == 3


def test_a_process_that_is_killed_is_a_row_too(stored):
    made = plan.parsed(QUICK, "tried")
    (data,), content_hash = made.datasets, store.info("tiny").content_hash
    order = cells.Order(data, content_hash, made.variants[1], (), 0, 0, 0, "cpu")
    assert list(run._worked(own.deadly, [order], 1)) == [(order, None)]
    assert "fewer --jobs" in run._killed(order).reason


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
    (place / "predictions.parquet").write_bytes(b"PAR1")
    with pytest.raises(DatasetError, match="'mine' cannot be read"):
        results.load("mine").answers("planted", "Soft logistic regression")
    (place / "results.json").write_text("{")
    with pytest.raises(DatasetError, match="'mine' cannot be read"):
        results.load("mine")
    with pytest.raises(UnknownNameError, match="Unknown benchmark 'yours'"):
        results.load("yours")
