"""Datasets, checkpoints and jobs: what there is, and how more of it comes about."""

import re
import shutil
import time
import uuid
from pathlib import Path

import streamlit as st

from emoviz import workspace
from emoviz.analysis import words
from emoviz.app import cache, guard, jobs, state
from emoviz.data import download, store
from emoviz.data.dataset import FUSED
from emoviz.data.store import Info
from emoviz.jobs import store as job_store
from emoviz.jobs.kinds import Analyze, Download, Import, Train
from emoviz.jobs.store import Job, State
from emoviz.models import checkpoints, zoo
from emoviz.models.checkpoints import Card
from emoviz.plots import numbers

TABLES = ("csv", "tsv", "jsonl", "parquet")
UPLOAD_SECONDS = 600
RECENT = 5  # ended jobs that stay in sight


def job_list() -> None:
    """Jobs that wait or work, and those that ended lately; drawn again every second while one is active."""
    active = bool(job_store.list(active=True))
    st.fragment(_job_list, run_every=1.0 if active else None)()


def _job_list() -> None:
    found = job_store.list()
    active = {job.job_id for job in found if job.active}
    before = st.session_state.get("datasets.active", set())
    st.session_state["datasets.active"] = active
    if before - active:
        st.rerun()  # what a job made shows in the rest of the page
    for job in [job for job in found if job.active] + [job for job in found if not job.active][:RECENT]:
        jobs.line(job, "datasets", _look)
        if job.state is State.DONE and isinstance(job.order, Import):
            _report(job)


def _report(job: Job) -> None:
    """What an import took, mended and left out."""
    lines = [report.message for report in job_store.reports(job.job_id)]
    end = f"stored as {job.result}"
    said = lines[lines.index(end) + 1 :] if end in lines else lines[-1:]
    with st.expander(words.plain(" ".join(said[:1])), expanded=len(said) > 1, icon=":material/fact_check:"):
        st.markdown("\n".join(f"- {words.plain(line)}" for line in said[1:]) or "Nothing was mended or left out.")


def _look(job: Job) -> None:
    order = job.order
    if isinstance(order, Train):
        state.change(dataset=order.dataset, model=job.result)
    elif isinstance(order, Analyze):
        state.change(dataset=order.dataset, model=order.checkpoint or "")
    else:
        state.change(dataset=job.result)
    st.switch_page("pages/overview.py", query_params=state.query())


def dataset(info: Info) -> None:
    """One dataset: what it is, and what can be done with it."""
    key = f"datasets.{info.name}"
    with st.container(border=True, key=f"dataset_{info.name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{words.plain(info.title)}** :gray[:small[{words.plain(info.name)}]]", width="stretch")
            if info.simulated:
                st.badge("simulated", color="violet", icon=":material/science:")
        st.markdown(
            words.contents(info.samples, info.modalities, [label.name for label in info.labels], info.annotations)
        )
        st.caption(words.about(info.description, info.licence))
        with st.container(horizontal=True):
            if st.button("Look at it", key=f"{key}.open", icon=":material/visibility:"):
                state.change(dataset=info.name)
                st.switch_page("pages/overview.py", query_params=state.query())
            _train(info, key)
            for card in cache.fitting(info)[:1]:
                if not cache.ready(info, card) and st.button(
                    "Analyze", key=f"{key}.analyze", icon=":material/query_stats:"
                ):
                    jobs.start(Analyze(info.name, card.name))
                    st.rerun()
            if not info.shipped:
                _remove(f"{key}.remove", info.title, lambda: store.remove(info.name))


def _train(info: Info, key: str) -> None:
    """Train a model on a dataset, or say why that cannot be."""
    lacks = (
        "It has no features, so a model has nothing to read."
        if not info.features
        else "Nobody judged its samples as a whole, so a model has nothing to learn."
        if FUSED not in info.annotations
        else ""
    )
    # Named by the jobs there are: a job that starts closes the window.
    name = f"{key}.training.{len(job_store.list())}"
    with st.popover("Train", icon=":material/model_training:", disabled=bool(lacks), help=lacks or None, key=name):
        st.markdown(
            f"Train a model on **{words.plain(info.title)}**. It runs as a job of its own; the pages stay quick."
        )
        model = st.selectbox("Model", tuple(zoo.MODELS), key=f"{key}.model", format_func=lambda m: zoo.MODELS[m].title)
        seed = st.number_input("Seed", 0, 2**31 - 1, 0, key=f"{key}.seed")
        folds = st.number_input(
            "Folds",
            0,
            20,
            5,
            key=f"{key}.folds",
            help="Each leaves some speakers out: every sample is predicted by a model that never met its speaker.",
        )
        settings = st.text_input(
            "Settings",
            key=f"{key}.settings",
            placeholder="epochs=20 lr=0.001",
            help="field=value, with spaces between them",
        )
        if st.button("Start training", key=f"{key}.train", type="primary"):
            with guard.noted():
                zoo.config_from(model, settings.split())
                jobs.start(Train(info.name, model, tuple(settings.split()), int(seed), int(folds)))
                st.rerun()


