r"""How typical a sample's modality is of its (pseudo) emotion: five readings of one idea.

TiCAL names typicality without a formula that we could read; these are our candidates, to be compared.
Each is a pure function of distances or distributions, on numpy and torch arrays alike, and gives numbers
in [0, 1] in which 1 is typical.
"""

import math

from array_api_compat import array_namespace


def scales(medians, share: float = 0.1):
    """Scale of each class: its anchors' median distance, but never less than a share of the typical one.

    Identical anchors have median 0, and a score by such a scale would be 0 / 0.

    Args:
        medians: median distance of each class's anchors to their prototype, ``(K,)``, NaN for an empty class
        share: of the mean over the classes that have anchors

    Returns:
        ``(K,)``, an empty class gets that mean
    """
    xp = array_namespace(medians)
    known = ~xp.isnan(medians)
    filled = xp.where(known, medians, xp.zeros_like(medians))
    typical = xp.zeros_like(filled) + xp.sum(filled) / xp.sum(xp.astype(known, medians.dtype))
    return xp.where(known, xp.maximum(filled, share * typical), typical)


def prototype(distances, scale):
    r"""By distance to the class's prototype: :math:`\exp(-\max(0, d / s - 1))`.

    Args:
        distances: geodesic distance to the prototype of the pseudo label, ``(...)``
        scale: of that prototype, see :func:`scales`; broadcast against ``distances``, positive

    Returns:
        ``(...)`` in (0, 1]; 1 within the anchors' median distance
    """
    xp = array_namespace(distances)
    return xp.exp(-xp.clip(distances / scale - 1, 0, None))


def conformal(distances, anchor_distances, own=0):
    r"""By rank among the class's anchors: :math:`(1 + \#\{a : d_a \ge d\}) / (n + 1)`. There is no scale to choose.

    Args:
        distances: to the prototype of the pseudo label, ``(...)``
        anchor_distances: of that class's anchors to it, each computed without itself, ``(..., A)`` or ``(A,)``;
            NaN is an empty place
        own: how many of these anchors are the sample itself or have the same input, ``(...)``: they do not count

    Returns:
        ``(...)`` in (0, 1]: the share of anchors, itself included, that are at least as far
    """
    xp = array_namespace(distances)
    farther = xp.sum(xp.astype(anchor_distances >= distances[..., None], distances.dtype), axis=-1)
    n = xp.sum(xp.astype(~xp.isnan(anchor_distances), distances.dtype), axis=-1)
    return (1 + farther - own) / (1 + n - own)


def knn(distances, reference, k: int = 20):
    """By how near the closest anchors are, as a rank: TypiClust's density, made comparable between classes.

    Args:
        distances: of each sample to all anchors of its pseudo class, ``(..., A)``
        reference: :func:`mean_nearest` of the anchors themselves, each without itself, ``(R,)``
        k: how many of the nearest count

    Returns:
        ``(...)`` in (0, 1]
    """
    return conformal(mean_nearest(distances, k), reference)


def mean_nearest(distances, k: int = 20):
    """Mean of the k smallest distances, ``(..., A)`` to ``(...)``; of all where there are fewer than k."""
    xp = array_namespace(distances)
    return xp.mean(xp.sort(distances, axis=-1)[..., :k], axis=-1)


def radius(points, clip: float, c: float = 1.0):
    r"""By distance from the origin, :math:`d_c(z, 0) / 2r`: the feature's norm in disguise, for comparison only.

    Args:
        points: in the ball, ``(..., D)``
        clip: the largest norm r a feature may have before it is mapped to the ball
        c: positive curvature magnitude

    Returns:
        ``(...)`` in [0, 1]
    """
    xp = array_namespace(points)
    norm = math.sqrt(c) * xp.sqrt(xp.sum(points * points, axis=-1))
    return xp.clip(xp.atanh(norm) / (math.sqrt(c) * clip), 0, 1)


def confidence(q):
    """By the largest probability, ``(..., K)`` to ``(...)`` in [1 / K, 1]: does geometry add anything?"""
    return array_namespace(q).max(q, axis=-1)
