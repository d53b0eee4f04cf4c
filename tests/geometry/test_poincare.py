"""What must hold on the ball whatever the points are."""

import geoopt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from emoviz.geometry import poincare
from tests.strategies import CURVATURES, DTYPES, ball_points


@given(ball_points(), ball_points())
def test_distance_is_symmetric(x, y):
    assert_close(poincare.distance(x, y), poincare.distance(y, x))


@given(ball_points())
def test_a_point_is_at_no_distance_from_itself(x):
    assert (poincare.distance(x, x) == 0).all()


@given(ball_points(), ball_points(), ball_points())
def test_distance_obeys_the_triangle_inequality(x, y, z):
    direct, detour = poincare.distance(x, z), poincare.distance(x, y) + poincare.distance(y, z)
    assert (direct <= detour + 1e-9).all()


@given(CURVATURES, ball_points(), ball_points())
def test_curvature_only_rescales(c, x, y):
    # The ball of curvature -c is the unit ball shrunk by sqrt(c).
    shrunk = poincare.distance(x / c**0.5, y / c**0.5, c)
    assert_close(shrunk, poincare.distance(x, y) / c**0.5)


@given(ball_points(), ball_points(), ball_points())
def test_left_translation_is_an_isometry(a, x, y):
    moved = poincare.distance(poincare.mobius_add(a, x), poincare.mobius_add(a, y))
    assert_close(moved, poincare.distance(x, y), rtol=1e-6, atol=1e-6)


def test_distance_known_value():
    # On a diameter the distance from 0 is 2 artanh(r): r = 0.5 gives ln 3.
    got = poincare.distance(torch.zeros(2), torch.tensor([0.5, 0.0]))
    assert_close(got, torch.tensor(3.0).log())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("where", ["at the origin", "coincident", "at the rim"])
def test_distance_gradient_is_finite(dtype, where):
    places = {
        "at the origin": torch.zeros(3, 4),
        "coincident": torch.full((3, 4), 0.3),
        "at the rim": poincare.project(torch.ones(3, 4)),
    }
    x = places[where].to(dtype).requires_grad_()
    poincare.distance(x, x.detach().clone()).sum().backward()
    assert torch.isfinite(x.grad).all()


def test_distance_keeps_its_digits_in_float32():
    x = torch.tensor([[0.4, 0.2]], dtype=torch.float64)
    y = x + 1e-4
    assert_close(poincare.distance(x.float(), y.float()).double(), poincare.distance(x, y), rtol=1e-3, atol=0)


@given(DTYPES, CURVATURES)
def test_projected_points_are_inside_and_points_inside_stay(dtype, c):
    outside = torch.tensor([[3.0, 4.0], [0.0, 1e30], [1.0, 0.0]], dtype=dtype)
    inside = poincare.project(outside, c)
    assert (c * inside.square().sum(-1) < 1).all()
    assert torch.equal(poincare.project(inside / 2, c), inside / 2)
    assert torch.isfinite(poincare.distance(inside, -inside, c)).all()


@given(CURVATURES, st.data())
def test_expmap0_travels_twice_the_tangent_norm(c, data):
    # The metric at the origin is 4 times the Euclidean one, for every c.
    x = data.draw(ball_points(c=c))
    v = poincare.logmap0(x, c)
    assert_close(poincare.distance(torch.zeros_like(x), x, c), 2 * v.norm(dim=-1))


@pytest.mark.parametrize(("dtype", "cap"), [(torch.float32, 6.2), (torch.float64, 12.2)], ids=str)
def test_the_boundary_gap_caps_the_radius(dtype, cap):
    # Beyond its cap a feature's norm is lost, and features have to be clipped before.
    x = poincare.expmap0(torch.tensor([100.0, 0.0], dtype=dtype))
    assert poincare.distance(torch.zeros_like(x), x).item() == pytest.approx(cap, abs=0.02)


@given(CURVATURES, st.data())
def test_logmap0_undoes_expmap0(c, data):
    x = data.draw(ball_points(c=c))
    assert_close(poincare.expmap0(poincare.logmap0(x, c), c), x)


