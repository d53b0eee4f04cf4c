import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from emoviz.perception.voice import features


def voice(hertz: float, seconds: float = 1.0) -> np.ndarray:
    """Something periodic with many harmonics."""
    time = np.arange(int(seconds * features.RATE)) / features.RATE
    return (0.2 * sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 9))).astype(np.float32)


def noise(seconds: float = 1.0, colour: float = 0.0) -> np.ndarray:
    """Noise whose power falls with the frequency to the power of ``colour``."""
    count = int(seconds * features.RATE)
    draw = np.random.default_rng(0)
    spectrum = np.fft.rfft(draw.normal(size=count)) * np.fft.rfftfreq(count, 1 / features.RATE).clip(20) ** (
        -colour / 2
    )
    samples = np.fft.irfft(spectrum, count)
    return (0.1 * samples / samples.std()).astype(np.float32)


@given(st.floats(70, 550))
def test_the_pitch_of_a_periodic_sound_is_found(hertz):
    found = features.pitch(voice(hertz, 0.4))[3:-3]
    assert np.isfinite(found).all()
    assert_allclose(found, hertz, rtol=0.01)


@pytest.mark.parametrize("colour", [0, 1, 2])
def test_noise_has_no_pitch_whatever_its_colour(colour):
    assert np.isnan(features.pitch(noise(colour=colour))).all()


def test_silence_has_no_pitch_and_the_lowest_level():
    told = features.measure(np.zeros(8000, np.float32))
    assert np.isnan(told.pitch).all()
    assert_allclose(told.level, -140, atol=1e-4)
    assert_allclose(told.mel, -140, atol=1e-4)


def test_twice_the_amplitude_is_six_decibels_more_in_every_measure():
    soft, loud = (features.measure(gain * noise()) for gain in (0.5, 1))
    assert_allclose(loud.level - soft.level, 6.02, atol=0.01)
    assert_allclose(loud.mel - soft.mel, 6.02, atol=0.05)


def test_a_full_scale_sine_has_a_level_of_three_decibels_below_full_scale():
    time = np.arange(features.RATE) / features.RATE
    level = features.loudness(features.spectrum(np.sin(2 * np.pi * 1000 * time).astype(np.float32)))
    assert_allclose(level[3:-3], -3.01, atol=0.05)


def test_a_tone_is_loudest_in_the_band_around_it():
    centres = features.centres()
    for hertz in (300, 1000, 4000):
        time = np.arange(features.RATE) / features.RATE
        mel = features.mel(features.spectrum(np.sin(2 * np.pi * hertz * time).astype(np.float32)))
        assert mel[20].argmax() == np.abs(centres - hertz).argmin()


@given(st.integers(0, 5000))
def test_there_are_fifty_rows_a_second(samples):
    told = features.measure(np.zeros(samples, np.float32))
    assert len(told.mel) == len(told.level) == len(told.pitch) == -(-samples // features.HOP)


def test_what_comes_later_does_not_change_what_was_measured_before():
    whole = np.concatenate([noise(), voice(200)])
    first, both = features.measure(whole[: features.RATE]), features.measure(whole)
    assert_allclose(first.mel[:47], both.mel[:47], atol=1e-3)


def test_mel_bands_are_librosas_where_a_band_is_wider_than_a_bin():
    librosa = pytest.importorskip("librosa", reason="librosa is not installed: make test installs it")
    theirs = librosa.filters.mel(
        sr=features.RATE,
        n_fft=features.SPAN,
        n_mels=features.BANDS,
        fmin=features.LOWEST,
        fmax=features.HIGHEST,
        htk=True,
        norm=None,
    ).T
    wide = features.centres() > 1000
    np.testing.assert_allclose(features._filters()[:, wide], theirs[:, wide], atol=1e-5)
