"""The findings as the disk shows them, and what a gesture on the disk does to the view."""

from collections.abc import Mapping
from typing import get_args

import numpy as np
import streamlit as st

from emoviz.analysis import slices
from emoviz.analysis.findings import CAVEAT, Findings
from emoviz.app import cache, disk, state
from emoviz.app.controls import Looking
from emoviz.app.disk import Camera, Category, Column, Constellation, DiskEvent, DiskView, Link, Side, Texts
from emoviz.data.dataset import FUSED
from emoviz.measures.conflict import TYPES
from emoviz.plots import kinds
from emoviz.plots.html import modality_colour

# The order in which columns are offered; those first travel with the points.
PASSES = "passes the filters"
SOME_GROUPS = 60  # speakers that can still be told apart in a legend


def view(look: Looking) -> DiskView:
    """Everything the disk shows, as the page stands."""
    now, chosen, row = state.view(), look.selection, look.row
    columns = _columns(look.key, look.findings)
    hidden, ranges = from_legend(now.legend, columns)
    if state.filtered():
        # Named by its content: another filter is another column, and the points stay where they are.
        name = f"{PASSES} {abs(hash(now.slice)):x}"
        categories = (Category("no", "#8a8f9e"), Category("yes", "#4a4fd0"))
        columns = (*columns, Column(name, PASSES, "category", look.keep.astype(np.int64), categories))
        hidden = {**hidden, name: frozenset({0})}
    return DiskView(
        key=look.key,
        xy=_xy(look.key, look.findings),
        columns=columns,
        colour_by=now.colour if now.colour in {c.name for c in columns} else columns[0].name if columns else "",
        anchors=look.findings.meta.anchors,
        constellation=None if row is None else constellation(look.findings, row),
        selected=None if chosen is None else chosen.rows,
        primary=row,
        related=() if row is None else tuple(int(r) for r in cache.nearest(look.key, row, look.findings).rows),
        hidden=hidden,
        ranges=ranges,
        camera=from_word(now.camera),
        height=680,
        texts=Texts(name=f"Poincaré disk of {look.info.title}", caveat=CAVEAT),
    )


def hear(look: Looking, event: DiskEvent) -> None:
    """Take over what the person did on the disk."""
    if event.mask is not None:
        state.select(look.info.content_hash, event.mask, "chosen on the disk")
    wishes: dict[str, object] = {}
    if event.row is not None:
        wishes["sample"] = "" if event.row < 0 else str(look.findings.table["sample_id"].iloc[event.row])
    if event.colour_by is not None:
        wishes["colour"] = event.colour_by
    if event.camera is not None:
        wishes["camera"] = to_word(event.camera)
    if event.hidden is not None or event.ranges is not None:
        wishes["legend"] = to_legend(event.hidden or {}, event.ranges or {}, _columns(look.key, look.findings))
    if wishes:
        state.change(**wishes)


@st.cache_resource(max_entries=4, show_spinner=False)
def _xy(key: str, _findings: Findings) -> np.ndarray:
    return _findings.table[[f"x_{FUSED}", f"y_{FUSED}"]].to_numpy(np.float32)


@st.cache_resource(max_entries=4, show_spinner=False)
def _columns(key: str, _findings: Findings) -> tuple[Column, ...]:
    """What points can be coloured and filtered by, the most telling first."""
    return columns(_findings)


def columns(findings: Findings) -> tuple[Column, ...]:
    """What the findings know of every point, for colour and filter; the most telling first."""
    meta = findings.meta
    emotions = {name: colour for name, colour, _ in meta.labels}
    sides = {name: modality_colour(meta.modalities, name) for name in meta.modalities}
    types = {name: kinds.COLOURS[name] for name in TYPES}
    groups = [name for name in findings.table["group"].cat.categories if name]
    wanted = (
        _category(findings, "label", "emotion, by people", emotions),
        _category(findings, "prediction", "emotion, by the model", emotions),
        _category(findings, "conflict_type", "kind of conflict, by the model", types),
        _category(findings, "human_type", "kind of conflict, by people", types),
        _number(findings, "conflict", "conflict, by the model"),
        _number(findings, "human_conflict", "conflict, by people (bits)"),
        _category(findings, "dissenter", "stands apart, by the model", sides),
        _category(findings, "human_dissenter", "stands apart, by people", sides),
        _number(findings, f"typicality_{FUSED}", "typicality of the whole"),
        _number(findings, "support", "how much is said at all"),
        _number(findings, f"distortion_{FUSED}", "distortion of the picture", "diverging"),
        _category(findings, "split", "split", {name: "" for name in findings.table["split"].cat.categories if name}),
        _category(findings, "group", "speaker", {name: "" for name in groups} if len(groups) <= SOME_GROUPS else {}),
    )
    return tuple(column for column in wanted if column is not None)


