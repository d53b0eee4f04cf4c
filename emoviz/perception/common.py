"""The label set that face, voice and words share, and the one explicit map to it.

FER+ and RAVDESS have 8 labels each, GoEmotions 28, CREMA-D 6. Seven emotions are common ground. What a
label becomes is written down here and nowhere else; what has no place there (contempt) is kept apart and
its share is told, never spread silently over the others.

References:
    Demszky et al. GoEmotions: A Dataset of Fine-Grained Emotions. ACL 2020: the Ekman grouping of its labels.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from emoviz.errors import UnknownNameError

LABELS = ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")

# RAVDESS and FER+ say the same things in other words; calm is how RAVDESS calls a relaxed neutral voice.
_SAME = {
    **{name: name for name in LABELS},
    "angry": "anger",
    "fearful": "fear",
    "happy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
    "calm": "neutral",
}
# The grouping published with GoEmotions. Its "joy" group is our happiness.
_EKMAN = {
    "anger": ("anger", "annoyance", "disapproval"),
    "disgust": ("disgust",),
    "fear": ("fear", "nervousness"),
    "happiness": (
        *("joy", "amusement", "approval", "excitement", "gratitude", "love"),
        *("optimism", "relief", "pride", "admiration", "desire", "caring"),
    ),
    "sadness": ("sadness", "disappointment", "embarrassment", "grief", "remorse"),
    "surprise": ("surprise", "realization", "confusion", "curiosity"),
    "neutral": ("neutral",),
}
OUTSIDE = ("contempt",)  # known, but not common ground
COMMON = _SAME | {label: common for common, group in _EKMAN.items() for label in group}


@dataclass(frozen=True, eq=False)
class Shared:
    """A distribution on common ground.

    Attributes:
        distribution: ``(..., K)``, rows sum to 1; NaN where nothing of the row is common ground
        outside: ``(...)`` share of the row that no common label names
    """

    distribution: np.ndarray
    outside: np.ndarray


def shared(native: np.ndarray, labels: tuple[str, ...]) -> Shared:
    """Distributions over an extractor's labels as distributions over :data:`LABELS`.

    Shares of labels with the same meaning are added; the rest is told as ``outside`` and the common part
    rescaled to sum to 1.

    Args:
        native: ``(..., L)``, rows sum to 1
        labels: the L labels

    Raises:
        UnknownNameError: for a label that the map does not know
    """
    common = np.asarray(native, float) @ _matrix(labels)
    inside = common.sum(-1)
    safe = np.where(inside > 0, inside, np.nan)
    return Shared(common / safe[..., None], (1 - inside).clip(0, 1))


@cache
def _matrix(labels: tuple[str, ...]) -> np.ndarray:
    """Which label becomes which, ``(L, K)`` of zeros and ones."""
    matrix = np.zeros((len(labels), len(LABELS)))
    for row, label in enumerate(labels):
        if label in COMMON:
            matrix[row, LABELS.index(COMMON[label])] = 1
        elif label not in OUTSIDE:
            raise UnknownNameError("emotion", label, [*COMMON, *OUTSIDE])
    matrix.setflags(write=False)
    return matrix
