"""How far a face can be read: is it large, sharp and lit well enough, turned to us, uncovered?

Each question is answered in [0, 1] and the answers are multiplied. How well that parts faces that are read well from
others: benchmarks/perception_face.py.
"""

from dataclasses import dataclass, fields

import cv2
import numpy as np

SIZE = 20, 56  # pixels of the face in its picture: useless, large enough
SHARP = 0.02, 0.12  # variance of the Laplacian by that of the picture; of FER+ faces 1 in 100 is below .23
CONTRAST = 8, 25  # deviation of grey; of FER+ faces 1 in 100 is below 25
CLIPPED = 0.5, 0.2  # share of pixels that are black or white; of FER+ faces 1 in 10 is above .12
WHOLE = 0.02, 0.4  # of untouched FER+ faces 1 in 20 is below .4, of those with a third covered 6 in 10
WORST = 0.05  # a face that was found is never worth nothing


@dataclass(frozen=True, eq=False)
class Quality:
    """Answers for n faces, each ``(n,)`` in [0, 1].

    Attributes:
        size: large enough
        sharpness: not blurred
        light: neither flat nor burnt
        pose: turned to us
        openness: nothing in front
    """

    size: np.ndarray
    sharpness: np.ndarray
    light: np.ndarray
    pose: np.ndarray
    openness: np.ndarray

    @property
    def overall(self) -> np.ndarray:
        """All together, ``(n,)``."""
        product = np.prod([getattr(self, part.name) for part in fields(self)], axis=0)
        return np.clip(product, WORST, 1)


def judged(faces: np.ndarray, sides: np.ndarray, sure: np.ndarray, whole: np.ndarray) -> Quality:
    """How far each face can be read.

    Args:
        faces: ``(n, 48, 48)`` uint8
        sides: pixels that each had in its picture, ``(n,)``
        sure: how sure the frontal detector was, ``(n,)`` in [0, 1]: less the more a face is turned
        whole: how likely each is a whole face, ``(n,)`` in [0, 1]
    """
    grey = faces.astype(np.float32)
    deviation = grey.std((1, 2))
    edges = np.array([cv2.Laplacian(face, cv2.CV_32F).var() for face in grey])
    clipped = ((faces < 8) | (faces > 247)).mean((1, 2))
    return Quality(
        _ramp(sides, *SIZE),
        _ramp(edges / (deviation**2 + 1), *SHARP),
        _ramp(deviation, *CONTRAST) * _ramp(clipped, *CLIPPED),
        sure,
        _ramp(whole, *WHOLE),
    )


def _ramp(values: np.ndarray, zero: float, one: float) -> np.ndarray:
    """0 at ``zero`` and before, 1 at ``one`` and beyond, straight between."""
    return np.clip((np.asarray(values, float) - zero) / (one - zero), 0, 1)
