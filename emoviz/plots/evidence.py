"""What in a face or a sound speaks for an emotion, as pictures in the page itself: no address leads to them."""

import base64
from collections.abc import Sequence

import cv2
import numpy as np

from emoviz.plots.html import text

FOR, AGAINST = (232, 89, 12), (28, 126, 214)  # orange speaks for it, blue against it: told apart by the colour-blind
COVER = 0.62  # how much of the strongest place is covered by its colour
WIDEST = 560  # pixels of a picture
AROUND = 0.4  # of a face's side that is shown above and below it; more beside it
TALL = 4  # pixels for each band of a sound


def overlaid(picture: np.ndarray, share: np.ndarray) -> np.ndarray:
    """A picture ``(H, W, 3)`` uint8 with evidence ``(h, w)`` in [-1, 1] laid over all of it."""
    share = cv2.resize(share.astype(np.float32), picture.shape[1::-1], interpolation=cv2.INTER_CUBIC).clip(-1, 1)
    cover = (COVER * np.abs(share) ** 0.8)[..., None]
    colour = np.where(share[..., None] > 0, np.array(FOR), np.array(AGAINST))
    return ((1 - cover) * picture + cover * colour).round().astype(np.uint8)


def on_frame(frame: np.ndarray, box: Sequence[float], share: np.ndarray) -> np.ndarray:
    """A frame with evidence laid over the face in it.

    Args:
        frame: ``(H, W, 3)`` uint8
        box: left, top, right, bottom in pixels
        share: ``(h, w)`` in [-1, 1]
    """
    height, width = frame.shape[:2]
    left, top, right, bottom = (round(edge) for edge in box)
    # A face may reach beyond the picture; so may its evidence.
    whole = np.zeros((height, width), np.float32)
    inner = cv2.resize(share.astype(np.float32), (max(1, right - left), max(1, bottom - top)))
    rows, columns = slice(max(0, top), min(height, bottom)), slice(max(0, left), min(width, right))
    whole[rows, columns] = inner[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    shown = overlaid(frame, whole)
    cv2.rectangle(shown, (left, top), (right, bottom), (255, 255, 255), max(1, width // 320))
    return shown


def around(frame: np.ndarray, box: Sequence[float]) -> np.ndarray:
    """The part of a frame around a face, as far as the picture goes.

    Args:
        frame: ``(H, W, 3)``
        box: left, top, right, bottom in pixels
    """
    left, top, right, bottom = box
    across, down = AROUND * (right - left), AROUND * (bottom - top)
    rows = slice(max(0, round(top - down)), round(bottom + down))
    columns = slice(max(0, round(left - 1.6 * across)), round(right + 1.6 * across))
    return frame[rows, columns]


def spectrogram(level: np.ndarray, share: np.ndarray) -> np.ndarray:
    """A sound as a picture, time to the right and pitch upwards, with its evidence.

    Args:
        level: ``(T, F)`` dB
        share: ``(T, F)`` in [-1, 1]
    """
    low, high = np.percentile(level, [5, 99.5])
    grey = (255 * ((level - low) / max(high - low, 1e-6)).clip(0, 1)).astype(np.uint8)
    turned = np.repeat(grey.T[::-1, :, None], 3, axis=2)
    tall = cv2.resize(turned, (WIDEST, TALL * level.shape[1]), interpolation=cv2.INTER_LINEAR)
    return overlaid(tall, share.T[::-1])


def figure(picture: np.ndarray, said: str, caption: str = "", smooth: bool = True) -> str:
    """A picture ``(H, W, 3)`` uint8 with what it shows in words, for those who cannot see it."""
    if picture.shape[1] > WIDEST:
        size = (WIDEST, round(picture.shape[0] * WIDEST / picture.shape[1]))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    _, file = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    data = base64.b64encode(file.tobytes()).decode()
    style = "" if smooth else ' style="image-rendering:pixelated"'
    return (
        f'<figure class="ev ev-figure"><img src="data:image/png;base64,{data}" alt="{text(said)}"{style}>'
        f"<figcaption>{text(caption)}</figcaption></figure>"
    )


def legend(label: str) -> str:
    """What the two colours mean."""
    chips = "".join(
        f'<span><i class="ev-swatch" style="background:rgb{colour}"></i>{words} {text(label)}</span>'
        for colour, words in ((FOR, "speaks for"), (AGAINST, "speaks against"))
    )
    return f'<div class="ev"><div class="ev-legend">{chips}</div></div>'
