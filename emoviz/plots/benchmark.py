"""What a benchmark measured, as figures: pure functions from tidy tables to SVG.

A table has one row a mark; ``title`` names the model. NaN is not drawn.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from emoviz.plots.html import WHOLE, percent
from emoviz.plots.sheet import fitted
from emoviz.plots.svg import MUTED, SIZE, Axis, Drawing, apart, spanning

# Told apart by the colour-blind, clear on white and on near black; what comes later is grey.
SHADES = ("#3b6fd9", "#e0761e", "#1f9d78", "#b0509e", "#b8950f", "#2f9fc4", "#d6455d", "#8a6f4e")
AHEAD, BEHIND = "#1f9d78", "#d6455d"
WIDTH, HEIGHT = 560.0, 340.0
LEFT, TOP, BOTTOM = 52.0, 28.0, 46.0
NAMES = 148.0  # room for the names of models at the end of their lines
ROW = 27.0  # height of a row of a figure of rows
SURE = 0.05  # what a corrected p has to stay below


def shades(titles: Sequence[str]) -> dict[str, str]:
    """A colour for every model, in order."""
    return {title: SHADES[i] if i < len(SHADES) else WHOLE for i, title in enumerate(titles)}


def by_conflict(table: pd.DataFrame, colours: dict[str, str], metric: str) -> str:
    """A metric against how much the samples conflict: a line and its interval for every model.

    Args:
        table: columns ``title``, ``quantile`` (counted from 1, least conflict first), ``value``, ``low``, ``high``,
            ``n``
        colours: of the models
        metric: what ``value`` is
    """
    table = table[table["title"].isin(list(colours))]
    drawing = Drawing(WIDTH, HEIGHT, f"{metric} from the samples of least to those of most conflict")
    right, below = WIDTH - NAMES, HEIGHT - BOTTOM
    quantiles = sorted(int(q) for q in table["quantile"].unique())
    x = Axis(quantiles[0], max(quantiles[-1], quantiles[0] + 1), LEFT + 14, right - 14)
    y = spanning([*table["low"], *table["high"], *table["value"]], below, TOP)
    drawing.upright(y, LEFT, right, metric)
    for q in quantiles:
        drawing.words(x(q), below + 16, str(q), size=SIZE - 1, anchor="middle", opacity=MUTED)
    parts = {4: "quarter", 5: "fifth", 10: "tenth"}.get(len(quantiles), "part")
    drawing.words(
        (LEFT + right) / 2,
        below + 34,
        f"{parts} of the samples, least to most conflict",
        size=SIZE - 1,
        anchor="middle",
        opacity=MUTED,
    )
    ends = []
    for title, rows in _models(table, colours):
        rows = rows.sort_values("quantile")
        places = [x(q) for q in rows["quantile"]]
        upper = list(zip(places, map(y, rows["high"]), strict=True))
        lower = list(zip(places, map(y, rows["low"]), strict=True))
        if rows[["low", "high"]].notna().all().all():
            drawing.band([*upper, *reversed(lower)], colours[title], 0.1)
        drawing.line(list(zip(places, map(y, rows["value"]), strict=True)), colours[title])
        for place, row in zip(places, rows.itertuples(), strict=True):
            with drawing.group(f"{title}, {parts} {row.quantile}: {_with_interval(row)}, n = {row.n:,.0f}"):
                drawing.dot(place, y(row.value), 3.6, colours[title])
        ends.append((title, y(rows["value"].iloc[-1])))
    _named(drawing, ends, colours, right + 4, below)
    return drawing.svg()


def reliability(table: pd.DataFrame, colours: dict[str, str]) -> str:
    """How often predictions of some confidence are right; on the diagonal confidence is what it says.

    Args:
        table: columns ``title``, ``confidence`` (mean of the bin), ``accuracy``, ``n``; empty bins left out
        colours: of the models
    """
    drawing = Drawing(WIDTH, HEIGHT, "how often predictions are right against how confident they are")
    right, below = WIDTH - NAMES, HEIGHT - BOTTOM
    x, y = Axis(0, 1, LEFT, right), Axis(0, 1, below, TOP)
    drawing.upright(y, LEFT, right, "share that is right")
    drawing.across(x, TOP, below, "confidence")
    drawing.line([(x(0), y(0)), (x(1), y(1))], width=1.2, dashed=True, opacity=0.6)
    ends = []
    for title, rows in _models(table, colours):
        rows = rows.sort_values("confidence")
        drawing.line([(x(row.confidence), y(row.accuracy)) for row in rows.itertuples()], colours[title], 1.8)
        share = rows["n"] / rows["n"].sum()
        for row, part in zip(rows.itertuples(), share, strict=True):
            said = (
                f"{title}: of {row.n:,.0f} predictions at {percent(row.confidence)}, {percent(row.accuracy)} are right"
            )
            with drawing.group(said):
                drawing.dot(x(row.confidence), y(row.accuracy), 2 + 9 * math.sqrt(part), colours[title], 0.75)
        ends.append((title, y(rows["accuracy"].iloc[-1])))
    _named(drawing, ends, colours, right + 4, below)
    return drawing.svg()


def confusion(counts: np.ndarray, labels: Sequence[str], title: str, chosen: tuple[int, int] | None = None) -> str:
    """Which emotion is taken for which; every cell that holds samples is a button.

    Args:
        counts: ``(K, K)``, true label down, predicted label across
        labels: their names
        title: of the model
        chosen: the cell that is open
    """
    k, names = len(labels), 92.0
    side = min(58.0, (WIDTH - names - 4) / k)
    tilted = side < 52
    top, width = 64.0 if tilted else 42.0, names + k * side + 4
    drawing = Drawing(width, top + k * side * 0.72 + 4, f"confusion of {title}")
    height = side * 0.72
    drawing.words(names + k * side / 2, 13, f"{title} says", size=SIZE - 1, anchor="middle", opacity=MUTED)
    drawing.words(names - 10, top - 8, "truth", size=SIZE - 1, anchor="end", opacity=MUTED)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    for j, label in enumerate(labels):
        x = names + (j + 0.5) * side
        drawing.words(
            x,
            top - 8,
            fitted(label, side * 1.5 if tilted else side, SIZE - 1),
            size=SIZE - 1,
            anchor="start" if tilted else "middle",
            turned=-35 if tilted else 0,
        )
    for i, label in enumerate(labels):
        y = top + i * height
        drawing.words(names - 8, y + height / 2 + 4, fitted(label, names - 10, SIZE), anchor="end")
        for j, other in enumerate(labels):
            n, share = int(counts[i, j]), float(shares[i, j])
            said = (
                f"{label} taken for {other}: {n:,} samples, {percent(share)} of {label}"
                if i != j
                else (f"{label} found: {n:,} samples, {percent(share)} of {label}")
            )
            with drawing.group(said, f"{i},{j}" if n else ""):
                x = names + j * side
                drawing.box(x + 1, y + 1, side - 2, height - 2, opacity=0.05, round_=4)
                drawing.box(
                    x + 1, y + 1, side - 2, height - 2, AHEAD if i == j else BEHIND, opacity=0.85 * share**0.6, round_=4
                )
                if (i, j) == chosen:
                    drawing.parts.append(
                        f'<rect x="{x + 2:.1f}" y="{y + 2:.1f}" width="{side - 4:.1f}" height="{height - 4:.1f}" '
                        'rx="3" fill="none" stroke="currentColor" stroke-width="2.4"/>'
                    )
                if n:
                    drawing.words(x + side / 2, y + height / 2 + 4, f"{100 * share:.0f}", anchor="middle")
    return drawing.svg()


def spread(table: pd.DataFrame, colours: dict[str, str], metric: str) -> str:
    """How a metric differs from group (speaker) to group: a dot each, the bar their middle half, the mark their median.

    Args:
        table: columns ``title``, ``group``, ``value``, ``n``
        colours: of the models
        metric: what ``value`` is
    """
    models = _models(table, colours)
    below = TOP + ROW * 1.3 * len(models)
    drawing = Drawing(WIDTH, below + BOTTOM, f"{metric} of every group")
    x = spanning(table["value"].tolist(), NAMES, WIDTH - 14, 0.03)
    drawing.across(x, TOP - 12, below, f"{metric} of one group")
    for i, (title, rows) in enumerate(models):
        y = TOP + ROW * 1.3 * (i + 0.5)
        drawing.words(NAMES - 12, y + 4, fitted(title, NAMES - 14, SIZE), anchor="end")
        known = rows[rows["value"].notna()]
        if not len(known):
            continue
        first, middle, last = np.quantile(known["value"], [0.25, 0.5, 0.75])
        drawing.line([(x(first), y), (x(last), y)], colours[title], 9, opacity=0.28)
        for place, row in enumerate(known.sort_values("group").itertuples()):
            off = ((place * 0.618) % 1 - 0.5) * ROW * 0.62  # so that equal values lie beside each other
            with drawing.group(f"{title}, group {row.group}: {row.value:.3f}, n = {row.n:,.0f}"):
                drawing.dot(x(row.value), y + off, 3, colours[title], 0.62)
        with drawing.group(f"{title}: median {middle:.3f}, middle half {first:.3f} to {last:.3f}"):
            drawing.line([(x(middle), y - 9), (x(middle), y + 9)], width=2.4)
    return drawing.svg()


def waterfall(table: pd.DataFrame, full: str, metric: str, higher: bool) -> str:
    """What a model loses or gains without each of its parts.

    Args:
        table: columns ``title`` (of the ablation), ``difference`` (to the full model), ``low``, ``high``, ``p_holm``
        full: title of the whole model
        metric: what the differences are of
        higher: whether more of it is better
    """
    rows = table[table["difference"].notna()].sort_values("difference", ascending=higher)
    names = 200.0
    below = TOP + ROW * len(rows)
    drawing = Drawing(WIDTH, below + BOTTOM, f"{metric} of {full} without each of its parts")
    x = spanning([0.0, *rows["low"], *rows["high"], *rows["difference"]], names, WIDTH - 58)
    drawing.across(x, TOP - 8, below, f"difference in {metric} from {full}", "{:+g}", 4)
    drawing.line([(x(0), TOP - 8), (x(0), below)], width=1.4, opacity=0.7)
    for i, row in enumerate(rows.itertuples()):
        y = TOP + ROW * i + ROW / 2
        sure = row.p_holm < SURE
        better = (row.difference > 0) == higher
        colour = WHOLE if not sure else AHEAD if better else BEHIND
        verdict = "within chance" if not sure else "better without it" if better else "worse without it"
        said = (
            f"{row.title}: {row.difference:+.4f}, 95 %: {row.low:+.4f} to {row.high:+.4f}, {_corrected(row)}; {verdict}"
        )
        with drawing.group(said.replace("-", "−")):
            drawing.words(names - 12, y + 4, fitted(str(row.title), names - 14, SIZE), anchor="end")
            ends = sorted((x(0), x(row.difference)))
            drawing.box(ends[0], y - 7, max(1.5, ends[1] - ends[0]), 14, colour, opacity=0.85, round_=2)
            _whisker(drawing, x, row, y)
            drawing.words(WIDTH - 2, y + 4, f"{row.difference:+.3f}".replace("-", "−"), size=SIZE - 1, anchor="end")
    return drawing.svg()


def significance(table: pd.DataFrame, titles: Sequence[str], metric: str, higher: bool) -> str:
    """Which model is ahead of which: a full cell is sure after correction for all comparisons, a pale one is not.

    Args:
        table: columns ``title``, ``rival``, ``difference`` (title less rival), ``low``, ``high``, ``p_holm``, ``wins``,
            ``losses``
        titles: of the models, the order of rows and columns
        metric: what the differences are of
        higher: whether more of it is better
    """
    known = {(row.title, row.rival): (1, row) for row in table.itertuples()}
    known |= {(row.rival, row.title): (-1, row) for row in table.itertuples()}
    names = 148.0
    side = min(56.0, (WIDTH - names - 4) / max(1, len(titles)))
    height = min(side, 30.0)
    # Columns are numbered: names that are as long as these would not stand above them.
    drawing = Drawing(names + side * len(titles) + 4, 26 + height * len(titles) + 4, f"differences in {metric}, pairs")
    for i, title in enumerate(titles):
        y = 26 + i * height
        drawing.words(names - 8, y + height / 2 + 4, fitted(f"{i + 1}  {title}", names - 10, SIZE), anchor="end")
        drawing.words(names + (i + 0.5) * side, 17, str(i + 1), size=SIZE - 1, anchor="middle", opacity=MUTED)
        for j, rival in enumerate(titles):
            if (title, rival) in known:
                sign, row = known[title, rival]
                _compared(drawing, (names + j * side, y, side, height), (title, rival), sign, row, higher)
            else:
                drawing.box(names + j * side + 1, y + 1, side - 2, height - 2, opacity=0.04, round_=3)
    return drawing.svg()


def curves(table: pd.DataFrame, colours: dict[str, str], measure: str = "validation") -> str:
    """How training went: a thin line for every training.

    Args:
        table: columns ``title``, ``seed``, ``part``, ``epoch``, and ``measure``, NaN where it was not measured
        colours: of the models
        measure: the column that is drawn, ``validation`` or ``train_loss``
    """
    table = table[table["title"].isin(list(colours)) & table[measure].notna()]
    drawing = Drawing(WIDTH, HEIGHT, f"{measure} by epoch")
    right, below = WIDTH - NAMES, HEIGHT - BOTTOM
    x = Axis(0, max(2, table["epoch"].max()) if len(table) else 2, LEFT, right)
    y = spanning(table[measure].tolist(), below, TOP)
    drawing.upright(y, LEFT, right, "loss on held-out groups" if measure == "validation" else "loss in training")
    drawing.across(x, TOP, below, "epoch")
    ends = []
    for title, rows in _models(table, colours):
        last = []
        for (seed, part), one in rows.sort_values("epoch").groupby(["seed", "part"]):
            values = one[measure].tolist()
            with drawing.group(f"{title}, seed {seed}, part {part}: {values[-1]:.4f} after {len(values)} epochs"):
                drawing.line(
                    list(zip(map(x, one["epoch"]), map(y, values), strict=True)), colours[title], 1.3, opacity=0.6
                )
            last.append(y(values[-1]))
        ends.append((title, float(np.mean(last))))
    _named(drawing, ends, colours, right + 4, below)
    return drawing.svg()


def cost(table: pd.DataFrame, colours: dict[str, str], metric: str) -> str:
    """What a metric costs: seconds of training across, the metric upright, larger dots for larger models.

    Args:
        table: columns ``title``, ``seconds`` (of one training), ``value``, ``low``, ``high``, ``parameters``
        colours: of the models
        metric: what ``value`` is
    """
    drawing = Drawing(WIDTH, HEIGHT, f"{metric} against seconds of training")
    table = table[table["title"].isin(list(colours)) & table["seconds"].notna() & table["value"].notna()]
    right, below = WIDTH - NAMES, HEIGHT - BOTTOM
    seconds = np.maximum(table["seconds"].to_numpy(float), 0.01)
    x = (
        Axis(0.7 * seconds.min(), 1.4 * seconds.max(), LEFT, right, log=True)
        if len(seconds)
        else Axis(1, 10, LEFT, right)
    )
    y = spanning([*table["low"], *table["high"], *table["value"]], below, TOP)
    drawing.upright(y, LEFT, right, metric)
    drawing.across(x, TOP, below, "seconds of training, once")
    most = max(1.0, float(table["parameters"].max())) if len(table) else 1.0
    ends = []
    for title, rows in _models(table, colours):
        row = next(rows.itertuples())
        at = x(max(row.seconds, 0.01))
        said = f"{title}: {_with_interval(row)}; {row.seconds:,.1f} s, {row.parameters:,.0f} parameters"
        with drawing.group(said):
            drawing.line([(at, y(row.low)), (at, y(row.high))], colours[title], 1.6)
            drawing.dot(at, y(row.value), 3.5 + 8 * math.sqrt(row.parameters / most), colours[title], 0.8)
        ends.append((title, y(row.value)))
    _named(drawing, ends, colours, right + 4, below)
    return drawing.svg()


def _models(table: pd.DataFrame, colours: dict[str, str]) -> list[tuple[str, pd.DataFrame]]:
    """The rows of every model that is there, in the order of the colours."""
    return [(title, rows) for title in colours if len(rows := table[table["title"] == title])]


def _named(drawing: Drawing, ends: list[tuple[str, float]], colours: dict[str, str], x: float, below: float) -> None:
    """Names of lines beside their ends, moved apart where they would cover each other."""
    known = [(title, y) for title, y in ends if math.isfinite(y)]
    for (title, _), y in zip(known, apart([y for _, y in known], SIZE + 3, TOP, below), strict=True):
        drawing.dot(x + 4, y, 3.5, colours[title])
        drawing.words(x + 12, y + 4, fitted(title, NAMES - 18, SIZE), size=SIZE - 0.5)


def _whisker(drawing: Drawing, x: Axis, row: Any, y: float) -> None:
    low, high = x(row.low), x(row.high)
    drawing.line([(low, y), (high, y)], width=1.6)
    for end in (low, high):
        drawing.line([(end, y - 4), (end, y + 4)], width=1.6)


def _compared(
    drawing: Drawing, place: tuple[float, float, float, float], who: tuple[str, str], sign: int, row: Any, higher: bool
) -> None:
    """One cell of the map; ``sign`` is -1 where the row of the table has the two the other way round."""
    x, y, side, height = place
    difference = sign * row.difference
    ahead, sure = (difference > 0) == higher, row.p_holm < SURE
    wins, losses = (row.wins, row.losses)[::sign]
    said = (
        f"{who[0]} is {'ahead of' if ahead else 'behind'} {who[1]} by {abs(difference):.4f}, {_corrected(row)}: "
        f"{'sure' if sure else 'within chance'}; wins {wins}, losses {losses} by seed"
    )
    with drawing.group(said):
        colour = AHEAD if ahead else BEHIND
        drawing.box(x + 1, y + 1, side - 2, height - 2, colour, opacity=0.78 if sure else 0.12, round_=3)
        if side >= 34:
            number = f"{difference:+.3f}".replace("-", "−").replace("0.", ".", 1)
            opacity = 1 if sure else MUTED
            drawing.words(x + side / 2, y + height / 2 + 4, number, size=SIZE - 1.5, anchor="middle", opacity=opacity)


def _corrected(row: Any) -> str:
    return "p < .001" if row.p_holm < 0.001 else f"p {row.p_holm:.3f}".replace(" 0.", " .")


def _with_interval(row: Any) -> str:
    sure = "" if math.isnan(row.low) else f", 95 %: {row.low:.3f} to {row.high:.3f}"
    return f"{row.value:.3f}{sure}"
