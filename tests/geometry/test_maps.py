"""The same plane in other pictures."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from emoviz.geometry import maps, poincare
from tests.strategies import CURVATURES, ball_points


@given(CURVATURES, st.data())
def test_there_and_back_is_where_it_was(c, data):
    x = data.draw(ball_points(c=c))
    assert_close(maps.from_klein(maps.to_klein(x, c), c), x)
    disk = data.draw(ball_points(dim=2))
    assert_close(maps.from_half_plane(maps.to_half_plane(disk)), disk)


@given(CURVATURES, st.data())
def test_geodesics_are_straight_in_klein(c, data):
    x, y = data.draw(ball_points(n=1, c=c)), data.draw(ball_points(n=1, c=c))
    start, middle, end = maps.to_klein(poincare.geodesic(x, y, torch.tensor([0.0, 0.3, 1.0]), c), c)
    along = torch.nn.functional.normalize(end - start, dim=-1)
    aside = (middle - start) - ((middle - start) * along).sum() * along
    assert_close(aside, torch.zeros_like(aside), atol=1e-9, rtol=0)


@given(ball_points(dim=2), ball_points(dim=2))
def test_the_half_plane_keeps_distances(x, y):
    v, w = maps.to_half_plane(x), maps.to_half_plane(y)
    height = (v[:, 1] * w[:, 1]).sqrt()
    assert_close(2 * torch.asinh((v - w).norm(dim=-1) / (2 * height)), poincare.distance(x, y))


def test_the_half_plane_is_the_right_way_up():
    centre, right, up = maps.to_half_plane(torch.tensor([[0.0, 0.0], [0.5, 0.0], [0.0, 0.5]]))
    assert_close(centre, torch.tensor([0.0, 1.0]))
    assert right[0] > 0
    assert_close(up, torch.tensor([0.0, 3.0]))
