"""The voice of a clip: where somebody speaks, how it sounds there, and what it conveys.

The sound is read in blocks, so that an hour needs no more memory than a minute. Within a block, windows of
2.4 seconds cover what is said. Axis letters: W windows, T rows (50 a second), S samples.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d

from emoviz.perception.base import Media, Reading, Sound, Trace, Windows
from emoviz.perception.voice import activity, features, model
from emoviz.perception.voice.features import FRAMES, HOP, RATE, Measures
from emoviz.perception.voice.model import VoiceModel
from emoviz.perception.voice.network import WINDOW

BLOCK = 20  # seconds read at once
AROUND = 3  # seconds before and after, so that no window is cut by a block's edge
STEP = round(0.6 * FRAMES)  # rows between windows of something long
ENOUGH = 1.0  # seconds of speech in a window that can be trusted fully
MUFFLED, CLEAR = 3.0, 20.0  # dB of speech above what else is heard: not to be trusted, fully to be trusted
STRANGE = 0.5  # mean unlikeness from which a note is made
COLUMNS = 4000  # of the waveform, at most
SYLLABLE = 2.0  # dB by which a syllable's loudness stands out
APART = 4  # rows from one syllable to the next, at least
DIP = 10  # rows within which it stands out
TEMPO = 2 * FRAMES  # rows over which syllables are counted
ABSENT = -200.0  # dB, before the first and after the last sample

NO_SOUND = "The clip has no sound."
NO_SPEECH = "No speech was heard."
UNLIKE = (
    "The voice, or how it was recorded, is unlike what the model learned from; its distributions are wider for that."
)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What in one window's sound speaks for an emotion.

    Attributes:
        time: ``(T,)`` seconds of the clip
        hertz: centre of each band, ``(F,)``
        level: the sound itself, ``(T, F)`` in dB
        share: ``(T, F)`` in [-1, 1]: above 0 speaks for the emotion, below 0 against it
    """

    time: np.ndarray
    hertz: np.ndarray
    level: np.ndarray
    share: np.ndarray


@dataclass(frozen=True)
class Prosody:
    """How somebody speaks, over a whole clip.

    Attributes:
        pitch: median in Hz; NaN where nothing is voiced
        span: semitones between the 10th and the 90th hundredth of the pitch
        loudness: semi-range of the level while speaking, dB between the same hundredths
        rate: syllables a second of speech, estimated
        pauses: share of the time between first and last word in which nobody speaks
        longest_pause: seconds
    """

    pitch: float
    span: float
    loudness: float
    rate: float
    pauses: float
    longest_pause: float


