"""How sure a number is. Samples of one speaker resemble each other, so whole groups are drawn, not samples."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
import pandas as pd
from scipy.stats import norm


@dataclass(frozen=True)
class Interval:
    """A number with its confidence interval and what it rests on.

    Attributes:
        value: the estimate
        low: lower end
        high: upper end
        n: samples
        groups: independent groups (speakers) among them
    """

    value: float
    low: float
    high: float
    n: int
    groups: int

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


NOTHING = Interval(np.nan, np.nan, np.nan, 0, 0)


def bootstrap(
    values: np.ndarray,
    groups: np.ndarray | None = None,
    statistic: Callable[[np.ndarray], float] | None = None,
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Percentile interval of a statistic when whole groups are drawn anew.

    Args:
        values: one number or row a sample, ``(N, ...)``; NaN rows of ``(N,)`` are left out
        groups: group of each sample, ``(N,)``; every sample its own if left out
        statistic: of any rows of ``values``; the mean if left out, which is much faster
        resamples: how many draws
        level: of confidence
        seed: of the draws

    Returns:
        the statistic of all rows and its interval; NaN without rows
    """
    groups = np.arange(len(values)) if groups is None else np.asarray(groups)
    if values.ndim == 1 and values.dtype.kind == "f":
        known = ~np.isnan(values)
        values, groups = values[known], groups[known]
    member, names = pd.factorize(groups)
    if not len(values):
        return NOTHING
    drawn = _drawn(len(names), resamples, seed)
    sizes = np.bincount(member)
    if statistic is None:
        statistic = np.mean
        sums = np.bincount(member, weights=values)
        draws = np.concatenate([sums[block].sum(1) / sizes[block].sum(1) for block in drawn])
    else:
        rows = np.split(np.argsort(member, kind="stable"), np.cumsum(sizes)[:-1])
        draws = np.array([statistic(values[np.concatenate([rows[g] for g in d])]) for block in drawn for d in block])
    low, high = np.nanquantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(statistic(values)), float(low), float(high), len(values), len(names))


def _drawn(groups: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Groups drawn with replacement, one resample a row, a million draws at a time."""
    generator, rows = np.random.default_rng(seed), max(1, 1_000_000 // groups)
    for start in range(0, resamples, rows):
        yield generator.integers(0, groups, (min(rows, resamples - start), groups))


def share(told: np.ndarray, groups: np.ndarray, level: float = 0.95) -> Interval:
    """How many of the samples are told of, as a proportion.

    Drawn by groups where there are any; by :func:`wilson` where every sample is alone, and, with the number of
    groups in place of the samples', where all samples are alike: no draw of them could show a doubt.

    Args:
        told: true or false of each sample, ``(N,)``
        groups: group of each sample, ``(N,)``, empty where unknown
        level: of confidence

    Returns:
        the proportion and its interval, within [0, 1]
    """
    told, member = np.asarray(told, float), pd.factorize(np.asarray(groups))[0]
    alone = np.asarray(groups) == ""
    member = np.where(alone, len(told) + np.arange(len(told)), member)
    count = len(pd.unique(member))
    if count == len(told):
        return wilson(int(told.sum()), len(told), level)
    if (told == told[0]).all():
        edge = wilson(int(told[0]) * count, count, level)
        return Interval(edge.value, edge.low, edge.high, len(told), count)
    return bootstrap(told, member, level=level)


def wilson(successes: int, n: int, level: float = 0.95) -> Interval:
    r"""Wilson score interval of a proportion of independent samples.

    .. math:: \frac{\hat p + z^2/2n \pm z \sqrt{\hat p (1 - \hat p)/n + z^2/4n^2}}{1 + z^2/n}

    Args:
        successes: how many
        n: of how many
        level: of confidence

    Returns:
        the proportion and its interval, within [0, 1]; NaN where n is 0
    """
    if n == 0:
        return NOTHING
    z, p = float(norm.ppf((1 + level) / 2)), successes / n
    centre = p + z * z / (2 * n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return Interval(p, max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale), n, n)
