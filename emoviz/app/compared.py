"""Figures of a benchmark: where models are right, what they take for what, what is proven, and what it cost."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from emoviz.analysis import words as sentences
from emoviz.app import cache, state
from emoviz.app.evaluated import Reading
from emoviz.app.parts import figure
from emoviz.benchmark import table as tables
from emoviz.plots import benchmark as charts

CELL = "evaluate.cell"
LISTED = 200  # ids that a page lists


@dataclass(frozen=True)
class Cell:
    """A cell of a confusion matrix that is open.

    Attributes:
        of: what the matrix is of: benchmark, dataset and model
        truth: place of the true label
        predicted: place of the predicted label
    """

    of: tuple[str, str, str]
    truth: int
    predicted: int


def show(read: Reading) -> None:
    """Every figure, in groups of which one is open."""
    tabs = st.tabs(
        [
            ":material/show_chart: Where it is right",
            ":material/grid_on: What is taken for what",
            ":material/balance: What is proven",
            ":material/timer: Training and cost",
        ],
        key="evaluate.figures",
        on_change="rerun",
    )
    for tab, draw in zip(tabs, (where, confused, proven, trained), strict=True):
        if tab.open:
            with tab, st.container(key=f"evaluate_body_{draw.__name__}"):
                draw(read)


def where(read: Reading) -> None:
    """By conflict and by speaker."""
    left, right = st.columns(2, gap="medium")
    with left.container(border=True):
        st.subheader("When modalities disagree")
        rows = _mine(read, cache.by_conflict(read.key, read.score.name, read.results))
        if rows["title"].isin(read.compared).any():
            _figure(read, "by-conflict", charts.by_conflict(rows, read.colours, read.score.title))
            st.caption(_reference(read))
        else:
            st.caption("Nobody knows how much the modalities of these samples disagree.")
    with right.container(border=True):
        st.subheader("From speaker to speaker")
        if read.about.groups == read.about.tested:
            st.caption("No speakers are known in this dataset.")
            return
        found = [_one(read, cache.per_group, title, read.score.name) for title in read.compared]
        rows = pd.concat(found, ignore_index=True)
        if rows["value"].notna().any():
            _figure(read, "by-speaker", charts.spread(rows, read.colours, read.score.title))
            st.caption(
                "A dot is a speaker, or a group of speakers kept together; bar: their middle half, mark: their median."
            )
        else:
            st.caption(f"One speaker alone has no {read.score.title}.")


def confused(read: Reading) -> None:
    """Confusion of one model, and reliability of all."""
    left, right = st.columns(2, gap="medium")
    with left.container(border=True):
        st.subheader("What is taken for what")
        if read.about.target == "score":
            st.caption("Scores are not taken for each other; see the table for how far they are off.")
        else:
            _confusion(read)
    with right.container(border=True):
        st.subheader("Is it as sure as it is right?")
        if read.about.target == "score":
            st.caption("A score comes without a confidence.")
            return
        rows = pd.concat([_one(read, cache.reliability, title) for title in read.compared], ignore_index=True)
        _figure(read, "reliability", charts.reliability(rows, read.colours))
        st.caption("Below the dashed line a model is surer than it is right. The larger a dot, the more answers.")


def proven(read: Reading) -> None:
    """Which differences are sure, and what each part of a model is worth."""
    left, right = st.columns(2, gap="medium")
    with left.container(border=True):
        st.subheader("Who is ahead of whom?")
        rows = _mine(read, cache.comparisons(read.key, read.score.name, read.stratum, read.results))
        titles = [title for title in _best_first(read) if title in {*rows["title"], *rows["rival"]}]
        if titles:
            _figure(read, "comparisons", charts.significance(rows, titles, read.score.title, read.higher))
            st.caption(
                f"Row less column in {read.score.title}. Full green: ahead, full red: behind, p < .05 after "
                "Holm's correction for all pairs; pale: within chance. "
                f"{_on(read)}"
            )
        else:
            st.caption("There are no two models to compare here.")
    with right.container(border=True):
        st.subheader("What is each part worth?")
        rows = _mine(read, cache.ablation(read.key, read.score.name, read.stratum, read.results))
        wholes = list(dict.fromkeys(rows["of"]))
        for whole in wholes:
            chart = charts.waterfall(rows[rows["of"] == whole], whole, read.score.title, read.higher)
            _figure(read, f"without-{wholes.index(whole)}", chart)
        if wholes:
            st.caption(
                "What is lost, red, or gained, green, when a part is left out or changed; grey is within chance after "
                f"Holm's correction. {_on(read)}"
            )
        else:
            st.caption("No part of any model was left out or changed here.")


def trained(read: Reading) -> None:
    """How training went and what it cost."""
    left, right = st.columns(2, gap="medium")
    with left.container(border=True):
        st.subheader("How training went")
        rows = _mine(read, cache.curves(read.key, read.results))
        if rows["title"].isin(read.compared).any():
            measure = st.segmented_control(
                "Loss", ("validation", "train_loss"), default="validation", required=True, key="evaluate.loss",
                format_func={"validation": "on held-out groups", "train_loss": "in training"}.__getitem__,
                label_visibility="collapsed",
            )  # fmt: skip
            _figure(read, "training", charts.curves(rows, read.colours, measure))
            st.caption("A line a training. Losses of different models are in their own units: compare shapes only.")
        else:
            st.caption("These models are found at once, without epochs.")
    with right.container(border=True):
        st.subheader("What it cost")
        costs = _mine(read, cache.costs(read.key, read.results))
        values = read.table[(read.table["stratum"] == read.stratum) & (read.table["metric"] == read.score.name)]
        rows = values.merge(costs[["title", "seconds", "parameters"]], on="title")
        if rows["title"].isin(read.compared).any():
            _figure(read, "cost", charts.cost(rows, read.colours, read.score.title))
            st.caption("The larger a dot, the more numbers are learned; seconds of one training, the median.")


def _confusion(read: Reading) -> None:
    if st.session_state.get("evaluate.confused") not in read.titles:  # another benchmark may have other models
        st.session_state["evaluate.confused"] = read.compared[0]
    title = st.selectbox("Model", read.titles, key="evaluate.confused", label_visibility="collapsed")
    rows = _one(read, cache.confusion, title)
    labels = read.about.labels
    place = {label: k for k, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), int)
    for row in rows.itertuples():
        counts[place[row.truth], place[row.predicted]] = row.n
    here = (read.key, read.about.title, title)

    def open_(pick: str) -> None:
        truth, predicted = map(int, pick.split(","))
        st.session_state[CELL] = Cell(here, truth, predicted)

    cell: Cell | None = st.session_state.get(CELL)
    if cell is not None and cell.of != here:
        cell = None
    chosen = None if cell is None else (cell.truth, cell.predicted)
    _figure(read, "confusion", charts.confusion(counts, labels, title, chosen), open_)
    st.caption("Percent of the row, all seeds together. Click a cell to see its samples.")
    if cell is not None:
        truth, predicted = labels[cell.truth], labels[cell.predicted]
        found = rows[(rows["truth"] == truth) & (rows["predicted"] == predicted)]
        _samples(read, title, truth, predicted, found["sample_ids"].iloc[0])


def _samples(read: Reading, title: str, truth: str, predicted: str, ids: tuple[str, ...]) -> None:
    """The samples of a cell: a way to them where their dataset is here, else their names."""
    what = f"truth {truth}, {title} says {predicted}"
    st.markdown(f"**{len(ids):,} {'sample' if len(ids) == 1 else 'samples'}**: {sentences.plain(what)}")
    stored = next((info for info in cache.datasets().items if info.content_hash == read.about.content_hash), None)
    if stored is not None:
        if st.button("See them one by one", key="evaluate.samples", icon=":material/compare_arrows:"):
            dataset = cache.dataset(stored.name, stored.content_hash)
            state.change(dataset=stored.name)
            state.select(stored.content_hash, dataset.samples["sample_id"].astype(str).isin(ids).to_numpy(), what)
            st.switch_page("pages/conflicts.py", query_params=state.query(focus=True))
    else:
        st.caption(f"The dataset '{sentences.plain(read.about.name)}' that was tested is not stored here.")
        with st.expander("Names of the samples"):
            st.text("\n".join(ids[:LISTED]) + (f"\n… and {len(ids) - LISTED:,} more" if len(ids) > LISTED else ""))


def _figure(read: Reading, name: str, svg: str, on_pick: Callable[[str], None] | None = None) -> None:
    figure.show(svg, f"{read.results.name}-{name}.svg", f"evaluate.figure.{name}", on_pick)


def _mine(read: Reading, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the dataset that is read."""
    return rows[rows["dataset"] == read.about.title]


def _one(read: Reading, kept: Callable[..., pd.DataFrame], title: str, *more: str) -> pd.DataFrame:
    """A table of one model."""
    return kept(read.key, read.about.title, title, *more, read.results).assign(title=title)


def _best_first(read: Reading) -> list[str]:
    rows = read.table[(read.table["stratum"] == read.stratum) & (read.table["metric"] == read.score.name)]
    values = dict(zip(rows["title"], rows["value"], strict=True))
    return sorted(read.titles, key=lambda title: values.get(title, 0.0), reverse=read.higher)


def _on(read: Reading) -> str:
    return "All samples." if read.stratum == tables.ALL else f"Samples: {sentences.plain(read.stratum)}."


def _reference(read: Reading) -> str:
    how = {
        "people": "how far apart the verdicts of people are who got one modality each",
        "heads": "how far apart plain linear models of one modality each are, whichever model is tested",
        "none": "nothing",
    }
    return f"Conflict is {how[read.about.reference]}. Bands: 95\u00a0%."
