"""How far apart two emotion distributions are, and how far chance alone would put them.

Distributions lie on the last axis. Everything but the vote null takes numpy and torch arrays alike
and gives back what it was given, with finite gradients at zeros. Units are nats where nothing else
is said; the vote null speaks bits, as papers about raters do. A row of NaN (nothing known) gives NaN.
"""

import math
from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import ArrayLike
from scipy.special import gammaln

LN2 = math.log(2)
# Two ways to deal the same votes can differ in the last digits of their divergence.
SAME = 1e-10
# What numpy can deal out.
MOST = 10**9


def _log(x):
    """Logarithm, 0 where x is not positive: ``0 log 0 = 0``, and no gradient is infinite."""
    xp = array_namespace(x)
    return xp.log(xp.where(x > 0, x, xp.ones_like(x)))


def entropy(p):
    r"""Shannon entropy, :math:`H(p) = -\sum_k p_k \ln p_k`, in nats.

    Args:
        p: distributions, ``(..., K)``

    Returns:
        ``(...)`` in ``[0, ln K]``
    """
    return -array_namespace(p).vecdot(p, _log(p))


def kl(p, q):
    r"""Kullback-Leibler divergence, :math:`\sum_k p_k \ln(p_k / q_k)`, in nats.

    Args:
        p: distributions, ``(..., K)``
        q: distributions, ``(..., K)``

    Returns:
        ``(...)`` in ``[0, inf]``; infinite where p has mass and q has none
    """
    xp = array_namespace(p, q)
    terms = p * (_log(p) - _log(q))
    return xp.sum(xp.where((p > 0) & (q == 0), xp.full_like(terms, math.inf), terms), axis=-1)


def jsd(p, q):
    r"""Jensen-Shannon divergence, :math:`\tfrac12 KL(p, m) + \tfrac12 KL(q, m)` with :math:`m = (p + q)/2`, in nats.

    Args:
        p: distributions, ``(..., K)``
        q: distributions, ``(..., K)``

    Returns:
        ``(...)`` in ``[0, ln 2]``; divide by ``LN2`` for bits, which are shares of the maximum
    """
    xp = array_namespace(p, q)
    log_m = _log((p + q) / 2)
    return xp.clip((xp.vecdot(p, _log(p) - log_m) + xp.vecdot(q, _log(q) - log_m)) / 2, 0, LN2)


@dataclass(frozen=True)
class VoteNull:
    """How far two sides' votes are apart, and how far they would be if both sides had shown the same.

    Attributes:
        observed: JSD of the two sides' vote fractions, ``(N,)``, bits
        expected: its mean when the pooled votes are dealt out again, ``(N,)``, bits
        p: chance that such a deal is at least as far apart as observed, ``(N,)`` in (0, 1]
    """

    observed: np.ndarray
    expected: np.ndarray
    p: np.ndarray


