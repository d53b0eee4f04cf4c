"""Samples in a row, as a table or as cards: one page of them, never all."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import streamlit as st

from emoviz.analysis import slices
from emoviz.analysis.findings import Findings
from emoviz.analysis.portrait import Portrait, Side
from emoviz.analysis.slices import Judge
from emoviz.app.parts.program import component
from emoviz.data.dataset import FUSED

Layout = Literal["table", "cards", "lines"]

_RANKED = component("ranked")


def show(
    portraits: Sequence[Portrait],
    findings: Findings,
    judge: Judge,
    *,
    layout: Layout,
    first: int,
    sort: str,
    descending: bool,
    sample: str,
    selected: np.ndarray | None,
    key: str,
    on_open: Callable[[str], None],
    on_sort: Callable[[str], None],
    on_toggle: Callable[[int], None],
    notes: Sequence[str] = (),
) -> None:
    """Draw one page of samples.

    Args:
        portraits: the samples of this page, in order
        findings: where they come from
        judge: whose distributions and types are shown
        layout: a table, cards, or lines that are short
        first: rank of the first, counted from 1
        sort: the column they are ordered by
        descending: whether the largest come first
        sample: id of the sample in focus
        selected: ``(N,)`` bool or ``None``
        key: of the widget
        on_open: called with the id of a sample that was clicked
        on_sort: called with the column whose head was clicked
        on_toggle: called with the row of a sample that was shift- or ctrl-clicked
        notes: a word on each sample, for lines
    """

    def heard() -> None:
        for event, answer in (("open", on_open), ("sort", on_sort), ("toggle", on_toggle)):
            value = getattr(st.session_state[key], event)
            if value is not None:
                answer(value)

    data = payload(portraits, findings, judge, first=first, selected=selected)
    _RANKED(
        key=key,
        data={**data, "layout": layout, "sort": sort, "descending": descending, "sample": sample, "notes": list(notes)},
        on_open_change=heard,
        on_sort_change=heard,
        on_toggle_change=heard,
    )


def payload(
    portraits: Sequence[Portrait], findings: Findings, judge: Judge, *, first: int, selected: np.ndarray | None
) -> dict[str, object]:
    """What the program is told, as JSON."""
    conflict, kind = slices.column(judge, "conflict"), slices.column(judge, "type")
    sides = findings.meta.sides
    own = {
        side: f"human_label_{side}" if judge == "people" else "prediction" if side == "fused" else "" for side in sides
    }
    return {
        "heads": {
            "sample": "sample_id",
            "sides": [
                ["together" if side == "fused" else side, own[side] if own[side] in findings.table else ""]
                for side in sides
            ],
            "apart": conflict,
            "type": kind,
        },
        "unit": "bits" if judge == "people" else "",
        "rows": [_row(one, judge, first + place, selected) for place, one in enumerate(portraits)],
    }


def _row(one: Portrait, judge: Judge, rank: int, selected: np.ndarray | None) -> dict[str, object]:
    apart = _apart(one, judge)
    p = min((pair.p for pair in one.pairs if not np.isnan(pair.p)), default=float("nan"))
    return {
        "id": one.sample_id,
        "row": one.row,
        "rank": rank,
        "flag": one.flag,
        "text": one.text,
        "media": bool(one.media),
        "group": one.group,
        "sides": [_side(_said(side, judge), one) for side in one.sides],
        "apart": None if np.isnan(apart) else round(apart, 3),
        "sure": None if np.isnan(p) or judge == "model" else p,
        "type": one.type(judge),
        "dissenter": one.dissenter(judge),
        "selected": bool(selected is not None and selected[one.row]),
    }


def _said(side: Side, judge: Judge) -> np.ndarray | None:
    """What one judge says of a side; of the whole what the other says where this one does not."""
    said = side.said(judge)
    return side.model if said is None and side.name == FUSED and side.people is None else said


def _apart(one: Portrait, judge: Judge) -> float:
    if judge == "model":
        return one.conflict
    return max((pair.people for pair in one.pairs if not np.isnan(pair.people)), default=float("nan"))


def _side(said: np.ndarray | None, one: Portrait) -> dict[str, object] | None:
    """The leading emotion and the whole distribution of a side; ``None`` where it is missing."""
    if said is None:
        return None
    k, tied = int(said.argmax()), bool((said == said.max()).sum() > 1)
    return {
        "label": "undecided" if tied else one.labels[k],
        "colour": "" if tied else one.colours[k],
        "share": round(float(said[k]), 3),
        "strip": [
            [one.labels[j], one.colours[j], round(float(share), 3)] for j, share in enumerate(said) if share >= 0.005
        ],
    }
