r"""Operations on the Poincaré ball of curvature :math:`-c`.

Points live in the open ball :math:`\{x \in R^D : c\|x\|^2 < 1\}`. Functions take and return plain
tensors, float32 or float64; ``c`` is the positive number :math:`c`, never the negative curvature.
Distances are in units of the geodesic metric; leading dimensions broadcast. What is shown or
tested is float64.

References:
    [GBH18] Ganea, Bécigneul, Hofmann. Hyperbolic Neural Networks. NeurIPS 2018.
"""

import torch
from torch import Tensor

# How close to the boundary a point may sit. Nearer than this, 1 - c|x|^2 has lost half of its
# digits; it also caps the distance to the origin at 6.2 (float32) and 12.2 (float64) for c = 1.
BOUNDARY_GAP = {torch.float32: 4e-3, torch.float64: 1e-5}
TINY = 1e-15


def project(x: Tensor, c: float = 1.0) -> Tensor:
    """Pull points ``(..., D)`` that left the ball back to just inside its boundary."""
    limit = (1 - BOUNDARY_GAP[x.dtype]) / c**0.5
    norm = x.norm(dim=-1, keepdim=True)
    return torch.where(norm > limit, x / norm.clamp_min(TINY) * limit, x)


def conformal_factor(x: Tensor, c: float = 1.0) -> Tensor:
    r"""How much longer the metric measures at x than Euclid, :math:`\lambda_x = 2 / (1 - c\|x\|^2)`.

    Shape ``(..., D)`` to ``(..., 1)``, in ``[2, inf)``.
    """
    return 2 / (1 - c * x.square().sum(-1, keepdim=True))


def distance(x: Tensor, y: Tensor, c: float = 1.0) -> Tensor:
    r"""Geodesic distance.

    .. math::

        d_c(x, y) = \frac{2}{\sqrt{c}} \operatorname{arsinh} \sqrt{
            \frac{c\|x - y\|^2}{(1 - c\|x\|^2)(1 - c\|y\|^2)}}

    The same number as the usual arcosh form, but it keeps its digits when x and y are close, and
    its gradient is finite when they coincide.

    Args:
        x: points in the ball, shape ``(..., D)``
        y: points in the ball, shape ``(..., D)``
        c: positive curvature magnitude

    Returns:
        distances, shape ``(...)``, in ``[0, inf)``
    """
    gap = torch.linalg.vector_norm(x - y, dim=-1)
    room = (1 - c * x.square().sum(-1)) * (1 - c * y.square().sum(-1))
    return 2 / c**0.5 * torch.asinh(c**0.5 * gap * room.rsqrt())


def expmap0(v: Tensor, c: float = 1.0) -> Tensor:
    r"""Exponential map at the origin [GBH18]: how to put a tangent vector on the ball.

    .. math:: \exp_0(v) = \tanh(\sqrt{c}\|v\|) \frac{v}{\sqrt{c}\|v\|}

    The point is :math:`2\|v\|` away from the origin, for every c, until :func:`project` stops it.

    Args:
        v: tangent vectors at the origin, shape ``(..., D)``
        c: positive curvature magnitude

    Returns:
        points in the ball, shape ``(..., D)``; the origin for ``v = 0``
    """
    r = c**0.5 * v.norm(dim=-1, keepdim=True).clamp_min(TINY)
    return project(torch.tanh(r) / r * v, c)


def logmap0(x: Tensor, c: float = 1.0) -> Tensor:
    """Inverse of :func:`expmap0`, shape ``(..., D)`` to ``(..., D)``."""
    r = c**0.5 * x.norm(dim=-1, keepdim=True).clamp_min(TINY)
    return torch.atanh(r) / r * x


def mobius_add(x: Tensor, y: Tensor, c: float = 1.0) -> Tensor:
    r"""Möbius addition :math:`x \oplus_c y` [GBH18]: y moved by the translation that takes 0 to x.

    .. math::

        x \oplus_c y = \frac{(1 + 2c\langle x, y\rangle + c\|y\|^2) x + (1 - c\|x\|^2) y}
            {1 + 2c\langle x, y\rangle + c^2\|x\|^2\|y\|^2}

    Not commutative; shape ``(..., D)``.
    """
    xy = (x * y).sum(-1, keepdim=True)
    x2 = x.square().sum(-1, keepdim=True)
    y2 = y.square().sum(-1, keepdim=True)
    top = (1 + 2 * c * xy + c * y2) * x + (1 - c * x2) * y
    return project(top / (1 + 2 * c * xy + c**2 * x2 * y2).clamp_min(TINY), c)


def mobius_scale(r: Tensor | float, x: Tensor, c: float = 1.0) -> Tensor:
    r"""Möbius multiplication :math:`r \otimes_c x` [GBH18]: r times as far from the origin, same direction.

    Args:
        r: factors, a number or shape ``(..., 1)``
        x: points in the ball, shape ``(..., D)``
        c: positive curvature magnitude

    Returns:
        points in the ball, shape ``(..., D)``
    """
    return expmap0(r * logmap0(x, c), c)


def expmap(x: Tensor, v: Tensor, c: float = 1.0) -> Tensor:
    r"""Exponential map at x [GBH18]: where a geodesic leads that leaves x with velocity v after unit time.

    .. math:: \exp_x(v) = x \oplus_c \exp_0(\lambda_x v / 2)

    Args:
        x: points in the ball, shape ``(..., D)``
        v: tangent vectors at x, shape ``(..., D)``; the geodesic is :math:`\lambda_x\|v\|` long
        c: positive curvature magnitude

    Returns:
        points in the ball, shape ``(..., D)``
    """
    return mobius_add(x, expmap0(conformal_factor(x, c) / 2 * v, c), c)


def logmap(x: Tensor, y: Tensor, c: float = 1.0) -> Tensor:
    """Inverse of :func:`expmap` in v: the velocity at x that leads to y, shape ``(..., D)``."""
    towards = mobius_add(-x, y, c)
    unit = towards / towards.norm(dim=-1, keepdim=True).clamp_min(TINY)
    # The length comes from the arsinh form: artanh of |(-x) + y| has no digits left for far pairs.
    return distance(x, y, c)[..., None] / conformal_factor(x, c) * unit


def geodesic(x: Tensor, y: Tensor, t: Tensor | float, c: float = 1.0) -> Tensor:
    r"""Points on the shortest way from x to y.

    .. math:: \gamma(t) = x \oplus_c (t \otimes_c ((-x) \oplus_c y))

    Args:
        x: where it starts, shape ``(..., D)``
        y: where it ends, shape ``(..., D)``
        t: share of the way, a number or shape ``(...)``; 0 is x, 1 is y
        c: positive curvature magnitude

    Returns:
        points in the ball, shape ``(..., D)``, all leading dimensions broadcast: a path of T points
        between two is ``geodesic(x, y, torch.linspace(0, 1, T))``, shape ``(T, D)``
    """
    t = torch.as_tensor(t, dtype=x.dtype, device=x.device)[..., None]
    return expmap(x, t * logmap(x, y, c), c)
