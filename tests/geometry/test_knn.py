"""The nearest neighbours are those that a slow look at every pair would find."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from emoviz.geometry import knn, poincare
from tests.strategies import CURVATURES, DTYPES, ball_points


@given(CURVATURES, DTYPES, st.integers(1, 40), st.integers(1, 400), st.data())
def test_neighbours_are_those_of_every_pair_whatever_the_block(c, dtype, k, block, data):
    points = data.draw(ball_points(n=30, dim=3, c=c, dtype=dtype))
    queries = data.draw(ball_points(n=7, dim=3, c=c, dtype=dtype))
    every = poincare.distance(queries.double()[:, None], points.double()[None], c)
    expected = every.sort(dim=1)
    found = knn.neighbours(queries, points, k, c, block)
    assert found.indices.shape == (7, min(k, 30))
    assert_close(found.distances, expected.values[:, :k])
    assert_close(found.distances, every.gather(1, found.indices))


def test_a_point_finds_itself_first_even_in_float32():
    # By the expanded square this point would be .0098 away from itself.
    points = poincare.expmap0(2 * torch.nn.functional.normalize(torch.randn(200, 16), dim=-1))
    found = knn.neighbours(points, points, 1)
    assert torch.equal(found.indices[:, 0], torch.arange(200))
    assert (found.distances == 0).all()


def test_neighbours_near_the_rim_are_geodesic_not_euclidean():
    query = torch.tensor([[0.9, 0.0]])
    points = torch.tensor([[0.99, 0.0], [0.75, 0.0]])
    # The first looks nearer on paper (.09 against .15) and is farther on the ball (2.35 against 1.00).
    assert knn.neighbours(query, points, 2).indices.tolist() == [[1, 0]]


@pytest.mark.parametrize(("k", "dim"), [(0, 2), (1, 3)])
def test_a_question_that_makes_no_sense_is_refused(k, dim):
    with pytest.raises(ValueError, match="k must be 1 or more and D the same"):
        knn.neighbours(torch.zeros(1, 2), torch.zeros(4, dim), k)


def test_no_queries_have_no_neighbours():
    assert knn.neighbours(torch.zeros(0, 2), torch.zeros(4, 2), 3).indices.shape == (0, 3)
