"""Every page, without a browser."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from emoviz.app import browse, cache, state
from emoviz.data import importers
from emoviz.errors import CheckpointError, DatasetError
from emoviz.jobs import store as jobs
from emoviz.models import checkpoints
from emoviz.progress import finish
from emoviz.workspace import ROOT
from tests.furnished import CHECKPOINT, LABELS

PAGES = sorted(path.name for path in (ROOT / "pages").glob("*.py"))
VIEWS = {
    "votes": {"dataset": "voted"},
    "a model": {"dataset": "simulated", "model": CHECKPOINT},
    "labels alone": {"dataset": "simulated", "model": "people"},
    "nothing known": {"dataset": "gone", "model": "gone", "sample": "gone", "sort": "gone", "camera": "1_2_3"},
}


def open_page(app: AppTest, page: str, **query: str) -> AppTest:
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    app.switch_page(f"pages/{page}.py")
    return app.run()


def name_field(app: AppTest):
    return next(field for field in app.text_input if field.label.startswith("2."))


def said(app: AppTest) -> str:
    return "\n".join(block.value for block in [*app.markdown, *app.caption, *app.info])


@pytest.mark.parametrize("query", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_renders_every_dataset(app, page, query):
    open_page(app, page.removesuffix(".py"), **query)
    assert not app.exception
    assert app.title[0].value


ODD_TABLES = {
    "scores": ["id,voice_score,text_score,fused_score", *(f"a{i},{i % 3 - 1},{i % 2},0.5" for i in range(12))],
    "labels-alone": [
        "id,voice_label,face_label,label",
        *(f"a{i},joy,{'joy' if i % 2 else 'fear'},joy" for i in range(12)),
    ],
    "one-modality": ["id,voice_joy,voice_fear", *(f"a{i},{i % 3},2" for i in range(12))],
    "forty": [
        "id," + ",".join(f"{side}_e{k}" for side in ("voice", "face") for k in range(40)),
        *(f"a{i}," + ",".join(str((i + k) % 5) for k in range(80)) for i in range(12)),
    ],
    "one-row": ["id,voice_joy,voice_fear,face_joy,face_fear,label", "=1+1,9,0,0,9,joy"],
}


@pytest.mark.parametrize("name", ODD_TABLES)
def test_every_page_renders_what_is_unusual(app, name, tmp_path):
    path = tmp_path / f"{name}.csv"
    path.write_text("\n".join(ODD_TABLES[name]))
    finish(importers.load(path, name))
    for page in PAGES:
        open_page(app, page.removesuffix(".py"), dataset=name)
        assert not app.exception, page
        assert app.title[0].value
    cache.store.remove(name)


@pytest.mark.parametrize("page", ["conflicts", "disk"])
def test_every_list_says_that_it_predicts_perception_only(app, page):
    open_page(app, page, **VIEWS["a model"])
    assert not app.exception


def test_the_overview_counts_what_disagrees_beyond_noise(app):
    open_page(app, "overview", dataset="voted")
    findings = cache.findings("voted", cache.datasets().items[-1].content_hash, "", "")
    count = int((findings.table["human_conflict_q_voice_face"] <= 0.05).sum())
    assert 30 <= count <= 45
    assert f"**{count} of 120 samples" in said(app)


def test_the_overview_names_the_winner(app):
    open_page(app, "overview", dataset="voted")
    assert "people who get both follow the **face**" in said(app)


def test_without_judges_the_overview_says_what_to_do(app):
    open_page(app, "overview", **VIEWS["labels alone"])
    assert "Nobody has judged face, voice and text one at a time" in said(app)


def test_the_disk_without_a_model_says_what_to_do(app):
    open_page(app, "disk", dataset="voted")
    assert "Train one on this dataset" in said(app)


def test_conflicts_begin_with_the_strongest(app):
    open_page(app, "conflicts", dataset="voted")
    findings = cache.findings("voted", cache.datasets().items[-1].content_hash, "", "")
    strongest = findings.table["human_conflict"].max()
    first = app.markdown[[m.value.startswith("#### ") for m in app.markdown].index(True)].value[5:].replace("\\", "")
    chosen = findings.table.set_index("sample_id").loc[first]
    assert chosen["human_conflict"] == strongest


def test_next_and_previous_walk_the_list(app):
    open_page(app, "conflicts", dataset="voted")
    app.button("conflicts.next").click().run()
    second = app.session_state[state.SESSION].view.sample
    app.button("conflicts.next").click().run()
    assert app.session_state[state.SESSION].view.sample != second
    app.button("conflicts.previous").click().run()
    assert app.session_state[state.SESSION].view.sample == second
    assert app.query_params["sample"] == second


def test_a_filter_narrows_and_clear_widens_again(app):
    open_page(app, "conflicts", dataset="voted")
    app.text_input("filters.text").input("s-00").run()
    assert "**10** of 120 samples" in said(app)
    assert app.query_params["text"] == "s-00"
    app.button("filters.clear").click().run()
    assert "All **120** samples" in said(app)


def test_filters_add_up(app):
    open_page(app, "conflicts", dataset="voted", splits="test", text="sentence")
    assert "of 120 samples" in said(app)
    assert state.View().slice != app.session_state[state.SESSION].view.slice
    assert app.session_state[state.SESSION].view.slice.splits == ("test",)


def test_what_no_sample_passes_is_said(app):
    open_page(app, "conflicts", dataset="voted", text="no such words")
    assert "No sample passes the filters" in said(app)
    assert not app.exception


def test_any_column_orders_the_list(app):
    open_page(app, "conflicts", dataset="voted")
    for column in app.selectbox("conflicts.sort").options:
        app.selectbox("conflicts.sort").set_value(column.replace(" ", "_")).run()
        assert not app.exception, column


def test_a_selection_is_the_same_on_every_page(app):
    open_page(app, "overview", dataset="voted")
    info = next(info for info in cache.datasets().items if info.name == "voted")
    rows = np.arange(120) < 5
    app.session_state[state.SESSION].selection = state.Selection(info.content_hash, rows, "the first five")
    app.switch_page("pages/conflicts.py").run()
    assert "**5 selected**: the first five" in said(app)
    app.toggle("conflicts.focus").set_value(True).run()
    assert "The **5** selected of 120" in said(app)
    assert app.query_params["focus"] == "selection"


def test_a_link_opens_the_same_view_in_a_new_session(app, furnished):
    open_page(app, "conflicts", dataset="voted", text="s-01", sort="-human_conflict", sample="s-015")
    info = next(info for info in cache.datasets().items if info.name == "voted")
    chosen = state.Selection(info.content_hash, np.arange(120) % 7 == 0)
    other = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for name, value in {**app.query_params, "selection": [state.pack(chosen)]}.items():
        other.query_params[name] = value
    other.run()
    other.switch_page("pages/conflicts.py").run()
    there, here = (a.session_state[state.SESSION] for a in (other, app))
    assert there.view == here.view
    assert (there.selection.rows == chosen.rows).all()


def test_text_from_a_dataset_is_never_markup(app):
    for row in range(3):
        open_page(app, "conflicts", dataset="voted", sample=f"s-00{row}")
        assert not app.exception
        shown = "".join(block.proto.body for block in app.get("html"))
        assert "<img" not in shown
        assert "**not bold**" not in said(app)


def test_exported_spreadsheets_hold_no_formulas(furnished, monkeypatch):
    monkeypatch.setenv("EMOVIZ_HOME", str(furnished))
    info = next(info for info in cache.datasets().items if info.name == "voted")
    findings = cache.findings("voted", info.content_hash, "", "")
    look = type("Look", (), {"findings": findings})
    csv = browse.file(look, np.arange(5), "csv").decode("utf-8-sig")
    assert "'=cmd" in csv and ",=cmd" not in csv
    assert browse.file(look, np.arange(5), "parquet")[:4] == b"PAR1"


def test_a_damaged_dataset_is_said_and_the_rest_goes_on(app, monkeypatch):
    whole = cache.store.info

    def info(name):
        if name == "voted":
            raise DatasetError("Dataset 'voted' is damaged: somebody sat on it. Import it again.")
        return whole(name)

    monkeypatch.setattr("emoviz.app.cache.store.info", info)
    open_page(app, "datasets")
    assert app.error[0].value == "Dataset 'voted' is damaged: somebody sat on it. Import it again."
    assert not app.exception


def test_a_checkpoint_that_cannot_be_used_is_said_and_people_are_shown(app, monkeypatch):
    def load(name):
        raise CheckpointError(name, "its files are not the ones that were written.")

    monkeypatch.setattr("emoviz.app.cache.checkpoints.load", load)
    monkeypatch.setattr("emoviz.app.cache.AT_ONCE", 10_000)
    cache.checkpoint.clear()
    for page in PAGES:
        open_page(app, page.removesuffix(".py"), dataset="simulated")
        assert not app.exception, page
    open_page(app, "overview", dataset="simulated")
    assert "cannot be used" in app.error[0].value
    assert app.title[0].value == "Do face, voice and text tell the same story?"


def test_an_error_of_the_user_ends_the_page_in_a_sentence(app, monkeypatch):
    def findings(*_):
        raise DatasetError("Dataset 'voted' was removed meanwhile. Choose another one.")

    monkeypatch.setattr("emoviz.app.cache.findings", findings)
    open_page(app, "overview", dataset="voted")
    assert app.error[0].value == "Dataset 'voted' was removed meanwhile. Choose another one."
    assert not app.exception


def test_what_takes_long_becomes_a_job_that_the_page_waits_for(app, monkeypatch, furnished):
    for kept in (furnished / "findings").glob("*"):
        kept.unlink()
    cache.findings.clear()
    monkeypatch.setattr("emoviz.app.cache.AT_ONCE", 0)
    open_page(app, "overview", dataset="voted")
    assert app.title[0].value == "Comparing 120 samples"
    (job,) = jobs.list()
    assert jobs.wait(job.job_id, 60).state is jobs.State.DONE
    app.run()
    assert app.title[0].value == "Do voice and face tell the same story?"
    jobs.remove(job.job_id)


def test_a_bug_is_not_dressed_up_as_a_message(app, monkeypatch):
    monkeypatch.setattr("emoviz.app.cache.findings", lambda *_: 1 / 0)
    open_page(app, "overview", dataset="voted")
    assert "division by zero" in app.exception[0].value


def test_a_table_from_the_browser_becomes_a_dataset_with_its_report(app):
    open_page(app, "datasets")
    rows = "\n".join(f"r{i},{i % 3},{3 - i % 3},{'x' if i == 4 else i % 2},{i % 4}" for i in range(12))
    table = f"id,voice_anger,voice_joy,face_anger,face_joy\n{rows}\n"
    app.file_uploader[0].upload("My table.csv", table.encode(), "text/csv").run()
    assert name_field(app).value == "my-table"
    app.button("datasets.import").click().run()
    assert not app.exception
    job = jobs.list()[0]
    assert jobs.wait(job.job_id, 60).state is jobs.State.DONE
    app.run()
    assert any("samples accepted" in block.label for block in app.expander)
    open_page(app, "overview", dataset="my-table")
    assert not app.exception
    jobs.remove(job.job_id)
    cache.store.remove("my-table")


def test_a_table_that_cannot_be_used_says_why(app):
    open_page(app, "datasets")
    app.file_uploader[0].upload("evil.parquet", b"\x80\x04\x95cos\nsystem\n", "application/octet-stream").run()
    app.button("datasets.import").click().run()
    job = jobs.wait(jobs.list()[0].job_id, 60)
    app.run()
    assert job.state is jobs.State.FAILED
    assert job.error in [error.value for error in app.error]
    assert "Traceback" not in job.error
    jobs.remove(job.job_id)
    assert "evil" not in cache.store.names()


def test_a_name_that_is_no_name_is_refused_before_anything_starts(app):
    open_page(app, "datasets")
    app.file_uploader[0].upload("t.csv", b"id,label\na,joy\n", "text/csv").run()
    name_field(app).input("../../etc").run()
    app.button("datasets.import").click().run()
    assert "cannot name a dataset" in app.error[0].value
    assert not jobs.list(active=True)


def test_training_runs_as_a_job_and_can_be_cancelled(app):
    before = checkpoints.names()
    open_page(app, "datasets")
    app.button("datasets.simulated.train").click().run()
    assert not app.exception
    job = jobs.list(active=True)[0]
    app.run()
    app.button(f"datasets.cancel.{job.job_id}").click().run()
    assert jobs.get(job.job_id).state is jobs.State.CANCELLED
    assert checkpoints.names() == before
    jobs.remove(job.job_id)


def test_a_setting_that_no_model_knows_is_said(app):
    open_page(app, "datasets")
    app.text_input("datasets.simulated.settings").input("speed=11").run()
    app.button("datasets.simulated.train").click().run()
    assert "speed" in app.error[0].value
    assert not jobs.list(active=True)


def test_labels_of_the_votes_are_the_datasets_own(app):
    open_page(app, "conflicts", dataset="voted")
    assert list(app.multiselect("filters.labels").options) == [label.name for label in LABELS]
