r"""Whether the modalities of one sample tell different stories, and which of them stands alone.

``q`` is everywhere ``(M, N, K)``: the emotion distribution of each modality of each sample, label-free.
A row of NaN is a missing modality: it is left out, and what needs two modalities is NaN with fewer.
Numpy and torch arrays are taken alike and give what they were; gradients flow through all but the names.

Two readings, because a mixed feeling is a fact where people gave distributions and a doubt where each
sample has one true class:

- *distribution targets*: conflict is the mean Jensen-Shannon divergence of the pairs;
- *class targets*: conflict is the posterior chance that one modality shows another emotion, from how
  much better one emotion explains the modalities once one of them is left out. A hedged answer is no
  disagreement here.

Everything is as TiCAL is read in this project, not as its authors define it.
"""

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from emoviz.measures import divergence
from emoviz.measures.divergence import LN2

TYPES = ("agreement", "complement", "dominance", "conflict", "unclear")
# A probability below this counts as this: no finite sample or network knows more.
FLOOR = 1e-12
# Two modes, or two dissenters, nearer than this are tied.
TIED = 1e-9
BLOCK = 8192


@dataclass(frozen=True)
class Thresholds:
    """Where the types of conflict begin.

    Attributes:
        support: below this, hardly anything was said at all
        keep: fused mass that a side's mode needs to count as kept
        alpha: share of agreeing samples that may lie above a model's floor
        discovery: false discovery rate at which two sides' votes are called different
    """

    support: float = 0.1
    keep: float = 0.25
    alpha: float = 0.05
    discovery: float = 0.05


@dataclass(frozen=True)
class Evidence:
    """How well one emotion explains all modalities, and all but one. Arrays of the namespace of ``q``, ``(N,)``.

    Attributes:
        none: with every modality in, relative to the prior, in (0, inf)
        drop: with one left out, mean over which one, in (0, inf)
        value: ``ln drop - ln none`` in nats; 0 where a second modality says nothing, large where two exclude each other
    """

    none: Any
    drop: Any
    value: Any


def pairs(modalities: int) -> list[tuple[int, int]]:
    """Pairs of modalities in the order of every pair axis: ``(a, b)`` with a before b."""
    return list(combinations(range(modalities), 2))


def pair_values(q):
    r"""Divergence of every pair of modalities, :math:`JSD(Q_a, Q_b) / \ln 2`.

    Args:
        q: distributions, ``(M, N, K)``

    Returns:
        ``(P, N)`` in [0, 1], in the order of :func:`pairs`; NaN where one of the two is missing
    """
    first, second = _sides(q)
    return _in_blocks(lambda part: divergence.jsd(part[first], part[second]) / LN2, q)


def pairwise(q):
    """:func:`pair_values` as a matrix of modalities.

    Args:
        q: distributions, ``(M, N, K)``

    Returns:
        ``(M, M, N)`` in [0, 1], symmetric, 0 on the diagonal; NaN where one of the two is missing
    """
    xp = array_namespace(q)
    m = q.shape[0]
    rows = [[q[a, :, 0] * 0 for _ in range(m)] for a in range(m)]  # the diagonal: 0, NaN where missing
    for (a, b), values in zip(pairs(m), pair_values(q), strict=True):
        rows[a][b] = rows[b][a] = values
    return xp.stack([xp.stack(row) for row in rows])


def support(q):
    r"""How much was said at all, :math:`1 - \operatorname{mean}_m H(Q_m) / \ln K`.

    Args:
        q: distributions, ``(M, N, K)``

    Returns:
        ``(N,)`` in [0, 1]: 0 where every modality is flat, 1 where each names one emotion; NaN where all are missing
    """
    h = _in_blocks(divergence.entropy, q)
    return array_namespace(q).clip(1 - _mean(h, ~_isnan(h), 1) / math.log(q.shape[-1]), 0, 1)


