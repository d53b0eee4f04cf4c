"""Conflict between modalities: hand values of the definitions, and the laws behind them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from emoviz.measures import conflict as measure
from emoviz.measures import divergence
from tests.strategies import distributions

FIRST, SECOND, THIRD = np.full((3, 3), 0.05) + 0.85 * np.eye(3)
FLAT = np.full(3, 1 / 3)
NAN = np.full(3, np.nan)


def one(*modalities) -> np.ndarray:
    """One sample: M distributions as ``(M, 1, K)``."""
    return np.array(modalities, float)[:, None]


def posteriors(samples: int = 5, modalities: int = 3, labels: int = 4):
    """Distributions in which no label is impossible, as classifiers give them."""
    return distributions(modalities, samples, labels=labels, zeros=False).map(lambda q: 0.999 * q + 0.001 / q.shape[-1])


# Hand values


@pytest.mark.parametrize(
    ("modalities", "plain", "weighted"),
    [
        ((FIRST, FIRST, FIRST), 1.000, 1.000),
        ((FIRST, FIRST, SECOND), 0.555, 0.956),
        ((FIRST, FIRST, FLAT), 0.822, 0.982),
        ((FIRST, SECOND), 0.333, 0.933),
    ],
    ids=["all agree", "one of three opposes", "one of three says nothing", "two oppose"],
)
def test_pairwise_consistency_has_its_hand_values(modalities, plain, weighted):
    q = one(*modalities)
    last_is_odd = np.ones((len(q), 1))
    last_is_odd[-1] = 0.1
    assert measure.consistency(q)[0] == pytest.approx(plain, abs=5e-4)
    assert measure.consistency(q, weight=last_is_odd)[0] == pytest.approx(weighted, abs=5e-4)


def test_evidence_of_three_has_its_hand_values():
    # Ratios to the flat prior: 2.7 for the shown emotion, .15 for the others.
    found = measure.evidence(one(FIRST, FIRST, SECOND), FLAT)
    none = (2.7**2 * 0.15 + 0.15**2 * 2.7 + 0.15**3) / 3
    agreeing, opposing = (2.7**2 + 2 * 0.15**2) / 3, (2 * 2.7 * 0.15 + 0.15**2) / 3
    drop = (agreeing + 2 * opposing) / 3
    assert_allclose((found.none[0], found.drop[0], found.value[0]), (none, drop, np.log(drop / none)))


def test_conflict_of_classes_is_the_posterior_of_a_dissent():
    found = measure.evidence(one(FIRST, FIRST, SECOND), FLAT)
    expected = 0.1 * found.drop / (0.1 * found.drop + 0.9 * found.none)
    assert_allclose(measure.conflict(one(FIRST, FIRST, SECOND), prior=FLAT, dissent_rate=0.1), expected)


@given(posteriors(modalities=2))
def test_evidence_of_two_is_minus_the_log_of_their_overlap(q):
    prior = np.array([0.1, 0.2, 0.3, 0.4])
    assert_allclose(measure.evidence(q, prior).value, -np.log((q[0] * q[1] / prior).sum(-1)), atol=1e-9)


@given(posteriors(modalities=2))
def test_a_modality_that_says_nothing_is_no_evidence(q):
    prior = np.array([0.1, 0.2, 0.3, 0.4])
    silent = np.stack([q[0], np.broadcast_to(prior, q[0].shape)])
    assert_allclose(measure.evidence(silent, prior).value, 0, atol=1e-9)
    assert_allclose(measure.conflict(silent, prior=prior, dissent_rate=0.2), 0.2, atol=1e-9)


# Laws


@given(distributions(3, 5))
def test_agreeing_modalities_have_no_conflict(q):
    same = np.stack([q[0]] * 3)
    assert (measure.conflict(same) == 0).all()
    assert (measure.consistency(same) == 1).all()


@given(posteriors(), st.permutations(range(3)))
def test_the_order_of_modalities_does_not_matter(q, order):
    prior = np.full(4, 0.25)
    for options in ({}, {"prior": prior, "dissent_rate": 0.1}):
        assert_allclose(measure.conflict(q[order], **options), measure.conflict(q, **options), atol=1e-12)
    assert_allclose(measure.support(q[order]), measure.support(q))


@given(posteriors(), st.permutations(range(4)))
def test_the_order_of_labels_does_not_matter(q, order):
    prior = np.array([0.1, 0.2, 0.3, 0.4])
    there = measure.conflict(q, prior=prior, dissent_rate=0.1)
    assert_allclose(measure.conflict(q[..., order], prior=prior[order], dissent_rate=0.1), there, atol=1e-12)
    assert_allclose(measure.conflict(q[..., order]), measure.conflict(q), atol=1e-12)


@given(distributions(3, 5))
def test_every_number_keeps_to_its_range(q):
    labels = q.shape[-1]
    for values in (
        measure.pairwise(q),
        measure.conflict(q),
        measure.support(q),
        measure.conflict(q, prior=np.full(labels, 1 / labels), dissent_rate=0.3),
    ):
        assert ((values >= 0) & (values <= 1)).all()


@given(distributions(3, 5))
def test_pairwise_is_a_symmetric_matrix_of_the_pairs(q):
    apart = measure.pairwise(q)
    assert_allclose(apart, apart.transpose(1, 0, 2))
    assert (np.diagonal(apart) == 0).all()
    for (a, b), values in zip(measure.pairs(3), measure.pair_values(q), strict=True):
        assert_allclose(apart[a, b], values)
        assert_allclose(values, divergence.jsd(q[a], q[b]) / np.log(2))


@given(posteriors())
def test_a_missing_modality_is_as_if_it_had_never_been(q):
    gap = q.copy()
    gap[1] = np.nan
    prior = np.array([0.1, 0.2, 0.3, 0.4])
    assert_allclose(measure.conflict(gap), measure.conflict(q[[0, 2]]))
    assert_allclose(measure.support(gap), measure.support(q[[0, 2]]))
    there, here = measure.evidence(gap, prior), measure.evidence(q[[0, 2]], prior)
    assert_allclose((there.none, there.drop, there.value), (here.none, here.drop, here.value), atol=1e-9)


@given(posteriors(samples=7))
def test_samples_do_not_touch_each_other(q):
    prior = np.full(4, 0.25)
    for options in ({}, {"prior": prior, "dissent_rate": 0.1}):
        alone = [measure.conflict(q[:, [i]], **options)[0] for i in range(7)]
        assert_allclose(measure.conflict(q, **options), alone)


def test_blocks_leave_no_seam(monkeypatch):
    q = np.random.default_rng(0).dirichlet(np.ones(4), (3, 50))
    calls = (
        measure.pair_values,
        measure.support,
        lambda q: measure.conflict(q, prior=np.full(4, 0.25), dissent_rate=0.1),
    )
    whole = [call(q) for call in calls]
    monkeypatch.setattr(measure, "BLOCK", 7)
    for call, expected in zip(calls, whole, strict=True):
        assert_allclose(call(q), expected)


@given(posteriors())
def test_torch_gives_what_numpy_gives(q):
    prior, tensor = np.array([0.1, 0.2, 0.3, 0.4]), torch.as_tensor(q)
    typical = np.linspace(0, 1, 15).reshape(3, 5)
    for there, here in (
        (measure.pairwise(tensor), measure.pairwise(q)),
        (measure.support(tensor), measure.support(q)),
        (measure.conflict(tensor), measure.conflict(q)),
        (measure.conflict(tensor, weight=torch.as_tensor(typical)), measure.conflict(q, weight=typical)),
        (
            measure.conflict(tensor, prior=torch.as_tensor(prior), dissent_rate=0.1),
            measure.conflict(q, prior=prior, dissent_rate=0.1),
        ),
        (
            measure.dissenter(tensor, tensor.mean(0), prior=torch.as_tensor(prior)),
            measure.dissenter(q, q.mean(0), prior=prior),
        ),
    ):
        assert_allclose(there.numpy(), here, atol=1e-12)


def test_float32_stays_float32():
    q = np.random.default_rng(0).dirichlet(np.ones(4), (3, 5)).astype(np.float32)
    prior = np.full(4, 0.25, np.float32)
    for array in (q, torch.as_tensor(q)):
        own = prior if array is q else torch.as_tensor(prior)
        for values in (
            measure.conflict(array),
            measure.support(array),
            measure.conflict(array, prior=own, dissent_rate=0.1),
        ):
            assert values.dtype == array.dtype


@pytest.mark.parametrize("classes", [False, True])
def test_gradients_are_finite_at_one_hots_and_beside_missing_modalities(classes):
    q = torch.tensor(np.stack([np.eye(3), np.eye(3)[[1, 0, 2]], np.eye(3)]), requires_grad=True)
    gap = torch.where(torch.tensor([[True], [True], [False]])[..., None], q, torch.nan)
    options = {"prior": torch.full((3,), 1 / 3, dtype=torch.float64), "dissent_rate": 0.1} if classes else {}
    for values in (measure.conflict(q, **options), measure.conflict(gap, **options)):
        (slope,) = torch.autograd.grad(values.sum(), q)
        assert torch.isfinite(slope).all()


def test_one_hot_posteriors_that_exclude_each_other_are_a_certain_conflict():
    q = one([1, 0, 0], [0, 1, 0], [0, 1, 0])
    assert measure.conflict(q, prior=FLAT, dissent_rate=0.1)[0] == pytest.approx(1)
    assert np.isfinite(measure.evidence(q, FLAT).value).all()


@pytest.mark.parametrize("q", [one(FIRST), one(FIRST, NAN), one(NAN, NAN)], ids=["one", "one of two", "none"])
def test_fewer_than_two_modalities_cannot_disagree(q):
    assert np.isnan(measure.conflict(q)[0])
    assert np.isnan(measure.conflict(q, prior=FLAT, dissent_rate=0.1)[0])
    found = measure.evidence(q, FLAT)
    assert np.isnan([found.none[0], found.drop[0], found.value[0]]).all()
    assert measure.farthest(q, FLAT[None])[0] == measure.dissenter(q, FLAT[None], prior=FLAT)[0] == -1
    assert measure.types(q, FIRST[None], 0.1)[0] == "unclear"


def test_settings_that_contradict_each_other_are_refused():
    with pytest.raises(ValueError, match="both the prior and the dissent rate"):
        measure.conflict(one(FIRST, FIRST), prior=FLAT)
    with pytest.raises(ValueError, match="use temper"):
        measure.conflict(one(FIRST, FIRST), prior=FLAT, dissent_rate=0.1, weight=np.ones((2, 1)))


@given(posteriors(), st.floats(0, 1))
def test_tempering_moves_from_the_distribution_to_the_prior(q, t):
    prior = np.array([0.1, 0.2, 0.3, 0.4])
    tempered = measure.temper(q, np.full(q.shape[:2], t), prior)
    assert_allclose(tempered.sum(-1), 1)
    assert_allclose(tempered, t * q + (1 - t) * prior)


def test_tempering_the_odd_one_calms_the_conflict():
    q = one(FIRST, FIRST, SECOND)
    calm = measure.temper(q, np.array([[1.0], [1.0], [0.1]]), FLAT)
    before, after = (measure.conflict(x, prior=FLAT, dissent_rate=0.1)[0] for x in (q, calm))
    assert after < before


def test_support_is_how_much_was_said():
    q = np.stack([one(FLAT, FLAT), one([1, 0, 0], [0, 1, 0]), one([1, 0, 0], FLAT), one([1, 0, 0], NAN)], 1)[..., 0, :]
    assert_allclose(measure.support(q), [0, 1, 0.5, 1], atol=1e-12)
    assert np.isnan(measure.support(one(NAN, NAN))[0])
    for labels in range(2, 41):
        assert 0 <= measure.support(np.full((2, 1, labels), 1 / labels))[0] < 1e-12


# Who dissents


def test_the_odd_one_of_three_dissents():
    for place in range(3):
        q = one(FIRST, FIRST, FIRST)
        q[place] = SECOND
        assert measure.dissenter(q, FIRST[None], prior=FLAT)[0] == place
        assert measure.dissenter(q, FIRST[None])[0] == measure.farthest(q, FIRST[None])[0] == place


def test_who_dissents_from_classes_does_not_depend_on_the_fused_answer():
    q = one(FIRST, FIRST, SECOND)
    assert measure.dissenter(q, SECOND[None], prior=FLAT)[0] == 2
    assert measure.dissenter(q, SECOND[None])[0] == -1  # the other two are equally far


def test_between_two_the_fused_answer_decides():
    q = one(FIRST, SECOND)
    assert measure.dissenter(q, FIRST[None], prior=FLAT)[0] == 1
    assert measure.dissenter(q, SECOND[None], prior=FLAT)[0] == 0


def test_a_tie_a_small_conflict_and_a_missing_answer_name_nobody():
    q = one(FIRST, SECOND)
    assert measure.farthest(q, ((FIRST + SECOND) / 2)[None])[0] == -1
    assert measure.farthest(q, np.array([[0.3 + 1e-12, 0.3, 0.4]]))[0] == -1  # but for rounding
    assert measure.farthest(q, NAN[None])[0] == -1
    assert measure.dissenter(q, FIRST[None], differs=np.array([False]))[0] == -1


def test_a_missing_modality_never_dissents():
    q = one(FIRST, NAN, SECOND)
    assert measure.dissenter(q, FIRST[None], prior=FLAT)[0] == measure.farthest(q, FIRST[None])[0] == 2


# Types


@pytest.mark.parametrize(
    ("second", "fused", "expected"),
    [
        (FIRST, FIRST, "agreement"),
        (SECOND, (0.5, 0.4, 0.1), "complement"),
        (SECOND, (0.9, 0.05, 0.05), "dominance"),
        (SECOND, (0.05, 0.9, 0.05), "dominance"),
        (SECOND, (0.2, 0.1, 0.7), "conflict"),
        (SECOND, (0.3, 0.25, 0.45), "complement"),
        (SECOND, NAN, "unclear"),
        (FIRST, NAN, "agreement"),
        (NAN, FIRST, "unclear"),
    ],
)
def test_a_known_sample_has_its_type(second, fused, expected):
    assert measure.types(one(FIRST, second), np.array([fused]), 0.2)[0] == expected


def test_hardly_anything_said_is_unclear():
    faint = 0.9 * FLAT + 0.1 * FIRST
    assert measure.types(one(faint, faint), FIRST[None], 0.2)[0] == "unclear"


def test_the_pair_farthest_apart_decides():
    # First and third are farther apart than first and second; the whole keeps the first two only.
    q = one(FIRST, (0.3, 0.6, 0.1), (0.0, 0.0, 1.0))
    fused = np.array([[0.5, 0.45, 0.05]])
    assert measure.types(q, fused, 0.1)[0] == "dominance"
    only_first_pair = np.array([[True], [False], [False]])
    assert measure.types(q, fused, only_first_pair)[0] == "complement"


def test_each_pair_has_its_own_floor():
    q = one(FIRST, SECOND, FIRST)
    assert measure.types(q, FIRST[None], np.array([0.99, 0.99, 0.99]))[0] == "agreement"
    assert measure.types(q, FIRST[None], np.array([0.99, 0.99, 0.1]))[0] == "dominance"


def test_a_pair_without_a_known_floor_says_nothing():
    q = one(FIRST, SECOND, FIRST)
    assert measure.types(q, FIRST[None], np.nan)[0] == "unclear"
    assert measure.types(q, FIRST[None], np.array([np.nan, 0.1, 0.99]))[0] == "agreement"
    assert measure.types(q, FIRST[None], np.array([0.1, np.nan, np.nan]))[0] == "dominance"


def test_tied_modes_all_count():
    tied = np.array([0.45 + 1e-12, 0.45, 0.1])  # but for rounding
    assert measure.types(one(tied, THIRD), np.array([[0.1, 0.5, 0.4]]), 0.1)[0] == "complement"
    assert measure.types(one(tied, THIRD), np.array([[0.1, 0.8, 0.1]]), 0.1)[0] == "dominance"


def test_thresholds_move_the_borders():
    q, fused = one(FIRST, SECOND), np.array([[0.6, 0.3, 0.1]])
    assert measure.types(q, fused, 0.2)[0] == "complement"
    assert measure.types(q, fused, 0.2, measure.Thresholds(keep=0.35))[0] == "dominance"
    assert measure.types(q, fused, 0.2, measure.Thresholds(support=0.99))[0] == "unclear"


@given(distributions(4, 20), st.floats(0, 1))
def test_every_sample_has_exactly_one_known_type(sides, floor):
    q, fused = sides[:3], sides[3]
    found = measure.types(q, fused, floor)
    assert set(found) <= set(measure.TYPES)
    agreeing = (measure.pair_values(q) <= floor).all(0) & (measure.support(q) >= 0.1)
    assert ((found == "agreement") == agreeing).all()


def test_a_floor_lies_above_all_but_alpha_of_the_agreeing():
    q = np.random.default_rng(0).dirichlet(np.ones(4), (3, 1000))
    q[2, :10] = np.nan
    agree = np.arange(1000) < 800
    floor = measure.floors(q, agree)
    above = (measure.pair_values(q) > floor[:, None])[:, agree]
    assert floor.shape == (3,)
    assert_allclose(above.mean(1), 0.05, atol=2e-3)


def test_samples_count_for_the_floor_by_the_chance_that_they_agree():
    q = np.random.default_rng(0).dirichlet(np.ones(4), (2, 500))
    often = np.random.default_rng(1).integers(0, 4, 500)
    repeated = measure.floors(np.repeat(q, often, 1), np.ones(often.sum(), bool))
    assert_allclose(measure.floors(q, often / 4), repeated)


def test_a_pair_never_seen_together_has_no_floor():
    q = np.stack([one(FIRST, FIRST, NAN)] * 4, 1)[:, :, 0]
    assert np.isnan(measure.floors(q, np.ones(4, bool))).tolist() == [False, True, True]


VALENCES = np.array([-0.7, 0.9, 0.0, np.nan])


def test_valence_of_what_is_said_by_hand():
    said = np.array([[[0.5, 0.5, 0, 0], [0, 0.5, 0, 0.5]], [[1, 0, 0, 0], [np.nan] * 4]])
    assert_allclose(measure.felt(said, VALENCES), [[0.1, 0.9], [-0.7, np.nan]])


def test_valence_of_an_emotion_that_has_none_is_unknown():
    assert np.isnan(measure.felt(np.array([[[0, 0, 0, 1.0]]]), VALENCES)).all()


def test_conflict_in_valence_by_hand():
    valence = np.array([[1, 0.5, -0.5, 0.3], [-1, 0.5, 0.5, np.nan], [-1, 0.5, np.nan, np.nan]])
    assert_allclose(measure.valence_conflict(valence), [2 / 3, 0, 0.5, np.nan])


def test_two_unpleasant_emotions_conflict_as_emotions_and_not_in_valence():
    anger, fear = np.eye(4)[[0, 2]]
    said, valences = np.stack([anger, fear])[:, None], np.array([-0.7, 0.9, -0.7, 0.0])
    assert_allclose(measure.conflict(said), 1)
    assert_allclose(measure.valence_conflict(measure.felt(said, valences)), 0)


@given(distributions(3, 5, labels=4))
def test_conflict_in_valence_does_not_depend_on_the_order_and_torch_says_what_numpy_says(q):
    valences = np.array([-0.8, 0.9, 0.1, -0.3])
    valence = measure.felt(q, valences)
    assert ((valence >= -1) & (valence <= 1) | np.isnan(valence)).all()
    assert_allclose(measure.valence_conflict(valence), measure.valence_conflict(valence[::-1]))
    again = measure.valence_conflict(measure.felt(torch.from_numpy(q), torch.from_numpy(valences)))
    assert_allclose(again.numpy(), measure.valence_conflict(valence))
