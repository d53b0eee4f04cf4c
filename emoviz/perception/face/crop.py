"""A face cut out of its picture, framed as FER+ frames faces: the detector's own square."""

import cv2
import numpy as np

from emoviz.perception.face.detect import Box
from emoviz.perception.face.network import SIDE


def grey(image: np.ndarray) -> np.ndarray:
    """A picture ``(H, W, 3)`` uint8, RGB, in grey ``(H, W)``."""
    return cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)


def face(picture: np.ndarray, box: Box) -> np.ndarray:
    """The face in a grey picture, ``(48, 48)`` uint8; beyond the picture its edge goes on."""
    side = max(2, round(box.side))
    left, top = round(box.left + box.side / 2 - side / 2), round(box.top + box.side / 2 - side / 2)
    height, width = picture.shape
    inner = picture[max(0, top) : max(0, top + side), max(0, left) : max(0, left + side)]
    if not inner.size:
        return np.zeros((SIDE, SIDE), np.uint8)
    if inner.shape != (side, side):
        beyond = max(0, -top), max(0, top + side - height), max(0, -left), max(0, left + side - width)
        inner = cv2.copyMakeBorder(inner, *beyond, cv2.BORDER_REPLICATE)
    return cv2.resize(inner, (SIDE, SIDE), interpolation=cv2.INTER_AREA if side >= SIDE else cv2.INTER_CUBIC)