def evidence(q, prior) -> Evidence:
    r"""Leave-one-out evidence for a conflict.

    .. math::

        none = \sum_k \pi_k \prod_m \frac{Q_m(k)}{\pi_k}, \quad
        drop = \operatorname{mean}_m \sum_k \pi_k \prod_{n \ne m} \frac{Q_n(k)}{\pi_k}, \quad
        value = \ln drop - \ln none

    A missing modality says what the prior says and is no candidate for leaving out. With two modalities
    the value is :math:`-\ln \sum_k Q_1(k) Q_2(k) / \pi_k`.

    Args:
        q: class posteriors of each modality alone, ``(M, N, K)``; a probability below 1e-12 counts as that
        prior: how frequent each class is, ``(K,)``, all positive

    Returns:
        the evidence, NaN where fewer than two modalities are present
    """
    xp = array_namespace(q)
    log_none, *log_without = _explained(q, prior)
    present = ~_isnan(q[..., 0])
    mean = _mean(xp.exp(xp.stack(log_without) - log_none), present, 2)
    value = xp.log(mean)
    return Evidence(xp.exp(log_none + 0 * value), xp.exp(log_none + value), value)


def conflict(q, *, prior=None, dissent_rate=None, weight=None):
    r"""How strongly the modalities of a sample disagree.

    With ``prior`` and ``dissent_rate`` e (class targets) the chance that one modality shows another emotion,

    .. math:: \frac{e \cdot drop}{e \cdot drop + (1 - e) \cdot none}

    without (distribution targets) the mean of :func:`pairwise` over the pairs that are there, or, with
    a weight, :math:`\sum_{a<b} t_a t_b JSD_{ab} / \ln 2` over the number of pairs.

    Args:
        q: distributions, ``(M, N, K)``
        prior: how frequent each class is, ``(K,)``
        dissent_rate: how often a modality shows another emotion before anything is seen, in [0, 1]
        weight: typicality of each modality, ``(M, N)`` in [0, 1], for distribution targets

    Returns:
        ``(N,)`` in [0, 1]; NaN where fewer than two modalities are present

    Raises:
        ValueError: if only one of ``prior`` and ``dissent_rate`` is given, or a weight with them
    """
    if (prior is None) != (dissent_rate is None):
        raise ValueError("class targets need both the prior and the dissent rate, distribution targets neither")
    if prior is None:
        return _mean_pairwise(q, weight)
    if weight is not None:
        raise ValueError("a weight belongs to pairs, which class targets do not have: use temper() instead")
    xp = array_namespace(q)
    return dissent_rate / (dissent_rate + (1 - dissent_rate) * xp.exp(-evidence(q, prior).value))


def consistency(q, *, prior=None, dissent_rate=None, weight=None):
    """``1 - conflict`` with the same arguments: ``(N,)`` in [0, 1]."""
    return 1 - conflict(q, prior=prior, dissent_rate=dissent_rate, weight=weight)


def temper(q, t, prior):
    r"""Distributions that say less the less typical they are, :math:`t Q + (1 - t) \pi`.

    Args:
        q: distributions, ``(M, N, K)``
        t: typicality, ``(M, N)`` in [0, 1]
        prior: what a modality that says nothing shows, ``(K,)``

    Returns:
        ``(M, N, K)``
    """
    return t[..., None] * q + (1 - t[..., None]) * prior


def felt(q, valences):
    r"""How pleasant what each modality says is: the mean valence of its emotions.

    Args:
        q: distributions, ``(M, N, K)``
        valences: of the labels, -1 unpleasant to 1 pleasant, ``(K,)``; NaN unknown, such labels are left out

    Returns:
        ``(M, N)`` in [-1, 1]; NaN where a modality is missing or says nothing of known valence
    """
    xp = array_namespace(q, valences)
    known = ~xp.isnan(valences)
    share = xp.where(known, q, xp.zeros_like(q)) + 0 * q  # a missing modality stays missing
    total = xp.sum(share, axis=-1)
    summed = xp.vecdot(share, xp.broadcast_to(xp.where(known, valences, xp.zeros_like(valences)), q.shape))
    return xp.where(total > 0, summed / xp.where(total > 0, total, xp.ones_like(total)), xp.full_like(total, np.nan))


