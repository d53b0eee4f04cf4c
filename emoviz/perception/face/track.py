"""Who is who from picture to picture.

A face belongs to the track whose last box it covers, at about its size, if it looks like that face too:
after a cut another person may sit at the same place.
"""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from emoviz.perception.face.detect import Box

COVERED = 0.25  # least overlap with the track's last box
ALIKE = 0.25  # least correlation with the track's own look; of two different FER+ faces, the median is .06
SAME = 0.25  # overlap from which two boxes of one picture are one face
LOST = 2.0  # seconds after which a track does not go on
STEADY = 0.6  # share of the new box in the kept one: a detector's box trembles
LOOK = 24  # pixels of a look


@dataclass(eq=False)
class Track:
    """One face through time.

    Attributes:
        number: from 0, in the order of appearance
        last: where it was last, smoothed
        time: when that was
        look: what it looked like there, standardised, ``(24 * 24,)``
        count: how often it was seen
        presence: sum of its sides over all pictures, in pixels
    """

    number: int
    last: Box
    time: float
    look: np.ndarray
    count: int = 1
    presence: float = 0.0


@dataclass(eq=False)
class Tracker:
    """Gives each face its track.

    Attributes:
        tracks: all so far
    """

    tracks: list[Track] = field(default_factory=list)

    def alive(self, time: float) -> list[Track]:
        """Tracks that may still go on."""
        return [track for track in self.tracks if time - track.time <= LOST]

    def update(self, time: float, boxes: list[Box], faces: list[np.ndarray]) -> list[Track]:
        """The tracks of the faces of one picture, in their order; new ones where none fits.

        Args:
            time: of the picture
            boxes: of its faces
            faces: what is in them, each ``(48, 48)``
        """
        looks, alive = [look(face) for face in faces], self.alive(time)
        pairs = [
            (box.overlap(track.last), i, track)
            for i, box in enumerate(boxes)
            for track in alive
            if box.overlap(track.last) >= COVERED and float(looks[i] @ track.look) / LOOK**2 >= ALIKE
        ]
        given: dict[int, Track] = {}
        for _, i, track in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2].number)):
            if i not in given and track not in given.values():
                given[i] = track
                track.last = _steady(track.last, boxes[i])
                track.time, track.look, track.count = time, looks[i], track.count + 1
        for i, box in enumerate(boxes):
            if i not in given:
                given[i] = Track(len(self.tracks), box, time, looks[i])
                self.tracks.append(given[i])
            given[i].presence += box.side
        return [given[i] for i in range(len(boxes))]


def look(face: np.ndarray) -> np.ndarray:
    """A face coarsely, with mean 0 and deviation 1, ``(24 * 24,)``."""
    small = cv2.resize(face, (LOOK, LOOK), interpolation=cv2.INTER_AREA).astype(float).ravel()
    return (small - small.mean()) / max(small.std(), 1.0)


def distinct(boxes: list[Box]) -> list[Box]:
    """Boxes without those that cover an earlier one to a good part."""
    kept: list[Box] = []
    for box in boxes:
        if all(box.overlap(other) < SAME for other in kept):
            kept.append(box)
    return kept


def _steady(last: Box, new: Box) -> Box:
    """The new box, drawn towards the last one."""
    left, top, side = (
        STEADY * getattr(new, name) + (1 - STEADY) * getattr(last, name) for name in ("left", "top", "side")
    )
    return replace(new, left=left, top=top, side=side)
