r"""Means and spread on the Poincaré ball.

References:
    [Ung05] Ungar. Analytic Hyperbolic Geometry. 2005. (Einstein midpoint)
    [Lou20] Lou et al. Differentiating through the Fréchet Mean. ICML 2020. (majorise and minimise)
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from emoviz.geometry import poincare


def midpoint(points: Tensor, weights: Tensor | None = None, c: float = 1.0) -> Tensor:
    r"""Einstein midpoint: the mean in Klein coordinates, weighted by Lorentz factors [Ung05].

    .. math::

        m_K = \frac{\sum_n w_n \gamma_n x^K_n}{\sum_n w_n \gamma_n}, \quad
        x^K = \frac{2x}{1 + c\|x\|^2}, \quad \gamma = \frac{1 + c\|x\|^2}{1 - c\|x\|^2}

    Closed form, so it is what training uses; it moves with the points under every isometry. The same point
    minimises the weighted mean of :math:`\cosh(\sqrt{c}\, d)`.

    Args:
        points: in the ball, ``(..., N, D)``
        weights: ``(..., N)``, 0 or more; equal if left out
        c: positive curvature magnitude

    Returns:
        ``(..., D)``; the origin where all weights are 0
    """
    weights = torch.ones_like(points[..., 0]) if weights is None else weights
    # gamma and gamma x_K without the Klein point itself, whose digits are gone near the rim.
    share = weights / (1 - c * points.square().sum(-1))
    time = (share * (1 + c * points.square().sum(-1))).sum(-1, keepdim=True)
    space = (share[..., None] * 2 * points).sum(-2)
    rest = (time.square() - c * space.square().sum(-1, keepdim=True)).clamp_min(poincare.TINY**2)
    return poincare.project(space / (time + rest.sqrt()), c)


@dataclass(frozen=True)
class Mean:
    """A Fréchet mean and whether to believe it.

    Attributes:
        point: ``(..., D)``
        converged: whether the last step was shorter than the tolerance, everywhere
        steps: how many were taken
    """

    point: Tensor
    converged: bool
    steps: int


def mean(
    points: Tensor, weights: Tensor | None = None, c: float = 1.0, tolerance: float = 1e-9, max_steps: int = 1000
) -> Mean:
    r"""Fréchet mean: the point :math:`x` with the least :math:`\sum_n w_n d_c(x, p_n)^2`.

    :math:`d^2` is concave in :math:`\cosh d`, so the midpoint with weights :math:`w_n \frac{d_n}{\sinh d_n}`
    never raises the sum, and repeating it leads to the mean without a step size [Lou20].

    Args:
        points: in the ball, ``(..., N, D)``
        weights: ``(..., N)``, 0 or more and not all 0; equal if left out
        c: positive curvature magnitude
        tolerance: geodesic length of a step that is short enough to stop
        max_steps: when to give up

    Returns:
        the mean, ``(..., D)``, with whether it converged
    """
    weights = torch.ones_like(points[..., 0]) if weights is None else weights
    x = midpoint(points, weights, c)
    for step in range(1, max_steps + 1):
        d = c**0.5 * poincare.distance(x[..., None, :], points, c)
        # d / sinh d with its limit 1 at 0, and without overflow for far points.
        pull = torch.where(d > 1e-6, 2 * d * torch.exp(-d) / -torch.expm1(-2 * d.clamp_min(1e-6)), 1.0)
        last, x = x, midpoint(points, weights * pull, c)
        if (poincare.distance(last, x, c) < tolerance).all():
            return Mean(x, True, step)
    return Mean(x, False, max_steps)


def variance(points: Tensor, weights: Tensor | None = None, c: float = 1.0) -> Tensor:
    """Weighted mean squared distance to the Fréchet mean, ``(..., N, D)`` to ``(...)``, squared geodesic units."""
    weights = torch.ones_like(points[..., 0]) if weights is None else weights
    centre = mean(points, weights, c).point
    squared = poincare.distance(centre[..., None, :], points, c).square()
    return (weights * squared).sum(-1) / weights.sum(-1)