def valence_conflict(valence):
    r"""How far apart the modalities of a sample are in valence, :math:`\operatorname{mean}_{a<b} |v_a - v_b| / 2`.

    Between anger and fear emotions differ and valence hardly does: conflict in emotions is large, this is small.

    Args:
        valence: of what each modality says, ``(M, N)`` in [-1, 1], NaN where missing: from :func:`felt`, or predicted

    Returns:
        ``(N,)`` in [0, 1], 1 where two modalities are wholly pleasant and wholly unpleasant; NaN below two modalities
    """
    xp = array_namespace(valence)
    first, second = _sides(valence)
    apart = xp.abs(xp.stack([valence[a] - valence[b] for a, b in zip(first, second, strict=True)])) / 2
    return _mean(apart, ~_isnan(apart), 1)


def farthest(q, fused):
    """Which modality is farthest from the whole: the dissenter of distribution targets, and of people.

    Args:
        q: distributions, ``(M, N, K)``
        fused: the fused prediction, or what people said of the whole sample, ``(N, K)``

    Returns:
        ``(N,)`` index of a modality; -1 where fewer than two are present, ``fused`` is missing or the
        first place is tied
    """
    sides = array_namespace(q).concat([q, fused[None]])
    return _first(_in_blocks(lambda part: divergence.jsd(part[:-1], part[-1]), sides), ~_isnan(q[..., 0]))


def dissenter(q, fused, *, prior=None, differs=None):
    r"""Which modality stands alone, from what each says and not from any label.

    With a ``prior`` (class targets) the one whose leaving out helps most, :math:`\arg\max_m \sum_k \pi_k
    \prod_{n \ne m} Q_n(k) / \pi_k`. Between two modalities that says nothing, so there, and without a prior
    (distribution targets), it is the :func:`farthest`.

    Args:
        q: distributions, ``(M, N, K)``
        fused: the fused prediction, ``(N, K)``
        prior: how frequent each class is, ``(K,)``
        differs: where to name one at all (conflict above its floor), ``(N,)`` bool; everywhere if left out

    Returns:
        ``(N,)`` index of a modality; -1 where ``differs`` is false, fewer than two modalities are present
        or the first place is tied
    """
    xp = array_namespace(q)
    named = farthest(q, fused)
    if prior is not None:
        present = ~_isnan(q[..., 0])
        alone = _first(_explained(q, prior)[1:], present)
        named = xp.where(_count(present) > 2, alone, named)
    return named if differs is None else xp.where(differs, named, xp.full_like(named, -1))


def floors(q, agree, thresholds: Thresholds = Thresholds()) -> np.ndarray:
    """How far apart a pair of modalities lies by chance: a quantile over samples whose labels agree.

    Args:
        q: distributions of held-out samples, ``(M, N, K)`` numpy
        agree: which samples agree, ``(N,)`` bool, or the chance that each does
        thresholds: ``alpha`` is the share of them that may lie above

    Returns:
        ``(P,)`` in [0, 1], in the order of :func:`pairs`; NaN for a pair never seen together
    """
    out = np.full(len(pairs(len(q))), np.nan)
    for p, values in enumerate(pair_values(q)):
        weight = np.where(np.isnan(values), 0, agree)
        if (seen := weight > 0).any():
            out[p] = np.quantile(values[seen], 1 - thresholds.alpha, weights=weight[seen], method="inverted_cdf")
    return out


