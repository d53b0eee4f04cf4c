"""Where faces are in a picture, by the cascades that come with OpenCV.

Sources: Viola and Jones. Rapid Object Detection using a Boosted Cascade of Simple Features. CVPR 2001;
Lienhart and Maydt. An Extended Set of Haar-like Features for Rapid Object Detection. ICIP 2002.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

CASCADES = Path(cv2.__file__).parent / "data"

Side = Literal["front", "left", "right"]

WIDEST = 480  # pixels that a picture is searched at
SMALLEST = 24  # pixels of a face there
STEP = 1.1  # from one size that is tried to the next
AGREEING = 3  # detections close to each other that make a face
CERTAIN = 6.0  # weight at which a frontal face is certain
TURNED = 0.4  # how sure a profile is: the cascade is weaker, and the reading of a turned face too
# Following: the place around a face, scaled so that the face is as large as this.
AROUND, FOLLOWED = 1.8, 60


@dataclass(frozen=True)
class Box:
    """The square of a face, in pixels of the picture.

    Attributes:
        left: may lie outside the picture, as ``top``
        top: of the square
        side: of the square
        sure: how sure the detector is, in [0, 1]
        seen: from where
    """

    left: float
    top: float
    side: float
    sure: float = 1.0
    seen: Side = "front"

    def overlap(self, other: "Box") -> float:
        """Shared area by joint area, in [0, 1]."""
        across = min(self.left + self.side, other.left + other.side) - max(self.left, other.left)
        down = min(self.top + self.side, other.top + other.side) - max(self.top, other.top)
        shared = max(0.0, across) * max(0.0, down)
        return shared / (self.side**2 + other.side**2 - shared)

    def shares(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Left, top, right, bottom as shares of a picture of that size."""
        return (
            self.left / width,
            self.top / height,
            (self.left + self.side) / width,
            (self.top + self.side) / height,
        )


class Detector:
    """Finds faces. Not to be shared between threads."""

    def __init__(self) -> None:
        self._front = cv2.CascadeClassifier(str(CASCADES / "haarcascade_frontalface_default.xml"))
        self._profile = cv2.CascadeClassifier(str(CASCADES / "haarcascade_profileface.xml"))

    def everywhere(self, grey: np.ndarray) -> list[Box]:
        """All faces of a picture ``(H, W)`` uint8, large and sure ones first; profiles where none looks ahead."""
        scale = min(1.0, WIDEST / grey.shape[1])
        small = _scaled(grey, scale)
        boxes = self._frontal(small, SMALLEST, 0)
        if not boxes:
            boxes = self._turned(small, "left", SMALLEST, 0) or self._turned(small, "right", SMALLEST, 0)
        boxes.sort(key=lambda box: -box.side * box.sure)
        return [_grown(box, 1 / scale, 0, 0) for box in boxes]

    def near(self, grey: np.ndarray, last: Box) -> Box | None:
        """The face that was at ``last`` a moment ago, or ``None``."""
        reach = AROUND * last.side
        left = int(max(0, last.left + last.side / 2 - reach / 2))
        top = int(max(0, last.top + last.side / 2 - reach / 2))
        region = grey[top : int(top + reach) + 1, left : int(left + reach) + 1]
        scale = FOLLOWED / last.side
        if min(region.shape) * scale < FOLLOWED:
            return None
        small = _scaled(region, scale)
        low, high = int(FOLLOWED * 0.75), int(FOLLOWED * 1.34)
        boxes = self._frontal(small, low, high)
        if not boxes and last.seen != "front":
            boxes = self._turned(small, last.seen, low, high)
        found = [_grown(box, 1 / scale, left, top) for box in boxes]
        return max(found, key=last.overlap, default=None)

    def _frontal(self, grey: np.ndarray, low: int, high: int) -> list[Box]:
        found, _, weights = self._front.detectMultiScale3(
            grey, STEP, AGREEING, minSize=(low, low), maxSize=(high, high), outputRejectLevels=True
        )
        return [
            Box(float(x), float(y), float(w), float(np.clip(weight / CERTAIN, 0.2, 1)))
            for (x, y, w, _), weight in zip(found, np.ravel(weights), strict=True)
        ]

    def _turned(self, grey: np.ndarray, seen: Side, low: int, high: int) -> list[Box]:
        """Profiles; the cascade knows faces that look to the left, and sees the others in a mirror."""
        looked = grey if seen == "left" else np.ascontiguousarray(grey[:, ::-1])
        found = self._profile.detectMultiScale(looked, STEP, AGREEING, minSize=(low, low), maxSize=(high, high))
        width = grey.shape[1]
        return [
            Box(float(x if seen == "left" else width - x - w), float(y), float(w), TURNED, seen) for x, y, w, _ in found
        ]


def _scaled(grey: np.ndarray, scale: float) -> np.ndarray:
    if scale == 1:
        return grey
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(grey, None, fx=scale, fy=scale, interpolation=how)


def _grown(box: Box, scale: float, left: float, top: float) -> Box:
    return replace(box, left=left + box.left * scale, top=top + box.top * scale, side=box.side * scale)
