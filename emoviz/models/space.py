"""The space that a model's points live in: the Poincaré ball, or its Euclidean control.

The arithmetic is that of :mod:`emoviz.geometry`; geoopt brings the parameters that stay on the ball
and the Riemannian optimiser that moves them.
"""

from dataclasses import dataclass
from typing import Literal

import geoopt
import torch
from torch import Tensor

from emoviz.geometry import frechet, poincare

Geometry = Literal["hyperbolic", "euclidean"]


def spread_out(count: int, dimension: int) -> Tensor:
    """Unit vectors ``(count, dimension)`` in directions as far from each other as possible, always the same ones."""
    generator = torch.Generator().manual_seed(0)  # so that the frames of all models begin alike
    directions = torch.nn.functional.normalize(torch.randn(count, dimension, generator=generator), dim=1)
    for _ in range(200):
        gap = directions[:, None] - directions[None]
        push = (gap / gap.norm(dim=-1, keepdim=True).clamp_min(1e-3).pow(3)).sum(1)
        directions = torch.nn.functional.normalize(directions + 0.05 * push, dim=1)
    return directions


@dataclass(frozen=True)
class Space:
    """Distances and means of one geometry.

    Attributes:
        geometry: ``hyperbolic``, or ``euclidean`` to see what the curvature adds
        c: positive curvature magnitude, hyperbolic only
        clip: tangent vectors are shortened to less than this; beyond about 2 gradients vanish at the rim
    """

    geometry: Geometry
    c: float
    clip: float

    @property
    def manifold(self) -> geoopt.Manifold:
        """For parameters that are points."""
        return geoopt.PoincareBall(self.c) if self.geometry == "hyperbolic" else geoopt.Euclidean(ndim=1)

    def point(self, tangent: Tensor) -> Tensor:
        """Clipped tangent vectors ``(..., D)`` as points ``(..., D)``.

        The clip is smooth, ``r tanh(|u| / r)``: a hard one would pile points up on a ring and stop their gradients.
        """
        length = tangent.norm(dim=-1, keepdim=True).clamp_min(1e-7)
        clipped = tangent * (self.clip / length * torch.tanh(length / self.clip))
        return poincare.expmap0(clipped, self.c) if self.geometry == "hyperbolic" else clipped

    def distance(self, x: Tensor, y: Tensor) -> Tensor:
        """Geodesic distance ``(...)`` between points ``(..., D)``; twice the straight line where flat.

        The factor makes both geometries agree near the origin, where the ball's metric is twice Euclid's.
        """
        if self.geometry == "hyperbolic":
            return poincare.distance(x, y, self.c)
        return 2 * torch.linalg.vector_norm(x - y, dim=-1)

    def midpoint(self, points: Tensor, weights: Tensor) -> Tensor:
        """Weighted mean of points ``(..., A, D)`` with weights ``(..., A)``: ``(..., D)``."""
        if self.geometry == "hyperbolic":
            return frechet.midpoint(points, weights, self.c)
        return (weights[..., None] * points).sum(-2) / weights.sum(-1, keepdim=True).clamp_min(1e-12)

    def shown(self, points: Tensor) -> Tensor:
        """Points as they are drawn: on the unit ball, whatever the geometry."""
        return points * self.c**0.5 if self.geometry == "hyperbolic" else poincare.expmap0(points)
