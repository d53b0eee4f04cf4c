"""Metrics against hand values, scikit-learn and scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.spatial import distance
from scipy.stats import entropy, pearsonr
from sklearn import metrics as sk

from emoviz.measures import metrics
from tests.strategies import SEEDS, distributions

P = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
Q = np.array([[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]])


def test_distribution_metrics_have_their_hand_values():
    assert_allclose(metrics.chebyshev(P, Q), [0.25, 0.5])
    assert_allclose(metrics.clark(P, Q), [np.sqrt(1 / 9 + 1), np.sqrt(1 / 9 + 2)])
    assert_allclose(metrics.canberra(P, Q), [1 / 3 + 1, 1 / 3 + 2])
    assert_allclose(metrics.kl(P, Q), [0.5 * np.log(2), np.log(2)])
    assert_allclose(metrics.cosine(P, Q), [0.375 / np.sqrt(0.5 * 0.375), 0.5 / np.sqrt(0.375)])
    assert_allclose(metrics.intersection(P, Q), [0.75, 0.5])


@given(distributions(2, 9))
def test_distribution_metrics_are_scipys(pair):
    p, q = pair
    rows = list(zip(p, q, strict=True))
    assert_allclose(metrics.chebyshev(p, q), [distance.chebyshev(a, b) for a, b in rows], atol=1e-12)
    assert_allclose(metrics.canberra(p, q), [distance.canberra(a, b) for a, b in rows], atol=1e-12)
    assert_allclose(metrics.cosine(p, q), [1 - distance.cosine(a, b) for a, b in rows], atol=1e-12)
    assert_allclose(metrics.jsd_bits(p, q), [distance.jensenshannon(a, b, 2) ** 2 for a, b in rows], atol=1e-12)
    smooth = np.maximum(q, metrics.EPS)
    logs = np.log(np.where(p > 0, p / smooth, 1))
    assert_allclose(metrics.kl(p, q), (p * logs).sum(1), atol=1e-12)
    positive = 0.9 * q + 0.1 / q.shape[-1]
    assert_allclose(metrics.kl(p, positive), entropy(p, positive, axis=-1), atol=1e-12)


@given(distributions(9))
def test_a_perfect_prediction_has_perfect_metrics(p):
    perfect = metrics.distribution_metrics(p, p)
    assert perfect.chebyshev == perfect.clark == perfect.canberra == 0
    assert_allclose((perfect.kl, perfect.cosine, perfect.intersection), (0, 1, 1), atol=1e-7)


@given(distributions(2, 9))
def test_means_are_over_all_samples_and_skip_missing_ones(pair):
    p, q = pair
    gap = np.concatenate([p, p[:1] * np.nan]), np.concatenate([q, q[:1]])
    assert metrics.distribution_metrics(*gap) == metrics.distribution_metrics(p, q)
    assert metrics.distribution_metrics(p, q).clark == pytest.approx(metrics.clark(p, q).mean())


def test_a_mode_is_unique_or_unknown():
    p = np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2], [np.nan] * 3])
    assert metrics.modes(p).tolist() == [1, -1, -1]


def test_accuracy_is_on_samples_with_a_unique_mode():
    truth, predicted = np.array([0, 1, -1, 2]), np.array([0, 2, 0, 2])
    assert_allclose(metrics.hits(truth, predicted), [1, 0, np.nan, 1])
    assert metrics.accuracy(truth, predicted) == pytest.approx(2 / 3)


@given(SEEDS)
def test_label_metrics_are_scikit_learns(seed):
    generator = np.random.default_rng(seed)
    truth, predicted = generator.integers(0, 4, (2, 60))
    assert metrics.accuracy(truth, predicted) == pytest.approx(sk.accuracy_score(truth, predicted))
    assert metrics.uar(truth, predicted) == pytest.approx(sk.balanced_accuracy_score(truth, predicted))
    unknown, anything = np.append(truth, -1), np.append(predicted, 2)
    for average in ("macro", "weighted"):
        expected = sk.f1_score(truth, predicted, average=average)
        assert metrics.f1(unknown, anything, average) == pytest.approx(expected)
    assert metrics.uar(unknown, anything) == metrics.uar(truth, predicted)


def test_calibration_has_its_hand_values():
    # Four answers at .8 of which three are right: .05 off. One at .6 that is wrong: .6 off.
    p = np.array([[0.8, 0.2]] * 4 + [[0.4, 0.6]])
    truth = np.array([0, 0, 0, 1, 0])
    assert metrics.ece(truth, p) == pytest.approx((4 * 0.05 + 0.6) / 5)
    assert metrics.ece(np.append(truth, -1), np.append(p, [[0.5, 0.5]], 0)) == metrics.ece(truth, p)
    assert metrics.brier(truth, p) == pytest.approx((3 * 0.08 + 1.28 + 0.72) / 5)


def test_certainty_belongs_to_the_last_bin():
    # One wrong at 1, one right at .97: together 1.97 - 1 too sure.
    assert metrics.ece(np.array([1, 0]), np.array([[1.0, 0.0], [0.97, 0.03]])) == pytest.approx(0.97 / 2)


def test_calibrated_answers_have_hardly_any_calibration_error():
    generator = np.random.default_rng(0)
    p = generator.dirichlet([1, 1, 1], 20_000)
    truth = (generator.random((20_000, 1)) > p.cumsum(1)).sum(1)
    assert metrics.ece(truth, p) < 0.02


def test_detection_ignores_unscored_samples_and_says_when_it_cannot_judge():
    flag, score = np.array([1, 0, 1, 0, 1]), np.array([0.9, 0.1, 0.4, 0.6, np.nan])
    assert metrics.auroc(flag, score) == pytest.approx(0.75)
    assert metrics.average_precision(flag, score) == pytest.approx((1 + 2 / 3) / 2)
    assert np.isnan(metrics.auroc(np.ones(3), np.arange(3.0)))
    assert np.isnan(metrics.average_precision(np.zeros(3), np.arange(3.0)))


@given(SEEDS, st.booleans())
def test_a_conflict_score_is_judged_as_scikit_learn_does_ties_included(seed, coarse):
    generator = np.random.default_rng(seed)
    flag, score = generator.random(80) < 0.3, generator.random(80)
    flag[:2] = (True, False)
    score = np.round(score, 1) if coarse else score
    assert metrics.auroc(flag, score) == pytest.approx(sk.roc_auc_score(flag, score))
    assert metrics.average_precision(flag, score) == pytest.approx(sk.average_precision_score(flag, score))


@given(SEEDS)
def test_metrics_of_counts_are_those_of_samples(seed):
    generator = np.random.default_rng(seed)
    truth, predicted = generator.integers(0, 4, (2, 50))
    halves = np.stack([metrics.confusion(truth[i::2], predicted[i::2], 4) for i in (0, 1)])
    assert_allclose(halves.sum(0), sk.confusion_matrix(truth, predicted, labels=range(4)))
    assert metrics.uar_of(halves.sum(0)) == pytest.approx(metrics.uar(truth, predicted))
    assert_allclose(metrics.f1_of(halves), [metrics.f1(truth[i::2], predicted[i::2]) for i in (0, 1)])


def test_a_label_that_never_occurs_does_not_count():
    counts = np.array([[3, 1, 0], [0, 2, 0], [0, 0, 0]])
    assert metrics.uar_of(counts) == pytest.approx((3 / 4 + 1) / 2)
    assert metrics.f1_of(counts) == pytest.approx((6 / 7 + 4 / 5) / 2)
    assert np.isnan(metrics.uar_of(np.zeros((2, 2))))


@given(SEEDS)
def test_correlation_is_scipys(seed):
    x, y = np.random.default_rng(seed).normal(size=(2, 40))
    assert metrics.correlation(x, y) == pytest.approx(pearsonr(x, y).statistic)
    halves = metrics.moments(np.append(x, np.nan), np.append(y, 1))
    assert metrics.correlation_of(halves.reshape(-1, 6).sum(0)) == pytest.approx(pearsonr(x, y).statistic)


def test_what_does_not_vary_has_no_correlation():
    assert np.isnan(metrics.correlation(np.full(5, 0.1), np.arange(5.0)))


def test_scores_fall_into_classes_as_for_mosi():
    truth = np.array([-2.6, -0.4, 0.0, 0.4, 2.6, np.nan])
    predicted = np.array([-3.4, 0.4, 0.4, -0.4, 1.6, 1.0])
    assert_allclose(metrics.score_hits(truth, predicted, 7), [1, 1, 1, 1, 0, np.nan])
    assert_allclose(metrics.score_hits(truth, predicted, 5), [1, 1, 1, 1, 1, np.nan])
    assert_allclose(metrics.score_hits(truth, predicted, 2), [1, 0, np.nan, 0, 1, np.nan])
    assert metrics.mean_absolute_error(truth, predicted) == pytest.approx((0.8 + 0.8 + 0.4 + 0.8 + 1.0) / 5)


def test_brier_is_the_mean_of_its_samples():
    truth, p = np.array([0, -1, 1]), np.array([[0.8, 0.2], [0.5, 0.5], [1.0, 0.0]])
    assert_allclose(metrics.brier_each(truth, p), [0.08, np.nan, 2])
    assert metrics.brier(truth, p) == pytest.approx(1.04)