def types(
    q: np.ndarray, fused: np.ndarray, floor: float | np.ndarray, thresholds: Thresholds = Thresholds()
) -> np.ndarray:
    """What kind of disagreement a sample shows, judged on its pair farthest apart among those that differ.

    - ``agreement``: no pair is beyond its floor;
    - ``complement``: the fused distribution keeps at least ``thresholds.keep`` on both sides' modes;
    - ``dominance``: it does not, and the fused mode is one side's;
    - ``conflict``: it does not, and the fused mode is neither's;
    - ``unclear``: fewer than two modalities, no pair whose floor is known, support below
      ``thresholds.support``, or a difference without a fused distribution to judge it by.

    Where modes are tied, each of them counts as the mode.

    Args:
        q: distributions, ``(M, N, K)``
        fused: distribution of the whole sample, ``(N, K)``, NaN where missing
        floor: what :func:`pair_values` has to exceed, one number or ``(P,)``, NaN unknown; or, already judged
            (for votes: Benjamini-Hochberg at most ``thresholds.discovery``), ``(P, N)`` bool
        thresholds: where the types begin

    Returns:
        ``(N,)`` of the names in :data:`TYPES`
    """
    m, n, _ = q.shape
    out = np.full(n, "unclear", dtype="<U10")
    apart, floor = pair_values(q), np.asarray(floor)
    if floor.dtype == bool:
        differs, known = floor, ~np.isnan(apart)
    else:
        floor = floor.reshape(-1, 1)
        differs, known = apart > floor, ~np.isnan(apart + floor)
    clear = (support(q) >= thresholds.support) & known.any(0)
    if not clear.any():
        return out
    out[clear & ~differs.any(0)] = "agreement"
    rows = np.flatnonzero(clear & differs.any(0) & ~np.isnan(fused[:, 0]))
    first, second = np.array(pairs(m))[np.where(differs, apart, -1)[:, rows].argmax(0)].T
    whole = fused[rows]
    modes = [_modes(q[side, rows]) for side in (first, second)]
    kept = np.min([np.where(mode, whole, 0).max(1) for mode in modes], axis=0) >= thresholds.keep
    sided = (_modes(whole) & (modes[0] | modes[1])).any(1)
    out[rows] = np.select([kept, sided], ["complement", "dominance"], "conflict")
    return out


def _modes(p: np.ndarray) -> np.ndarray:
    """Which labels share the first place, ``(N, K)`` bool."""
    return p >= p.max(1, keepdims=True) - TIED


def _sides(q) -> tuple[list[int], list[int]]:
    """First and second modality of every pair."""
    both = pairs(q.shape[0])
    return [a for a, _ in both], [b for _, b in both]


def _isnan(x):
    return array_namespace(x).isnan(x)


def _count(present):
    """How many modalities are there, ``(M, N)`` bool to ``(N,)``."""
    xp = array_namespace(present)
    return xp.sum(xp.astype(present, xp.int64), axis=0)


def _mean(x, present, least: int):
    """Mean over the first axis of what is present, NaN where fewer than ``least`` are."""
    xp = array_namespace(x)
    count = xp.astype(_count(present), x.dtype)
    total = xp.sum(xp.where(present, x, xp.zeros_like(x)), axis=0)
    return xp.where(count >= least, total / xp.clip(count, 1, None), xp.full_like(total, np.nan))


def _first(score, present):
    """Modality with the highest score, ``(M, N)`` to ``(N,)``; -1 where it is tied, NaN or one of less than two."""
    xp = array_namespace(score)
    score = xp.where(present & ~_isnan(score), score, xp.full_like(score, -np.inf))
    leads = score >= xp.max(score, axis=0) - TIED
    index = xp.argmax(score, axis=0)
    return xp.where((_count(leads) == 1) & (_count(present) > 1), index, xp.full_like(index, -1))


def _mean_pairwise(q, weight):
    """Mean over the pairs that are present, each times the weights of its two."""
    values = pair_values(q)
    present = ~_isnan(values)
    if weight is not None:
        first, second = _sides(q)
        values = values * weight[first] * weight[second]
    return _mean(values, present, 1)


def _logsumexp(x):
    xp = array_namespace(x)
    top = xp.max(x, axis=-1, keepdims=True)
    return xp.log(xp.sum(xp.exp(x - top), axis=-1)) + top[..., 0]


def _explained(q, prior):
    """How well one emotion explains all modalities, and all but each: logarithms, ``(1 + M, N)``, finite."""
    xp = array_namespace(q)

    def explained(part):
        known = xp.where(_isnan(part), xp.zeros_like(part) + prior, part)
        log_ratio = xp.log(xp.clip(known, FLOOR, None)) - xp.log(prior)
        total = xp.sum(log_ratio, axis=0) + xp.log(prior)
        return xp.stack([_logsumexp(total), *(_logsumexp(total - one) for one in log_ratio)])

    return _in_blocks(explained, q)


def _in_blocks(function, q):
    """A function of ``(M, N, K)`` with samples on its last axis, a few thousand samples at a time.

    Its temporaries then stay in the processor's cache: at a million samples that is twice to eight times as fast.
    """
    n = q.shape[1]
    if n <= BLOCK:
        return function(q)
    return array_namespace(q).concat([function(q[:, i : i + BLOCK]) for i in range(0, n, BLOCK)], axis=-1)