def vote_null(
    votes_a: ArrayLike, votes_b: ArrayLike, permutations: int = 4999, seed: int = 0, exact_limit: int = 20_000
) -> VoteNull:
    """Permutation null of the JSD between two sides' votes: pool the votes of a sample, deal them out again.

    The null of a sample depends on its sorted pooled counts and the two totals alone, so samples that
    share these share one null. Where the pooled counts ``c`` have ``prod(c + 1) <= exact_limit``, every
    deal is enumerated with its hypergeometric weight: no noise, nothing to seed. Elsewhere seeded
    deals are drawn; the draw of a sample does not depend on the other samples. Both speak on one
    scale: ``p = (1 + permutations * share) / (permutations + 1)``, for the enumerated share the p-value
    that drawn deals would give on average.

    Args:
        votes_a: counts, ``(N, K)``; a row of NaN or zeros where nobody was asked
        votes_b: counts, ``(N, K)``
        permutations: how many deals the p-value stands for, and how many are drawn where they are too many
        seed: of those draws
        exact_limit: up to how many cells of the table of deals are enumerated

    Returns:
        observed and expected JSD in bits and the p-value, each ``(N,)``, NaN where a side has no votes

    Raises:
        ValueError: if the shapes differ, a count is negative or not whole, or a sample has a billion votes
    """
    a, b = np.asarray(votes_a, float), np.asarray(votes_b, float)
    if a.shape != b.shape or a.ndim != 2:
        raise ValueError(f"votes must be two arrays of one shape (N, K), got {a.shape} and {b.shape}")
    for side in (a, b):
        given = side[~np.isnan(side)]
        if not (np.isfinite(given) & (given >= 0) & (given == np.floor(given))).all():
            raise ValueError("votes must be whole numbers, 0 or more")
    known = (a.sum(1) > 0) & (b.sum(1) > 0)
    a, b = a[known], b[known]
    if (a + b).sum(1).max(initial=0) >= MOST:
        raise ValueError(f"a sample must have fewer than {MOST:,} votes")
    observed = jsd(a / a.sum(1, keepdims=True), b / b.sum(1, keepdims=True))
    totals = np.sort(np.stack([a.sum(1), b.sum(1)], 1), axis=1)
    signatures, member = np.unique(
        np.concatenate([totals, np.sort(a + b, axis=1)], 1).astype(np.int64), axis=0, return_inverse=True
    )
    expected, p = np.empty_like(observed), np.empty_like(observed)
    members = np.split(np.argsort(member, kind="stable"), np.cumsum(np.bincount(member))[:-1])
    for signature, rows in zip(signatures, members, strict=False):
        first, second, counts = signature[0], signature[1], signature[2:][signature[2:] > 0]
        if np.prod(counts + 1.0) <= exact_limit:
            divergences, weights = _all_deals(counts, first, second)
        else:
            generator = np.random.default_rng([seed, *signature])
            divergences = _some_deals(counts, first, second, permutations, generator)
            weights = np.full(permutations, 1 / permutations)
        expected[rows] = min(weights @ divergences, LN2)
        rank = np.argsort(divergences)
        tail = np.append(np.cumsum(weights[rank][::-1])[::-1], 0)
        beyond = np.minimum(tail[np.searchsorted(divergences[rank], observed[rows] - SAME)], 1)
        p[rows] = (1 + permutations * beyond) / (permutations + 1)
    return VoteNull(*(_spread(values, known) for values in (observed / LN2, expected / LN2, p)))


def _terms(held: np.ndarray, count: int, first: int, second: int) -> np.ndarray:
    """What one label with ``count`` pooled votes adds to the JSD when side one holds so many of them, nats."""
    p, q = held / first, (count - held) / second
    log_m = _log((p + q) / 2)
    return (p * (_log(p) - log_m) + q * (_log(q) - log_m)) / 2


def _all_deals(counts: np.ndarray, first: int, second: int) -> tuple[np.ndarray, np.ndarray]:
    """JSD (nats) and probability of every way to deal ``counts`` out to sides of ``first`` and ``second`` votes."""
    dealt, divergence, log_ways = np.zeros(1, int), np.zeros(1), np.zeros(1)
    left = counts.sum()
    for count in counts:
        left -= count
        held = np.arange(count + 1)
        ways = gammaln(count + 1) - gammaln(held + 1) - gammaln(count - held + 1)
        dealt = np.add.outer(dealt, held)
        possible = (dealt <= first) & (dealt + left >= first)
        divergence = np.add.outer(divergence, _terms(held, count, first, second))[possible]
        log_ways, dealt = np.add.outer(log_ways, ways)[possible], dealt[possible]
    weights = np.exp(log_ways - log_ways.max())
    return divergence, weights / weights.sum()


def _some_deals(counts: np.ndarray, first: int, second: int, n: int, generator: np.random.Generator) -> np.ndarray:
    """JSD (nats) of ``n`` drawn deals."""
    held = generator.multivariate_hypergeometric(counts, first, size=n, method="marginals")
    return np.sum([_terms(held[:, k], count, first, second) for k, count in enumerate(counts)], axis=0)


def _spread(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Values of the known rows at their places, NaN elsewhere."""
    out = np.full(len(known), np.nan)
    out[known] = values
    return out


def benjamini_hochberg(p: ArrayLike) -> np.ndarray:
    r"""p-values corrected for how many there are: the false discovery rate at which each would be called.

    .. math:: q_{(i)} = \min_{j \ge i} \frac{n}{j} p_{(j)}

    Args:
        p: p-values of one question asked of every sample, ``(N,)``; NaN is not a question

    Returns:
        ``(N,)`` in [0, 1], NaN where p is NaN; ``q <= .05`` keeps false alarms at 5 % of the alarms

    Source: Benjamini, Hochberg. Controlling the false discovery rate. JRSS B 57, 1995.
    """
    p = np.asarray(p, float)
    asked = ~np.isnan(p)
    order = np.argsort(p[asked])
    scaled = p[asked][order] * len(order) / np.arange(1, len(order) + 1)
    q = np.empty(len(order))
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1)
    return _spread(q, asked)