def _category(findings: Findings, name: str, title: str, colours: Mapping[str, str]) -> Column | None:
    if name not in findings.table or len(colours) < 2:
        return None
    codes = slices.positions(findings.table[name], list(colours))
    return Column(name, title, "category", codes, tuple(Category(word, colour) for word, colour in colours.items()))


def _number(findings: Findings, name: str, title: str, kind: disk.Kind = "number") -> Column | None:
    if name not in findings.table:
        return None
    values = findings.table[name].to_numpy(float)
    if np.isnan(values).all():
        return None
    return Column(name, title, kind, values, range=(0, 1) if kind == "number" else None)


def constellation(findings: Findings, row: int) -> Constellation | None:
    """The modalities of one sample and its whole, joined by geodesics; ``None`` below two known places."""
    meta, values = findings.meta, findings.table.iloc[row]
    known = [side for side in meta.sides if np.isfinite(values[f"x_{side}"]) and np.isfinite(values[f"y_{side}"])]
    if len(known) < 2:
        return None
    return Constellation(
        sides=tuple(
            Side(
                "together" if side == FUSED else side,
                float(values[f"x_{side}"]),
                float(values[f"y_{side}"]),
                modality_colour(meta.modalities, side),
            )
            for side in known
        ),
        links=tuple(Link(i, j) for i in range(len(known)) for j in range(i + 1, len(known))),
        title=str(values["sample_id"]),
    )


def to_word(camera: Camera) -> str:
    """Where the disk looks, as a word for the address."""
    # Near the rim every digit of the place counts.
    return f"{float(camera.re)!r}_{float(camera.im)!r}_{camera.zoom:.5g}_{camera.angle:.5g}_{camera.model}"


def from_word(word: str) -> Camera | None:
    """Where an address looks, or ``None`` where it does not say, or not soundly."""
    *numbers, name = word.split("_")
    model = next((known for known in get_args(disk.Model) if known == name), None)
    try:
        re, im, zoom, angle = map(float, numbers)
    except ValueError:
        return None
    sound = np.isfinite([re, im, zoom, angle]).all() and re * re + im * im < 1 and 0 < zoom < 1e6
    return Camera(re, im, zoom, angle, model) if sound and model is not None else None


def to_legend(
    hidden: Mapping[str, frozenset[int]], ranges: Mapping[str, tuple[float, float]], known: tuple[Column, ...]
) -> tuple[str, ...]:
    """What the legend greys out, as words for the address: ``label=anger``, ``conflict=0.2..1``."""
    by_name = {column.name: column for column in known}
    words = [
        f"{name}={by_name[name].categories[code].name if code >= 0 else ''}"
        for name, codes in hidden.items()
        if name in by_name
        for code in sorted(codes)
    ]
    return (*words, *(f"{name}={low:.4g}..{high:.4g}" for name, (low, high) in ranges.items() if name in by_name))


def from_legend(
    words: tuple[str, ...], known: tuple[Column, ...]
) -> tuple[dict[str, frozenset[int]], dict[str, tuple[float, float]]]:
    """The inverse of :func:`to_legend`; what it does not know is left out."""
    by_name = {column.name: column for column in known}
    hidden: dict[str, set[int]] = {}
    ranges: dict[str, tuple[float, float]] = {}
    for word in words:
        name, _, value = word.partition("=")
        column = by_name.get(name)
        if column is None:
            continue
        if column.kind == "category":
            names = [category.name for category in column.categories]
            if value in names or not value:
                hidden.setdefault(name, set()).add(names.index(value) if value else -1)
        else:
            try:
                low, high = map(float, value.split(".."))
            except ValueError:
                continue
            if low <= high:
                ranges[name] = (low, high)
    return {name: frozenset(codes) for name, codes in hidden.items()}, ranges


def show(look: Looking, key: str) -> None:
    """Take over what was done on the disk, and draw it as it stands then."""
    event = disk.heard(view(look), key)
    if event is not None:
        hear(look, event)
    disk.show(view(look), key)
