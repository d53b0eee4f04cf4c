"""How good predictions are. Numpy arrays; a row that cannot be judged (NaN, no unique mode) is left out.

Distribution metrics come per sample, ``(N,)``, so that means, strata and intervals are all taken over
samples, never over batches.
"""

from dataclasses import dataclass

import numpy as np

from emoviz.measures import divergence

EPS = 1e-9
TIED = 1e-9


def modes(p: np.ndarray) -> np.ndarray:
    """The label with the most mass, ``(N, K)`` to ``(N,)``; -1 where it is tied or the row is NaN."""
    first = p >= p.max(1, keepdims=True) - TIED
    return np.where(first.sum(1) == 1, first.argmax(1), -1)


def hits(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Whether the predicted label is the true one, as 1 and 0, ``(N,)``; NaN where ``truth`` is -1.

    Args:
        truth: label index, ``(N,)``, -1 unknown or tied
        predicted: label index, ``(N,)``
    """
    return np.where(truth >= 0, truth == predicted, np.nan)


def accuracy(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Share of the labels that were found, in [0, 1]; arguments as in :func:`hits`."""
    return float(np.nanmean(hits(truth, predicted)))


def confusion(truth: np.ndarray, predicted: np.ndarray, labels: int) -> np.ndarray:
    """How often each label (row) was answered by each (column), ``(K, K)``; arguments as in :func:`hits`."""
    known = truth >= 0
    place = truth[known].astype(int) * labels + predicted[known].astype(int)
    return np.bincount(place, minlength=labels**2).reshape(labels, labels)


def uar(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Unweighted average recall: the mean over the true labels of how many of each were found, in [0, 1]."""
    return float(uar_of(confusion(truth, predicted, _labels(truth, predicted))))


def f1(truth: np.ndarray, predicted: np.ndarray, average: str = "macro") -> float:
    """F1 over the labels that occur, ``macro`` (each label counts the same) or ``weighted`` by frequency, in [0, 1]."""
    return float(f1_of(confusion(truth, predicted, _labels(truth, predicted)), average))


def uar_of(counts: np.ndarray) -> np.ndarray:
    """:func:`uar` of confusion counts, ``(..., K, K)`` to ``(...)``; NaN without any."""
    return _mean(ratio(_diagonal(counts), counts.sum(-1)))


def f1_of(counts: np.ndarray, average: str = "macro") -> np.ndarray:
    """:func:`f1` of confusion counts, ``(..., K, K)`` to ``(...)``; NaN without any."""
    true, answered = counts.sum(-1), counts.sum(-2)
    each = ratio(2 * _diagonal(counts), true + answered)  # NaN for a label that neither occurs nor is answered
    if average == "macro":
        return _mean(each)
    return ratio((np.nan_to_num(each) * true).sum(-1), true.sum(-1))


def jsd_bits(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Jensen-Shannon divergence in bits, ``(N, K)`` twice to ``(N,)`` in [0, 1]."""
    return divergence.jsd(p, q) / divergence.LN2


def chebyshev(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    r"""Largest difference, :math:`\max_k |p_k - q_k|`, ``(N,)`` in [0, 1]."""
    return np.abs(p - q).max(1)


def clark(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    r"""Clark distance, :math:`\sqrt{\sum_k (p_k - q_k)^2 / (p_k + q_k)^2}`, ``(N,)`` in [0, sqrt K]; 0/0 is 0."""
    return np.sqrt((_relative(p, q) ** 2).sum(1))


def canberra(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    r"""Canberra distance, :math:`\sum_k |p_k - q_k| / (p_k + q_k)`, ``(N,)`` in [0, K]; 0/0 is 0."""
    return np.abs(_relative(p, q)).sum(1)


def kl(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Kullback-Leibler divergence of the prediction q from the truth p, nats, ``(N,)``; q is floored at 1e-9."""
    return divergence.kl(p, np.maximum(q, EPS))


def cosine(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Cosine of the angle between the two, ``(N,)`` in [0, 1]."""
    return (p * q).sum(1) / np.sqrt((p * p).sum(1) * (q * q).sum(1))


def intersection(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    r"""Shared mass, :math:`\sum_k \min(p_k, q_k)`, ``(N,)`` in [0, 1]."""
    return np.minimum(p, q).sum(1)


@dataclass(frozen=True)
class DistributionMetrics:
    """Means over all samples of the six metrics of label distribution learning.

    Attributes:
        chebyshev: lower is better, as the next three
        clark: in [0, sqrt K]
        canberra: in [0, K]
        kl: nats
        cosine: higher is better, as the next
        intersection: in [0, 1]
    """

    chebyshev: float
    clark: float
    canberra: float
    kl: float
    cosine: float
    intersection: float


def distribution_metrics(truth: np.ndarray, predicted: np.ndarray) -> DistributionMetrics:
    """The six metrics of predicted against true distributions, both ``(N, K)``; rows of NaN are left out."""
    six = (chebyshev, clark, canberra, kl, cosine, intersection)
    return DistributionMetrics(*(float(np.nanmean(metric(truth, predicted))) for metric in six))


def ece(truth: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> float:
    r"""Expected calibration error: how far confidence is from accuracy, :math:`\sum_b \frac{n_b}{n} |acc_b - conf_b|`.

    Args:
        truth: label index, ``(N,)``, -1 unknown
        probabilities: predicted distributions, ``(N, K)``
        bins: of equal width over confidence

    Returns:
        in [0, 1]; 0 is calibrated
    """
    known = truth >= 0
    confidence = probabilities[known].max(1)
    right = probabilities[known].argmax(1) == truth[known]
    gap = np.bincount(confidence_bin(confidence, bins), weights=right - confidence, minlength=bins)
    return float(np.abs(gap).sum() / known.sum())


def confidence_bin(confidence: np.ndarray, bins: int) -> np.ndarray:
    """Which of ``bins`` bins of equal width a confidence in [0, 1] falls into, same shape."""
    return np.minimum((confidence * bins).astype(int), bins - 1)


def brier(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """Brier score: mean squared distance of prediction and one-hot truth, in [0, 2]; arguments as in :func:`ece`."""
    return float(np.nanmean(brier_each(truth, probabilities)))


def brier_each(truth: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """:func:`brier` of each sample, ``(N,)``; NaN where the truth is -1."""
    apart = ((probabilities - np.eye(probabilities.shape[1])[truth]) ** 2).sum(1)
    return np.where(truth >= 0, apart, np.nan)


def auroc(flag: np.ndarray, score: np.ndarray) -> float:
    """Chance that a flagged sample scores above another, in [0, 1]; NaN scores are left out, NaN if all are alike."""
    return float(auroc_of(*_by_score(flag, score)))


def average_precision(flag: np.ndarray, score: np.ndarray) -> float:
    """Area under precision and recall of a score for a flag, in [0, 1]; NaN scores are left out, NaN without a flag."""
    return float(average_precision_of(*_by_score(flag, score)))


def auroc_of(flagged: np.ndarray, others: np.ndarray) -> np.ndarray:
    """:func:`auroc` of how many flagged and other samples have each score, rising, ``(..., V)`` to ``(...)``."""
    below = np.cumsum(others, -1) - others / 2  # a tie counts half
    return ratio((flagged * below).sum(-1), flagged.sum(-1) * others.sum(-1))


def average_precision_of(flagged: np.ndarray, others: np.ndarray) -> np.ndarray:
    """:func:`average_precision` of the same counts as in :func:`auroc_of`."""
    above = np.cumsum(flagged[..., ::-1], -1)
    precision = ratio(above, above + np.cumsum(others[..., ::-1], -1))
    return ratio((flagged[..., ::-1] * np.nan_to_num(precision)).sum(-1), flagged.sum(-1))


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's correlation, in [-1, 1]; pairs with a NaN are left out, NaN where one side does not vary."""
    return float(correlation_of(moments(x, y).sum(0)))


def moments(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """What :func:`correlation_of` needs of each pair, ``(N, 6)``; zeros where one of the two is NaN."""
    known = ~np.isnan(x + y)
    x, y = np.where(known, x, 0), np.where(known, y, 0)
    return np.stack([known.astype(float), x, y, x * x, y * y, x * y], 1)


def correlation_of(sums: np.ndarray) -> np.ndarray:
    """:func:`correlation` of summed :func:`moments`, ``(..., 6)`` to ``(...)``."""
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    spread = (n * xx - x * x) * (n * yy - y * y)
    scale = np.abs(n * xx * n * yy)
    # Of numbers that do not vary, rounding leaves a spread that is as good as none.
    return ratio(n * xy - x * y, np.sqrt(np.where(spread > 1e-12 * scale, spread, 0)))


def mean_absolute_error(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Mean distance of predicted from true scores, in their unit; NaN is left out."""
    return float(np.nanmean(np.abs(truth - predicted)))


def score_hits(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Whether a score from -3 to 3 falls into the true class, as 1 and 0, ``(N,)``; NaN where it cannot be judged.

    As for CMU-MOSI: 7 and 5 classes are scores cut at 3 or 2 and rounded; 2 classes are negative and positive, a
    truth of 0 is neither.

    Args:
        truth: scores ``(N,)``, NaN unknown
        predicted: scores ``(N,)``
        classes: 2, 5 or 7
    """
    if classes == 2:
        return np.where((truth == 0) | np.isnan(truth), np.nan, (truth > 0) == (predicted > 0))
    most = (classes - 1) / 2
    rounded = [np.round(np.clip(values, -most, most)) for values in (truth, predicted)]
    return np.where(np.isnan(truth), np.nan, rounded[0] == rounded[1])


def _by_score(flag: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many flagged and other samples have each score, ``(V,)`` twice, in rising order."""
    known = ~np.isnan(score)
    place = np.unique(score[known], return_inverse=True)[1]
    flag = np.asarray(flag, bool)[known]
    size = place.max(initial=-1) + 1
    return np.bincount(place[flag], minlength=size), np.bincount(place[~flag], minlength=size)


def _labels(truth: np.ndarray, predicted: np.ndarray) -> int:
    return int(max(truth.max(initial=0), predicted.max(initial=0))) + 1


def _diagonal(counts: np.ndarray) -> np.ndarray:
    return np.diagonal(counts, axis1=-2, axis2=-1)


def _mean(x: np.ndarray) -> np.ndarray:
    """Mean over the last axis of what is no NaN."""
    return ratio(np.nansum(x, -1), (~np.isnan(x)).sum(-1))


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """One divided by the other, broadcast; NaN where there is nothing to divide by."""
    part, whole = np.broadcast_arrays(np.asarray(part, float), whole)
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole != 0)


def _relative(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    total = p + q
    return np.divide(p - q, total, out=np.where(np.isnan(total), np.nan, 0.0), where=total > 0)
