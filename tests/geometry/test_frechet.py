"""A mean on the ball is in the middle, wherever the ball is moved."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from emoviz.geometry import frechet, maps, poincare
from tests.strategies import CURVATURES, ball_points


def spread(x, points, weights, c):
    return (weights * poincare.distance(x[..., None, :], points, c).square()).sum(-1) / weights.sum(-1)


@given(CURVATURES, st.data())
def test_the_mean_has_nowhere_to_go(c, data):
    # At the minimum the tangent vectors towards the points cancel.
    points = data.draw(ball_points(c=c, reach=6.0))
    found = frechet.mean(points, c=c)
    pull = poincare.logmap(found.point, points, c).mean(-2)
    assert found.converged
    assert_close(pull, torch.zeros_like(pull), atol=1e-7, rtol=0)


@given(st.data())
def test_no_other_point_has_a_smaller_spread(data):
    points, others = data.draw(ball_points()), data.draw(ball_points())
    weights = torch.linspace(0.1, 1, len(points), dtype=torch.float64)
    best = spread(frechet.mean(points, weights).point, points, weights, 1.0)
    assert (best <= spread(others, points[None].expand(len(others), -1, -1), weights, 1.0)).all()
    assert_close(best, frechet.variance(points, weights))


@given(ball_points(n=1), ball_points(n=1))
def test_the_mean_of_two_points_is_halfway(x, y):
    halfway = poincare.geodesic(x, y, 0.5)[0]
    both = torch.cat([x, y])
    assert_close(frechet.mean(both).point, halfway, atol=1e-7, rtol=0)
    assert_close(frechet.midpoint(both), halfway, atol=1e-7, rtol=0)


@given(ball_points(n=1), ball_points())
def test_means_move_with_the_points(a, points):
    for middle in (frechet.midpoint, lambda p: frechet.mean(p).point):
        moved = middle(poincare.mobius_add(a, points))
        assert_close(moved, poincare.mobius_add(a[0], middle(points)), atol=1e-6, rtol=1e-6)


@given(CURVATURES, st.data())
def test_the_midpoint_is_the_lorentz_weighted_mean_in_klein_coordinates(c, data):
    points = data.draw(ball_points(c=c))
    weights = torch.linspace(0.1, 1, len(points), dtype=torch.float64)
    klein = maps.to_klein(points, c)
    gamma = weights / (1 - c * klein.square().sum(-1)).sqrt()
    expected = maps.from_klein((gamma[:, None] * klein).sum(0) / gamma.sum(), c)
    assert_close(frechet.midpoint(points, weights, c), expected)


@given(ball_points())
def test_a_point_of_weight_two_counts_as_two_points(points):
    weights = torch.ones(len(points), dtype=torch.float64)
    weights[0] = 2
    doubled = torch.cat([points, points[:1]])
    assert_close(frechet.midpoint(points, weights), frechet.midpoint(doubled))
    assert_close(frechet.mean(points, weights).point, frechet.mean(doubled).point)
    assert_close(frechet.variance(points, weights), frechet.variance(doubled))


def test_equal_points_are_their_own_mean_and_have_no_variance():
    points = torch.tensor([[0.3, -0.4]], dtype=torch.float64).expand(5, 2)
    assert_close(frechet.mean(points).point, points[0])
    assert_close(frechet.variance(points), torch.zeros((), dtype=torch.float64))


def test_a_bank_without_weight_has_its_midpoint_at_the_origin():
    points = torch.full((4, 2), 0.3, requires_grad=True)
    middle = frechet.midpoint(points, torch.zeros(4))
    middle.sum().backward()
    assert torch.equal(middle, torch.zeros(2))
    assert torch.isfinite(points.grad).all()


def test_many_means_at_once_are_the_means_one_by_one():
    points = poincare.expmap0(torch.randn(3, 7, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
    assert_close(frechet.mean(points).point, torch.stack([frechet.mean(p).point for p in points]))


def test_a_mean_that_had_no_time_says_so():
    points = torch.tensor([[0.9, 0.0], [0.0, 0.9], [-0.2, 0.1]], dtype=torch.float64)
    hurried = frechet.mean(points, max_steps=1)
    assert (hurried.converged, hurried.steps) == (False, 1)
