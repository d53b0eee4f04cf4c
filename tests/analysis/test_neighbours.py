import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from emoviz.analysis import neighbours


def test_the_nearest_on_the_ball_are_the_geodesically_nearest():
    # On one radius: distances are differences of 2 artanh(r), so the order is that of the radii.
    radii = np.array([0.0, 0.1, 0.5, 0.9, 0.99])
    points = np.column_stack([radii, np.zeros(5)])
    found = neighbours.on_the_ball(points, 2, k=2)
    lengths = 2 * np.arctanh(radii)
    assert_array_equal(found.rows, [1, 0])
    assert_allclose(found.distances, lengths[2] - lengths[[1, 0]], rtol=1e-9)


def test_a_sample_is_not_its_own_neighbour_even_among_copies():
    points = np.tile([[0.3, 0.2]], (5, 1))
    assert 3 not in neighbours.on_the_ball(points, 3, k=4).rows
    assert len(neighbours.on_the_ball(points, 3, k=4).rows) == 4


def test_missing_points_are_nobodys_neighbours_and_have_none():
    points = np.array([[0.0, 0.0], [np.nan, np.nan], [0.5, 0.0]])
    assert_array_equal(neighbours.on_the_ball(points, 0).rows, [2])
    assert len(neighbours.on_the_ball(points, 1).rows) == 0


def test_votes_that_agree_are_at_distance_zero_and_disjoint_ones_at_one():
    voice = np.array([[1, 0], [1, 0], [0, 1]], float)
    found = neighbours.by_votes(np.stack([voice, voice]), 0)
    assert_array_equal(found.rows, [1, 2])
    assert_allclose(found.distances, [0, 1])


def test_a_side_that_one_sample_lacks_is_left_out_of_its_distance():
    voice = np.array([[1, 0], [1, 0], [0, 1]], float)
    face = np.array([[1, 0], [np.nan, np.nan], [1, 0]])
    found = neighbours.by_votes(np.stack([voice, face]), 0)
    assert_allclose(found.distances[np.argsort(found.rows)], [0, 0.5])
