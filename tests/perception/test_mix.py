"""Clips mixed with planted relations."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from emoviz.analysis.clip import fitting
from emoviz.data.corpora import ravdess
from emoviz.measures import metrics
from emoviz.perception import mix
from emoviz.perception.common import LABELS
from emoviz.perception.mix import Items

K = len(LABELS)
PRIOR = np.array([0.11, 0.06, 0.06, 0.26, 0.28, 0.11, 0.12])


def items(modality, right=0.8, n=1400, seed=0, habit=None):
    """Items whose model is right so often, and names one emotion too often by habit."""
    draw = np.random.default_rng([seed, *modality.encode()])
    truth = np.arange(n) % K
    logits = draw.normal(size=(n, K)) + np.eye(K)[truth] * (1 + 4 * right)
    if habit is not None:
        logits[:, habit] += 1.5
    q = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return Items(modality, LABELS, truth, q, draw.uniform(0.3, 1, n), np.arange(n))


RIGHT = (0.8, 0.5, 0.6)
ALL = [items("face", RIGHT[0]), items("voice", RIGHT[1]), items("text", RIGHT[2], habit=4)]


def test_what_was_planted_is_what_the_items_show():
    clips = mix.mixed(ALL, 3000, PRIOR, seed=1)
    shown = np.stack([one.truth[rows] for one, rows in zip(ALL, clips.rows, strict=True)])
    off = np.arange(3)[:, None] == clips.off
    there = clips.present
    assert (shown == clips.emotion)[there & ~off].all()
    assert (shown != clips.emotion)[there & off].all()
    assert there[clips.off[clips.conflicting], np.flatnonzero(clips.conflicting)].all()


def test_shares_are_those_asked_for():
    clips = mix.mixed(ALL, 8000, PRIOR, seed=2, dissent=0.4, missing=0.2)
    assert clips.conflicting.mean() == pytest.approx(0.4, abs=0.02)
    assert (~clips.present.all(0)).mean() == pytest.approx(0.2, abs=0.02)
    assert (clips.present.sum(0) >= 2).all()
    assert_allclose(np.bincount(clips.emotion, minlength=K) / 8000, PRIOR, atol=0.02)
    assert_allclose(np.bincount(clips.off[clips.conflicting], minlength=3) / clips.conflicting.sum(), 1 / 3, atol=0.03)


def test_the_same_seed_mixes_the_same():
    one, two = (mix.mixed(ALL, 200, PRIOR, seed=3) for _ in range(2))
    assert (one.rows == two.rows).all() and (one.rows != mix.mixed(ALL, 200, PRIOR, seed=4).rows).any()


def test_fitted_constants_find_planted_conflicts_and_keep_their_floor():
    constants = fitting.fit(ALL, PRIOR)
    assert constants.terms["text"].offset.argmax() == 4  # what it says by habit is taken out
    others = [
        items(one.modality, right, seed=1, habit=h) for one, right, h in zip(ALL, RIGHT, (None, None, 4), strict=True)
    ]
    clips = mix.mixed(others, 4000, PRIOR, seed=5, missing=0)
    said = fitting.said(constants, others, clips)
    score = constants.conflict(said)
    assert metrics.auroc(clips.conflicting, score) > 0.9
    alarms = score > constants.floor(("face", "voice", "text"))
    assert alarms[~clips.conflicting].mean() == pytest.approx(0.05, abs=0.02)
    assert alarms[clips.conflicting].mean() > 0.5
    named = constants.dissenter(said, constants.fused(said))
    assert (named == clips.off)[clips.conflicting].mean() > 0.8


def test_missing_modalities_stay_missing():
    clips = mix.mixed(ALL, 300, PRIOR, seed=6, missing=1.0)
    said = fitting.said(fitting.fit(ALL, PRIOR), ALL, clips)
    assert (np.isnan(said[..., 0]) == ~clips.present).all()


def test_a_voice_recorded_elsewhere_is_still_that_voice():
    time = np.arange(ravdess.RATE) / ravdess.RATE
    sound = (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    heard = mix._elsewhere(sound, np.random.default_rng(0))
    assert heard.dtype == np.float32 and heard.shape == sound.shape and np.abs(heard).max() <= 1
    assert np.corrcoef(sound, heard)[0, 1] > 0.8
    assert (heard != mix._elsewhere(sound, np.random.default_rng(1))).any()


@pytest.mark.external
def test_emotions_are_as_frequent_as_in_the_corpora(test_data):
    prior = mix.frequent(test_data)
    assert_allclose(prior.sum(), 1)
    assert prior.argmax() == LABELS.index("neutral") and prior.min() > 0.03
