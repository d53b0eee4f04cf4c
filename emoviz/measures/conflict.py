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


def pairwise(q):
    r"""Divergence of every pair of modalities, :math:`JSD(Q_a, Q_b) / \ln 2`.

    Args:
        q: distributions, ``(M, N, K)``

    Returns:
        ``(M, M, N)`` in [0, 1], symmetric, 0 on the diagonal; NaN where one of the two is missing
    """
    xp = array_namespace(q)
    m = q.shape[0]
    same = xp.sum(q, axis=-1) * 0  # NaN where missing
    rows = [[same[a] for _ in range(m)] for a in range(m)]
    for a, b in pairs(m):
        rows[a][b] = rows[b][a] = divergence.jsd(q[a], q[b]) / LN2
    return xp.stack([xp.stack(row) for row in rows])


def pair_values(q):
    """The upper triangle of :func:`pairwise`, ``(P, N)`` in the order of :func:`pairs`."""
    xp = array_namespace(q)
    return xp.stack([divergence.jsd(q[a], q[b]) / LN2 for a, b in pairs(q.shape[0])])


def support(q):
    r"""How much was said at all, :math:`1 - \operatorname{mean}_m H(Q_m) / \ln K`.

    Args:
        q: distributions, ``(M, N, K)``

    Returns:
        ``(N,)`` in [0, 1]: 0 where every modality is flat, 1 where each names one emotion; NaN where all are missing
    """
    h = divergence.entropy(q)
    return 1 - _mean(h, ~_isnan(h), 1) / np.log(q.shape[-1])


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
    return _evidence(*_explained(q, prior))


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


def dissenter(q, fused=None, *, prior=None, differs=None):
    r"""Which modality stands alone.

    With a ``prior`` (class targets) the one whose leaving out helps most, :math:`\arg\max_m \sum_k \pi_k
    \prod_{n \ne m} Q_n(k) / \pi_k`; of two modalities this cannot tell. Without (distribution targets) the
    one farthest from ``fused``: the fused prediction, or people's audio-visual votes.

    Args:
        q: distributions, ``(M, N, K)``
        fused: distribution of the whole sample, ``(N, K)``; with a ``prior`` it decides between two modalities
        prior: how frequent each class is, ``(K,)``
        differs: where to name one at all, ``(N,)`` bool; everywhere if left out

    Returns:
        ``(N,)`` index of a modality; -1 where ``differs`` is false, fewer than two modalities are present,
        or the first place is tied

    Raises:
        ValueError: if neither ``fused`` nor ``prior`` is given
    """
    if fused is None and prior is None:
        raise ValueError("naming a dissenter needs a fused distribution or a prior")
    xp = array_namespace(q)
    present = ~_isnan(q[..., 0])
    two = xp.sum(xp.astype(present, q.dtype), axis=0) == 2
    far = None if fused is None else xp.stack([divergence.jsd(q_m, fused) for q_m in q])
    gain = None if prior is None else _explained(q, prior)[1]
    if far is None:
        score = gain
    elif gain is None:
        score = far
    else:
        score = xp.where(two, far, gain)
    score = xp.where(present & ~_isnan(score), score, xp.full_like(score, -np.inf))
    best = xp.max(score, axis=0)
    first = xp.sum(xp.astype(score >= best - TIED, q.dtype), axis=0) == 1
    named = first & (xp.sum(xp.astype(present, q.dtype), axis=0) >= 2)
    if differs is not None:
        named = named & differs
    index = xp.argmax(score, axis=0)
    return xp.where(named, index, xp.full_like(index, -1))


def floors(q, agree, thresholds: Thresholds = Thresholds()) -> np.ndarray:
    """How far apart a pair of modalities lies by chance: a quantile over samples whose labels agree.

    Args:
        q: distributions of held-out samples, ``(M, N, K)`` numpy
        agree: which samples to trust, ``(N,)`` bool
        thresholds: ``alpha`` is the share of them that may lie above

    Returns:
        ``(P,)`` in [0, 1], in the order of :func:`pairs`; NaN for a pair never seen together
    """
    values = pair_values(q)[:, agree]
    seen = [v[~np.isnan(v)] for v in values]
    return np.array([np.quantile(v, 1 - thresholds.alpha) if len(v) else np.nan for v in seen])


def differing(q: np.ndarray, floor: float | np.ndarray) -> np.ndarray:
    """Which pairs of modalities differ by more than chance, ``(P, N)`` bool, in the order of :func:`pairs`.

    Args:
        q: distributions, ``(M, N, K)``
        floor: as in :func:`types`
    """
    floor = np.asarray(floor)
    if floor.dtype == bool:
        return floor
    return pair_values(q) > floor.reshape(-1, 1)


