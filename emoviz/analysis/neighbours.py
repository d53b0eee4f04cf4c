"""Which samples are most like one: by the model's ball, or by what people said."""

from dataclasses import dataclass

import numpy as np
import torch

from emoviz.geometry import knn


@dataclass(frozen=True)
class Neighbours:
    """The nearest samples of one sample, nearest first.

    Attributes:
        rows: ``(k,)`` row of each
        distances: ``(k,)`` geodesic distance in the model's ball, or Hellinger distance of votes
    """

    rows: np.ndarray
    distances: np.ndarray


def on_the_ball(points: np.ndarray, row: int, k: int = 8) -> Neighbours:
    """Neighbours by geodesic distance between the fused points ``(N, D)`` of a model.

    Raises:
        IndexError: if there is no such row
    """
    known = np.flatnonzero(~np.isnan(points).any(1))
    if row not in known:
        return Neighbours(np.empty(0, int), np.empty(0))
    ball = torch.as_tensor(points[known], dtype=torch.float64)
    indices, distances = knn.neighbours(
        torch.as_tensor(points[[row]], dtype=torch.float64), ball, min(k + 1, len(known))
    )
    rows, lengths = known[indices[0].numpy()], distances[0].numpy()
    others = rows != row
    return Neighbours(rows[others][:k], lengths[others][:k])


def by_votes(distributions: np.ndarray, row: int, k: int = 8) -> Neighbours:
    r"""Neighbours by what people said of all sides.

    The mean over sides of the Hellinger distance :math:`\|\sqrt p - \sqrt q\| / \sqrt 2`, in [0, 1];
    sides that either sample lacks are left out.

    Args:
        distributions: ``(S, N, K)`` for S sides, rows of NaN where missing
        row: whose neighbours
        k: how many, at most
    """
    roots = np.sqrt(distributions)
    apart = np.sqrt(np.square(roots - roots[:, row : row + 1]).sum(2) / 2)  # NaN where either lacks the side
    shared = (~np.isnan(apart)).sum(0)
    mean = np.divide(np.nansum(apart, 0), shared, out=np.full(apart.shape[1], np.inf), where=shared > 0)
    mean[row] = np.inf
    order = np.argsort(mean, kind="stable")[:k]
    order = order[np.isfinite(mean[order])]
    return Neighbours(order, mean[order])
