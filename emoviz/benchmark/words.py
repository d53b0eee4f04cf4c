"""What a benchmark proves and what it does not, in sentences, and its tables as a page of Markdown."""

import math
from collections import Counter
from collections.abc import Iterator

import pandas as pd

from emoviz.benchmark import scores, table
from emoviz.benchmark.results import About, Results
from emoviz.benchmark.scores import Metric, Score


def proven(results: Results, metric: str = "") -> tuple[str, ...]:
    """What the numbers show about who is best, and what they leave open: a few sentences for each dataset.

    Args:
        results: of a benchmark
        metric: by which models are compared; the plan's where empty
    """
    pairs = table.comparisons(results, metric)
    claims = table.claimed(results)
    found: list[str] = []
    for about in results.datasets:
        if results.variants(about.title):
            found += _about(results, about, pairs[pairs["dataset"] == about.title], metric)
            found += _claims(results, about, claims[claims["dataset"] == about.title])
    if any(about.simulated for about in results.datasets):
        found.append(
            "Simulated numbers say how methods behave where the truth is known, and nothing about real people."
        )
    seeds = len(results.plan.seeds)
    rests = f"is the mean of {seeds} trainings of different seeds" if seeds > 1 else "rests on a single training"
    found.append(
        f"Every number {rests}; intervals and tests are over groups of people, and speak of new people like these, "
        "not of other data."
    )
    if failed := len(results.failed):
        found.append(f"{failed} of {len(results.cells)} trainings failed; the table says why.")
    return tuple(found)


def _about(results: Results, about: About, pairs: pd.DataFrame, metric: str) -> Iterator[str]:
    score = scores.named(metric or results.plan.metric, about)
    values = _values(results, about, score)
    best = max(values, key=lambda title: score.gain(values[title]))
    people = f"{about.tested:,} samples of {about.groups:,} groups that no model had seen"
    if len(values) == 1:
        yield f"{about.title} ({people}): {best} reaches {score.title} {number(values[best])}, alone in the plan."
        return
    beaten = set(pairs.loc[pairs["better"] == best, ["title", "rival"]].to_numpy().ravel()) - {best}
    level = [title for title in values if title != best and title not in beaten]
    yield f"{about.title} ({people}): {best} has the best {score.title}, {number(values[best])}."
    rivals = len(values) - 1
    corrected = f"after correction for {len(pairs)} comparisons" if len(pairs) > 1 else "by a paired test"
    if not level:
        yield f"Proven {corrected}: it is ahead of {'its rival' if rivals == 1 else f'all {rivals} rivals'}."
    elif beaten:
        yield f"Proven {corrected}: it is ahead of {listed(sorted(beaten, key=list(values).index))}."
        yield f"Not proven: that it is better than {listed(level)}."
    else:
        yield f"Not proven {corrected}: that it is better than {listed(level)}."
    if about.groups < table.FEW:
        yield f"With {about.groups} tested groups, only large differences can be proven."


def _claims(results: Results, about: About, found: pd.DataFrame) -> Iterator[str]:
    """What became of each claim that the plan makes."""
    for place, claim in enumerate(results.plan.claims):
        rows = found[found["claim"] == place]
        score = scores.named(claim.metric or results.plan.metric, about)
        where = "" if claim.stratum == table.ALL else f", {claim.stratum}"
        said = f"Claim of the plan, that {claim.model} is ahead ({claim.metric or score.title}{where}): "
        gain, rival = rows["difference"].map(score.gain), rows["rival"]
        open_ = rows["better"] == ""
        told = {
            "proven against": rival[rows["better"] == claim.model],
            "ahead, maybe by chance, of": rival[open_ & (gain > 0)],
            "not ahead of": rival[open_ & ~(gain > 0)],
            "refuted by": rival[rows["better"] == rival],
        }
        parts = [f"{words} {listed(list(names), len(names))}" for words, names in told.items() if len(names)]
        yield (
            said
            + ("; ".join(parts) or "not tested, for lack of such samples, such a metric or a model's answers")
            + "."
        )


def _values(results: Results, about: About, score: Score) -> dict[str, float]:
    """The metric of each model."""
    return {
        variant.title: float(score.each(results.answers(about.title, variant.title)).mean())
        for variant in results.variants(about.title)
        if not variant.of
    }


def _best(results: Results, about: About) -> str:
    score = scores.named(results.plan.metric, about)
    values = _values(results, about, score)
    return max(values, key=lambda title: score.gain(values[title]))


