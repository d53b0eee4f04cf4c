"""The emotions of two modalities against each other; every cell is a button that selects its samples."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import streamlit as st

from emoviz.analysis.summary import Matrix
from emoviz.app.parts.program import component

Shows = Literal["count", "winner"]

_MATRIX = component("matrix")
FEW = 10  # below this many samples a share says nothing and is not coloured


def show(
    matrix: Matrix,
    shows: Shows,
    colours: tuple[str, str],
    chosen: tuple[str, str] | None,
    key: str,
    on_choose: Callable[[str, str], None],
) -> None:
    """Draw the matrix.

    Args:
        matrix: what to show
        shows: how many samples a cell has, or whom its fused emotion follows
        colours: of the modalities of rows and columns
        chosen: labels of the selected cell
        key: of the widget
        on_choose: called with the labels of a cell, before the page runs again
    """

    def heard() -> None:
        cell = st.session_state[key].cell
        on_choose(matrix.labels[int(cell["row"])], matrix.labels[int(cell["column"])])

    _MATRIX(key=key, data=payload(matrix, shows, colours, chosen), on_cell_change=heard)


def payload(
    matrix: Matrix, shows: Shows, colours: tuple[str, str], chosen: tuple[str, str] | None
) -> dict[str, object]:
    """What the program is told, as JSON: for every cell its text, how strong its colour is and what it says aloud."""
    size = len(matrix.labels)
    cells = [[_cell(matrix, shows, i, j) for j in range(size)] for i in range(size)]
    return {
        "labels": list(matrix.labels),
        "a": matrix.a,
        "b": matrix.b,
        "shows": shows,
        "colours": list(colours),
        "cells": cells,
        "rows": [f"{n:,}" for n in matrix.counts.sum(1)],
        "columns": [f"{n:,}" for n in matrix.counts.sum(0)],
        "chosen": None if chosen is None else [matrix.labels.index(chosen[0]), matrix.labels.index(chosen[1])],
    }


def _cell(matrix: Matrix, shows: Shows, i: int, j: int) -> dict[str, object]:
    n, clear = int(matrix.counts[i, j]), int(matrix.clear[i, j])
    to_a, to_b = int(matrix.follows_a[i, j]), int(matrix.follows_b[i, j])
    said = f"{matrix.a} {matrix.labels[i]}, {matrix.b} {matrix.labels[j]}: {n:,} samples"
    if i == j:
        strength = float(np.sqrt(n / max(1, np.diag(matrix.counts).max())))
        return {"text": f"{n:,}" if n else "", "strength": strength, "lean": 0, "title": f"{said} agree", "n": n}
    said += f", {int(matrix.beyond[i, j]):,} of them beyond noise"
    if clear:
        said += (
            f". The whole follows the {matrix.a} in {to_a:,}, the {matrix.b} in {to_b:,}, "
            f"neither in {clear - to_a - to_b:,} of {clear:,}"
        )
    apart = matrix.counts[~np.eye(len(matrix.labels), dtype=bool)]
    if shows == "count":
        return {
            "text": f"{n:,}" if n else "",
            "strength": float(np.sqrt(n / max(1, apart.max()))),
            "lean": 0,
            "title": said,
            "n": n,
        }
    if clear < FEW:
        return {"text": "", "strength": 0.0, "lean": 0, "title": f"{said}. Too few to say who wins", "n": n}
    lean = (to_a - to_b) / clear
    winner = matrix.a if lean > 0 else matrix.b
    return {
        "text": f"{winner} {100 * max(to_a, to_b) / clear:.0f}",
        "strength": abs(lean),
        "lean": 1 if lean > 0 else -1,
        "title": said,
        "n": n,
    }
