"""The Poincare disk of many points: our own WebGL2 component for Streamlit.

A page describes what to show in one frozen :class:`DiskView` and calls :func:`show`; what the person
did comes back as one :class:`DiskEvent`. Panning, zooming, colouring, filtering, hovering and the
lasso happen in the browser; the server hears once per gesture.

Three kinds of message, so that nothing large travels twice:

* the *stage* carries the program and never changes;
* *buffers* carry positions, columns and the selection as bytes, one each, named by their content:
  Streamlit sends an unchanged one as a reference, and a new colour needs one column, not the cloud;
* *setting* and *state* carry everything small as JSON: what seldom changes (columns, anchors, words),
  and what changes with every gesture (camera, constellation, what is filtered).

Points lie in the open unit disk (curvature -1), y up, as float32; what is computed from them, here
and in the browser, is float64.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import streamlit as st

from emoviz.analysis.findings import Anchor as Anchor
from emoviz.app.disk import parts, payload

Kind = Literal["category", "number", "diverging"]
Model = Literal["poincare", "klein", "tangent", "half-plane"]
Mode = Literal["new", "add", "clear", "undo", "redo"]
Gesture = Literal["select", "primary", "filter", "colour", "camera"]
GESTURES: tuple[Gesture, ...] = ("select", "primary", "filter", "colour", "camera")  # the weightiest first
# What positions and the first columns may weigh together; further columns follow when they are asked for.
FIRST_BYTES_PER_POINT = 14


@dataclass(frozen=True)
class Category:
    """One value of a categorical column.

    Attributes:
        name: as shown
        colour: ``#rrggbb``, or empty to take the next one of a palette told apart by the colour-blind
    """

    name: str
    colour: str = ""


@dataclass(frozen=True, eq=False)
class Column:
    """Something known of every point, to colour and filter by.

    Attributes:
        name: unique within its view
        title: as shown
        kind: ``category``, ``number``, or ``diverging`` (a number whose zero means something)
        values: ``(N,)``; categories: index into ``categories``, negative where missing; numbers: NaN
            where missing. Numbers reach the browser in 65,535 steps of ``range``
        categories: of a categorical column
        range: lowest and highest number of the ramp; ``None`` takes what the values span
    """

    name: str
    title: str
    kind: Kind
    values: np.ndarray
    categories: tuple[Category, ...] = ()
    range: tuple[float, float] | None = None


@dataclass(frozen=True)
class Side:
    """Where one side (a modality or ``fused``) of the primary sample lies."""

    name: str
    x: float
    y: float
    colour: str


@dataclass(frozen=True)
class Link:
    """Two sides joined by a geodesic.

    Attributes:
        a: index of a side
        b: index of another
        length: what to write on it, such as the distance in the model's own ball; ``None`` writes the
            geodesic distance on the disk
    """

    a: int
    b: int
    length: float | None = None


@dataclass(frozen=True)
class Constellation:
    """The sides of one sample joined by geodesics: their lengths are its conflict."""

    sides: tuple[Side, ...]
    links: tuple[Link, ...]
    title: str = ""


@dataclass(frozen=True)
class Camera:
    """What the disk looks at.

    The point ``(re, im)`` is moved to the middle by a Moebius translation, the disk is turned by
    ``angle`` (radians, anticlockwise) and magnified by ``zoom``: 1 shows it whole.
    """

    re: float = 0.0
    im: float = 0.0
    zoom: float = 1.0
    angle: float = 0.0
    model: Model = "poincare"


@dataclass(frozen=True)
class Texts:
    """The words on the disk that only its page knows.

    Attributes:
        name: what the picture shows, for screen readers
        caveat: stands under the picture, not in a footer
        points: what one point is, in the plural
        empty: said in the middle where there are no points; what to do next
    """

    name: str = "Poincare disk of samples"
    caveat: str = ""
    points: str = "samples"
    empty: str = "Nothing to show yet. Choose a dataset, or loosen the filters."


@dataclass(frozen=True, eq=False)
class DiskView:
    """Everything the disk shows.

    Attributes:
        key: hash of the content of ``xy`` and of the columns' values; they are sent again when it changes
        xy: ``(N, 2)`` float32 in the open unit disk; NaN where a point has no place, and then it is not drawn
        columns: what the points can be coloured and filtered by, most wanted first
        colour_by: name of a column, or empty for one colour
        anchors: emotion prototypes
        constellation: of the primary sample
        selected: ``(N,)`` bool, or ``None`` for no selection
        primary: row of the sample in the detail pane
        related: rows to ring: neighbours, search results
        hidden: column name to the categories whose points are greyed out; -1 stands for missing
        ranges: column name to the lowest and highest number that is not greyed out
        camera: where to look; ``None`` leaves it to the browser
        height: of the whole component in CSS pixels
        texts: words that only the page knows
    """

    key: str
    xy: np.ndarray
    columns: tuple[Column, ...] = ()
    colour_by: str = ""
    anchors: tuple[Anchor, ...] = ()
    constellation: Constellation | None = None
    selected: np.ndarray | None = None
    primary: int | None = None
    related: tuple[int, ...] = ()
    hidden: Mapping[str, frozenset[int]] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    camera: Camera | None = None
    height: int = 640
    texts: Texts = field(default_factory=Texts)


@dataclass(frozen=True, eq=False)
class DiskEvent:
    """What the person did since the last run; the browser shows it already.

    Gestures that fell into one run come as one event: ``kind`` names the weightiest, in the order
    ``select, primary, filter, colour, camera``, and the attributes of the others are filled too.
    Those that nobody touched are ``None``.

    Attributes:
        kind: the weightiest gesture
        mask: the whole new selection, ``(N,)`` bool; all False where it was cleared
        mode: how it came about: a new one, added to, cleared, undone, done again
        row: the new primary sample, -1 where it was dismissed
        colour_by: name of the column to colour by
        hidden: greyed out categories of every column, -1 for missing
        ranges: lowest and highest number kept, of every column that has such a filter
        camera: where the disk came to rest
    """

    kind: Gesture
    mask: np.ndarray | None = None
    mode: Mode | None = None
    row: int | None = None
    colour_by: str | None = None
    hidden: dict[str, frozenset[int]] | None = None
    ranges: dict[str, tuple[float, float]] | None = None
    camera: Camera | None = None


def show(view: DiskView, key: str) -> DiskEvent | None:
    """Draw the disk where the page stands now.

    A page whose view follows the gestures asks :func:`heard` first and draws what is wanted then, or
    runs again after an event; until it does, the browser keeps to what the person did.

    Args:
        view: what to show
        key: of the widget; one disk keeps its camera and its undo history as long as the key stays

    Returns:
        what the person did since the last run, or ``None``

    Raises:
        ValueError: if positions or columns do not fit together
    """
    payload.check(view)
    asked = st.session_state.setdefault(f"{key}.asked", set())
    with st.container(gap=None):
        listeners: dict[str, Any] = {f"on_{gesture}_change": _nothing for gesture in GESTURES}
        told = parts.STAGE(key=key, data={"id": key, "height": view.height}, **listeners)
        # A gesture that the page has not heard of yet cannot be in its view.
        answered = st.session_state.get(f"{key}.serial", 0)
        event = _event(view, told, key)
        if told.colour:
            asked.add(told.colour["colour_by"])
        asked.update({view.colour_by, *view.hidden, *view.ranges})
        first = payload.first_columns(view, FIRST_BYTES_PER_POINT)
        parts.BUFFER(key=f"{key}.cloud", data=_cloud(view.key, first, view))
        for column in view.columns:
            if column.name in asked and column.name not in first:
                parts.BUFFER(key=f"{key}.column.{column.name}", data=_column(view.key, column.name, column))
        selection = payload.selection(view)
        if selection:
            parts.BUFFER(key=f"{key}.selection", data=selection)
        parts.STATE(key=f"{key}.setting", data={"id": key, "part": "settings", **payload.setting(view)})
        parts.STATE(key=f"{key}.state", data={"id": key, "part": "states", "serial": answered, **payload.state(view)})
    return event


def heard(view: DiskView, key: str) -> DiskEvent | None:
    """What the person did since the last run, before the disk is drawn, so that it can be drawn as it is wanted now.

    Args:
        view: as it was shown
        key: of the widget
    """
    told = st.session_state.get(key)
    return None if told is None else _event(view, told, key)


def _event(view: DiskView, told, key: str) -> DiskEvent | None:
    """What the browser's triggers say; remembers the number of the last gesture among them."""
    # Gestures on a cloud that is no longer shown speak of other rows.
    said = {kind: value for kind in GESTURES if (value := getattr(told, kind)) and value["key"] == view.key}
    if not said:
        return None
    st.session_state[f"{key}.serial"] = max(value["serial"] for value in said.values())
    select, row, kept, colour, camera = (said.get(kind) for kind in GESTURES)
    return DiskEvent(
        kind=next(iter(said)),
        mask=payload.unpacked(base64.b64decode(select["mask"]), len(view.xy)) if select else None,
        mode=select["mode"] if select else None,
        row=row["row"] if row else None,
        colour_by=colour["colour_by"] if colour else None,
        hidden={name: frozenset(codes) for name, codes in kept["hidden"].items()} if kept else None,
        ranges={name: (low, high) for name, (low, high) in kept["ranges"].items()} if kept else None,
        camera=Camera(**camera["camera"]) if camera else None,
    )


# Encoded once per process: a rerun hands Streamlit the very same bytes.
@st.cache_resource(max_entries=8, show_spinner=False)
def _cloud(key: str, columns: tuple[str, ...], _view: DiskView) -> bytes:
    return payload.cloud(_view, columns)


@st.cache_resource(max_entries=64, show_spinner=False)
def _column(key: str, name: str, _column: Column) -> bytes:
    return payload.column(key, _column)


def _nothing() -> None:
    """A trigger is only reported where somebody listens to it."""
