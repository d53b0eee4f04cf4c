"""When somebody speaks: louder than the background, never steady for long, and periodic or coloured like a voice.

Made for one voice near a microphone. Singing and a loud radio are found too; a murmur beside a fan is not.
"""

import numpy as np
from scipy.ndimage import binary_closing, label

from emoviz.perception.voice import features
from emoviz.perception.voice.features import FRAMES, Measures

ABOVE_BACKGROUND = 8.0  # dB over the quiet tenth of the sound
BELOW_PEAK = 32.0  # dB; what is quieter beside the loudest speech is breath or room
NEAR_PEAK = 12.0  # dB; where a sound has no quiet tenth, its loud parts still count
FAINTEST = -85.0  # dB; below lies what 16-bit recorders add
LONGEST_GAP = 0.4  # seconds of silence within one piece of speech
SHORTEST = 0.25  # seconds
LEAST_VOICED = 0.08  # share of a piece
LEAST_SPREAD = 1.5  # dB; a hum, a tone or a fan is steadier
# Breathy and whispered voices have no pitch. They are told from claps and typing by their length, by how they swell,
# and by their colour: most of them lies low.
BREATHY_SHORTEST, BREATHY_SPREAD, BREATHY_TILT = 0.6, 4.0, 8.0  # seconds; dB; dB from below 1 kHz to above 4 kHz
LOW, HIGH = features.centres() < 1000, features.centres() > 4000
BREAK = 1.0  # seconds of silence after which something new is said


def speech(measures: Measures) -> np.ndarray:
    """Whether somebody speaks, ``(T,)`` bool."""
    level = measures.level
    if not len(level):
        return np.zeros(0, bool)
    quiet, peak = np.percentile(level, [10, 97])
    threshold = max(min(max(quiet + ABOVE_BACKGROUND, peak - BELOW_PEAK), peak - NEAR_PEAK), FAINTEST)
    gap = np.ones(int(LONGEST_GAP * FRAMES), bool)
    loud = np.pad(level > threshold, len(gap))
    piece, count = label(binary_closing(loud, gap)[len(gap) : -len(gap)])
    for number in range(1, count + 1):
        rows = piece == number
        if not _is_voice(measures, rows):
            piece[rows] = 0
    return piece > 0


def pieces(spoken: np.ndarray) -> np.ndarray:
    """First and last-plus-one row of each piece of speech, ``(P, 2)``."""
    edges = np.flatnonzero(np.diff(np.pad(spoken.astype(np.int8), 1)))
    return edges.reshape(-1, 2)


def windows(spoken: np.ndarray, width: int, hop: int) -> np.ndarray:
    """First rows of windows over what is said, ``(W,)``; a window may begin before row 0.

    What fits into one window is put into its middle; what is longer is covered evenly, with steps of at most ``hop``.
    """
    first = []
    said = pieces(binary_closing(np.pad(spoken, int(BREAK * FRAMES)), np.ones(int(BREAK * FRAMES), bool)))
    for start, end in said - int(BREAK * FRAMES):
        beyond = end - start - width
        count = 1 + max(0, -(-beyond // hop))
        centres = np.linspace(start + width / 2, end - width / 2, count) if count > 1 else np.array([(start + end) / 2])
        first.append(np.round(centres - width / 2))
    return np.concatenate(first).astype(int) if first else np.zeros(0, int)


def clearness(measures: Measures, spoken: np.ndarray) -> float:
    """How far speech stands out from what is heard without it, in dB; the level itself where nothing else is heard."""
    if not spoken.any():
        return 0.0
    background = measures.level[~spoken]
    beneath = np.median(background) if len(background) >= FRAMES // 5 else np.percentile(measures.level[spoken], 5)
    return float(np.percentile(measures.level[spoken], 75) - max(beneath, FAINTEST))


def _is_voice(measures: Measures, rows: np.ndarray) -> bool:
    """Whether one loud piece is speech."""
    level, seconds = measures.level[rows], rows.sum() / FRAMES
    if seconds < SHORTEST or level.std() < LEAST_SPREAD:
        return False
    if np.isfinite(measures.pitch[rows]).mean() >= LEAST_VOICED:
        return True
    colour = np.median(measures.mel[rows], 0)
    breathy = level.std() >= BREATHY_SPREAD and colour[LOW].mean() - colour[HIGH].mean() >= BREATHY_TILT
    return bool(breathy and seconds >= BREATHY_SHORTEST)
