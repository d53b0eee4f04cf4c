"""What the app keeps between reruns.

Keys are names and hashes: a dataset that changed has a new hash and so a new key, and nothing needs
clearing by hand. What these functions return is shared by all sessions and therefore only read.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import streamlit as st

from emoviz import workspace
from emoviz.analysis import findings as analysis
from emoviz.analysis import neighbours, slices, summary
from emoviz.analysis.findings import Findings
from emoviz.analysis.neighbours import Neighbours
from emoviz.analysis.slices import Slice
from emoviz.benchmark import results, table, words
from emoviz.benchmark.results import Results
from emoviz.data import store
from emoviz.data.dataset import Dataset
from emoviz.data.store import Info
from emoviz.errors import EmovizError
from emoviz.models import checkpoints
from emoviz.models.checkpoints import Card, Checkpoint
from emoviz.progress import finish

AT_ONCE = 3000  # samples whose findings a page computes while somebody waits; more become a job
NEIGHBOURS = 6


@dataclass(frozen=True)
class Shelf:
    """Everything there is of one kind, and what could not be read.

    Attributes:
        items: what can be used
        troubles: name to why it cannot
    """

    items: tuple
    troubles: dict[str, str]


def datasets() -> Shelf:
    """Every dataset, without its data."""
    return _shelf(store.names(), store.info)


def cards() -> Shelf:
    """The card of every checkpoint."""
    return _shelf(checkpoints.names(), checkpoints.card)


def _shelf(names, read) -> Shelf:
    items, troubles = [], {}
    for name in names:
        try:
            items.append(read(name))
        except EmovizError as error:
            troubles[name] = str(error)
    return Shelf(tuple(items), troubles)


def fitting(info: Info) -> tuple[Card, ...]:
    """The checkpoints that can read a dataset, those trained on it first, then the newest."""
    fit = [card for card in cards().items if _fits(card, info)]
    return tuple(sorted(fit, key=lambda card: (card.dataset_hash == info.content_hash, card.created), reverse=True))


def _fits(card: Card, info: Info) -> bool:
    """Whether a dataset has the labels and features that a checkpoint reads."""
    read = {given.name: set(given.columns) for given in card.inputs.modalities}
    has = {name: set(features.columns) for name, features in info.features.items()}
    return card.labels == tuple(label.name for label in info.labels) and all(
        columns <= has.get(name, set()) for name, columns in read.items()
    )


@st.cache_resource(max_entries=4, show_spinner=False)
def dataset(name: str, content_hash: str) -> Dataset:
    """A dataset, its features memory-mapped."""
    return store.read(name)


@st.cache_resource(max_entries=4, show_spinner=False)
def checkpoint(name: str, sha256: str) -> Checkpoint:
    """A checkpoint; nobody trains this copy."""
    return checkpoints.load(name)


def ready(info: Info, card: Card | None) -> bool:
    """Whether the findings are there, or quick enough to compute while somebody waits."""
    name = analysis.key_of(info.content_hash, card.sha256 if card else "")
    return info.samples <= AT_ONCE or (workspace.place("findings") / f"{name}.parquet").is_file()


@st.cache_resource(max_entries=4, show_spinner="Comparing what was said…")
def findings(name: str, content_hash: str, model: str, sha256: str) -> Findings:
    """The findings of a dataset by people and one checkpoint (``""`` for people alone), computed once."""
    known = checkpoint(model, sha256) if model else None
    return finish(analysis.kept(dataset(name, content_hash), known))


@st.cache_resource(max_entries=8, show_spinner=False)
def summed(key: str, _findings: Findings) -> summary.Summary:
    """What the findings come to."""
    return summary.summary(_findings)


@st.cache_resource(max_entries=64, show_spinner=False)
def chosen(key: str, slice_: Slice, _findings: Findings) -> np.ndarray:
    """The samples that filters let through, ``(N,)`` bool."""
    return slices.chosen(_findings, slice_)


@st.cache_resource(max_entries=32, show_spinner=False)
def ranked(key: str, slice_: Slice, sort: str, descending: bool, _findings: Findings) -> np.ndarray:
    """Rows of the samples that filters let through, in order."""
    return slices.ranked(_findings, chosen(key, slice_, _findings), sort, descending)


@st.cache_resource(max_entries=8, show_spinner=False)
def places(key: str, _findings: Findings) -> dict[str, int]:
    """Sample id to row."""
    return {name: row for row, name in enumerate(_findings.table["sample_id"])}


@st.cache_resource(max_entries=256, show_spinner=False)
def nearest(key: str, row: int, _findings: Findings) -> Neighbours:
    """The samples most like one: on the ball, or by what people said."""
    if _findings.points is not None:
        return neighbours.on_the_ball(_findings.points, row, NEIGHBOURS)
    said = [found for side in _findings.meta.sides if (found := _findings.distributions("human", side)) is not None]
    return neighbours.by_votes(np.stack(said), row, NEIGHBOURS) if said else Neighbours(np.empty(0, int), np.empty(0))


def benchmarks() -> tuple[str, ...]:
    """Names of all benchmarks, those of the person's own first."""
    return tuple(sorted(results.names(), key=lambda name: (results.SHIPPED / name).is_dir()))