def types(
    q: np.ndarray, fused: np.ndarray, floor: float | np.ndarray, thresholds: Thresholds = Thresholds()
) -> np.ndarray:
    """What kind of disagreement a sample shows, judged on its pair farthest apart among those that differ.

    - ``agreement``: no pair is beyond its floor;
    - ``complement``: the fused distribution keeps at least ``thresholds.keep`` on both sides' modes;
    - ``dominance``: it does not, and the fused mode is one side's;
    - ``conflict``: it does not, and the fused mode is neither's;
    - ``unclear``: fewer than two modalities, support below ``thresholds.support``, or a difference without
      a fused distribution to judge it by.

    Where modes are tied, each of them counts as the mode.

    Args:
        q: distributions, ``(M, N, K)``
        fused: distribution of the whole sample, ``(N, K)``, NaN where missing
        floor: what :func:`pair_values` has to exceed, one number or ``(P,)``; or, already judged (for votes:
            Benjamini-Hochberg below ``thresholds.discovery``), ``(P, N)`` bool
        thresholds: where the types begin

    Returns:
        ``(N,)`` of the names in :data:`TYPES`
    """
    m, n, _ = q.shape
    out = np.full(n, "unclear", dtype="<U10")
    clear = (support(q) >= thresholds.support) & ((~np.isnan(q[..., 0])).sum(0) >= 2)
    if not clear.any():
        return out
    differs = differing(q, floor)
    out[clear & ~differs.any(0)] = "agreement"
    rows = np.flatnonzero(clear & differs.any(0) & ~np.isnan(fused[:, 0]))
    apart = np.where(differs, pair_values(q), -1)[:, rows]
    first, second = np.array(pairs(m))[apart.argmax(0)].T
    whole = fused[rows]
    modes = [_modes(q[side, rows]) for side in (first, second)]
    kept = np.min([np.where(mode, whole, 0).max(1) for mode in modes], axis=0) >= thresholds.keep
    sided = (_modes(whole) & (modes[0] | modes[1])).any(1)
    out[rows] = np.select([kept, sided], ["complement", "dominance"], "conflict")
    return out


def _modes(p: np.ndarray) -> np.ndarray:
    """Which labels share the first place, ``(N, K)`` bool."""
    return p >= p.max(1, keepdims=True) - TIED


def _isnan(x):
    return array_namespace(x).isnan(x)


def _mean(x, present, least: int):
    """Mean over the first axis of what is present, NaN where fewer than ``least`` are."""
    xp = array_namespace(x)
    count = xp.sum(xp.astype(present, x.dtype), axis=0)
    total = xp.sum(xp.where(present, x, xp.zeros_like(x)), axis=0)
    return xp.where(count >= least, total / xp.clip(count, 1, None), xp.full_like(total, np.nan))


def _mean_pairwise(q, weight):
    """Mean over the pairs that are present, each times the weights of its two."""
    xp = array_namespace(q)
    values = pair_values(q)
    present = ~_isnan(values)
    if weight is not None:
        values = values * xp.stack([weight[a] * weight[b] for a, b in pairs(q.shape[0])])
    return _mean(values, present, 1)


def _logsumexp(x):
    xp = array_namespace(x)
    top = xp.max(x, axis=-1, keepdims=True)
    return xp.log(xp.sum(xp.exp(x - top), axis=-1)) + top[..., 0]


def _explained(q, prior):
    """Log evidence with all modalities in, ``(N,)``, with each left out, ``(M, N)``, and which are present, ``(M, N)``."""
    xp = array_namespace(q)
    present = ~_isnan(q[..., 0])
    safe = xp.clip(xp.where(present[..., None], q, xp.ones_like(q) * prior), FLOOR, None)
    log_ratio = xp.log(safe) - xp.log(prior)
    total = xp.sum(log_ratio, axis=0) + xp.log(prior)
    return _logsumexp(total), xp.stack([_logsumexp(total - one) for one in log_ratio]), present


def _evidence(log_none, log_without, present) -> Evidence:
    xp = array_namespace(log_none)
    absent = xp.full_like(log_without, -np.inf)
    count = xp.sum(xp.astype(present, log_none.dtype), axis=0)
    enough = count >= 2
    nan = xp.full_like(log_none, np.nan)
    per_modality = xp.where(present, log_without, absent)
    top = xp.max(log_without, axis=0)
    log_drop = xp.log(xp.sum(xp.exp(per_modality - top), axis=0) / xp.clip(count, 1, None)) + top
    log_none, log_drop = xp.where(enough, log_none, nan), xp.where(enough, log_drop, nan)
    return Evidence(xp.exp(log_none), xp.exp(log_drop), log_drop - log_none)