@pytest.mark.parametrize("f", [poincare.expmap0, poincare.logmap0])
def test_origin_stays_put_with_unit_slope(f):
    v = torch.zeros(3, 4, requires_grad=True)
    out = f(v)
    out.sum().backward()
    assert_close(out, torch.zeros(3, 4))
    assert_close(v.grad, torch.ones(3, 4))


@given(CURVATURES, st.data())
def test_logmap_undoes_expmap_anywhere(c, data):
    x, y = data.draw(ball_points(c=c)), data.draw(ball_points(c=c))
    assert_close(poincare.expmap(x, poincare.logmap(x, y, c), c), y)


@given(CURVATURES, st.data())
def test_logmap_is_as_long_as_the_way(c, data):
    x, y = data.draw(ball_points(c=c)), data.draw(ball_points(c=c))
    length = poincare.conformal_factor(x, c)[..., 0] * poincare.logmap(x, y, c).norm(dim=-1)
    assert_close(length, poincare.distance(x, y, c))


@given(CURVATURES, st.data())
def test_maps_at_the_origin_are_maps_at_a_point_that_is_the_origin(c, data):
    x = data.draw(ball_points(c=c))
    origin = torch.zeros_like(x)
    assert_close(poincare.logmap(origin, x, c), poincare.logmap0(x, c))
    assert_close(poincare.expmap(origin, x, c), poincare.expmap0(x, c))


@given(CURVATURES, st.data())
def test_adding_the_opposite_first_undoes_a_translation(c, data):
    x, y = data.draw(ball_points(c=c)), data.draw(ball_points(c=c))
    assert_close(poincare.mobius_add(-x, poincare.mobius_add(x, y, c), c), y, atol=1e-9, rtol=1e-6)


@given(CURVATURES, st.data())
def test_twice_a_point_is_the_point_added_to_itself(c, data):
    x = data.draw(ball_points(c=c, reach=2.0))
    assert_close(poincare.mobius_scale(2, x, c), poincare.mobius_add(x, x, c))


@given(CURVATURES, st.floats(0, 1), st.data())
def test_a_geodesic_divides_the_way_in_proportion(c, t, data):
    x, y = data.draw(ball_points(c=c)), data.draw(ball_points(c=c))
    between = poincare.geodesic(x, y, t, c)
    whole = poincare.distance(x, y, c)
    assert_close(poincare.distance(x, between, c), t * whole, atol=1e-6, rtol=1e-6)
    assert_close(poincare.distance(between, y, c), (1 - t) * whole, atol=1e-6, rtol=1e-6)


def test_a_geodesic_of_many_points_begins_and_ends_where_it_should():
    x, y = torch.tensor([[0.1, 0.8], [0.5, -0.5]], dtype=torch.float64)
    path = poincare.geodesic(x, y, torch.linspace(0, 1, 9))
    assert path.shape == (9, 2)
    assert_close(path[[0, -1]], torch.stack([x, y]))


@given(CURVATURES, st.data())
def test_geoopt_says_the_same(c, data):
    x, y, v = (data.draw(ball_points(c=c)) for _ in range(3))
    ball = geoopt.PoincareBall(torch.tensor(c, dtype=torch.float64))
    third = torch.tensor(0.3, dtype=torch.float64)
    for ours, theirs in (
        (poincare.distance(x, y, c), ball.dist(x, y)),
        (poincare.mobius_add(x, y, c), ball.mobius_add(x, y)),
        (poincare.mobius_scale(0.3, x, c), ball.mobius_scalar_mul(third, x)),
        (poincare.expmap0(v, c), ball.expmap0(v)),
        (poincare.logmap0(x, c), ball.logmap0(x)),
        (poincare.expmap(x, v, c), ball.expmap(x, v)),
        (poincare.logmap(x, y, c), ball.logmap(x, y)),
        (poincare.geodesic(x, y, 0.3, c), ball.geodesic(third, x, y)),
        (poincare.project(5 * x, c), ball.projx(5 * x)),
    ):
        # geoopt's artanh has few digits left for pairs that nearly coincide.
        assert_close(ours, theirs, rtol=1e-6, atol=1e-7)