def benchmark(name: str) -> Results:
    """A benchmark as it stands now; the same object as long as nothing was added to it."""
    found = results.load(name)
    return _held(benchmark_key(found), found)


def benchmark_key(found: Results) -> str:
    """Names a benchmark as it stands now."""
    return f"{found.name}.{found.created}.{len(found.cells)}"


@st.cache_resource(max_entries=2, show_spinner=False)
def _held(key: str, _results: Results) -> Results:
    return _results


@st.cache_resource(max_entries=4, show_spinner="Measuring…")
def measured(key: str, _results: Results) -> pd.DataFrame:
    """Every number of a benchmark: as it was written when it ended, or computed where it has not."""
    return _results.tidy if (_results.folder / results.TABLE).is_file() else table.table(_results)


@st.cache_resource(max_entries=16, show_spinner="Comparing models…")
def proven(key: str, dataset: str, _results: Results) -> tuple[str, ...]:
    """What a benchmark proves on one of its datasets and what not, in sentences."""
    return words.proven(replace(_results, datasets=(_results.about(dataset),)))


@st.cache_resource(max_entries=16, show_spinner="Comparing models…")
def comparisons(key: str, metric: str, stratum: str, _results: Results) -> pd.DataFrame:
    """Models two by two."""
    return table.comparisons(_results, metric, stratum)


@st.cache_resource(max_entries=16, show_spinner="Comparing parts…")
def ablation(key: str, metric: str, stratum: str, _results: Results) -> pd.DataFrame:
    """Models without their parts."""
    return table.ablation(_results, metric, stratum)


@st.cache_resource(max_entries=16, show_spinner=False)
def by_conflict(key: str, metric: str, _results: Results) -> pd.DataFrame:
    """A metric by how much modalities disagree."""
    return table.by_conflict(_results, metric)


@st.cache_resource(max_entries=64, show_spinner=False)
def reliability(key: str, dataset: str, title: str, _results: Results) -> pd.DataFrame:
    """How often answers of each confidence are right."""
    return table.reliability(_results, dataset, title)


@st.cache_resource(max_entries=64, show_spinner=False)
def confusion(key: str, dataset: str, title: str, _results: Results) -> pd.DataFrame:
    """Which emotion one model takes for which."""
    return table.confusion(_results, dataset, title)


@st.cache_resource(max_entries=64, show_spinner=False)
def per_group(key: str, dataset: str, title: str, metric: str, _results: Results) -> pd.DataFrame:
    """A metric of one model, speaker by speaker."""
    return table.per_group(_results, dataset, title, metric)


@st.cache_resource(max_entries=4, show_spinner=False)
def costs(key: str, _results: Results) -> pd.DataFrame:
    """What each model costs."""
    return table.costs(_results)


@st.cache_resource(max_entries=4, show_spinner=False)
def curves(key: str, _results: Results) -> pd.DataFrame:
    """How every training went."""
    return table.curves(_results)
