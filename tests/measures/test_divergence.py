"""Divergences of distributions, and the null that votes have to beat."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.spatial.distance import jensenshannon
from scipy.special import rel_entr
from scipy.stats import false_discovery_control

from emoviz.measures import divergence
from emoviz.measures.divergence import LN2, benjamini_hochberg, vote_null
from tests.strategies import SEEDS, distributions, votes


@given(distributions(2, 9))
def test_numpy_torch_and_scipy_agree(pair):
    p, q = pair
    tensors = torch.as_tensor(p), torch.as_tensor(q)
    assert_allclose(divergence.jsd(p, q), jensenshannon(p, q, axis=-1) ** 2, atol=1e-12)
    assert_allclose(divergence.jsd(*tensors).numpy(), divergence.jsd(p, q), atol=1e-15)
    assert_allclose(divergence.kl(p, q), rel_entr(p, q).sum(-1), atol=1e-12)
    assert_allclose(divergence.kl(*tensors).numpy(), divergence.kl(p, q), atol=1e-12)
    assert_allclose(divergence.entropy(tensors[0]).numpy(), divergence.entropy(p), atol=1e-15)


@given(distributions(2, 9))
def test_jsd_is_symmetric_bounded_and_zero_only_for_equals(pair):
    p, q = pair
    apart = divergence.jsd(p, q)
    assert_allclose(apart, divergence.jsd(q, p), atol=0)
    assert ((apart >= 0) & (apart <= LN2)).all()
    assert (divergence.jsd(p, p) == 0).all()
    assert (apart[np.abs(p - q).max(-1) > 1e-6] > 0).all()


@given(distributions(3, 9))
def test_the_root_of_jsd_obeys_the_triangle_inequality(three):
    a, b, c = three
    direct, first, second = (np.sqrt(divergence.jsd(*pair)) for pair in ((a, c), (a, b), (b, c)))
    assert (direct <= first + second + 1e-9).all()


@given(distributions(2, 9))
def test_jsd_is_entropy_gained_by_mixing(pair):
    p, q = pair
    h = divergence.entropy
    assert_allclose(divergence.jsd(p, q), h((p + q) / 2) - (h(p) + h(q)) / 2, atol=1e-12)


def test_known_values():
    one, other, flat = np.array([1.0, 0, 0, 0]), np.array([0, 1.0, 0, 0]), np.full(4, 0.25)
    assert divergence.entropy(flat) == pytest.approx(np.log(4))
    assert divergence.entropy(one) == 0
    assert divergence.jsd(one, other) == pytest.approx(LN2)
    assert divergence.kl(one, flat) == pytest.approx(np.log(4))
    assert divergence.kl(flat, one) == np.inf


@pytest.mark.parametrize("namespace", [np, torch])
def test_a_row_of_nan_stays_nan_and_touches_no_other(namespace):
    p = namespace.asarray([[0.5, 0.5], [float("nan")] * 2, [1.0, 0.0]])
    for values in (divergence.entropy(p), divergence.jsd(p, p), divergence.kl(p, p)):
        assert np.isnan(np.asarray(values)).tolist() == [False, True, False]


@pytest.mark.parametrize("f", [divergence.jsd, divergence.kl])
def test_gradients_are_finite_at_zeros_and_beside_missing_rows(f):
    p = torch.tensor([[1.0, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]], requires_grad=True)
    q = torch.tensor([[0.5, 0.5, 0], [1.0, 0, 0], [float("nan")] * 3], requires_grad=True)
    values = f(p, q)
    torch.where(values.isfinite(), values, 0).sum().backward()
    assert torch.isfinite(p.grad).all()
    assert torch.isfinite(q.grad[:2]).all()


def test_the_gradient_of_jsd_is_the_slope():
    p = torch.tensor([[0.2, 0.3, 0.5]], dtype=torch.float64, requires_grad=True)
    q = torch.tensor([[0.6, 0.3, 0.1]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(divergence.jsd, (p, q))


# The null of the votes


def slow_null(a, b):
    """Observed JSD, its mean over all deals and the share of deals as far apart; bits, each vote a card of its own."""
    cards = np.repeat(np.arange(len(a)), (a + b).astype(int))
    first = int(a.sum())
    drawn, total = [], len(cards)
    for hand in product([False, True], repeat=total):
        if sum(hand) == first:
            one = np.bincount(cards[list(hand)], minlength=len(a))
            other = np.bincount(cards, minlength=len(a)) - one
            drawn.append(divergence.jsd(one / one.sum(), other / other.sum()) / LN2)
    observed = divergence.jsd(a / a.sum(), b / b.sum()) / LN2
    return observed, np.mean(drawn), np.mean(np.array(drawn) >= observed - 1e-9)


@given(votes(n=2, labels=4, most=5))
def test_the_null_is_what_dealing_every_vote_by_hand_gives(pair):
    null = vote_null(*pair)
    for i, (a, b) in enumerate(zip(*pair, strict=True)):
        observed, expected, share = slow_null(a, b)
        found = null.observed[i], null.expected[i], null.p[i]
        assert_allclose(found, (observed, expected, (1 + 4999 * share) / 5000), atol=1e-12)


@given(votes(n=3))
def test_drawn_deals_come_to_the_enumerated_null(pair):
    exact, drawn = vote_null(*pair), vote_null(*pair, exact_limit=0)
    assert_allclose(drawn.observed, exact.observed)
    assert_allclose(drawn.expected, exact.expected, atol=0.02)
    # Four standard errors of a share among 4,999.
    assert_allclose(drawn.p, exact.p, atol=4 * 0.5 / 4999**0.5)


@given(votes())
def test_the_null_cares_neither_for_the_order_of_sides_nor_of_labels(pair):
    a, b = pair
    for limit in (0, 20_000):
        there = vote_null(a, b, permutations=99, exact_limit=limit)
        for other in ((b, a), (a[:, ::-1], b[:, ::-1])):
            here = vote_null(*other, permutations=99, exact_limit=limit)
            for field in ("observed", "expected", "p"):
                assert_allclose(getattr(here, field), getattr(there, field), atol=1e-12)


@given(votes(), SEEDS)
def test_a_sample_has_the_same_null_whatever_else_is_in_the_dataset(pair, seed):
    twice = [np.concatenate([side, side]) for side in pair]
    for limit in (0, 20_000):
        together = vote_null(*twice, seed=seed, permutations=99, exact_limit=limit)
        alone = vote_null(*(side[2:3] for side in pair), seed=seed, permutations=99, exact_limit=limit)
        assert (alone.expected[0], alone.p[0]) == (together.expected[2], together.p[2])


def test_the_seed_decides_about_drawn_deals_and_nothing_else():
    votes = [[5, 4, 0]], [[2, 3, 4]]
    drawn = [vote_null(*votes, seed=seed, permutations=99, exact_limit=0).expected[0] for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert vote_null(*votes, seed=0).p == vote_null(*votes, seed=1).p


@given(votes(n=5))
def test_p_is_a_chance_and_one_where_nothing_differs(pair):
    a, b = pair
    for limit in (0, 20_000):
        null = vote_null(a, b, permutations=199, exact_limit=limit)
        assert ((null.p > 0) & (null.p <= 1)).all()
        assert ((null.expected >= 0) & (null.expected <= 1)).all()
        assert_allclose(vote_null(a, a, permutations=199, exact_limit=limit).p, 1)


def test_p_values_of_equal_sides_are_valid():
    # Both sides show the same: a p-value below x comes up in at most a share x.
    generator = np.random.default_rng(0)
    a, b = (generator.multinomial(9, [0.5, 0.2, 0.1, 0.1, 0.05, 0.05], 4000).astype(float) for _ in range(2))
    p = vote_null(a, b).p
    for level in (0.01, 0.05, 0.2):
        assert (p <= level).mean() <= level + 0.01


def test_unanimous_opposites_are_as_rare_as_the_hand_count_says():
    # 3 against 3 votes: 2 of the 20 deals are as far apart.
    null = vote_null([[3, 0]], [[0, 3]])
    assert null.observed[0] == pytest.approx(1)
    assert null.p[0] == pytest.approx((1 + 4999 * 0.1) / 5000)


@pytest.mark.parametrize("nothing", [[0, 0], [np.nan, np.nan], [np.nan, 2]])
def test_a_side_without_votes_has_no_null(nothing):
    null = vote_null([[3, 0], nothing, [2, 2]], [[1, 1], [1, 1], nothing])
    for values in (null.observed, null.expected, null.p):
        assert np.isnan(values).tolist() == [False, True, True]


def test_thousands_of_votes_for_one_label_are_dealt_too():
    null = vote_null([[9000, 0], [3e8, 1e8]], [[9000, 0], [3e8, 1e8]])
    assert_allclose((null.observed, null.expected, null.p), ([0, 0], [0, 0], [1, 1]), atol=1e-6)


def test_no_samples_have_an_empty_null():
    assert vote_null(np.empty((0, 3)), np.empty((0, 3))).p.shape == (0,)


@pytest.mark.parametrize(
    ("a", "why"),
    [
        ([[-1, 3]], "whole numbers"),
        ([[-3, 0]], "whole numbers"),
        ([[0.5, 3]], "whole numbers"),
        ([[np.inf, 3]], "whole numbers"),
        ([[2e9, 3]], "fewer than 1,000,000,000"),
        ([[1, 2, 3]], "one shape"),
    ],
)
def test_votes_that_cannot_be_are_refused(a, why):
    with pytest.raises(ValueError, match=why):
        vote_null(a, [[1, 2]])


# Many questions at once


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_benjamini_hochberg_is_scipys(p):
    assert_allclose(benjamini_hochberg(p), false_discovery_control(p), atol=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_correction_never_helps_and_keeps_the_order(p):
    q = benjamini_hochberg(p)
    assert (q >= np.array(p) - 1e-15).all()
    assert (np.diff(q[np.argsort(p)]) >= -1e-15).all()


def test_what_was_not_asked_stays_nan_and_does_not_count():
    q = benjamini_hochberg([0.01, np.nan, 0.04])
    assert_allclose(q, [0.02, np.nan, 0.04])
    assert np.isnan(benjamini_hochberg([np.nan, np.nan])).all()