def _remove(key: str, title: str, remove) -> None:
    with st.popover("Remove", icon=":material/delete:", type="tertiary"):
        st.markdown(f"Remove **{words.plain(title)}** for good?")
        if st.button("Remove it", key=key, type="primary"):
            with guard.noted():
                remove()
                st.rerun()


def card(one: Card) -> None:
    """One checkpoint: how good it is, how sure that is, and what it must not be used for."""
    with st.container(border=True, key=f"card_{one.name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{words.plain(one.name)}** :gray[:small[{words.plain(one.dataset_title)}]]", width="stretch")
            if one.simulated:
                st.badge("simulated", color="violet", icon=":material/science:")
        st.html(numbers.facts(numbers.measured(one.metrics)))
        with st.expander("How it was made, and its limits"):
            st.markdown("\n".join(f"- {words.plain(limit)}" for limit in one.limits))
            st.caption(f"Seed {one.seed}, {one.folds} folds, trained in {one.seconds:,.0f} s on {one.created}.")
            st.json(one.config, expanded=False)
        with st.container(horizontal=True):
            if st.button("Look at it", key=f"datasets.card.{one.name}.open", icon=":material/visibility:"):
                state.change(dataset=one.dataset, model=one.name)
                st.switch_page("pages/overview.py", query_params=state.query())
            if (workspace.place("checkpoints") / one.name).is_dir():
                _remove(f"datasets.card.{one.name}", one.name, lambda: checkpoints.remove(one.name))


def bring() -> None:
    """Three visible steps from a table on the person's disk to a dataset."""
    st.markdown(
        "One row a sample. Columns are found by name: `voice_anger`, `face_label`, `text_score`, several raters as "
        "`voice_rater_a`; besides `id`, `speaker`, `split`, `text`."
    )
    file = st.file_uploader("1. Choose a table", TABLES, key="datasets.file")
    name = st.text_input(
        "2. Name it",
        _slug(Path(file.name).stem) if file else "",
        key=f"datasets.name.{file.file_id if file else ''}",
        disabled=file is None,
        help="Lower-case letters, digits, - and _",
    )
    clicked = st.button(
        "3. Import", key="datasets.import", type="primary", disabled=file is None, icon=":material/upload_file:"
    )
    if clicked and file is not None:
        with guard.noted():
            workspace.checked_name("dataset", name)
            folder = workspace.place("uploads") / uuid.uuid4().hex
            folder.mkdir(mode=0o700)
            path = folder / f"{_slug(Path(file.name).stem)}{Path(file.name).suffix.lower()}"
            path.write_bytes(file.getbuffer())
            jobs.start(Import(str(path), name, format="table"))
            st.rerun()


def public() -> None:
    """Public datasets that emoviz can fetch: size and licence before anything starts."""
    missing = {name: source for name, source in download.SOURCES.items() if name not in store.names()}
    if missing:
        st.subheader("Get a public dataset")
    for name, source in missing.items():
        with st.container(border=True, key=f"public_{name}"):
            st.markdown(f"**{words.plain(source.title)}**")
            st.caption(f"{words.plain(source.licence)}. {source.size / 1e6:.1f} MB.")
            if st.button(f"Get {source.title}", key=f"datasets.get.{name}", icon=":material/download:"):
                jobs.start(Download(name))
                st.rerun()


def tidy() -> None:
    """Delete uploads whose import has ended."""
    uploads = workspace.place("uploads")
    needed = {Path(job.order.path).parent for job in job_store.list(active=True) if isinstance(job.order, Import)}
    for folder in uploads.iterdir():
        # A young one may belong to somebody whose job is about to start.
        if folder not in needed and time.time() - folder.stat().st_mtime > UPLOAD_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")[:64] or "table"
