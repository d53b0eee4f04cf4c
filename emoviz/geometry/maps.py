r"""The same hyperbolic plane in other pictures: Klein's ball and the upper half-plane.

Klein draws geodesics straight and bends angles; the half-plane has no centre. The tangent picture is
:func:`emoviz.geometry.poincare.logmap0`.
"""

import torch
from torch import Tensor


def to_klein(x: Tensor, c: float = 1.0) -> Tensor:
    r"""Poincaré to Klein, :math:`2x / (1 + c\|x\|^2)`, shape ``(..., D)``."""
    return 2 * x / (1 + c * x.square().sum(-1, keepdim=True))


def from_klein(x: Tensor, c: float = 1.0) -> Tensor:
    r"""Klein to Poincaré, :math:`x / (1 + \sqrt{1 - c\|x\|^2})`, shape ``(..., D)``."""
    return x / (1 + (1 - c * x.square().sum(-1, keepdim=True)).clamp_min(0).sqrt())


def to_half_plane(x: Tensor) -> Tensor:
    r"""Unit disk to upper half-plane, :math:`w = (z + i) / (1 + iz)`.

    The centre goes to i, right stays right and up stays up; the top of the disk is the point at infinity.

    Args:
        x: points of the unit disk (c = 1), ``(..., 2)``

    Returns:
        ``(..., 2)``, the second coordinate positive
    """
    right, up = x.unbind(-1)
    squared = x.square().sum(-1)
    return torch.stack([2 * right, 1 - squared], -1) / (right**2 + (1 - up) ** 2)[..., None]


def from_half_plane(w: Tensor) -> Tensor:
    r"""Upper half-plane to unit disk, :math:`z = (w - i) / (1 - iw)`, inverse of :func:`to_half_plane`."""
    right, up = w.unbind(-1)
    squared = w.square().sum(-1)
    return torch.stack([2 * right, squared - 1], -1) / (right**2 + (1 + up) ** 2)[..., None]
