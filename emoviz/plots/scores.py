"""Models against metrics: one table, for a page, a spreadsheet, a paper and a text file."""

import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emoviz.analysis.findings import safe_text

DIGITS = 3
_TEX = {"&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}", "\\": r"\textbackslash{}"}
_TEX |= {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}"}


@dataclass(frozen=True)
class Column:
    """One metric.

    Attributes:
        name: in the tidy table
        title: as shown
        help: what it measures, in a sentence
        higher: whether more of it is better; ``None`` where neither is
        digits: behind the point
    """

    name: str
    title: str
    help: str
    higher: bool | None = True
    digits: int = DIGITS


@dataclass(frozen=True)
class Scores:
    """Models against metrics.

    Attributes:
        titles: of the R models
        columns: the C metrics
        values: ``(R, C)``, NaN where not measured
        low: lower ends of their intervals, ``(R, C)``, NaN where unknown
        high: upper ends
    """

    titles: tuple[str, ...]
    columns: tuple[Column, ...]
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def best(self) -> np.ndarray:
        """Which model leads each metric, as far as it is shown, ``(R, C)`` bool."""
        out = np.zeros(self.values.shape, bool)
        for c, column in enumerate(self.columns):
            shown = np.round(self.values[:, c], column.digits)
            if column.higher is not None and len(self.titles) > 1 and not np.isnan(shown).all():
                out[:, c] = shown == (np.nanmax(shown) if column.higher else np.nanmin(shown))
        return out


def scores(table: pd.DataFrame, titles: Sequence[str], columns: Sequence[Column]) -> Scores:
    """The rows of one dataset and stratum as models against metrics; metrics that nobody has are left out.

    Args:
        table: columns ``title``, ``metric``, ``value``, ``low``, ``high``, one row for each pair at most
        titles: of the models, in order
        columns: the metrics, in order
    """
    known = table.set_index(["title", "metric"])
    columns = [column for column in columns if column.name in set(table["metric"])]
    index = pd.MultiIndex.from_product([titles, [column.name for column in columns]])
    value, low, high = (
        known[name].reindex(index).to_numpy(float).reshape(len(titles), len(columns))
        for name in ("value", "low", "high")
    )
    return Scores(tuple(titles), tuple(columns), value, low, high)


def number(value: float, digits: int = DIGITS) -> str:
    """A number as a table shows it, nothing for NaN."""
    return "" if math.isnan(value) else f"{value:,.{digits}f}".replace("-", "−")


def csv(given: Scores) -> bytes:
    """As a spreadsheet: three columns a metric; no cell begins a formula."""
    columns: dict[str, object] = {"model": list(given.titles)}
    for c, column in enumerate(given.columns):
        parts = (("", given.values), (" low", given.low), (" high", given.high))
        columns |= {f"{column.title}{end}": values[:, c] for end, values in parts}
    return safe_text(pd.DataFrame(columns)).to_csv(index=False).encode("utf-8-sig")


def markdown(given: Scores) -> str:
    """As Markdown, the best of each metric bold."""
    out = io.StringIO()
    heads = ["model", *(_arrowed(column) for column in given.columns)]
    out.write(f"| {' | '.join(map(_cell, heads))} |\n|---|{'---:|' * len(given.columns)}\n")
    best = given.best
    for r, title in enumerate(given.titles):
        cells = []
        for c, column in enumerate(given.columns):
            shown = number(given.values[r, c], column.digits) or "–"
            sure = _between(given, r, c)
            cells.append(f"{f'**{shown}**' if best[r, c] else shown}{f' [{sure}]' if sure else ''}")
        out.write(f"| {_cell(title)} | {' | '.join(cells)} |\n")
    return out.getvalue()


def latex(given: Scores, caption: str) -> str:
    """As a LaTeX table for booktabs: intervals below the numbers, the best of each metric bold."""
    out = io.StringIO()
    heads = [
        tex(column.title) + {True: r" $\uparrow$", False: r" $\downarrow$", None: ""}[column.higher]
        for column in given.columns
    ]
    out.write("% \\usepackage{booktabs}\n\\begin{table}\n\\centering\n\\small\n")
    out.write(f"\\caption{{{tex(caption)}}}\n\\begin{{tabular}}{{l{'r' * len(heads)}}}\n\\toprule\n")
    out.write(f"{' & '.join(['model', *heads])} \\\\\n\\midrule\n")
    best = given.best
    for r, title in enumerate(given.titles):
        shown = [number(given.values[r, c], column.digits) or "--" for c, column in enumerate(given.columns)]
        bold = [rf"\textbf{{{one}}}" if best[r, c] else one for c, one in enumerate(shown)]
        sure = [_between(given, r, c) for c in range(len(given.columns))]
        out.write(f"{' & '.join([tex(title), *bold])} \\\\\n".replace("−", "$-$"))
        if any(sure):
            small = [rf"{{\scriptsize [{one}]}}" if one else "" for one in sure]
            out.write(f"{' & '.join(['', *small])} \\\\\n".replace("−", "$-$"))
    out.write("\\bottomrule\n\\end{tabular}\n\\end{table}\n")
    return out.getvalue()


def tex(said: str) -> str:
    """Text that LaTeX shows and does not run."""
    return re.sub(r"[&%$#_{}\\~^<>]", lambda sign: _TEX[sign[0]], said)


def _between(given: Scores, r: int, c: int) -> str:
    digits = given.columns[c].digits
    low, high = number(given.low[r, c], digits), number(given.high[r, c], digits)
    return f"{low}, {high}" if low and high else ""


def _arrowed(column: Column) -> str:
    return column.title + {True: " ↑", False: " ↓", None: ""}[column.higher]


def _cell(said: str) -> str:
    """Text in a Markdown table."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", " ".join(said.split()))
