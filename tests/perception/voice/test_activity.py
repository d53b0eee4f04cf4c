import numpy as np
import pytest

from emoviz.perception.voice import activity, features
from emoviz.perception.voice.features import FRAMES, RATE
from tests.perception.voice.test_features import noise


def syllables(seconds: float, hertz: float = 150.0, a_second: float = 4.0, seed: int = 0) -> np.ndarray:
    """Something like speech: a gliding voice that swells and falls some times a second."""
    time = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(hertz * (1 + 0.1 * np.sin(2 * np.pi * 0.7 * time))) / RATE
    swell = 0.02 + np.sin(np.pi * a_second * time) ** 2
    breath = 0.01 * np.random.default_rng(seed).normal(size=len(time))
    return ((0.1 * sum(np.sin(k * phase) / k for k in range(1, 12)) + breath) * swell).astype(np.float32)


def still(seconds: float, level: float = 0.0005) -> np.ndarray:
    return (level * np.random.default_rng(1).normal(size=int(seconds * RATE))).astype(np.float32)


def heard(*parts: np.ndarray) -> np.ndarray:
    return activity.speech(features.measure(np.concatenate(parts)))


@pytest.mark.parametrize("gain", [0.02, 0.3, 3.0])
def test_speech_between_silences_is_found_at_any_level(gain):
    spoken = heard(gain * still(1), gain * syllables(2), gain * still(1))
    (piece,) = activity.pieces(spoken)
    assert np.abs(piece / FRAMES - [1, 3]).max() < 0.2


def test_speech_without_any_silence_is_found():
    assert heard(syllables(3)).mean() > 0.9


def test_speech_in_noise_is_found():
    spoken = heard(still(1, 0.01), syllables(2), still(1, 0.01))
    assert spoken[FRAMES * 3 // 2 : FRAMES * 5 // 2].mean() > 0.9
    assert spoken[: FRAMES // 2].mean() == 0


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(2 * RATE, np.float32),
        still(2, 0.1),
        (0.5 * np.sin(2 * np.pi * 220 * np.arange(2 * RATE) / RATE)).astype(np.float32),
        np.concatenate([still(1), np.float32([1.0]), still(1)]),
        np.zeros(0, np.float32),
        syllables(0.1),
    ],
    ids=["silence", "noise", "tone", "click", "nothing", "a tenth of a second"],
)
def test_what_is_not_speech_is_not_heard_as_speech(sound):
    assert not activity.speech(features.measure(sound)).any()


def test_a_breathy_voice_without_pitch_is_found_but_typing_is_not():
    swell = 0.05 + np.sin(np.pi * 4 * np.arange(2 * RATE) / RATE) ** 2
    breath = swell * noise(2, colour=2)
    assert heard(still(1), breath, still(1)).any()
    assert not heard(still(1), swell**8 * noise(2), still(1)).any()


def test_what_fits_into_a_window_is_put_into_its_middle():
    spoken = np.zeros(200, bool)
    spoken[20:80] = True
    assert activity.windows(spoken, 120, 30).tolist() == [-10]


def test_long_speech_is_covered_evenly_from_end_to_end():
    spoken = np.zeros(500, bool)
    spoken[100:400] = True
    first = activity.windows(spoken, 120, 30)
    assert first[0] == 100
    assert first[-1] + 120 == 400
    assert (np.diff(first) <= 31).all()


def test_after_a_long_break_new_windows_begin():
    spoken = np.zeros(600, bool)
    spoken[50:100] = spoken[450:500] = True
    assert activity.windows(spoken, 120, 30).tolist() == [15, 415]


def test_without_speech_there_are_no_windows():
    assert len(activity.windows(np.zeros(100, bool), 120, 30)) == 0


def test_speech_stands_out_less_from_louder_noise():
    clear = []
    for level in (0.0005, 0.01):
        told = features.measure(np.concatenate([still(1, level), syllables(2), still(1, level)]))
        clear.append(activity.clearness(told, activity.speech(told)))
    assert clear[0] > clear[1] + 10
