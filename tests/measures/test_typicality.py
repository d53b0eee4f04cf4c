"""Typicality: near the class is typical, far is not, and no scale is 0 / 0."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from emoviz.geometry import poincare
from emoviz.measures import typicality
from tests.strategies import ball_points, distributions

DISTANCES = st.lists(st.floats(0, 20), min_size=1, max_size=12).map(np.array)


@given(DISTANCES)
def test_nearer_is_never_less_typical(distances):
    d = np.sort(distances)
    anchors = np.linspace(0, 5, 9)
    for t in (typicality.prototype(d, 0.7), typicality.conformal(d, anchors), typicality.knn(d[:, None], anchors)):
        assert (np.diff(t) <= 0).all()
        assert ((t > 0) & (t <= 1)).all()


def test_the_median_anchor_is_fully_typical():
    # exp(-d/s) would give it .37, and a pair of such .14: conflict would never look large.
    assert_allclose(typicality.prototype(np.array([0.0, 1.0, 2.0, 3.0]), 1.0), [1, 1, np.exp(-1), np.exp(-2)])


def test_each_class_has_its_own_scale():
    assert_allclose(typicality.prototype(np.array([2.0, 2.0]), np.array([1.0, 2.0])), [np.exp(-1), 1])


def test_a_scale_is_never_zero_and_an_empty_class_borrows_one():
    # 542 happy faces of CREMA-D share one distribution: the median distance of their anchors is 0.
    assert_allclose(typicality.scales(np.array([0.0, 1.0, 2.0, np.nan])), [0.1, 1, 2, 1])
    assert_allclose(typicality.scales(torch.tensor([0.0, 2.0]), share=0.5), [0.5, 2])


def test_conformal_is_the_rank_among_anchors():
    anchors = np.array([1.0, 2.0, 3.0, np.nan])
    assert_allclose(typicality.conformal(np.array([0.5, 2.0, 9.0]), anchors), [1, 3 / 4, 1 / 4])


def test_an_anchor_does_not_count_itself():
    anchors = np.array([1.0, 2.0, 3.0])
    own = np.array([1, 1, 1])
    without = [typicality.conformal(np.array([d]), np.delete(anchors, i))[0] for i, d in enumerate(anchors)]
    assert_allclose(typicality.conformal(anchors, anchors, own), without)


def test_conformal_typicality_of_more_of_the_same_is_even():
    # For a new sample of the class, "t is at most x" has chance x: a p-value of being typical.
    draws = np.random.default_rng(0).gamma(2, size=(4000, 20))
    t = typicality.conformal(draws[:, 0], draws[:, 1:])
    for level in (0.05, 0.25, 0.5):
        assert (t <= level).mean() == pytest.approx(level, abs=0.02)


def test_knn_looks_at_the_nearest_only():
    distances = np.array([[3.0, 1.0, 2.0, 100.0]])
    assert_allclose(typicality.mean_nearest(distances, k=3), [2])
    assert_allclose(typicality.mean_nearest(distances, k=9), [26.5])
    assert_allclose(typicality.knn(distances, np.array([1.0, 2.0, 3.0]), k=3), [3 / 4])


@given(ball_points(reach=4.0))
def test_radius_is_the_distance_from_the_origin_over_its_largest(x):
    expected = poincare.distance(torch.zeros_like(x), x) / 4
    assert_allclose(typicality.radius(x.numpy(), clip=2.0), expected.numpy(), atol=1e-12)
    shrunk = typicality.radius((x / 0.5**0.5).numpy(), clip=2.0 / 0.5**0.5, c=0.5)
    assert_allclose(shrunk, expected.numpy(), atol=1e-12)


@given(distributions(5))
def test_confidence_is_the_largest_share(q):
    assert_allclose(typicality.confidence(q), q.max(-1))


@given(DISTANCES)
def test_torch_gives_what_numpy_gives(d):
    anchors, tensor = np.array([0.5, 1.0, np.nan]), torch.as_tensor(d)
    for there, here in (
        (typicality.prototype(tensor, 0.7), typicality.prototype(d, 0.7)),
        (typicality.conformal(tensor, torch.as_tensor(anchors)), typicality.conformal(d, anchors)),
        (typicality.mean_nearest(tensor[None], 3), typicality.mean_nearest(d[None], 3)),
        (typicality.confidence(tensor[None]), typicality.confidence(d[None])),
    ):
        assert_allclose(there.numpy(), here)
