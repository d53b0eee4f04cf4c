"""Clips as perception would give them, made of numbers."""

import numpy as np

from emoviz.analysis.clip import fusion
from emoviz.analysis.clip.fusion import Constants, Terms
from emoviz.perception.base import Cue, Reading, Trace, Windows
from emoviz.perception.common import LABELS
from emoviz.perception.pipeline import Perceived

K = len(LABELS)
PRIOR = np.array([0.11, 0.06, 0.06, 0.26, 0.28, 0.11, 0.12])
NAMES = ("face", "voice", "text")


def constants(floor: float = 0.4, pair_floor: float = 0.4, exponent: float = 0.5) -> Constants:
    """Plain terms, floors that are known."""
    return Constants(
        PRIOR,
        0.25,
        0.05,
        {name: Terms(0.9, exponent, PRIOR) for name in NAMES},
        {part: pair_floor for part in fusion.subsets(NAMES) if len(part) == 2},
        {part: floor for part in fusion.subsets(NAMES)},
    )


def showing(label: str, share: float = 0.9) -> np.ndarray:
    """A distribution that shows one emotion, ``(K,)``."""
    rest = (1 - share) / (K - 1)
    return np.where(np.array(LABELS) == label, share, rest)


def windows(
    labels: list[str],
    length: float = 1.0,
    hop: float = 1.0,
    share: float = 0.9,
    quality: float = 0.9,
    noise: float = 0.0,
) -> Windows:
    """One window for each emotion, one after the other."""
    n, draw = len(labels), np.random.default_rng(0)
    native = np.stack([showing(label, share) for label in labels]) + noise * draw.random((n, K))
    native /= native.sum(1, keepdims=True)
    start = np.arange(n) * hop
    return Windows(start, start + length, native, np.zeros((n, 3), np.float32), np.full(n, quality), LABELS)


def reading(modality: str, labels: list[str], **changes) -> Reading:
    """A modality that shows one emotion after the other."""
    shown = windows(labels, **changes)
    trace = Trace("pitch", "Hz", np.arange(len(labels)) + 0.5, np.full(len(labels), 120.0))
    cues = tuple(Cue(float(a), float(b), f"Words {a:g}.") for a, b in zip(shown.start, shown.end, strict=True))
    return Reading(modality, "read", "", shown, (trace,), cues if modality == "text" else ())


def missing(modality: str) -> Reading:
    return Reading(modality, "missing", f"There is no {modality}.")


def clip(**said: list[str]) -> Perceived:
    """A clip whose modalities show emotions second by second; those not named are missing."""
    readings = {name: reading(name, said[name]) if name in said else missing(name) for name in NAMES}
    return Perceived(None, readings)


HAPPY, SAD = ["happiness"] * 6, ["sadness"] * 6
