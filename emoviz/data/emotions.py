"""Colours and valence of emotions, by the names people give them; for names nobody knows, a palette.

Colours keep a contrast of 3 to 1 against white and against the dark theme's background, and lie far
apart for the seven emotions most corpora share.
"""

from collections.abc import Iterable

from emoviz.data.dataset import Label

# Valence after the circumplex of affect, rounded to tenths: a guide for ordering, not a measurement.
KNOWN: dict[str, tuple[str, float]] = {
    "anger": ("#d6410b", -0.7),
    "disgust": ("#4c9a2a", -0.7),
    "fear": ("#9a63d8", -0.7),
    "happiness": ("#c58a00", 0.9),
    "neutral": ("#858b93", 0.0),
    "sadness": ("#2f7fc9", -0.8),
    "surprise": ("#12a594", 0.2),
    "contempt": ("#a8673d", -0.6),
    "love": ("#e0569b", 0.9),
    "excitement": ("#e0633a", 0.8),
    "frustration": ("#b5544a", -0.6),
    "boredom": ("#7f7a5c", -0.4),
    "calm": ("#5f9670", 0.5),
    "amusement": ("#a98f1d", 0.8),
    "pride": ("#8d6cc0", 0.6),
    "relief": ("#4f97a0", 0.6),
    "shame": ("#a0607c", -0.6),
    "guilt": ("#7c6aa8", -0.6),
    "confusion": ("#9a7b52", -0.2),
    "interest": ("#3f8f8c", 0.5),
    "anxiety": ("#8a5fb5", -0.6),
    "confidence": ("#5b8a3c", 0.5),
    "positive": ("#3f9a4f", 0.8),
    "negative": ("#c9503f", -0.8),
    "other": ("#8a8078", float("nan")),
}
# What others call the same thing. Names are never changed by this: it only finds colour and valence.
ALSO: dict[str, str] = {
    "angry": "anger",
    "mad": "anger",
    "disgusted": "disgust",
    "fearful": "fear",
    "afraid": "fear",
    "scared": "fear",
    "happy": "happiness",
    "joy": "happiness",
    "joyful": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
    "contemptuous": "contempt",
    "excited": "excitement",
    "frustrated": "frustration",
    "bored": "boredom",
    "amused": "amusement",
    "proud": "pride",
    "ashamed": "shame",
    "guilty": "guilt",
    "confused": "confusion",
    "interested": "interest",
    "anxious": "anxiety",
    "confident": "confidence",
    "calmness": "calm",
    "pos": "positive",
    "neg": "negative",
    "neu": "neutral",
}
PALETTE = (
    *("#d6410b", "#2f7fc9", "#4c9a2a", "#9a63d8", "#c58a00", "#12a594", "#e0569b", "#a8673d"),
    *("#858b93", "#5f6fd0", "#7f8f1f", "#c0487f", "#3f9a6a", "#b5544a", "#6f86a8", "#a07ac0"),
)


def known(name: str) -> bool:
    """Whether this is a word for an emotion, in any of its forms listed here."""
    return name in KNOWN or name in ALSO


def labels(names: Iterable[str]) -> tuple[Label, ...]:
    """Labels with colour and valence; unknown names take free colours of the palette and no valence."""
    names = tuple(names)
    told = {name: KNOWN[ALSO.get(name, name)] for name in names if known(name)}
    taken = {colour for colour, _ in told.values()}
    free = [colour for colour in PALETTE if colour not in taken] or list(PALETTE)
    strange = [name for name in names if name not in told]
    told |= {name: (free[i % len(free)], float("nan")) for i, name in enumerate(strange)}
    return tuple(Label(name, *told[name]) for name in names)
