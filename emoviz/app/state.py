"""What somebody is looking at: one view and one selection, shared by every page.

The *view* is small and made of words, and the address of the page carries it: dataset, model, filters,
order, colour, camera and the one sample in focus. The *selection* is a set of samples; it highlights,
it never hides. It travels in the address too while it fits.

Filters narrow, selections highlight, and every change goes through :func:`change`, :func:`narrow` or
:func:`select`, so that the address is always true.
"""

import base64
import binascii
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import streamlit as st

from emoviz.analysis.slices import Slice

ADDRESS_LIMIT = 1500  # characters a selection may take in a link; browsers and chat programs cut long addresses
ECHO = 2.0  # seconds in which the browser may still send an address that has since been changed here
LISTS = ("types", "pairs", "dissenters", "labels", "groups", "splits")
READ = ("benchmark", "measured", "stratum", "metric")  # what of a view is about Evaluate, in one word each
SESSION = "emoviz"


@dataclass(frozen=True)
class View:
    """What the address of the page says.

    Attributes:
        dataset: its name; empty for the one shown first
        model: name of a checkpoint; empty for people only, ``None`` for the one shown first
        slice: the filters
        sort: the column that orders the samples; empty for the most conflicting first
        descending: whether the largest come first
        focus: whether lists show only the selection
        colour: the column that colours the disk; empty for the one shown first
        camera: where the disk looks, in the disk's own words
        legend: what the disk's legend greys out, in its own words
        sample: id of the one sample in focus, or empty
        benchmark: the benchmark that is read; empty for the one shown first
        measured: title of one of its datasets; empty for the first
        stratum: the samples it is read on; empty for all
        metric: what its figures show; empty for its own first one
        compared: titles of the models in its figures; empty for the first ones
    """

    dataset: str = ""
    model: str | None = None
    slice: Slice = field(default_factory=Slice)
    sort: str = ""
    descending: bool = True
    focus: bool = False
    colour: str = ""
    camera: str = ""
    legend: tuple[str, ...] = ()
    sample: str = ""
    benchmark: str = ""
    measured: str = ""
    stratum: str = ""
    metric: str = ""
    compared: tuple[str, ...] = ()


@dataclass(frozen=True)
class Selection:
    """A set of samples of one dataset.

    Attributes:
        dataset: content hash of the dataset
        rows: ``(N,)`` bool
        words: what they have in common, for a sentence; may be empty
    """

    dataset: str
    rows: np.ndarray
    words: str = ""

    def __len__(self) -> int:
        return int(self.rows.sum())


@dataclass
class Session:
    """What one visitor's session keeps between reruns."""

    view: View = field(default_factory=View)
    selection: Selection | None = None
    packed: str = ""  # the selection as the address has it, until a dataset is there to read it with
    written: dict[str, list[str]] = field(default_factory=dict)
    echoes: list[tuple[float, dict[str, list[str]]]] = field(default_factory=list)


def to_query(view: View, packed: str = "") -> dict[str, list[str]]:
    """The parameters of the address; what is as it is at the beginning is left out."""
    slice_ = view.slice
    query: dict[str, list[str]] = {
        "dataset": [view.dataset],
        "model": [] if view.model is None else [view.model or "people"],
        "by": [slice_.by] if slice_.by != Slice().by else [],
        **{name: list(getattr(slice_, name)) for name in LISTS},
        "flagged": [] if slice_.flagged is None else ["yes" if slice_.flagged else "no"],
        "p": [] if slice_.p is None else [f"{slice_.p:g}"],
        "says": [f"{side}:{label}" for side, label in slice_.says],
        "text": [slice_.text],
        "sort": [] if not view.sort else [view.sort if view.descending else f"-{view.sort}"],
        "focus": ["selection"] if view.focus else [],
        "colour": [view.colour],
        "camera": [view.camera],
        "legend": list(view.legend),
        "sample": [view.sample],
        **{name: [getattr(view, name)] for name in READ},
        "compared": list(view.compared),
        "selection": [packed],
    }
    return {name: kept for name, values in query.items() if (kept := [value for value in values if value])}


def from_query(query: Mapping[str, list[str]]) -> View:
    """The view of an address. What cannot be understood is as it is at the beginning; nothing raises."""

    def one(name: str) -> str:
        return next(iter(query.get(name, [])), "")

    sort, model = one("sort"), one("model")
    slice_ = Slice(
        by="model" if one("by") == "model" else "people",
        **{name: tuple(query.get(name, [])) for name in LISTS},
        flagged={"yes": True, "no": False}.get(one("flagged")),
        p=_probability(one("p")),
        says=tuple((side, label) for side, mark, label in (s.partition(":") for s in query.get("says", [])) if mark),
        text=one("text"),
    )
    return View(
        dataset=one("dataset"),
        model=None if not model else "" if model == "people" else model,
        slice=slice_,
        sort=sort.removeprefix("-"),
        descending=not sort.startswith("-"),
        focus=one("focus") == "selection",
        colour=one("colour"),
        camera=one("camera"),
        legend=tuple(query.get("legend", [])),
        sample=one("sample"),
        **{name: one(name) for name in READ},
        compared=tuple(query.get("compared", [])),
    )