class VoiceExtractor:
    """Reads voices with the shipped model.

    Args:
        voices: the model; the shipped one where not given
    """

    modality = "voice"

    def __init__(self, voices: VoiceModel | None = None):
        self.model = voices or model.load()
        self.version = f"voice-1-{self.model.version}"

    def read(self, media: Media) -> Iterator[Reading]:
        """A reading after each :data:`BLOCK` seconds of sound."""
        sound = media.sound()
        if sound is None or not len(sound.samples):
            yield Reading("voice", "missing", NO_SOUND)
            return
        starts = range(0, len(sound.samples), BLOCK * RATE)
        blocks: list[_Block] = []
        for start in starts:
            blocks.append(self._block(sound, start))
            yield _reading(sound, blocks, self.model.labels, last=start == starts[-1])

    def evidence(self, sound: Sound, start: float, label: str) -> Evidence:
        """What in the window that begins at ``start`` speaks for a common label.

        Args:
            sound: of the clip
            start: seconds of the clip, as in its windows
            label: one of :data:`emoviz.perception.common.LABELS`
        """
        first = round((start - sound.start) * FRAMES)
        margin = FRAMES  # rows that the first and last frames look into
        begin = max(0, first - margin)
        told = features.measure(_samples(sound, begin * HOP, (first + WINDOW + margin) * HOP))
        mel, pitch = _cut(told, np.array([first - begin]))
        rows = slice(0, min(WINDOW, max(1, len(told.level) - (first - begin))))
        share = self.model.evidence(mel[0], pitch[0], label)
        time = sound.start + (first + np.arange(WINDOW)) / FRAMES
        return Evidence(time[rows], features.centres(), mel[0][rows], share[rows])

    def _block(self, sound: Sound, start: int) -> "_Block":
        """What is heard in the block that begins with sample ``start``."""
        begin = max(0, start - AROUND * RATE)
        told = features.measure(_samples(sound, begin, start + (BLOCK + AROUND) * RATE))
        spoken = activity.speech(told)
        inner = slice((start - begin) // HOP, (start - begin) // HOP + BLOCK * FRAMES)
        first = activity.windows(spoken, WINDOW, STEP)
        middle = first + WINDOW // 2
        # What lies in the middle of no block, because speech is cut there, belongs to the one that hears more of it.
        first = first[(middle >= inner.start) & (middle < inner.stop)]
        heard = self.model.hear(*_cut(told, first))
        said = np.array([spoken[max(0, row) : row + WINDOW].sum() for row in first]) / FRAMES
        clear = (activity.clearness(told, spoken) - MUFFLED) / (CLEAR - MUFFLED)
        trust = np.minimum(said / ENOUGH, 1) * np.clip(clear, 0.05, 1) * (1 - heard.unlike / 2)
        end = sound.start + sound.seconds
        at = sound.start + begin / RATE
        windows = Windows(
            (at + first / FRAMES).clip(sound.start, end),
            (at + (first + WINDOW) / FRAMES).clip(sound.start, end),
            heard.native,
            heard.embedding,
            trust,
            self.model.labels,
        )
        time = at + np.arange(len(spoken)) / FRAMES
        return _Block(
            windows, heard.unlike, time[inner], told.level[inner], told.pitch[inner], spoken[inner],
            _tempo(told, spoken)[inner], start + BLOCK * RATE,
        )  # fmt: skip


def prosody(reading: Reading) -> Prosody | None:
    """How somebody speaks in a clip whose voice was read, or ``None`` where nobody was heard."""
    traces = [reading.trace(name) for name in ("speech", "pitch", "energy", "rate")]
    if any(trace is None for trace in traces):
        return None
    spoken, pitch, level, rate = (trace.values for trace in traces if trace is not None)
    pieces = activity.pieces(spoken > 0)
    if not len(pieces):
        return None
    semitones = 12 * np.log2(pitch[np.isfinite(pitch) & (spoken > 0)])
    low, middle, high = np.percentile(semitones, [10, 50, 90]) if len(semitones) else [np.nan] * 3
    quiet, loud = np.percentile(level[spoken > 0], [10, 90])
    gaps = (pieces[1:, 0] - pieces[:-1, 1]) / FRAMES
    extent = (pieces[-1, 1] - pieces[0, 0]) / FRAMES
    return Prosody(
        float(2 ** (middle / 12)),
        float(high - low),
        float(loud - quiet),
        float(np.nanmean(rate[spoken > 0])),
        float(gaps.sum() / extent),
        float(gaps.max(initial=0.0)),
    )


@dataclass(frozen=True, eq=False)
class _Block:
    """One block, read: its windows, then per row of it time, level, pitch, speech and tempo."""

    windows: Windows
    unlike: np.ndarray
    time: np.ndarray
    level: np.ndarray
    pitch: np.ndarray
    spoken: np.ndarray
    tempo: np.ndarray
    end: int  # sample after its last


def _reading(sound: Sound, blocks: list[_Block], labels: tuple[str, ...], last: bool) -> Reading:
    """Everything read so far."""

    def all_of(name: str) -> np.ndarray:
        return np.concatenate([getattr(block, name) for block in blocks])

    start, end, native, embedding, quality = (
        np.concatenate([getattr(block.windows, name) for block in blocks])
        for name in ("start", "end", "native", "embedding", "quality")
    )
    windows = Windows(start, end, native, embedding, quality, labels)
    time, unlike = all_of("time"), all_of("unlike")
    traces = (
        Trace("pitch", "Hz", time, all_of("pitch")),
        Trace("energy", "dB", time, all_of("level")),
        Trace("speech", "", time, all_of("spoken").astype(float)),
        Trace("rate", "syllables/s", time, all_of("tempo")),
        Trace("unlike", "", (windows.start + windows.end) / 2, unlike),
        _waveform(sound, min(blocks[-1].end, len(sound.samples))),
    )
    if not last:
        return Reading("voice", "reading", windows=windows if len(windows) else None, traces=traces)
    if not len(windows):
        return Reading("voice", "missing", NO_SPEECH, traces=traces)
    reason = UNLIKE if unlike.mean() >= STRANGE else ""
    return Reading("voice", "read", reason, windows, traces)


def _waveform(sound: Sound, end: int) -> Trace:
    """Lowest and highest sample of each column up to sample ``end``, ``(T, 2)``."""
    width = max(HOP // 4, -(-len(sound.samples) // COLUMNS))
    edges = np.arange(0, end, width)
    samples = sound.samples[:end]
    values = np.stack([np.minimum.reduceat(samples, edges), np.maximum.reduceat(samples, edges)], 1)
    return Trace("waveform", "", sound.start + (edges + width / 2) / sound.rate, values)


def _samples(sound: Sound, start: int, end: int) -> np.ndarray:
    """A part of a sound; a file may hold what is no number."""
    return np.nan_to_num(np.asarray(sound.samples[start:end], np.float32), posinf=1, neginf=-1).clip(-1, 1)


def _cut(told: Measures, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Windows that begin at rows ``first``: bands ``(W, T, F)`` and pitch ``(W, T)``; silence beyond the ends."""
    rows = first[:, None] + np.arange(WINDOW)
    there = (rows >= 0) & (rows < len(told.level))
    rows = rows.clip(0, len(told.level) - 1)
    return np.where(there[..., None], told.mel[rows], np.float32(ABSENT)), np.where(there, told.pitch[rows], np.nan)


def _tempo(told: Measures, spoken: np.ndarray) -> np.ndarray:
    """Syllables a second of speech around each row, ``(T,)``: voiced peaks of loudness; NaN where nobody speaks."""
    smooth = uniform_filter1d(told.level, 5)
    before, after = (minimum_filter1d(smooth, DIP, origin=side) for side in (DIP // 2 - 1, -DIP // 2))
    peak = (smooth == maximum_filter1d(smooth, 2 * APART + 1)) & (smooth - np.maximum(before, after) >= SYLLABLE)
    voiced = uniform_filter1d(np.isfinite(told.pitch).astype(float), 5) > 0
    counted, talked = (uniform_filter1d(row.astype(float), TEMPO) for row in (peak & voiced & spoken, spoken))
    return np.divide(counted * FRAMES, talked, out=np.full(len(spoken), np.nan), where=spoken & (talked > 0))
