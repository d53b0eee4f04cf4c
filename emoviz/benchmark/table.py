"""What follows from a benchmark, as tidy tables: pure functions of :class:`emoviz.benchmark.results.Results`.

Every number is the mean over a model's trainings (seeds, repeats) of a metric over all its tested samples. Intervals
are 95 %, from groups (speakers) drawn anew, the same draws for all models; tests are paired, over groups. Both speak of
new people, not of new seeds. More than 200 groups are joined to 200 blocks.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, astuple, dataclass, fields
from itertools import combinations, product

import numpy as np
import pandas as pd
from scipy.stats import norm
from scipy.stats import t as student

from emoviz.benchmark import scores
from emoviz.benchmark.results import About, Answers, Cell, Relabelled, Results
from emoviz.benchmark.scores import Score
from emoviz.measures import intervals, metrics

RESAMPLES = 1000
MOST_BLOCKS = 200
LEVEL = 0.95
ALL, CONSISTENT, INCONSISTENT, TRAINING = "all", "consistent", "inconsistent", "training"
LEAST_HALF, MOST_HALF = "half with least conflict", "half with most conflict"
QUANTILES = 4
OBSERVER, PEOPLE = "best observer", "people"
ALPHA = 0.05
TIED = 1e-12
COMPARED = [
    *["dataset", "metric", "stratum", "title", "rival", "difference", "low", "high", "p", "p_holm", "wins", "losses"],
    "better",
]
RELIABILITY = ["bin", "from", "to", "confidence", "accuracy", "low", "high", "n"]
COSTS = ["seconds", "epochs", "pace", "parameters", "memory"]
FEW = 20  # groups below which only large differences can be proven
LEAST = 5  # samples below which a stratum says nothing


def table(results: Results) -> pd.DataFrame:
    """Every metric of every model in every stratum.

    Strata: ``all``; ``consistent`` and ``inconsistent``, by what was planted where that is known, else the halves with
    least and most conflict by the reference; ``planted: KIND``; ``conflict 1/4`` to ``conflict 4/4`` by the reference;
    ``training`` for the pseudo labels of training samples. Beside the models stand, where they are known, the conflict
    that the ``best observer`` sees and the masses that ``people`` leave on each modality's emotion.

    Returns:
        one row a number: ``dataset``, ``model`` (name in the zoo), ``title``, ``of`` (title of the model that it is an
        ablation of, or empty), ``stratum``, ``metric``, ``value``, ``low``, ``high``, ``n`` (samples), ``groups``,
        ``seeds``
    """
    rows: list[_Number] = []
    for about in results.datasets:
        metrics_, conflicts = scores.of_answers(about), scores.of_conflict(about)
        answers = None
        for variant in results.variants(about.title):
            answers = results.answers(about.title, variant.title)
            head = _Head(about.title, variant.model, variant.title, variant.of, len(np.unique(answers.trainings[:, 0])))
            for stratum in _strata(about, answers):
                rows += stratum.numbers(head, answers, metrics_ if stratum.name != ALL else (*metrics_, *conflicts))
            rows += _labels(head, [cell.relabelled for cell in results.cells if _is(cell, about, variant.title)])
        if answers is not None:
            rows += _ceilings(about, answers)
    columns = [field.name for field in fields(_Number)]
    return pd.DataFrame([astuple(row) for row in rows], columns=columns)


def comparisons(
    results: Results, metric: str = "", stratum: str = ALL, *, against: str | None = None, ablations: bool = False
) -> pd.DataFrame:
    """Models compared two by two on the same samples, by a paired t-test over groups.

    Args:
        results: of a benchmark
        metric: name; the plan's where empty, and each dataset's chief one where that means nothing
        stratum: as in :func:`table`
        against: only comparisons with this title
        ablations: compare each ablation with its model, instead of the models with each other

    Returns:
        one row a pair: ``dataset``, ``metric``, ``stratum``, ``title``, ``rival``, ``difference`` (title minus rival),
        ``low``, ``high``, ``p``, ``p_holm`` (corrected for all pairs of the dataset), ``wins``, ``losses`` (trainings
        of the same seed in which title is better, worse), ``better`` (title of the better one where p_holm < .05)
    """
    rows: list[dict] = []
    for about in results.datasets:
        score = scores.named(metric or results.plan.metric, about)
        variants = results.variants(about.title)
        titles = [variant.title for variant in variants]
        pairs = (
            [(variant.title, variant.of) for variant in variants if variant.of in titles]
            if ablations
            else list(combinations([variant.title for variant in variants if not variant.of], 2))
        )
        if against is not None:
            pairs = [pair[::-1] if pair[1] == against else pair for pair in pairs if against in pair]
        rows += _tested(results, about, score, stratum, pairs)
    return pd.DataFrame(rows, columns=COMPARED)


def claimed(results: Results) -> pd.DataFrame:
    """The plan's claims, each corrected for its own comparisons alone.

    Returns:
        columns of :func:`comparisons`, before them ``claim`` (its place in the plan); no rows where a dataset lacks
        the claim's stratum or metric, or the model failed
    """
    rows: list[dict] = []
    for about, (place, claim) in product(results.datasets, enumerate(results.plan.claims)):
        score = scores.named(claim.metric or results.plan.metric, about)
        if score.name != (claim.metric or score.name):
            continue
        pairs = [(claim.model, rival) for rival in claim.against]
        rows += [{"claim": place} | row for row in _tested(results, about, score, claim.stratum, pairs)]
    return pd.DataFrame(rows, columns=["claim", *COMPARED])


def by_conflict(results: Results, metric: str = "", quantiles: int = QUANTILES) -> pd.DataFrame:
    """A metric against how much the modalities disagree, by quantiles of the reference.

    Returns:
        ``dataset``, ``model``, ``title``, ``of``, ``quantile`` (from 1, least conflict), ``conflict`` (mean of the
        reference), ``metric``, ``value``, ``low``, ``high``, ``n``; empty for datasets without a reference
    """
    rows: list[dict] = []
    for about in results.datasets:
        score = scores.named(metric or results.plan.metric, about)
        for variant in results.variants(about.title):
            answers = results.answers(about.title, variant.title)
            for q, chosen in enumerate(_quantiles(answers.reference, quantiles), 1):
                found = _stratum("", chosen, answers)
                head = _Head(about.title, variant.model, variant.title, variant.of, 0)
                for number in found.numbers(head, answers, [score]):
                    rows.append(asdict(number) | {"quantile": q, "conflict": answers.reference[chosen].mean()})
    columns = ["dataset", "model", "title", "of", "quantile", "conflict", "metric", "value", "low", "high", "n"]
    return pd.DataFrame(rows, columns=columns)


def reliability(results: Results, dataset: str, title: str, bins: int = 10) -> pd.DataFrame:
    """How often answers of each confidence are right, all trainings together.

    Returns:
        ``bin`` (from 0), ``from``, ``to``, ``confidence`` (mean), ``accuracy``, ``low``, ``high``, ``n``; no empty
        bins
    """
    answers = results.answers(dataset, title)
    if results.about(dataset).target == "score":
        return pd.DataFrame(columns=RELIABILITY)
    truth = metrics.modes(answers.target)
    known = np.broadcast_to(truth >= 0, answers.fused.shape[:2])
    confidence, right = answers.fused.max(-1)[known], (answers.fused.argmax(-1) == truth)[known]
    place = metrics.confidence_bin(confidence, bins)
    group = np.broadcast_to(answers.group, known.shape)[known]
    rows = []
    for b in np.unique(place):
        inside = place == b
        sure = intervals.share(right[inside], group[inside])
        edges = (b / bins, (b + 1) / bins, confidence[inside].mean())
        rows.append((b, *edges, sure.value, sure.low, sure.high, inside.sum()))
    return pd.DataFrame(rows, columns=RELIABILITY)


def confusion(results: Results, dataset: str, title: str) -> pd.DataFrame:
    """Which emotion is taken for which, all trainings together.

    Returns:
        one row a cell of the matrix: ``truth``, ``predicted`` (names), ``n`` (answers), ``share`` (of the truth's row),
        ``sample_ids`` (tuple of those that any training answered so)
    """
    answers, about = results.answers(dataset, title), results.about(dataset)
    columns = ["truth", "predicted", "n", "share", "sample_ids"]
    if about.target == "score":
        return pd.DataFrame(columns=columns)
    truth, predicted = metrics.modes(answers.target), answers.fused.argmax(-1)
    rows = []
    for t, p in product(range(len(about.labels)), repeat=2):
        inside = (truth == t) & (predicted == p)
        whole = (truth == t).sum() * len(predicted)
        share = inside.sum() / whole if whole else np.nan
        rows.append((about.labels[t], about.labels[p], inside.sum(), share, tuple(answers.sample_id[inside.any(0)])))
    return pd.DataFrame(rows, columns=columns)


def per_group(results: Results, dataset: str, title: str, metric: str = "") -> pd.DataFrame:
    """A metric for each group (speaker), worst first: ``group``, ``metric``, ``value``, ``n``."""
    answers, about = results.answers(dataset, title), results.about(dataset)
    score = scores.named(metric or results.plan.metric, about)
    member, names = pd.factorize(answers.group)
    values = score.value(score.sums(answers, member, len(names))).mean(0)
    found = pd.DataFrame({"group": names, "metric": score.name, "value": values, "n": np.bincount(member)})
    return found.sort_values("value", ascending=score.better != "lower", kind="stable", ignore_index=True)


def ablation(results: Results, metric: str = "", stratum: str = ALL) -> pd.DataFrame:
    """What each part is worth: the model, and how it fares without.

    Returns:
        one row an ablation: ``dataset``, ``of``, ``title``, ``metric``, ``stratum``, ``value``, ``whole`` (the model's
        value), ``difference`` (value minus whole), ``low``, ``high``, ``p``, ``p_holm``
    """
    pairs = comparisons(results, metric, stratum, ablations=True)
    found = pairs.rename(columns={"rival": "of"}).drop(columns=["wins", "losses", "better"])
    values = {}
    for dataset, title in {
        *zip(found["dataset"], found["title"], strict=True),
        *zip(found["dataset"], found["of"], strict=True),
    }:
        answers, about = results.answers(dataset, title), results.about(dataset)
        chosen = next(each for each in _strata(about, answers) if each.name == stratum).chosen
        score = scores.named(metric or results.plan.metric, about)
        values[dataset, title] = score.each(scores.take(answers, chosen)).mean()
    for column, of in (("value", "title"), ("whole", "of")):
        found[column] = [values[pair] for pair in zip(found["dataset"], found[of], strict=True)]
    return found


def costs(results: Results) -> pd.DataFrame:
    """What each model costs, medians over its cells.

    Returns:
        ``dataset``, ``model``, ``title``, ``of``, ``cells``, ``failed``, ``seconds``, ``epochs``, ``pace`` (training
        samples a second), ``parameters``, ``memory`` (bytes)
    """
    rows = []
    for about, variant in product(results.datasets, results.plan.variants):
        cells = [cell for cell in results.cells if (cell.dataset, cell.title) == (about.title, variant.title)]
        done = [cell for cell in cells if cell.status == "done"]
        if cells:
            head = (about.title, variant.model, variant.title, variant.of, len(cells), len(cells) - len(done))
            rows.append((*head, *(_median([getattr(cell, name) for cell in done]) for name in COSTS)))
    return pd.DataFrame(rows, columns=["dataset", "model", "title", "of", "cells", "failed", *COSTS])


def curves(results: Results) -> pd.DataFrame:
    """One row an epoch: ``dataset``, ``title``, ``of``, ``seed``, ``part``, ``epoch``, ``train_loss``, ``validation``.

    Validation is NaN where the model is trained anew on all groups.
    """
    columns = ["dataset", "title", "of", "seed", "part", "epoch", "train_loss", "validation"]
    return pd.DataFrame(
        [
            (cell.dataset, cell.title, results.plan.variant(cell.title).of, cell.seed, cell.part, *astuple(point))
            for cell in results.cells
            for point in cell.curve
        ],
        columns=columns,
    )


def failures(results: Results) -> pd.DataFrame:
    """Cells that failed: ``dataset``, ``title``, ``seed``, ``part``, ``reason``."""
    columns = ["dataset", "title", "seed", "part", "reason"]
    return pd.DataFrame([[getattr(cell, c) for c in columns] for cell in results.failed], columns=columns)


# Strata and their numbers


@dataclass(frozen=True)
class _Head:
    dataset: str
    model: str
    title: str
    of: str
    seeds: int


@dataclass(frozen=True)
class _Number:
    """One row of :func:`table`."""

    dataset: str
    model: str
    title: str
    of: str
    stratum: str
    metric: str
    value: float
    low: float
    high: float
    n: int
    groups: int
    seeds: int


@dataclass(frozen=True, eq=False)
class _Summed:
    """Sums of one model in one stratum.

    Attributes:
        trainings: seed and repeat, R pairs
        sums: of each block of groups, ``(R, G, S)``
        draws: how often each block is drawn, ``(RESAMPLES, G)``
    """

    trainings: list[tuple[int, int]]
    sums: np.ndarray
    draws: np.ndarray


@dataclass(frozen=True, eq=False)
class _Stratum:
    """Some of the tested samples.

    Attributes:
        name: of the stratum
        chosen: ``(N,)`` bool
        member: block of groups of each chosen sample, ``(n,)``
        groups: groups among them
        blocks: that they are joined to
    """

    name: str
    chosen: np.ndarray
    member: np.ndarray
    groups: int
    blocks: int

    def draws(self) -> np.ndarray:
        """How often each block is in each draw, ``(RESAMPLES, blocks)``; the same whenever it is asked for."""
        return _draws(self.blocks)

    def summed(self, answers: Answers, score: Score) -> _Summed:
        sums = score.sums(scores.take(answers, self.chosen), self.member, self.blocks)
        return _Summed(list(map(tuple, answers.trainings.tolist())), sums, self.draws())

    def numbers(self, head: _Head, answers: Answers, metrics_: Iterable[Score]) -> Iterator[_Number]:
        inside, draws = scores.take(answers, self.chosen), self.draws()
        for score in metrics_:
            value = score.each(inside).mean()
            if not np.isnan(value):
                sums = score.sums(inside, self.member, self.blocks)
                low, high = _interval(_drawn(score.value, sums, draws), sums.shape[1])
                yield _Number(
                    head.dataset,
                    head.model,
                    head.title,
                    head.of,
                    self.name,
                    score.name,
                    float(value),
                    low,
                    high,
                    len(self.member),
                    self.groups,
                    head.seeds,
                )


def _strata(about: About, answers: Answers) -> Iterator[_Stratum]:
    """All strata of a dataset that hold enough samples."""
    everybody = np.ones(len(answers.group), bool)
    found = {ALL: everybody}
    halves = _quantiles(answers.reference, 2)
    if about.planted:
        found |= {CONSISTENT: answers.planted == 0, INCONSISTENT: answers.planted == 1}
        found |= dict(zip((LEAST_HALF, MOST_HALF), halves, strict=False))
        found |= {f"planted: {kind}": answers.kind == kind for kind in np.unique(answers.kind) if kind}
    else:
        found |= dict(zip((CONSISTENT, INCONSISTENT), halves, strict=False))
    parts = _quantiles(answers.reference, QUANTILES)
    found |= {f"conflict {q}/{QUANTILES}": chosen for q, chosen in enumerate(parts, 1)}
    return (_stratum(name, chosen, answers) for name, chosen in found.items() if chosen.sum() >= LEAST)


def _stratum(name: str, chosen: np.ndarray, answers: Answers) -> _Stratum:
    member, names = pd.factorize(answers.group[chosen])
    if len(names) > MOST_BLOCKS:
        member = np.random.default_rng(0).permutation(len(names))[member] % MOST_BLOCKS
    return _Stratum(name, chosen, member, len(names), min(len(names), MOST_BLOCKS))


def _quantiles(reference: np.ndarray, parts: int) -> list[np.ndarray]:
    """Samples by their conflict, from least to most, parts times ``(N,)`` bool; none without a reference.

    Equal conflict falls into one part, so that a part may be empty.
    """
    known = ~np.isnan(reference)
    if not known.any():
        return []
    edges = np.quantile(reference[known], np.linspace(0, 1, parts + 1)[1:-1])
    part = np.where(known, np.searchsorted(edges, reference, side="left"), -1)
    return [part == q for q in range(parts)]


def _labels(head: _Head, relabelled: list[tuple[Relabelled, ...]]) -> Iterator[_Number]:
    """Numbers of the labels given to single modalities of training samples."""
    cells = [cell for cell in relabelled if cell]
    if not cells:
        return
    names = {name: g for g, name in enumerate(sorted({counts.group for cell in cells for counts in cell}))}
    sums = np.zeros((len(cells), len(names), 6))
    for r, cell in enumerate(cells):
        for group, *counts in map(astuple, cell):
            sums[r, names[group]] += counts
    draws = _draws(len(names))
    for score in scores.LABELS:
        value = score.value(sums.sum(1)).mean()
        if not np.isnan(value):
            low, high = _interval(_drawn(score.value, sums, draws), sums.shape[1])
            n = round(sums[..., 0].sum(1).mean())
            yield _Number(
                head.dataset,
                head.model,
                head.title,
                head.of,
                TRAINING,
                score.name,
                float(value),
                low,
                high,
                n,
                len(names),
                head.seeds,
            )


def _ceilings(about: About, answers: Answers) -> Iterator[_Number]:
    """What the best observer sees of conflict, and what people answer."""
    everybody = _stratum(ALL, np.ones(len(answers.group), bool), answers)
    if not np.isnan(answers.observer).all():
        seen = [score for score in scores.of_conflict(about) if score.name != "dissenter"]
        yield from everybody.numbers(_Head(about.title, OBSERVER, OBSERVER, "", 1), scores.observed(answers), seen)
    masses = scores.of_masses(about)
    yield from everybody.numbers(_Head(about.title, PEOPLE, PEOPLE, "", 1), scores.people(answers), masses)


def _is(cell: Cell, about: About, title: str) -> bool:
    return cell.status == "done" and (cell.dataset, cell.title) == (about.title, title)


# Draws and tests


def _draws(blocks: int) -> np.ndarray:
    return np.random.default_rng(0).multinomial(blocks, np.full(blocks, 1 / blocks), RESAMPLES).astype(float)


def _drawn(value: Callable[[np.ndarray], np.ndarray], sums: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """A metric's mean over the trainings for each draw, ``(RESAMPLES,)``."""
    return np.mean([value(draws @ one) for one in sums], 0)


def _interval(values: np.ndarray, groups: int) -> tuple[float, float]:
    """Percentiles of draws, farther out the fewer groups there are.

    Percentiles of few groups' draws are too near each other; they are moved out to where Student's interval of as many
    groups would end (Hesterberg. What teachers should know about the bootstrap. American Statistician 2015).
    """
    known = values[~np.isnan(values)]
    if not len(known) or groups < 2:
        return np.nan, np.nan
    tail = norm.cdf(np.sqrt(groups / (groups - 1)) * student.ppf((1 - LEVEL) / 2, groups - 1))
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)


