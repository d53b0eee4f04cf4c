"""Intervals hold what they promise, and know that samples of one speaker are not independent."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import binomtest

from emoviz.measures import intervals
from tests.strategies import SEEDS


def speakers(seed: int, groups: int = 40, each: int = 25) -> tuple[np.ndarray, np.ndarray]:
    """Samples of speakers who differ: as much between speakers as within."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(groups, 1)) + generator.normal(size=(groups, each))
    return values.ravel(), np.repeat(np.arange(groups), each)


@given(SEEDS)
def test_the_value_lies_in_its_interval(seed):
    values, groups = speakers(seed)
    found = intervals.bootstrap(values, groups, resamples=200)
    assert found.low <= found.value <= found.high
    assert found.value == pytest.approx(values.mean())
    assert (found.n, found.groups) == (1000, 40)


def test_nineteen_of_twenty_intervals_hold_the_truth():
    held = [(i := intervals.bootstrap(*speakers(seed), resamples=300)).low <= 0 <= i.high for seed in range(200)]
    assert np.mean(held) == pytest.approx(0.95, abs=0.04)


def test_drawing_samples_where_speakers_differ_promises_too_much():
    values, groups = speakers(0)
    honest, naive = intervals.bootstrap(values, groups), intervals.bootstrap(values)
    assert honest.high - honest.low > 2 * (naive.high - naive.low)


def test_the_mean_of_uneven_groups_is_the_statistic_when_none_is_named():
    values, groups = (x[200:230] for x in speakers(1, groups=50, each=7))
    named = intervals.bootstrap(values, groups, lambda rows: rows.mean(), resamples=100)
    plain = intervals.bootstrap(values, groups, resamples=100)
    assert_allclose((named.value, named.low, named.high), (plain.value, plain.low, plain.high))


def test_a_statistic_of_rows_sees_whole_rows_of_whole_groups():
    values = np.repeat(np.arange(6.0), 3).reshape(6, 3)
    groups = np.array(["a", "a", "b", "b", "c", "c"])

    def checked(rows):
        pairs = rows[:, 0].reshape(-1, 2)
        assert (pairs[:, 1] - pairs[:, 0] == 1).all()
        assert (rows == rows[:, :1]).all()
        return float(np.median(rows))

    assert intervals.bootstrap(values, groups, checked, resamples=50).groups == 3


def test_the_same_seed_gives_the_same_interval():
    values, groups = speakers(2)
    assert intervals.bootstrap(values, groups, seed=3) == intervals.bootstrap(values, groups, seed=3)
    assert intervals.bootstrap(values, groups, seed=3) != intervals.bootstrap(values, groups, seed=4)


def test_more_groups_than_fit_one_block_are_drawn_block_by_block():
    values = np.random.default_rng(0).normal(size=300_000)
    found = intervals.bootstrap(values, resamples=50)
    error = values.std() / len(values) ** 0.5
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.4)


def test_missing_values_are_left_out():
    found = intervals.bootstrap(np.array([1.0, 2.0, np.nan]), np.array(["a", "b", "c"]), resamples=50)
    assert (found.value, found.n, found.groups) == (1.5, 2, 2)


@pytest.mark.parametrize(
    "found",
    [
        intervals.bootstrap(np.array([])),
        intervals.wilson(0, 0),
        intervals.share(np.array([], bool), np.array([], str)),
    ],
    ids=["bootstrap", "wilson", "share"],
)
def test_nothing_has_no_interval(found):
    assert np.isnan([found.value, found.low, found.high]).all()
    assert (found.n, found.groups) == (0, 0)


@given(st.integers(1, 200), st.data())
def test_wilson_is_scipys(n, data):
    k = data.draw(st.integers(0, n))
    expected = binomtest(k, n).proportion_ci(0.9, method="wilson")
    found = intervals.wilson(k, n, level=0.9)
    assert_allclose((found.low, found.high), (expected.low, expected.high), atol=1e-12)
    assert found.value == k / n


def test_a_share_is_drawn_by_speaker():
    generator = np.random.default_rng(0)
    habit = generator.random(50) < 0.5
    told, names = np.repeat(habit, 20), np.repeat([f"speaker {i}" for i in range(50)], 20)
    by_speaker, alone = intervals.share(told, names), intervals.share(told, np.full(1000, ""))
    assert by_speaker.value == alone.value == habit.mean()
    assert alone == intervals.wilson(int(told.sum()), 1000)
    assert by_speaker.high - by_speaker.low > 3 * (alone.high - alone.low)
    assert (by_speaker.n, by_speaker.groups, alone.groups) == (1000, 50, 1000)


@pytest.mark.parametrize("told", [True, False])
def test_a_share_of_all_or_none_still_has_a_doubt(told):
    found = intervals.share(np.full(100, told), np.repeat(["a", "b", "c", "d"], 25))
    assert found.value == told
    assert found.high - found.low > 0.3
    assert (found.n, found.groups) == (100, 4)


def test_an_interval_reads_as_a_sentence_would_quote_it():
    assert str(intervals.Interval(0.5, 0.25, 0.75, 10, 5)) == "0.5000 [0.2500, 0.7500]"
