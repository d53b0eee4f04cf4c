"""What is measured in a sound before anything is guessed: log-mel bands, pitch, loudness.

Plain numpy. librosa's pitch tracker compiles itself when first called: 30 s on two busy cores, 2 s from
its cache, more than the rest of a clip takes, so pitch is found here by the same method [CK02].

A sound comes as ``(S,)`` float32 at :data:`RATE`; every measure has :data:`FRAMES` rows a second, T in all,
row t centred at ``t / FRAMES`` seconds.

References:
    [CK02] de Cheveigné & Kawahara. YIN, a fundamental frequency estimator. JASA 2002.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.ndimage import median_filter

RATE = 16_000  # samples a second
FRAMES = 50  # rows a second
HOP = RATE // FRAMES
SPAN = 512  # samples under one window: 32 ms
BANDS = 64
LOWEST, HIGHEST = 50.0, 7600.0  # Hz, of the mel bands
QUIETEST = 1e-14  # power; the level of digital silence, -140 dB: far below what a soft voice needs

PITCH_SPAN = 1024  # samples: a little less than four periods of the lowest pitch
PITCH_LOWEST, PITCH_HIGHEST = 60.0, 600.0  # Hz
PERIODIC = 0.4  # a frame whose aperiodicity stays below is voiced; noise of any colour stays above .55


@dataclass(frozen=True, eq=False)
class Measures:
    """One sound, measured.

    Attributes:
        mel: level of each mel band in dB, ``(T, BANDS)`` float32
        level: level of the whole sound in dB below full scale, ``(T,)``
        pitch: fundamental frequency in Hz, ``(T,)``; NaN where unvoiced
    """

    mel: np.ndarray
    level: np.ndarray
    pitch: np.ndarray


def measure(samples: np.ndarray) -> Measures:
    """All measures of a sound."""
    power = spectrum(samples)
    return Measures(mel(power), loudness(power), pitch(samples))


def spectrum(samples: np.ndarray) -> np.ndarray:
    """Short-time power spectrum, ``(T, SPAN // 2 + 1)``; a full-scale sine has a total power of about 1/2."""
    window = np.hanning(SPAN).astype(np.float32)
    transformed = np.fft.rfft(_framed(samples, SPAN) * window)
    power = (transformed.real**2 + transformed.imag**2) / (SPAN * (window**2).sum())
    power[:, 1:-1] *= 2  # the negative frequencies
    return power


def mel(power: np.ndarray) -> np.ndarray:
    """Levels of :data:`BANDS` mel bands in dB, ``(T, BANDS)``, of a power spectrum."""
    return 10 * np.log10(power @ _filters() + QUIETEST)


def loudness(power: np.ndarray) -> np.ndarray:
    """Level of a power spectrum in dB, ``(T,)``, without what lies below :data:`LOWEST`: hum and knocks."""
    return 10 * np.log10(power[:, int(np.ceil(LOWEST * SPAN / RATE)) :].sum(1) + QUIETEST)


def pitch(samples: np.ndarray) -> np.ndarray:
    """Fundamental frequency in Hz, ``(T,)``; NaN where the sound is not periodic.

    YIN without its last step: the first dip of the cumulative mean normalised difference below
    :data:`PERIODIC`, refined by a parabola, single outliers removed by a median of five frames.
    """
    shortest, longest = int(RATE / PITCH_HIGHEST), int(RATE / PITCH_LOWEST) + 1
    dips = _difference(_framed(samples, PITCH_SPAN), longest + 1)
    low = dips[:, shortest:longest]
    dip = (low < PERIODIC) & (low <= dips[:, shortest - 1 : longest - 1]) & (low < dips[:, shortest + 1 : longest + 1])
    voiced = dip.any(1)
    lag = dip.argmax(1) + shortest
    rows = np.arange(len(lag))
    before, here, after = dips[rows, lag - 1], dips[rows, lag], dips[rows, lag + 1]
    bend = before - 2 * here + after
    shift = np.divide(before - after, 2 * bend, out=np.zeros_like(bend), where=bend > 0)
    found = np.where(voiced, RATE / (lag + shift), np.nan)
    smooth = median_filter(np.where(voiced, found, 0), 5)
    return np.where(voiced & (smooth > 0), smooth, np.nan)


def centres() -> np.ndarray:
    """Middle of each mel band in Hz, ``(BANDS,)``."""
    return _edges()[1:-1]


def _difference(frames: np.ndarray, lags: int) -> np.ndarray:
    """YIN's cumulative mean normalised difference of frames ``(T, n)`` at lags 0 to ``lags - 1``, ``(T, lags)``."""
    width = frames.shape[1] - lags
    size = 1 << (2 * frames.shape[1] - 1).bit_length()
    head = np.fft.rfft(frames[:, :width], size)
    correlation = np.fft.irfft(np.fft.rfft(frames, size) * head.conj(), size)[:, :lags]
    energy = np.cumsum(np.pad(frames.astype(float) ** 2, ((0, 0), (1, 0))), 1)
    moved = energy[:, width : width + lags] - energy[:, :lags]
    difference = np.maximum(moved[:, :1] + moved - 2 * correlation, 0)
    mean = np.cumsum(difference[:, 1:], 1) / np.arange(1, lags)
    # A frame of pure silence repeats itself at every lag; it is not periodic for that.
    normalised = np.divide(difference[:, 1:], mean, out=np.ones_like(mean), where=mean > 1e-7 * width)
    return np.pad(normalised, ((0, 0), (1, 0)), constant_values=1)


def _framed(samples: np.ndarray, span: int) -> np.ndarray:
    """Frames centred at multiples of :data:`HOP`, ``(T, span)``; silence before the start and after the end."""
    count = -(-len(samples) // HOP)
    padded = np.pad(samples, (span // 2, span))
    return np.lib.stride_tricks.sliding_window_view(padded, span)[: count * HOP : HOP]


@cache
def _filters() -> np.ndarray:
    """Triangles of equal width on the mel scale, ``(SPAN // 2 + 1, BANDS)``."""
    edges = _edges()
    frequency = np.fft.rfftfreq(SPAN, 1 / RATE)[:, None]
    rising = (frequency - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequency) / (edges[2:] - edges[1:-1])
    # Below 500 Hz a triangle is narrower than a bin: each takes at least the bin nearest to its centre.
    nearest = np.abs(frequency - edges[1:-1]).argmin(0)
    filters = np.minimum(rising, falling).clip(0)
    filters[nearest, np.arange(BANDS)] = np.maximum(filters[nearest, np.arange(BANDS)], 0.5)
    return filters.astype(np.float32)


def _edges() -> np.ndarray:
    """Where triangles begin, peak and end, ``(BANDS + 2,)`` in Hz."""
    lowest, highest = 2595 * np.log10(1 + np.array([LOWEST, HIGHEST]) / 700)
    mels = np.linspace(lowest, highest, BANDS + 2)
    return 700 * (10 ** (mels / 2595) - 1)
