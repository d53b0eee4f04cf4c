"""The page Evaluate, without a browser: what is proven, for which samples, and what happens where nothing is."""

import io
import shutil
import zipfile

import pandas as pd
import pytest

from emoviz.app import cache, compared, evaluated, state
from emoviz.benchmark import results
from tests.measured import FAILED

SCORES = "scores of nobody"
TABS = ("Where it is right", "What is taken for what", "What is proven", "Training and cost")


def open_page(app, **query):
    for name, value in {"benchmark": "made", **query}.items():
        app.query_params[name] = value
    app.run()
    app.switch_page("pages/evaluate.py")
    return app.run()


def said(app) -> str:
    return "\n".join(block.value for block in [*app.markdown, *app.caption, *app.info, *app.warning, *app.error])


def read_of(app) -> evaluated.Reading:
    """What the page reads, outside of a page."""
    made = results.load("made")
    about = made.datasets[0]
    score = evaluated.measures.named("", about)
    titles = tuple(variant.title for variant in made.variants(about.title) if not variant.of)
    return evaluated.Reading(made, about, score, "all", titles, titles, cache.benchmark_key(made))


def tab(app, name: str):
    label = next(one for one in app.get("tab") if one.label.endswith(name)).label
    app.session_state["evaluate.figures"] = label
    return app.run()


def test_it_begins_with_what_is_proven(app):
    open_page(app)
    assert not app.exception
    assert app.title[0].value == "Which model is right, and where?"
    first = app.markdown[0].value
    assert "TiCAL\\-style" in first and "**Proven**" in first
    assert app.markdown[1].value.count("- **Claim of the plan**") == 2
    assert "of different seeds" in said(app)
    assert "never a readout of what somebody feels" in "".join(block.proto.body for block in app.get("html"))


@pytest.mark.parametrize("measured", ["simulated", SCORES])
@pytest.mark.parametrize("name", TABS)
def test_every_figure_of_every_dataset_is_drawn_or_says_why_not(app, measured, name):
    open_page(app, measured=measured)
    tab(app, name)
    assert not app.exception
    if measured == SCORES and name == TABS[0]:
        assert "Nobody knows how much" in said(app) and "No speakers are known" in said(app)
    if measured == SCORES and name == TABS[1]:
        assert "Scores are not taken for each other" in said(app)


def test_every_kind_of_number_and_every_metric_is_shown(app):
    open_page(app)
    for kind in evaluated.KINDS:
        app.session_state["evaluate.kind"] = kind
        app.run()
        assert not app.exception, kind
    for metric in app.selectbox("evaluate.metric").options:
        app.selectbox("evaluate.metric").select(metric).run()
        assert not app.exception, metric


def test_another_dataset_may_have_other_numbers(app):
    open_page(app)
    tab(app, TABS[1])
    for kind in ("conflict", "labels"):
        app.segmented_control("evaluate.kind").select(kind).run()
        app.selectbox("evaluate.measured").select(SCORES).run()
        assert not app.exception
        assert app.session_state["evaluate.kind"] == "answer"
        app.selectbox("evaluate.measured").select("simulated").run()
        assert not app.exception


def test_the_samples_are_a_choice_that_the_address_carries(app):
    open_page(app, stratum="inconsistent")
    assert app.session_state["evaluate.stratum"] == "inconsistent"
    tab(app, TABS[2])
    assert "Samples: inconsistent." in said(app)
    open_page(app, stratum="no such samples")
    assert app.session_state["evaluate.stratum"] == "all"


def test_a_link_opens_the_same_figures(app):
    open_page(app, measured=SCORES, metric="corr", compared=["Mean distribution"])
    assert app.session_state["evaluate.measured"] == SCORES
    assert app.session_state["evaluate.metric"] == "corr"
    assert app.session_state["evaluate.compared"] == ["Mean distribution"]
    app.multiselect("evaluate.compared").select("TiCAL-style").run()
    assert app.session_state[state.SESSION].view.compared == ("Mean distribution", "TiCAL-style")
    assert app.query_params["compared"] == ["Mean distribution", "TiCAL-style"]


def test_what_failed_says_why(app):
    open_page(app)
    assert any("2 trainings failed" in one.label for one in app.expander)
    assert set(app.dataframe[0].value["reason"]) == {FAILED}


def open_cell(app) -> pd.Series:
    """Open a cell of the confusion matrix of the worst model; gives its row."""
    open_page(app)
    app.session_state["evaluate.confused"] = "Mean distribution"
    tab(app, TABS[1])
    read = read_of(app)
    rows = cache.confusion("test", "simulated", "Mean distribution", read.results)
    cell = rows[(rows["truth"] != rows["predicted"]) & (rows["n"] > 1)].iloc[0]
    place = read.about.labels.index
    here = (read.key, "simulated", "Mean distribution")
    app.session_state[compared.CELL] = compared.Cell(here, place(cell.truth), place(cell.predicted))
    app.run()
    assert f"**{len(cell.sample_ids):,} samples**: truth {cell.truth}" in said(app)
    return cell


def test_the_samples_of_a_cell_are_selected_on_conflicts(app):
    cell = open_cell(app)
    app.button("evaluate.samples").click().run()
    view, chosen = (getattr(app.session_state[state.SESSION], name) for name in ("view", "selection"))
    dataset = cache.dataset("simulated", chosen.dataset)
    assert (view.dataset, view.focus) == ("simulated", True)
    assert set(dataset.samples["sample_id"].astype(str)[chosen.rows]) == set(cell.sample_ids)


def test_samples_of_a_dataset_that_is_not_here_are_named(app, monkeypatch):
    monkeypatch.setattr("emoviz.app.cache.datasets", lambda: cache.Shelf((), {}))
    cell = open_cell(app)
    assert "is not stored here" in said(app)
    assert app.text[0].value.splitlines() == list(cell.sample_ids)


def test_everything_can_be_taken_home(app, furnished, monkeypatch):
    monkeypatch.setenv("EMOVIZ_HOME", str(furnished))
    with zipfile.ZipFile(io.BytesIO(evaluated.archive(read_of(app)))) as file:
        assert set(file.namelist()) == {"table.csv", "costs.csv", "failures.csv"}
        rows = pd.read_csv(file.open("table.csv"))
    assert set(rows["dataset"]) == {"simulated", SCORES}


def test_a_benchmark_that_is_gone_is_said(app):
    open_page(app, benchmark="gone")
    assert not app.exception
    assert "There is no benchmark 'gone' here" in said(app)


def test_a_damaged_benchmark_is_said_and_another_can_be_chosen(app, furnished):
    folder = furnished / "benchmarks" / "damaged"
    folder.mkdir()
    (folder / results.ABOUT).write_text("{")
    try:
        open_page(app, benchmark="damaged")
        assert not app.exception
        assert "'damaged' cannot be read" in app.error[0].value
        app.selectbox("evaluate.benchmark").select("made").run()
        assert not app.error and not app.exception
    finally:
        shutil.rmtree(folder)


def test_without_a_benchmark_it_says_how_to_get_one(app, monkeypatch):
    monkeypatch.setattr("emoviz.app.cache.benchmarks", lambda: ())
    open_page(app)
    assert "emoviz benchmark" in said(app)
    assert not app.exception