def listed(names: list[str], most: int = 4) -> str:
    """Names as words: ``a, b and c``; of many the first few, and how many more."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def number(value: float) -> str:
    """A number as it stands in tables: three digits after the point below 10, no zero before it."""
    if math.isnan(value):
        return ""
    words = f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"
    return words.replace("0.", ".", 1) if abs(value) < 1 else words


def chance(p: float) -> str:
    """A p-value: ``.012``, or ``< .001``."""
    return "< .001" if p < 0.001 else number(p)


def page(results: Results, written: pd.DataFrame) -> str:
    """The tables as Markdown: what is proven, then each dataset.

    Args:
        results: of a benchmark
        written: its table, see :func:`emoviz.benchmark.table.table`
    """
    lines = [f"# {results.plan.title}", "", *(f"- {sentence}" for sentence in proven(results)), ""]
    lines += [f"{results.versions}; {results.machine}; {results.created[:10]}. Intervals are 95 %.", ""]
    for about in results.datasets:
        mine = written[written["dataset"] == about.title]
        lines += [f"## {about.title}", ""]
        lines += _table(mine[mine["stratum"] == table.ALL], scores.of_answers(about), "All samples")
        chief = scores.named(results.plan.metric, about)
        lines += _strata(mine, chief)
        lines += _table(mine[mine["stratum"] == table.ALL], scores.of_conflict(about), "Conflict found")
        lines += _table(mine[mine["stratum"] == table.TRAINING], scores.LABELS, "Labels of single modalities")
    lines += _compared(results)
    lines += _claimed(results)
    lines += _parts(results)
    lines += _costs(results)
    return "\n".join(lines).rstrip() + "\n"


def _table(rows: pd.DataFrame, metrics: tuple[Metric, ...], title: str) -> list[str]:
    shown = [metric for metric in metrics if (rows["metric"] == metric.name).any()]
    if not shown:
        return []
    lines = [f"### {title}", "", "| model | " + " | ".join(metric.title for metric in shown) + " |"]
    lines.append("| --- |" + " --- |" * len(shown))
    for name, mine in rows[rows["metric"].isin([metric.name for metric in shown])].groupby("title", sort=False):
        cells = {row.metric: interval(row.value, row.low, row.high) for row in mine.itertuples()}
        lines.append(f"| {_row(name, mine)} | " + " | ".join(cells.get(m.name, "") for m in shown) + " |")
    return [*lines, ""]


def _strata(rows: pd.DataFrame, metric: Metric) -> list[str]:
    mine = rows[(rows["metric"] == metric.name) & (rows["stratum"] != table.TRAINING)]
    strata = list(dict.fromkeys(mine["stratum"]))
    if len(strata) < 2:
        return []
    lines = [f"### {metric.title} by conflict", "", "| model | " + " | ".join(strata) + " |"]
    lines.append("| --- |" + " --- |" * len(strata))
    for name, of in mine.groupby("title", sort=False):
        cells = {row.stratum: interval(row.value, row.low, row.high) for row in of.itertuples()}
        lines.append(f"| {_row(name, of)} | " + " | ".join(cells.get(stratum, "") for stratum in strata) + " |")
    return [*lines, ""]


def _row(title: object, rows: pd.DataFrame) -> str:
    of = rows["of"].iloc[0]
    return f"{of}: {title}" if of else str(title)


def interval(value: float, low: float, high: float) -> str:
    """A number with its interval: ``.843 [.801, .882]``."""
    return f"{number(value)} [{number(low)}, {number(high)}]"


def _compared(results: Results) -> list[str]:
    pairs = table.comparisons(results)
    best = {about.title: _best(results, about) for about in results.datasets if results.variants(about.title)}
    return _pairs(
        "The best against the others",
        pairs[[best[row.dataset] in (row.title, row.rival) for row in pairs.itertuples()]],
    )


def _claimed(results: Results) -> list[str]:
    return _pairs("What the plan claims, each claim corrected by itself", table.claimed(results))


def _parts(results: Results) -> list[str]:
    found = table.ablation(results)
    if found.empty:
        return []
    lines = [
        "## What becomes of a model when a part is left out or changed",
        "",
        "| dataset | model | changed | metric | difference | p, corrected |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in found.itertuples():
        apart = interval(row.difference, row.low, row.high)
        lines.append(f"| {row.dataset} | {row.of} | {row.title} | {row.metric} | {apart} | {chance(row.p_holm)} |")
    return [*lines, ""]


def _pairs(title: str, pairs: pd.DataFrame) -> list[str]:
    if pairs.empty:
        return []
    lines = [
        f"## {title}",
        "",
        "| dataset | samples | metric | model | rival | difference | p, corrected | wins, losses |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in pairs.itertuples():
        apart = interval(row.difference, row.low, row.high)
        lines.append(
            f"| {row.dataset} | {row.stratum} | {row.metric} | {row.title} | {row.rival} | {apart} "
            f"| {chance(row.p_holm)} | {row.wins}, {row.losses} |"
        )
    return [*lines, ""]


def _costs(results: Results) -> list[str]:
    lines = ["## Cost", "", "Medians of one training.", ""]
    lines.append("| dataset | model | seconds | epochs | samples a second | parameters | memory, MB | failed |")
    lines.append("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for row in table.costs(results).itertuples():
        name = f"{row.of}: {row.title}" if row.of else row.title
        told = [f"{row.seconds:.1f}", f"{row.epochs:.0f}", f"{row.pace:,.0f}", f"{row.parameters:,.0f}"]
        told = ["" if word == "nan" else word for word in (*told, f"{row.memory / 1e6:,.0f}")]
        lines.append(f"| {row.dataset} | {name} | {' | '.join(told)} | {row.failed or ''} |")
    reasons = Counter((cell.title, cell.dataset, cell.reason) for cell in results.failed)
    if reasons:
        lines += ["", "Failed:", ""]
        lines += [f"- {title} on {dataset}, {n}x: {reason}" for (title, dataset, reason), n in reasons.items()]
    return lines
