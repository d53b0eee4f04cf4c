"""The invented cloud that the disk's benchmark and its peers show: seven emotions on the disk."""

from functools import cache

import numpy as np

EMOTIONS = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
COLOURS = ("#d55e00", "#8a9a2b", "#7f5aa2", "#e0a100", "#8c8c8c", "#0072b2", "#cc79a7")


@cache
def cloud(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions ``(n, 2)`` float32, emotion ``(n,)`` uint8 and a score ``(n,)`` float32 in [0, 1)."""
    random = np.random.default_rng(7)
    emotion = random.integers(0, 7, n)
    angle = emotion * 2 * np.pi / 7 + random.normal(0, 0.35, n)
    radius = 0.97 * np.tanh(np.abs(random.normal(1.0, 0.45, n))).clip(0, 0.995)
    xy = (radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)).astype(np.float32)
    return xy, emotion.astype(np.uint8), random.random(n).astype(np.float32)