def _probability(text: str) -> float | None:
    try:
        p = float(text)
    except ValueError:
        return None
    return p if 0 <= p <= 1 else None


def pack(selection: Selection | None) -> str:
    """The selection as a word for the address; empty where there is none or it is too large to travel."""
    if selection is None:
        return ""
    bits = zlib.compress(np.packbits(selection.rows).tobytes(), 9)
    word = f"{selection.dataset[:8]}.{base64.urlsafe_b64encode(bits).decode().rstrip('=')}"
    return word if len(word) <= ADDRESS_LIMIT else ""


def unpack(word: str, dataset: str, samples: int) -> Selection | None:
    """The selection of an address, or ``None`` where it is damaged or belongs to other data.

    Args:
        word: what :func:`pack` made
        dataset: content hash of the dataset that is shown
        samples: how many it has
    """
    start, mark, code = word.partition(".")
    if not mark or start != dataset[:8]:
        return None
    size = (samples + 7) // 8
    try:
        packed = zlib.decompressobj().decompress(base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)), size + 1)
    except (binascii.Error, ValueError, zlib.error):
        return None
    if len(packed) != size:
        return None
    return Selection(dataset, np.unpackbits(np.frombuffer(packed, np.uint8), count=samples).astype(bool), "from a link")


def session() -> Session:
    """This visitor's session."""
    return st.session_state.setdefault(SESSION, Session())


def start() -> None:
    """Before the page: take over the address of a new visitor, or after *back*; otherwise keep it true."""
    now = session()
    query = {name: st.query_params.get_all(name) for name in st.query_params}
    # Two quick gestures: the second still brings the address from before the first. That is no wish to go back.
    stale = any(query == old and time.monotonic() - when < ECHO for when, old in now.echoes)
    if query and query != now.written and not stale:
        now.view = from_query(query)
        if query.get("selection") != now.written.get("selection"):  # else it stays: it may be too large for an address
            now.packed, now.selection = next(iter(query.get("selection", [])), ""), None
        now.written = query
    _write()


def view() -> View:
    """What is looked at."""
    return session().view


def change(**wishes: Any) -> None:
    """Look at something else: fields of :class:`View`. Another dataset begins with fresh filters and no selection."""
    now = session()
    changed = replace(now.view, **wishes)
    if changed.dataset != now.view.dataset:
        read = {name: getattr(changed, name) for name in (*READ, "compared")}
        changed = View(dataset=changed.dataset, model=wishes.get("model"), **read)
        now.selection, now.packed = None, ""
    now.view = changed
    _write()


def narrow(**wishes: Any) -> None:
    """Change filters: fields of :class:`~emoviz.analysis.slices.Slice`."""
    change(slice=replace(view().slice, **wishes))


def clear_filters() -> None:
    """Let everything through again, by the same judge."""
    change(slice=Slice(by=view().slice.by))


def filtered() -> bool:
    """Whether any filter narrows."""
    return view().slice != Slice(by=view().slice.by)


def selection(dataset: str, samples: int) -> Selection | None:
    """The selected samples of a dataset, or ``None``.

    Args:
        dataset: its content hash
        samples: how many it has
    """
    now = session()
    if now.packed and now.selection is None:
        now.selection, now.packed = unpack(now.packed, dataset, samples), ""
    found = now.selection
    return found if found is not None and found.dataset == dataset and len(found.rows) == samples else None


def select(dataset: str, rows: np.ndarray, words: str = "") -> None:
    """Select samples in place of what was selected; none of them means no selection.

    Args:
        dataset: content hash of their dataset
        rows: ``(N,)`` bool
        words: what they have in common
    """
    _set(Selection(dataset, rows, words) if rows.any() else None)


def clear_selection() -> None:
    """Select nothing."""
    now = session()
    if now.selection is not None or now.packed:
        _set(None)


def query(**wishes: Any) -> dict[str, list[str]]:
    """The parameters of the address of this view; ``wishes`` are fields that differ where a link leads."""
    return to_query(replace(view(), **wishes), pack(session().selection) or session().packed)


def _set(chosen: Selection | None) -> None:
    now = session()
    now.selection, now.packed = chosen, ""
    change(focus=now.view.focus and chosen is not None)


def _write() -> None:
    now = session()
    wanted = query()
    if wanted != now.written or not st.query_params.to_dict():
        now.echoes = [(when, old) for when, old in now.echoes if time.monotonic() - when < ECHO]
        now.echoes.append((time.monotonic(), now.written))
        now.written = wanted
        st.query_params.from_dict(wanted)
