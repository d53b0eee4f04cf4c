"""Exact nearest neighbours by geodesic distance."""

from typing import NamedTuple

import torch
from torch import Tensor


class Neighbours(NamedTuple):
    """The nearest points of every query, nearest first.

    Attributes:
        indices: rows of ``points``, ``(Q, k)``
        distances: geodesic, ``(Q, k)``, float64
    """

    indices: Tensor
    distances: Tensor


@torch.no_grad()
def neighbours(queries: Tensor, points: Tensor, k: int, c: float = 1.0, block: int = 16_000_000) -> Neighbours:
    r"""The k nearest points of every query, exact.

    Computed in float64 whatever comes in, and by subtraction: :math:`\|x\|^2 + \|y\|^2 - 2\langle x, y\rangle`
    has no digits left for near points. A query that is itself among the points finds itself first.

    Args:
        queries: in the ball, ``(Q, D)``
        points: in the ball, ``(N, D)``
        k: how many; all N where there are fewer
        c: positive curvature magnitude
        block: how many distances are held at once; 16 million are 128 MB

    Returns:
        indices and distances, ``(Q, min(k, N))``

    Raises:
        ValueError: if ``k`` is below 1 or the two differ in D
    """
    if k < 1 or queries.shape[-1] != points.shape[-1]:
        shapes = f"{tuple(queries.shape)} and {tuple(points.shape)}"
        raise ValueError(f"k must be 1 or more and D the same, got k = {k} and shapes {shapes}")
    queries, points, k = queries.double(), points.double(), min(k, len(points))
    room = (1 - c * points.square().sum(-1)).rsqrt()
    found = []
    for part in queries.split(max(1, block // max(1, len(points)))):
        # Half the distance grows with this ratio, so the order needs no arsinh.
        ratio = torch.cdist(part, points, compute_mode="donot_use_mm_for_euclid_dist").mul_(room)
        found.append(ratio.topk(k, largest=False))
    ratio = torch.cat([f.values for f in found]) * (1 - c * queries.square().sum(-1, keepdim=True)).rsqrt()
    return Neighbours(torch.cat([f.indices for f in found]), 2 / c**0.5 * torch.asinh(c**0.5 * ratio))
