"""The product of experts and its constants."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from emoviz.analysis.clip import fusion
from emoviz.errors import CheckpointError
from emoviz.perception import weights
from emoviz.perception.common import LABELS
from tests.analysis.clip.made import NAMES, PRIOR, K, constants, showing, windows

SHARES = st.lists(st.floats(0.001, 1), min_size=K, max_size=K).map(lambda x: np.array(x) / np.sum(x))


@given(SHARES)
def test_without_quality_hardly_anything_is_said(q):
    said = constants(exponent=3.0).said("face", q, 0.0)
    assert_allclose(said, PRIOR, atol=1e-6)


@given(SHARES, SHARES)
def test_order_does_not_matter_and_answers_are_distributions(p, q):
    made = constants()
    there = made.fused(np.stack([p, q]))
    assert_allclose(there, made.fused(np.stack([q, p])))
    assert_allclose(there.sum(), 1)


@given(SHARES)
def test_a_missing_modality_changes_nothing_and_one_that_says_the_prior_only_brings_doubt(q):
    made = constants()
    assert_allclose(made.fused(np.stack([q, np.full(K, np.nan)])), q, atol=1e-9)
    doubted = made.fused(np.stack([q, PRIOR]))
    assert_allclose(doubted, (1 - 0.125) * q + 0.125 * PRIOR, atol=1e-9)


def test_two_against_one_prevail_and_know_of_the_doubt():
    said = np.stack([showing("fear", 0.6), showing("fear", 0.6), showing("happiness", 0.99)])
    fused = constants().fused(said)
    assert LABELS[fused.argmax()] == "fear" and fused.max() < 0.95
    assert fused[LABELS.index("fear")] > 0.5


def test_nothing_at_all_leaves_the_prior():
    assert_allclose(constants().fused(np.empty((0, K))), PRIOR)


def test_windows_that_overlap_are_drawn_together():
    labels = ["happiness", "sadness"] * 10
    apart = fusion.heard(constants(), "voice", windows(labels, length=0.5, hop=0.5))
    along = fusion.heard(constants(), "voice", windows(labels, length=2.5, hop=0.5))
    assert apart.varies and along.varies
    assert not fusion.heard(constants(), "voice", windows(labels[:3], length=2.5, hop=0.5)).varies


def test_draws_are_seeded_and_lie_around_the_whole():
    labels = ["happiness", "sadness", "anger", "happiness"] * 5
    one, two = (fusion.heard(constants(), "face", windows(labels)) for _ in range(2))
    assert_allclose(one.draws, two.draws)
    assert np.abs(one.draws.mean(0) - one.whole).max() < 0.05
    assert (one.draws != one.again).any()


def test_constants_come_back_as_they_were_written(tmp_path):
    made = replace(constants(), models={"voice": "ab"})
    card = weights.Card("fusion", "", "For tests", LABELS, "none", "none", (), (), 0, "", 0.0, {})
    fusion.save(made, card, tmp_path)
    back = fusion.load(tmp_path)
    assert back.models == made.models and back.floors == made.floors and back.pair_floors == made.pair_floors
    assert_allclose(back.prior, made.prior)
    q = showing("fear", 0.7)
    assert_allclose(back.said("voice", q, 0.4), made.said("voice", q, 0.4))


def test_missing_constants_are_told_in_a_sentence(tmp_path):
    with pytest.raises(CheckpointError, match="missing"):
        fusion.load(tmp_path)


def test_the_shipped_constants_know_every_set_of_modalities():
    shipped = fusion.shipped()
    for part in fusion.subsets(NAMES):
        assert 0 < shipped.floor(part) < 1
    for a, b in (("face", "voice"), ("text", "face"), ("voice", "text")):
        assert 0 < shipped.pair_floor(a, b) < 1
    assert_allclose(shipped.prior.sum(), 1)