def _compared(a: str, b: str, summed: dict[str, _Summed], score: Score) -> dict:
    one, other = summed[a], summed[b]
    both = [pair for pair in one.trainings if pair in other.trainings]
    x, y = (each.sums[[each.trainings.index(pair) for pair in both]] for each in (one, other))
    values = [score.value(sums.sum(1)) for sums in (x, y)]
    apart = values[0] - values[1]
    draws = _drawn(score.value, x, one.draws) - _drawn(score.value, y, one.draws)
    low, high = _interval(draws, x.shape[1])
    won = score.gain(apart)
    return {
        "title": a,
        "rival": b,
        "difference": float(apart.mean()),
        "low": low,
        "high": high,
        "p": _p_value(score, x, y),
        "wins": np.count_nonzero(won > 0),
        "losses": np.count_nonzero(won < 0),
    }


def _tested(results: Results, about: About, score: Score, stratum: str, pairs: list[tuple[str, str]]) -> list[dict]:
    """Pairs of titles compared in one stratum of one dataset and corrected for their number, a row each."""
    summed: dict[str, _Summed] = {}
    answered = [variant.title for variant in results.variants(about.title)]
    for title in sorted({title for pair in pairs for title in pair} & set(answered), key=answered.index):
        answers = results.answers(about.title, title)
        found = next((each for each in _strata(about, answers) if each.name == stratum), None)
        if found is not None:
            summed[title] = found.summed(answers, score)
    rows = [
        {"dataset": about.title, "metric": score.name, "stratum": stratum} | _compared(a, b, summed, score)
        for a, b in pairs
        if a in summed and b in summed
    ]
    for row, corrected in zip(rows, _holm([row["p"] for row in rows]), strict=True):
        ahead = row["title"] if score.gain(row["difference"]) > 0 else row["rival"]
        row |= {"p_holm": corrected, "better": ahead if corrected < ALPHA and score.better != "neither" else ""}
    return rows


