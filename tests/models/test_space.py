"""Our geometry and geoopt's, which moves the prototypes, are the same."""

import geoopt
import pytest
import torch
from hypothesis import given
from torch.testing import assert_close

from emoviz.geometry import poincare
from emoviz.models.space import Space
from tests.strategies import CURVATURES, SEEDS


def tangents(seed, n=16, dim=4):
    # Short enough to stay off the rim, where each library stops points at a limit of its own.
    return 0.4 * torch.randn(n, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@given(CURVATURES, SEEDS)
def test_geoopt_measures_the_same_distances(c, seed):
    v, w = tangents(seed), tangents(seed + 1)
    space = Space("hyperbolic", c, 2.0)
    x, y = space.point(v), space.point(w)
    assert_close(space.manifold.dist(x, y), space.distance(x, y), rtol=1e-6, atol=1e-8)


@given(CURVATURES, SEEDS)
def test_geoopt_puts_tangents_at_the_same_points(c, seed):
    v = tangents(seed)
    ball = geoopt.PoincareBall(c)
    x = poincare.expmap0(v, c)
    assert_close(ball.expmap0(v), x)
    assert_close(ball.logmap0(x), poincare.logmap0(x, c), rtol=1e-6, atol=1e-8)


@given(CURVATURES, SEEDS)
def test_geoopt_adds_alike(c, seed):
    x, y = poincare.expmap0(tangents(seed), c), poincare.expmap0(tangents(seed + 1), c)
    assert_close(geoopt.PoincareBall(c).mobius_add(x, y), poincare.mobius_add(x, y, c), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("geometry", ["hyperbolic", "euclidean"])
def test_no_tangent_is_longer_than_the_clip(geometry):
    space = Space(geometry, 1.0, 1.5)
    reach = space.distance(torch.zeros(4, dtype=torch.float64), space.point(50 * tangents(0)))
    assert_close(reach, torch.full_like(reach, 3.0))
    short = space.distance(torch.zeros(4, dtype=torch.float64), space.point(1e-3 * tangents(0)))
    assert_close(short, 2e-3 * tangents(0).norm(dim=1), rtol=1e-5, atol=0)


def test_both_geometries_agree_near_the_origin():
    v, w = 1e-3 * tangents(0), 1e-3 * tangents(1)
    ball, flat = Space("hyperbolic", 1.0, 2.0), Space("euclidean", 1.0, 2.0)
    assert_close(
        ball.distance(ball.point(v), ball.point(w)), flat.distance(flat.point(v), flat.point(w)), rtol=1e-4, atol=0
    )


@pytest.mark.parametrize("geometry", ["hyperbolic", "euclidean"])
def test_what_is_shown_lies_in_the_unit_ball(geometry):
    space = Space(geometry, 0.25, 2.0)
    assert (space.shown(space.point(50 * tangents(0))).norm(dim=1) < 1).all()


@pytest.mark.parametrize("geometry", ["hyperbolic", "euclidean"])
def test_equal_points_are_their_own_midpoint(geometry):
    space = Space(geometry, 1.0, 2.0)
    x = space.point(tangents(0, n=1))
    assert_close(space.midpoint(x.expand(5, 4), torch.arange(1.0, 6.0, dtype=torch.float64)), x[0])
