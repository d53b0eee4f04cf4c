"""The picture keeps what can be kept, and says what it lost."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from emoviz.analysis import reduce


def cloud(n: int, dim: int, seed: int = 0, reach: float = 2.0) -> np.ndarray:
    """Points in the ball around seven directions, geodesic radius up to ``2 reach``."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(7, dim))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    tangents = reach * rng.beta(3, 2, (n, 1)) * centres[rng.integers(0, 7, n)] + 0.08 * rng.normal(size=(n, dim))
    norm = np.linalg.norm(tangents, axis=1, keepdims=True)
    return np.tanh(norm) * tangents / norm


def test_points_that_lie_on_a_plane_keep_their_distances():
    flat = cloud(400, 2)
    lifted = np.hstack([flat, np.zeros((400, 6))]) @ np.linalg.qr(np.random.default_rng(1).normal(size=(8, 8)))[0]
    placed = reduce.fit(lifted).place(lifted)
    assert placed.distortion.max() < 1e-3
    assert_allclose(reduce.distances(placed.xy, placed.xy), reduce.distances(lifted, lifted), atol=0.02)


def test_the_hyperbolic_map_distorts_less_than_tangent_pca():
    points = cloud(600, 32)
    placed = reduce.fit(points).place(points)
    true = reduce.distances(points, points)

    def lost(xy):
        return np.sqrt(np.square(reduce.distances(xy, xy) - true).sum() / np.square(true).sum())

    assert lost(placed.xy) < 0.6 * lost(reduce.tangent_pca(points))


def test_every_place_is_inside_the_disk_even_for_points_at_the_rim():
    points = cloud(200, 8)
    points[:50] *= (1 - 1e-9) / np.linalg.norm(points[:50], axis=1, keepdims=True)
    placed = reduce.fit(points).place(points)
    assert (np.linalg.norm(placed.xy, axis=1) < 1).all()
    assert np.isfinite(placed.distortion).all()


def test_a_place_depends_on_its_own_point_only():
    points = cloud(300, 16)
    disk = reduce.fit(points)
    assert_allclose(disk.place(points[7:9]).xy, disk.place(points).xy[7:9], atol=1e-9)


def test_the_same_points_and_seed_give_the_same_map():
    points = cloud(300, 16)
    assert_array_equal(reduce.fit(points, seed=3).places, reduce.fit(points, seed=3).places)


def test_missing_points_stay_missing_and_harm_nobody():
    points = cloud(300, 16)
    points[10] = np.nan
    placed = reduce.fit(points).place(points)
    assert np.isnan(placed.xy[10]).all()
    assert np.isfinite(np.delete(placed.xy, 10, 0)).all()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_handful_of_points_is_enough(n):
    points = cloud(n, 5)
    placed = reduce.fit(points).place(points)
    assert np.isfinite(placed.xy).all()


def test_prototypes_are_among_the_landmarks():
    points, prototypes = cloud(300, 16), cloud(7, 16, seed=5)
    assert_array_equal(reduce.fit(points, keep=prototypes).landmarks[:7], prototypes)


def test_coincident_points_stay_together():
    points = cloud(100, 8)
    points[1:20] = points[0]
    placed = reduce.fit(points).place(points)
    assert_allclose(placed.xy[1:20], np.tile(placed.xy[0], (19, 1)), atol=1e-9)
