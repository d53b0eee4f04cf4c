"""Which samples of the findings somebody means, and in which order.

A :class:`Slice` is what the filters of a page say: every field narrows, an empty one lets everything
through. It is small, frozen and made of words, so it can stand in a link and be a key of a cache.
Nothing here changes the findings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from emoviz.analysis.findings import THRESHOLDS, Findings

Judge = Literal["people", "model"]


@dataclass(frozen=True)
class Slice:
    """What the filters say.

    Attributes:
        by: whose judgement ``types``, ``pairs``, ``dissenters`` and ``says`` mean
        types: kinds of conflict
        pairs: ``voice_face``: the pair differs beyond noise; several mean all of them
        dissenters: modalities
        labels: emotions that people gave the whole sample
        groups: speakers
        splits: parts of the dataset
        flagged: keep only samples that carry a flag (``True``), only those without (``False``), or both (``None``)
        p: largest p-value of the pair that differs most
        says: ``(side, label)``: this side says this emotion most; several mean all of them
        text: part of the id, the words or the flag, in any case
    """

    by: Judge = "people"
    types: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    dissenters: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    flagged: bool | None = None
    p: float | None = None
    says: tuple[tuple[str, str], ...] = ()
    text: str = ""


def judges(findings: Findings) -> tuple[Judge, ...]:
    """Who judged the modalities of these samples one by one: people, the model, both or nobody."""
    table = findings.table
    found: list[Judge] = []
    if any(f"human_conflict_{a}_{b}" in table for a, b in findings.meta.pairs):
        found.append("people")
    if "conflict" in table:
        found.append("model")
    return tuple(found)


def column(judge: Judge, name: str) -> str:
    """Name of a judge's column: ``type``, ``dissenter`` or ``conflict``, with a pair behind it where it has one."""
    if judge == "people":
        return f"human_{name}"
    return "conflict_type" if name == "type" else name


def modes(findings: Findings, judge: Judge, side: str) -> np.ndarray:
    """The emotion a side shows most, as an index into the labels, ``(N,)``; -1 where it is missing or tied."""
    names, table = findings.meta.label_names, findings.table
    if judge == "people":
        if f"human_label_{side}" not in table:
            return np.full(len(table), -1)
        return positions(table[f"human_label_{side}"], names)
    q = findings.distributions("predicted", side)
    if q is None:
        return np.full(len(table), -1)
    return np.where(np.isnan(q).any(1), -1, np.nan_to_num(q).argmax(1))


def positions(values: pd.Series, names: Sequence[str]) -> np.ndarray:
    """Where each value of a column stands among some names, ``(N,)``; -1 where it is none of them."""
    values = values.astype("category")
    codes = values.cat.codes.to_numpy(int)
    among = np.append(pd.Index(names).get_indexer(values.cat.categories), -1)
    return among[codes]  # a missing value has the code -1, which is the last


def differs(findings: Findings, judge: Judge, a: str, b: str) -> np.ndarray:
    """Where a pair differs beyond noise, ``(N,)`` bool: votes by Benjamini-Hochberg, a model by its floor."""
    table = findings.table
    if judge == "people":
        name = f"human_conflict_q_{a}_{b}"
        return np.zeros(len(table), bool) if name not in table else (table[name] <= THRESHOLDS.discovery).to_numpy()
    name = f"conflict_{a}_{b}"
    return (
        np.zeros(len(table), bool) if name not in table else (table[name] > findings.meta.floors[f"{a}_{b}"]).to_numpy()
    )


def chosen(findings: Findings, slice_: Slice) -> np.ndarray:
    """The samples a slice lets through, ``(N,)`` bool. What the findings do not have narrows to nothing."""
    table = findings.table
    keep = np.ones(len(table), bool)
    for name, wanted in (
        (column(slice_.by, "type"), slice_.types),
        (column(slice_.by, "dissenter"), slice_.dissenters),
        ("label", slice_.labels),
        ("group", slice_.groups),
        ("split", slice_.splits),
    ):
        if wanted:
            keep &= table[name].isin(wanted).to_numpy() if name in table else False
    for pair in slice_.pairs:
        a, b = next((p for p in findings.meta.pairs if "_".join(p) == pair), ("", ""))
        keep &= differs(findings, slice_.by, a, b)
    for side, label in slice_.says:
        names = findings.meta.label_names
        keep &= modes(findings, slice_.by, side) == names.index(label) if label in names else False
    if slice_.flagged is not None:
        keep &= (table["flag"] != "").to_numpy() == slice_.flagged
    if slice_.p is not None:
        keep &= smallest_p(findings) <= slice_.p
    if slice_.text:
        keep &= contains(table, slice_.text)
    return keep


def smallest_p(findings: Findings) -> np.ndarray:
    """The p-value of the pair that differs most surely, ``(N,)``; NaN where people judged no pair."""
    names = [name for a, b in findings.meta.pairs if (name := f"human_conflict_p_{a}_{b}") in findings.table]
    if not names:
        return np.full(len(findings.table), np.nan)
    return findings.table[names].min(axis=1).to_numpy()


def contains(table: pd.DataFrame, text: str) -> np.ndarray:
    """Where the id, the words or the flag contain a text in any case, ``(N,)`` bool."""
    found = np.zeros(len(table), bool)
    for name in ("sample_id", "text", "flag"):
        if name in table:
            found |= table[name].astype(str).str.contains(text, case=False, regex=False).to_numpy(bool)
    return found


def ranked(findings: Findings, keep: np.ndarray, by: str, descending: bool = True) -> np.ndarray:
    """Rows of the kept samples in the order of a column; what is missing comes last either way.

    Args:
        findings: the findings
        keep: ``(N,)`` bool
        by: a column; one the findings do not have leaves their own order
        descending: whether the largest come first

    Returns:
        row numbers; among equals the surer conflict first, then as they stand
    """
    rows = np.flatnonzero(keep)
    if by not in findings.table:
        return rows
    values = findings.table[by].iloc[rows]
    if isinstance(values.dtype, pd.CategoricalDtype):
        words = values.cat.categories.astype(str)
        rank = np.empty(len(words), int)
        rank[np.argsort(words)] = np.arange(len(words))
        key = np.where(values.cat.codes < 0, np.nan, rank[values.cat.codes]).astype(float)
        key[(values == "").to_numpy()] = np.nan
    elif pd.api.types.is_numeric_dtype(values):
        key = values.to_numpy(float)
    else:
        key = pd.factorize(values, sort=True)[0].astype(float)
        key[(values == "").to_numpy() | (key < 0)] = np.nan
    # Many samples share the largest conflict there is: the surer ones go first.
    tie = smallest_p(findings)[rows] if "conflict" in by else np.zeros(len(rows))
    return rows[np.lexsort((tie, -key if descending else key))]


def sortable(findings: Findings) -> tuple[str, ...]:
    """The columns a person may sort by: all of them, those that rank conflict first."""
    first = [name for judge in judges(findings) for name in (column(judge, "conflict"),)]
    return tuple(dict.fromkeys([name for name in first if name in findings.table] + list(findings.table.columns)))