def _p_value(score: Score, x: np.ndarray, y: np.ndarray) -> float:
    """Two-sided p-value of a difference, by a paired t-test over groups.

    Its standard error is the jackknife's: from the differences with each group left out. For a mean over groups of one
    size this is the paired t-test of their means.
    """
    groups = x.shape[1]
    without = [score.value(sums.sum(1, keepdims=True) - sums) for sums in (x, y)]
    apart = np.mean(without[0] - without[1], 0)
    apart = apart[~np.isnan(apart)]
    seen = abs(np.mean(score.value(x.sum(1)) - score.value(y.sum(1))))
    error = np.sqrt((groups - 1) / groups * ((apart - apart.mean()) ** 2).sum()) if len(apart) else 0.0
    if seen < TIED or groups < 2:
        return 1.0
    return float(2 * student.sf(seen / max(error, TIED), groups - 1))


def _holm(p: list[float]) -> np.ndarray:
    """P-values corrected for their number by Holm's procedure."""
    values = np.array(p)
    order = np.argsort(values)
    corrected = np.empty(len(values))
    corrected[order] = np.minimum(1, np.maximum.accumulate(values[order] * (len(values) - np.arange(len(values)))))
    return corrected


def _median(values: list[float]) -> float:
    return float(np.median(values)) if values else np.nan
