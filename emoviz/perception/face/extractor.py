"""The faces of a clip: found, followed, judged and read, half a second after half a second.

Every face that is seen has a track. The one that is seen most and largest is the face of the clip; the others
are told as traces. Axis letters: W windows, T pictures that were looked at.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from emoviz.perception.base import Frame, Media, Reading, Trace, Windows
from emoviz.perception.face import crop, model, quality
from emoviz.perception.face.detect import Box, Detector
from emoviz.perception.face.model import FaceModel
from emoviz.perception.face.track import Track, Tracker, distinct

RATE = 6.0  # pictures a second that are looked at
WINDOW = 0.5  # seconds
SEARCH = 0.4  # seconds between searches of the whole picture; between them faces are followed
PARTIAL = 1.0, 0.05  # seconds, and share of what was read, between two readings
REAL = 3  # pictures in which a face must be seen: a cascade sometimes sees one in a curtain
OTHERS = 4  # other faces whose places are told
MOST = 8  # faces of a picture that are followed
POOR = 0.35  # mean quality below which a note is made

NO_PICTURE = "The clip has no picture."
NO_FACE = "No face was found in the picture."
BECAUSE = {
    "size": "it is small",
    "sharpness": "it is blurred",
    "light": "it is too dark, too bright or too flat",
    "pose": "it is turned away",
    "openness": "something covers it, or it is hardly like a face",
}


@dataclass(frozen=True, eq=False)
class Shown:
    """The face of a clip at one moment.

    Attributes:
        time: of the picture
        image: ``(H, W, 3)`` uint8, RGB
        box: left, top, right and bottom of the face, shares of the picture
        face: as the model sees it, ``(48, 48)`` uint8
    """

    time: float
    image: np.ndarray
    box: tuple[float, float, float, float]
    face: np.ndarray


class FaceExtractor:
    """Reads faces with the shipped model.

    Args:
        faces: the model; the shipped one where not given
    """

    modality = "face"

    def __init__(self, faces: FaceModel | None = None):
        self.model = faces or model.load()
        self.version = f"face-1-{self.model.version}"

    def read(self, media: Media) -> Iterator[Reading]:
        """A reading about every second of the clip, less often the longer it gets."""
        watched = _Watched(self.model)
        told = -np.inf
        for frame in media.frames(RATE):
            watched.look(frame)
            if frame.time - told >= max(PARTIAL[0], PARTIAL[1] * frame.time):
                told = frame.time
                yield watched.reading(last=False)
        yield watched.reading(last=True)

    def shown(self, media: Media, reading: Reading, times: Sequence[float]) -> tuple[Shown, ...]:
        """The face at the moments nearest to those asked for where it was seen; none where it never was.

        Args:
            media: the clip
            reading: of its face
            times: seconds of the clip
        """
        boxes = reading.trace("box")
        if boxes is None or not np.isfinite(boxes.values).any():
            return ()
        seen = np.flatnonzero(np.isfinite(boxes.values[:, 0]))
        wanted = {float(boxes.time[seen[np.abs(boxes.time[seen] - time).argmin()]]) for time in times}
        places = dict(zip(boxes.time.tolist(), boxes.values.tolist(), strict=True))
        found = {}
        for frame in media.frames(RATE):
            if frame.time in wanted:
                found[frame.time] = Shown(
                    frame.time, frame.image, tuple(places[frame.time]), cut(frame.image, places[frame.time])
                )
            if len(found) == len(wanted):
                break
        return tuple(found[time] for time in sorted(found))

    def evidence(self, face: np.ndarray, label: str) -> np.ndarray:
        """Which parts of a face speak for a common label, and which against it.

        See :meth:`emoviz.perception.face.model.FaceModel.evidence`.

        Args:
            face: ``(48, 48)`` uint8, for example of a :class:`Shown`
            label: one of :data:`emoviz.perception.common.LABELS`
        """
        return self.model.evidence(face, label)


def cut(image: np.ndarray, box: Sequence[float]) -> np.ndarray:
    """The face in a picture as the model sees it, ``(48, 48)`` uint8.

    Args:
        image: ``(H, W, 3)`` uint8, RGB
        box: left, top, right, bottom as shares of the picture, as the trace ``box`` has them
    """
    height, width = image.shape[:2]
    left, top, right, _ = box
    return crop.face(crop.grey(image), Box(left * width, top * height, (right - left) * width))


@dataclass(eq=False)
class _Sums:
    """One track in one window: sums over its pictures."""

    weight: float = 0.0
    native: np.ndarray | float = 0.0
    embedding: np.ndarray | float = 0.0


@dataclass(eq=False)
class _Waiting:
    """A face that was cut out and is not read yet."""

    track: int
    time: float
    face: np.ndarray
    side: float
    sure: float


@dataclass(eq=False)
class _Watched:
    """What has been seen of a clip so far."""

    model: FaceModel
    detector: Detector = field(default_factory=Detector)
    tracker: Tracker = field(default_factory=Tracker)
    times: list[float] = field(default_factory=list)
    boxes: dict[int, dict[float, tuple[float, float, float, float]]] = field(default_factory=lambda: defaultdict(dict))
    sums: dict[int, dict[int, _Sums]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(_Sums)))
    parts: dict[int, np.ndarray] = field(default_factory=lambda: defaultdict(lambda: np.zeros(len(BECAUSE))))
    waiting: list[_Waiting] = field(default_factory=list)
    searched: float = -np.inf

    def look(self, frame: Frame) -> None:
        """Find the faces of one picture and keep them for reading."""
        grey = crop.grey(frame.image)
        height, width = grey.shape
        followed = [self.detector.near(grey, track.last) for track in self.tracker.alive(frame.time)]
        boxes = [box for box in followed if box is not None]
        if frame.time - self.searched >= SEARCH:
            self.searched = frame.time
            boxes += self.detector.everywhere(grey)
        boxes = distinct(boxes)[:MOST]
        tracks = self.tracker.update(frame.time, boxes, [crop.face(grey, box) for box in boxes])
        self.times.append(frame.time)
        for track in tracks:
            self.boxes[track.number][frame.time] = track.last.shares(width, height)
            face = crop.face(grey, track.last)
            self.waiting.append(_Waiting(track.number, frame.time, face, track.last.side, track.last.sure))

    def _settle(self) -> None:
        """Read the faces that wait."""
        if not self.waiting:
            return
        faces = np.stack([one.face for one in self.waiting])
        seen = self.model.look(faces)
        sides, sure = (np.array([getattr(one, name) for one in self.waiting]) for name in ("side", "sure"))
        judged = quality.judged(faces, sides, sure, seen.whole)
        for i, (one, weight) in enumerate(zip(self.waiting, judged.overall, strict=True)):
            window = self.sums[one.track][int(one.time // WINDOW)]
            window.weight += weight
            window.native = window.native + weight * seen.native[i]
            window.embedding = window.embedding + weight * seen.embedding[i]
            self.parts[one.track] += [getattr(judged, name)[i] for name in BECAUSE]
        self.waiting.clear()

    def reading(self, last: bool) -> Reading:
        """Everything so far."""
        self._settle()
        tracks = self._tracks()
        windows = self._windows(tracks[0]) if tracks else None
        traces = self._traces(tracks, windows)
        if not last:
            return Reading("face", "reading", windows=windows, traces=traces)
        if not self.times:
            return Reading("face", "missing", NO_PICTURE)
        if windows is None:
            return Reading("face", "missing", NO_FACE, traces=traces)
        return Reading("face", "read", self._note(tracks, windows), windows, traces)

    def _tracks(self) -> list[Track]:
        """Tracks that are real, the most present first."""
        enough = min(REAL, len(self.times))
        real = [track for track in self.tracker.tracks if track.count >= enough]
        return sorted(real, key=lambda track: (-track.presence, track.number))

    def _windows(self, track: Track) -> Windows:
        """Windows of one track; the quality of one counts the pictures without the face as worth nothing."""
        looked = np.bincount((np.array(self.times) // WINDOW).astype(int))
        places = sorted(self.sums[track.number])
        sums = [self.sums[track.number][place] for place in places]
        weight = np.array([one.weight for one in sums])
        start = np.array(places) * WINDOW
        return Windows(
            start,
            start + WINDOW,
            np.stack([np.asarray(one.native) for one in sums]) / weight[:, None],
            (np.stack([np.asarray(one.embedding) for one in sums]) / weight[:, None]).astype(np.float32),
            weight / looked[places],
            self.model.labels,
        )

    def _traces(self, tracks: list[Track], windows: Windows | None) -> tuple[Trace, ...]:
        time = np.array(self.times)
        nowhere = (np.nan,) * 4
        names = ["box", *(f"box {number}" for number in range(2, 2 + OTHERS))]
        places = [
            Trace(name, "", time, np.array([self.boxes[track.number].get(t, nowhere) for t in self.times]))
            for name, track in zip(names, tracks, strict=False)
        ]
        counts = np.array([sum(t in self.boxes[track.number] for track in tracks) for t in self.times], float)
        found = (*places, Trace("faces", "", time, counts))
        if windows is None:
            return found
        middle = (windows.start + windows.end) / 2
        return (*found, Trace("majority", "", middle, self.model.majority(windows.native)))

    def _note(self, tracks: list[Track], windows: Windows) -> str:
        """What to keep in mind, in sentences."""
        notes = []
        if len(tracks) > 1:
            notes.append(f"{len(tracks)} faces were seen; the one that is seen most and largest is read.")
        if windows.quality.mean() < POOR:
            worst = self.parts[tracks[0].number].argmin()
            notes.append(f"The face can be read only with doubt: {list(BECAUSE.values())[worst]}.")
        return " ".join(notes)
