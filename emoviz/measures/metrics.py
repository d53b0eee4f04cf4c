"""How good predictions are. Numpy arrays; a row that cannot be judged (NaN, no unique mode) is left out.

Distribution metrics come per sample, ``(N,)``, so that means, strata and intervals are all taken over
samples, never over batches.
"""

from dataclasses import dataclass

import numpy as np
from sklearn import metrics as sk

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


def uar(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Unweighted average recall: the mean over the true labels of how many of each were found, in [0, 1]."""
    known = truth >= 0
    found = [(predicted[known & (truth == k)] == k).mean() for k in np.unique(truth[known])]
    return float(np.mean(found))


def f1(truth: np.ndarray, predicted: np.ndarray, average: str = "macro") -> float:
    """F1 over the labels that occur, ``macro`` (each label counts the same) or ``weighted`` by frequency, in [0, 1]."""
    known = truth >= 0
    return float(sk.f1_score(truth[known], predicted[known], average=average, zero_division=0))


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
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.bincount(place, weights=right - confidence, minlength=bins)
    return float(np.abs(gap).sum() / known.sum())


def brier(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """Brier score: mean squared distance of prediction and one-hot truth, in [0, 2]; arguments as in :func:`ece`."""
    known = truth >= 0
    one_hot = np.eye(probabilities.shape[1])[truth[known]]
    return float(((probabilities[known] - one_hot) ** 2).sum(1).mean())


def auroc(flag: np.ndarray, score: np.ndarray) -> float:
    """Chance that a flagged sample scores above another, in [0, 1]; NaN scores are left out, NaN if all are alike."""
    flag, score = _scored(flag, score)
    return float(sk.roc_auc_score(flag, score)) if 0 < flag.sum() < len(flag) else float("nan")


def average_precision(flag: np.ndarray, score: np.ndarray) -> float:
    """Area under precision and recall of a score for a flag, in [0, 1]; NaN scores are left out, NaN without a flag."""
    flag, score = _scored(flag, score)
    return float(sk.average_precision_score(flag, score)) if flag.any() else float("nan")


def _scored(flag: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = ~np.isnan(score)
    return np.asarray(flag, bool)[known], score[known]


def _relative(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    total = p + q
    return np.divide(p - q, total, out=np.where(np.isnan(total), np.nan, 0.0), where=total > 0)
