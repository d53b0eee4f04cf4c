"""Simple features of faces, voices and texts that need no labels and no training: what a first experiment would use.

They are the second set beside the embeddings of the perception models, so that a result does not hang on one way of
looking. A face is described by its gradients, a voice by statistics of its spectrum and pitch, a text by its hashed
words.

References:
    Dalal & Triggs. Histograms of Oriented Gradients for Human Detection. CVPR 2005.
    Deerwester et al. Indexing by Latent Semantic Analysis. JASIS 1990.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from scipy.fft import dct
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.pipeline import Pipeline, make_pipeline

SIDE = 48  # pixels of a face
BINS = 9  # directions of a gradient
CELL, CELLS = 12, 4  # pixels of a cell, cells across; a block is 2 x 2 cells

RATE = 16_000  # samples a second of a voice
SPAN, HOP = 1024, 320  # samples under a frame and from one to the next: 64 and 20 ms
BANDS = 20
LOWEST, HIGHEST = 80.0, 7600.0  # Hz of the bands
CEPSTRA = 12
PITCH = 70.0, 500.0  # Hz
PERIODIC = 0.45  # share of a frame's energy that comes again after one period: from here on it is voiced
NEARLY = 0.9  # of the highest peak: as good as it
HEARD = 35.0  # dB below the loudest frames that still count as speech
QUIETEST = 1e-10

WORDS = 1 << 16  # places for hashed words and pairs of words
TOPICS = 200  # dimensions that are kept of them


def face(images: np.ndarray) -> np.ndarray:
    """Histograms of oriented gradients of grey faces ``(n, 48, 48)`` uint8, ``(n, 324)`` float32."""
    block = 2 * CELL
    described = cv2.HOGDescriptor((SIDE, SIDE), (block, block), (CELL, CELL), (CELL, CELL), BINS)
    size = (CELLS - 1) ** 2 * 4 * BINS
    return np.array([np.ravel(described.compute(image)) for image in images], np.float32).reshape(-1, size)


def face_columns() -> tuple[str, ...]:
    """Names of the features of a face."""
    blocks = range((CELLS - 1) ** 2)
    return tuple(f"gradient_{block}_{cell}_{bin}" for block in blocks for cell in range(4) for bin in range(BINS))


def voice(samples: np.ndarray) -> np.ndarray:
    """Statistics of a voice ``(S,)`` at :data:`RATE`, where it is loud enough to be speech: ``(F,)`` float32.

    Mean and spread of band levels, of cepstra, of how fast these change, of loudness and of pitch. A recording in
    which nothing is voiced has its pitch in the middle of the range.
    """
    padded = np.pad(np.asarray(samples, np.float32), (SPAN // 2, SPAN))
    frames = np.lib.stride_tricks.sliding_window_view(padded, SPAN)[: len(samples) : HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(SPAN).astype(np.float32))) ** 2
    level = 10 * np.log10(power.sum(1) + QUIETEST)
    heard = level > np.percentile(level, 95) - HEARD
    power, level = power[heard], level[heard]
    bands = 10 * np.log10(np.add.reduceat(power, _edges(), 1)[:, :-1] + QUIETEST)
    cepstra = dct(bands, norm="ortho")[:, 1 : CEPSTRA + 1]
    pitch, periodic = _pitch(power)
    voiced = periodic > PERIODIC
    octaves = np.log2(pitch[voiced] / PITCH[0]) if voiced.any() else np.full(1, np.log2(PITCH[1] / PITCH[0]) / 2)
    shape = bands - bands.mean(1, keepdims=True)
    told = [
        *(shape.mean(0), bands.std(0), cepstra.mean(0), cepstra.std(0)),
        np.diff(cepstra, axis=0, prepend=cepstra[:1]).std(0),
        *(np.percentile(octaves, [10, 50, 90]), [octaves.std(), np.abs(np.diff(octaves, prepend=octaves[:1])).mean()]),
        [voiced.mean(), periodic.mean(), periodic.std()],
        [level.mean(), level.std(), np.abs(np.diff(level, prepend=level[:1])).mean(), len(level) * HOP / RATE],
    ]
    return np.concatenate(told).astype(np.float32)


def voice_columns() -> tuple[str, ...]:
    """Names of the features of a voice."""
    several = {"band_mean": BANDS, "band_spread": BANDS, "cepstrum_mean": CEPSTRA, "cepstrum_spread": CEPSTRA}
    several |= {"cepstrum_change": CEPSTRA}
    return (
        *(f"{name}_{number}" for name, count in several.items() for number in range(count)),
        *("pitch_low", "pitch_middle", "pitch_high", "pitch_spread", "pitch_change"),
        *("voiced", "periodic_mean", "periodic_spread"),
        *("level_mean", "level_spread", "level_change", "seconds_heard"),
    )


def standing_out(values: np.ndarray, speaker: np.ndarray) -> np.ndarray:
    """How each recording differs from what its speaker is like, in deviations of that speaker, ``(n, F)``.

    Emotions change a voice less than voices differ; who speaks is known without any label.

    Args:
        values: ``(n, F)``
        speaker: who is heard, ``(n,)``
    """
    out = np.zeros_like(values)
    for who in np.unique(speaker):
        mine = values[speaker == who]
        mean, deviation = mine.mean(0), mine.std(0)
        # What hardly varies is rounding, which must not be blown up.
        varies = deviation > 1e-5 * (1 + np.abs(mean))
        out[speaker == who] = np.where(varies, (mine - mean) / np.where(varies, deviation, 1), 0)
    return out


def words(texts: Sequence[str]) -> Pipeline:
    """What describes texts as ``(n, TOPICS)``: hashed words and pairs of words by rarity, in few dimensions.

    Rarity and dimensions are those of ``texts``; no label is looked at. Few texts give fewer dimensions. Call
    ``transform`` on what it gives.
    """
    counted = HashingVectorizer(
        n_features=WORDS, ngram_range=(1, 2), alternate_sign=False, norm=None, token_pattern=r"\w+|[!?]+"
    )
    # An SVD has no more directions than texts, nor more than different words.
    most = min(TOPICS, len(texts) - 1, len(np.unique(counted.transform(texts).indices)) - 1)
    reduced = TruncatedSVD(max(1, most), random_state=0)
    return make_pipeline(counted, TfidfTransformer(sublinear_tf=True), reduced).fit(texts)


def _edges() -> np.ndarray:
    """Bins at which bands begin and the last one ends, ``(BANDS + 1,)``."""
    return np.round(np.geomspace(LOWEST, HIGHEST, BANDS + 1) * SPAN / RATE).astype(int)


def _pitch(power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Period that explains each frame: its pitch in Hz, and the share that comes again after it, ``(T,)`` each."""
    first, last = int(RATE / PITCH[1]), int(RATE / PITCH[0])
    window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(SPAN))) ** 2)
    correlation = np.fft.irfft(power)
    share = correlation[:, : last + 1] / np.maximum(correlation[:, :1], QUIETEST) * (window[0] / window[: last + 1])
    inner = share[:, first:last]
    peak = (inner >= share[:, first - 1 : last - 1]) & (inner >= share[:, first + 1 :])
    # Twice the period comes again as well: the first of the high peaks is meant.
    high = peak & (inner >= NEARLY * inner.max(1, keepdims=True))
    best = np.where(high.any(1), high.argmax(1), inner.argmax(1))
    return RATE / (first + best), inner[np.arange(len(inner)), best].clip(0, 1)
