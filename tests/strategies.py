"""Hypothesis strategies shared by the tests."""

import numpy as np
import torch
from hypothesis import strategies as st

from emoviz.geometry import poincare

DTYPES = st.sampled_from([torch.float32, torch.float64])
CURVATURES = st.sampled_from([0.1, 0.5, 1.0, 2.0])
SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def ball_points(draw, n: int = 8, dim: int = 5, dtype=torch.float64, c: float = 1.0, reach: float = 3.0):
    """``n`` points in the ball, up to geodesic distance ``reach`` from the origin.

    Radii are drawn in geodesic units so that crowded centre and thin rim are
    both visited; a uniform draw of coordinates would hardly ever see the rim.
    """
    gen = torch.Generator().manual_seed(draw(SEEDS))
    direction = torch.nn.functional.normalize(torch.randn(n, dim, generator=gen, dtype=torch.float64), dim=-1)
    radius = reach * torch.rand(n, 1, generator=gen, dtype=torch.float64)
    return poincare.expmap0(direction * radius / 2, c).to(dtype)


@st.composite
def distributions(draw, *shape: int, labels: int | None = None, zeros: bool = True):
    """Emotion distributions, ``(*shape, K)``, from flat to one-hot; some labels get nothing if ``zeros``."""
    generator = np.random.default_rng(draw(SEEDS))
    labels = labels or draw(st.integers(2, 9))
    mass = generator.gamma(draw(st.sampled_from([0.05, 0.5, 5.0])), size=(*shape, labels)) + 1e-9
    if zeros:
        mass *= generator.random(mass.shape) < 0.7
        mass[..., 0] += mass.sum(-1) == 0
    return mass / mass.sum(-1, keepdims=True)


@st.composite
def votes(draw, n: int = 6, labels: int = 6, most: int = 12):
    """Counts of two sides, two arrays ``(n, labels)``; every side of every sample has at least one vote."""
    generator = np.random.default_rng(draw(SEEDS))
    shown = generator.dirichlet(np.full(labels, 0.5), (2, n))
    totals = generator.integers(1, most + 1, (2, n))
    return tuple(generator.multinomial(totals, shown).astype(float))
