"""Simple features: what they do not depend on, and what they tell apart."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from emoviz.data import hand

TIME = np.arange(hand.RATE) / hand.RATE


def tone(hertz, level=0.3):
    wave = sum(np.sin(2 * np.pi * hertz * k * TIME) / k for k in range(1, 8))
    return (level * wave).astype(np.float32)


def named(values):
    return dict(zip(hand.voice_columns(), values.tolist(), strict=True))


def test_every_feature_has_a_name():
    assert hand.face(np.zeros((2, 48, 48), np.uint8)).shape == (2, len(hand.face_columns()))
    assert hand.voice(tone(200)).shape == (len(hand.voice_columns()),)
    assert len(set(hand.face_columns())) == len(hand.face_columns())


def test_a_brighter_face_is_the_same_face():
    face = np.random.default_rng(0).integers(0, 128, (1, 48, 48)).astype(np.uint8)
    assert_allclose(hand.face(face), hand.face(face + 100), atol=1e-5)


@pytest.mark.parametrize("hertz", [90, 220, 440])
def test_pitch_is_found(hertz):
    told = named(hand.voice(tone(hertz)))
    assert hand.PITCH[0] * 2 ** told["pitch_middle"] == pytest.approx(hertz, rel=0.03)
    assert told["voiced"] > 0.9


def test_silence_around_a_voice_changes_little():
    voice = tone(200) * (1 + np.sin(2 * np.pi * 3 * TIME).astype(np.float32)) / 2
    silence = np.zeros(hand.RATE, np.float32)
    inside, around = named(hand.voice(voice)), named(hand.voice(np.concatenate([silence, voice, silence])))
    for name in ("level_mean", "seconds_heard", "pitch_middle", "cepstrum_mean_1"):
        assert around[name] == pytest.approx(inside[name], abs=0.15 * abs(inside[name]) + 0.1)


@pytest.mark.parametrize("sound", [np.zeros(3200, np.float32), np.zeros(10, np.float32), tone(200)[:700]])
def test_silence_and_scraps_give_numbers(sound):
    assert np.isfinite(hand.voice(sound)).all()


def test_a_speaker_is_taken_out():
    values = np.random.default_rng(0).normal(size=(6, 3)) + np.repeat([[0.0], [100.0]], 3, 0)
    out = hand.standing_out(values, np.repeat([7, 3], 3))
    assert_allclose(out[:3].mean(0), 0, atol=1e-9)
    assert_allclose(out[3:].std(0), 1)


def test_what_does_not_vary_says_nothing():
    values = np.full((5, 1), 73.1, np.float32) + np.float32([[0], [0], [1e-5], [0], [0]])
    assert_array_equal(hand.standing_out(values, np.ones(5)), np.zeros((5, 1)))


def test_texts_become_few_numbers_alike_for_like_texts():
    texts = [f"{who} {what} here" for who in ("I", "you", "they") for what in ("laugh", "cry", "sleep")]
    described = hand.words(texts)
    values = described.transform(["I laugh here", "i LAUGH here", "they sleep here", "zebra"])
    assert values.shape[1] <= len(texts)
    assert_array_equal(values[0], values[1])
    assert (values[0] != values[2]).any() and np.allclose(values[3], 0)


def test_the_same_texts_give_the_same_features_again():
    texts = [f"word{i} word{i % 3}" for i in range(20)]
    assert_array_equal(hand.words(texts).transform(texts), hand.words(texts).transform(texts))
