"""Models against metrics as a table that the visitor sorts; a head says what its metric is."""

import math
from collections.abc import Mapping

import numpy as np

from emoviz.app.parts.program import component
from emoviz.plots.scores import Scores, number

_SCORES = component("scores")


def show(given: Scores, colours: Mapping[str, str], notes: Mapping[str, str], label: str, key: str) -> None:
    """Draw the table.

    Args:
        given: its numbers
        colours: of the models that stand in figures too
        notes: a few words on a model, by its title
        label: what the table is, for those who hear it
        key: of the widget
    """
    _SCORES(key=key, data=payload(given, colours, notes, label))


def payload(given: Scores, colours: Mapping[str, str], notes: Mapping[str, str], label: str) -> dict[str, object]:
    """What the program is told, as JSON; ``at`` are the places of low, value and high on the column's own scale."""
    best, places = given.best, _places(given)
    heads: list[dict[str, object]] = [{"name": "", "title": "model", "help": "", "higher": False}]
    for column in given.columns:
        better = {True: " Higher is better.", False: " Lower is better.", None: ""}[column.higher]
        heads.append(
            {
                "name": column.name,
                "title": column.title,
                "help": f"{column.help}{better}",
                "higher": column.higher is not False,
            }
        )
    rows = []
    for r, title in enumerate(given.titles):
        cells = []
        for c, column in enumerate(given.columns):
            value, low, high = (float(given.values[r, c]), float(given.low[r, c]), float(given.high[r, c]))
            sure = "" if math.isnan(low) else f"{number(low, column.digits)} to {number(high, column.digits)}"
            cells.append(
                {
                    "text": number(value, column.digits),
                    "sure": sure,
                    "said": f"{title}, {column.title}: {number(value, 4)}{f', 95 %: {sure}' if sure else ''}",
                    "value": None if math.isnan(value) else value,
                    "best": bool(best[r, c]),
                    "at": None if np.isnan(places[r, c]).any() else [round(float(at), 1) for at in places[r, c]],
                }
            )
        rows.append({"title": title, "colour": colours.get(title, ""), "note": notes.get(title, ""), "cells": cells})
    return {"label": label, "heads": heads, "rows": rows}


def _places(given: Scores) -> np.ndarray:
    """Where low, value and high lie between the smallest and the largest of their column, percent, ``(R, C, 3)``."""
    ends = np.stack([given.low, given.values, given.high], axis=2)
    known = np.where(np.isnan(ends).any(2, keepdims=True), np.nan, ends)
    low = np.nanmin(np.where(np.isnan(known), np.inf, known), axis=(0, 2), keepdims=True)
    high = np.nanmax(np.where(np.isnan(known), -np.inf, known), axis=(0, 2), keepdims=True)
    with np.errstate(invalid="ignore"):
        return 100 * (known - low) / np.where(high > low, high - low, 1)
