"""What the app keeps between reruns.

Keys are names and hashes: a dataset that changed has a new hash and so a new key, and nothing needs
clearing by hand. What these functions return is shared by all sessions and therefore only read.
"""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from emoviz import workspace
from emoviz.analysis import findings as analysis
from emoviz.analysis import neighbours, slices, summary
from emoviz.analysis.findings import Findings
from emoviz.analysis.neighbours import Neighbours
from emoviz.analysis.slices import Slice
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
    """The samples most like one: in the model's ball, or by what people said."""
    if _findings.points is not None:
        return neighbours.on_the_ball(_findings.points, row, NEIGHBOURS)
    said = [found for side in _findings.meta.sides if (found := _findings.distributions("human", side)) is not None]
    return neighbours.by_votes(np.stack(said), row, NEIGHBOURS) if said else Neighbours(np.empty(0, int), np.empty(0))
