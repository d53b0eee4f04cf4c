"""Drawn faces for tests: nobody's, but a detector finds them."""

import cv2
import numpy as np

GROUND = 90  # grey of the background


def drawn(side: int, smile: float = 0.0, tone: int = 190) -> np.ndarray:
    """A square with a face in it, ``(side, side)`` uint8.

    Args:
        side: pixels
        smile: from -1 (down) over 0 (straight) to 1 (up)
        tone: grey of the skin
    """
    large = side * 4
    picture = np.full((large, large), GROUND, np.uint8)

    def blob(x: float, y: float, width: float, height: float, grey: float, end: int = 360) -> None:
        centre, axes = (round(x * large), round(y * large)), (round(width * large), round(height * large))
        cv2.ellipse(picture, centre, axes, 0, 0, end, int(grey), -1)

    blob(0.5, 0.52, 0.4, 0.52, tone)
    for eye in (0.31, 0.69):
        blob(eye, 0.4, 0.115, 0.055, 60)
        blob(eye, 0.4, 0.05, 0.045, 20)
        blob(eye, 0.29, 0.13, 0.03, 70)
    blob(0.5, 0.51, 0.035, 0.11, tone * 1.12)
    blob(0.5, 0.64, 0.09, 0.025, 110)
    blob(0.5, 0.79 - 0.03 * smile, 0.17, 0.03 + 0.05 * abs(smile), 70, 180 if smile > 0 else 360)
    soft = cv2.GaussianBlur(picture, (0, 0), large * 0.018)
    return cv2.resize(soft, (side, side), interpolation=cv2.INTER_AREA)


def scene(*places: tuple[int, int, np.ndarray], size: tuple[int, int] = (320, 240)) -> np.ndarray:
    """A grey picture ``(H, W)`` with squares at left and top on its ground."""
    width, height = size
    picture = np.full((height, width), GROUND, np.uint8)
    for left, top, square in places:
        picture[top : top + len(square), left : left + len(square)] = square
    return picture


def coloured(picture: np.ndarray) -> np.ndarray:
    """A grey picture as a camera gives it, ``(H, W, 3)``."""
    return np.repeat(picture[:, :, None], 3, 2)
