"""What an explanation of one clip holds; made by :func:`emoviz.analysis.clip.explain.explain`.

Axis letters: M modalities of the clip, in its order; W windows; K common labels
(:data:`emoviz.perception.common.LABELS`); T time steps. Times are seconds of the clip's own clock. NaN is what
nobody can know; in JSON it is ``null``.
"""

import json
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from emoviz.analysis.findings import CAVEAT
from emoviz.perception.base import Reading
from emoviz.perception.common import LABELS

NAN = float("nan")
# Evidence is told in files no finer than it was found: patch by patch, pixels of a face, rows and bands of a sound.
FACE_CELL, VOICE_CELL = 4, 8


@dataclass(frozen=True, eq=False)
class Spread:
    """An emotion distribution and how far it moves when the clip's windows are drawn anew.

    Attributes:
        distribution: ``(K,)``, sums to 1
        low: ``(K,)`` lower ends of 95 % intervals; NaN where there are fewer than two windows to draw from
        high: ``(K,)`` upper ends
    """

    distribution: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def label(self) -> str:
        """The emotion with the largest share."""
        return LABELS[int(self.distribution.argmax())]

    @property
    def share(self) -> float:
        """Its share."""
        return float(self.distribution.max())


@dataclass(frozen=True, eq=False)
class Side:
    """What one modality of the clip conveys.

    Attributes:
        reading: as perception gave it: status, reason, windows, traces, words
        said: over the common labels, on equal terms with the other modalities (how often its model names an
            emotion anyway is taken out, quality weighs); ``None`` where missing
        along: the same for each window, ``(W, K)``; empty where missing
        outside: share of its own distribution that no common label names, 0 to 1
        quality: mean over its windows, 0 to 1; NaN where missing
        weight: its exponent in the fused product; 0 says nothing, NaN where missing
    """

    reading: Reading
    said: Spread | None
    along: np.ndarray
    outside: float = NAN
    quality: float = NAN
    weight: float = NAN

    @property
    def modality(self) -> str:
        return self.reading.modality


@dataclass(frozen=True)
class Pair:
    """How far two modalities of the clip are apart.

    Attributes:
        a: the first modality
        b: the second
        value: Jensen-Shannon divergence of what they say, over ln 2, 0 to 1
        low: lower end of its 95 % interval when windows are drawn anew; NaN below two windows
        high: upper end
        floor: what agreeing clips stay below, and windows of one modality of this clip among themselves; NaN unknown
    """

    a: str
    b: str
    value: float
    low: float
    high: float
    floor: float

    @property
    def clear(self) -> bool:
        """Whether they are farther apart than noise explains; never where the floor is unknown."""
        return self.value > self.floor


@dataclass(frozen=True, eq=False)
class Timeline:
    """Everything on one clock.

    Attributes:
        time: ``(T,)``, evenly spaced from 0
        modalities: the M modalities that have windows
        said: ``(M, T, K)``, NaN where a modality has no window
        fused: ``(T, K)``, NaN where nothing has one
        conflict: ``(T,)`` 0 to 1, NaN where fewer than two have one
        floor: what the conflict of agreeing moments stays below; NaN unknown
    """

    time: np.ndarray
    modalities: tuple[str, ...]
    said: np.ndarray
    fused: np.ndarray
    conflict: np.ndarray
    floor: float


@dataclass(frozen=True)
class Saying:
    """The emotion that a modality shows most, and how much."""

    modality: str
    label: str
    share: float


@dataclass(frozen=True)
class Moment:
    """A stretch of the clip in which modalities differ most.

    Attributes:
        start: where it begins
        end: where it ends
        time: of the peak
        conflict: at the peak, 0 to 1
        a: one side of the pair that is farthest apart there
        b: the other
        says: what each modality with a window there shows most
        clear: whether the peak is above the floor; otherwise noise may explain it
    """

    start: float
    end: float
    time: float
    conflict: float
    a: str
    b: str
    says: tuple[Saying, ...]
    clear: bool


@dataclass(frozen=True)
class Part:
    """What one modality adds to the share of the fused answer, -1 to 1."""

    modality: str
    value: float


@dataclass(frozen=True)
class Attribution:
    """Which modality carries the fused answer: Shapley values over all subsets of the modalities.

    Attributes:
        label: the fused answer
        before: its share before anything is seen or heard (the prior)
        parts: one for each modality that was read; ``before`` plus all of them is ``after``
        after: its share in the fused distribution
    """

    label: str
    before: float
    parts: tuple[Part, ...]
    after: float


@dataclass(frozen=True)
class Spot:
    """A side of the clip on the disk; ``side`` is a modality or ``fused``."""

    side: str
    x: float
    y: float
    distortion: float


@dataclass(frozen=True)
class Near:
    """A sample that is near the clip.

    Attributes:
        row: in the findings
        sample_id: its name
        distance: geodesic, in the checkpoint's ball
        label: what people most said of it, empty where nobody was asked or they tied
        text: its words, or empty
    """

    row: int
    sample_id: str
    distance: float
    label: str
    text: str


@dataclass(frozen=True)
class Prototype:
    """An emotion's prototype and its geodesic distance from the clip."""

    label: str
    distance: float


@dataclass(frozen=True)
class Place:
    """Where the clip lies among the samples of a dataset, or why it has no place there.

    Attributes:
        dataset: name
        checkpoint: name
        spots: its constellation on the disk, ``fused`` last; empty where it cannot be placed
        near: the nearest samples, nearest first
        prototypes: of all emotions, nearest first
        approximate: whether the checkpoint reads something that perception can only approximate
        lost: share of the fused distribution whose emotions the checkpoint does not know, 0 to 1
        notes: why it has no place, or what was approximated and lost, in sentences
    """

    dataset: str
    checkpoint: str
    spots: tuple[Spot, ...] = ()
    near: tuple[Near, ...] = ()
    prototypes: tuple[Prototype, ...] = ()
    approximate: bool = False
    lost: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class InFace:
    """Which parts of a face speak for an emotion.

    Attributes:
        label: the emotion
        time: of the picture
        box: of the face: left, top, right, bottom as shares of the picture
        image: the picture, ``(H, W, 3)`` uint8; in no file
        share: ``(48, 48)`` over the face in [-1, 1]: above 0 speaks for the emotion, below 0 against it
    """

    label: str
    time: float
    box: tuple[float, ...]
    image: np.ndarray
    share: np.ndarray


@dataclass(frozen=True, eq=False)
class InVoice:
    """Which parts of a stretch of sound speak for an emotion; T rows, F bands.

    Attributes:
        label: the emotion
        time: ``(T,)``
        hertz: centre of each band, ``(F,)``
        level: the sound itself, ``(T, F)`` in dB; in no file
        share: ``(T, F)`` in [-1, 1]: above 0 speaks for the emotion, below 0 against it
    """

    label: str
    time: np.ndarray
    hertz: np.ndarray
    level: np.ndarray
    share: np.ndarray


@dataclass(frozen=True, eq=False)
class InWords:
    """What each word of a sentence adds to the share of an emotion.

    Attributes:
        label: the emotion
        start: of the sentence; NaN where nobody knows when it is said
        end: of the sentence
        text: the sentence
        words: first and last-plus-one letter of each of its W words
        added: to the logarithm of the share, nats, ``(W,)``
        before: logarithm of the share without any words
        after: with all; ``before`` and ``added`` add up to it
    """

    label: str
    start: float
    end: float
    text: str
    words: tuple[tuple[int, int], ...]
    added: np.ndarray
    before: float
    after: float


@dataclass(frozen=True)
class Evidence:
    """What speaks for what each modality shows at one moment; ``None`` where it was not read.

    Attributes:
        time: the moment
        face: in the face
        voice: in the sound
        text: in the words
    """

    time: float
    face: InFace | None
    voice: InVoice | None
    text: InWords | None


@dataclass(frozen=True, eq=False)
class Explanation:
    """One clip, explained.

    Attributes:
        seconds: how long the clip is
        sides: one for each modality that was looked for, read or missing
        fused: over the common labels; ``None`` where nothing could be read
        conflict: chance that one modality shows another emotion than the rest, 0 to 1; NaN below two modalities
        low: lower end of its 95 % interval when windows are drawn anew; NaN below two windows
        high: upper end
        floor: what the conflict of agreeing clips stays below; NaN unknown
        pairs: every pair of modalities that were read
        dissenter: the modality that stands against the rest, empty while there is no clear conflict
        timeline: second by second
        moments: stretches in which modalities differ, the strongest first
        attribution: which modality carries the fused answer; ``None`` where nothing could be read
        place: among the samples of a dataset, where one was chosen
        changes: what was changed of the original, in order; empty for the clip as it is
        parent: hash of the original where something was changed, else empty
        notes: what to keep in mind about how the clip was read, in sentences
        sentences: two or three that say it all
        evidence: what speaks for what is shown at one moment, where that was asked for
        caveat: what the numbers are not
    """

    seconds: float
    sides: tuple[Side, ...]
    fused: Spread | None
    conflict: float
    low: float
    high: float
    floor: float
    pairs: tuple[Pair, ...]
    dissenter: str
    timeline: Timeline
    moments: tuple[Moment, ...]
    attribution: Attribution | None
    sentences: tuple[str, ...]
    place: Place | None = None
    changes: tuple[str, ...] = ()
    parent: str = ""
    notes: tuple[str, ...] = ()
    evidence: Evidence | None = None
    caveat: str = field(default=CAVEAT)

    @property
    def clear(self) -> bool:
        """Whether there is more conflict than noise explains; never where the floor is unknown."""
        return self.conflict > self.floor

    def side(self, modality: str) -> Side | None:
        """The side of that name, if it was looked for."""
        return next((side for side in self.sides if side.modality == modality), None)

    def to_json(self) -> str:
        """All of it as a JSON object; see ``docs/explain.md`` for its keys."""
        return json.dumps(_plain(_told(self)), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _told(one: Explanation) -> dict[str, Any]:
    """The object that is written, with numpy inside."""
    return {
        "seconds": one.seconds,
        "labels": LABELS,
        "modalities": {side.modality: _side(side) for side in one.sides},
        "fused": None if one.fused is None else _by_label(one.fused.distribution),
        "fused_interval": None if one.fused is None else _interval(one.fused),
        "prediction": None if one.fused is None else one.fused.label,
        "conflict": one.conflict,
        "conflict_interval": [one.low, one.high],
        "conflict_floor": one.floor,
        "clear_conflict": one.clear,
        "conflict_pairs": [
            {
                "pair": [pair.a, pair.b],
                "value": pair.value,
                "interval": [pair.low, pair.high],
                "floor": pair.floor,
                "clear": pair.clear,
            }
            for pair in one.pairs
        ],
        "dissenter": one.dissenter or None,
        "moments": [
            {
                "start": moment.start,
                "end": moment.end,
                "time": moment.time,
                "conflict": moment.conflict,
                "pair": [moment.a, moment.b],
                "says": {said.modality: {"label": said.label, "share": said.share} for said in moment.says},
                "clear": moment.clear,
            }
            for moment in one.moments
        ],
        "attribution": None if one.attribution is None else _attribution(one.attribution),
        "timeline": {
            "time": one.timeline.time,
            "said": dict(zip(one.timeline.modalities, one.timeline.said, strict=True)),
            "fused": one.timeline.fused,
            "conflict": one.timeline.conflict,
            "floor": one.timeline.floor,
        },
        "place": None if one.place is None else _place(one.place),
        "evidence": None if one.evidence is None else _evidence(one.evidence),
        "changes": one.changes,
        "parent": one.parent or None,
        "notes": one.notes,
        "sentences": one.sentences,
        "caveat": one.caveat,
    }


def _side(side: Side) -> dict[str, Any]:
    windows, native, sure = side.reading.windows, side.reading.native, side.reading.at_windows("majority")
    return {
        "status": side.reading.status,
        "reason": side.reading.reason,
        "distribution": None if side.said is None else _by_label(side.said.distribution),
        "interval": None if side.said is None else _interval(side.said),
        "outside": side.outside,
        "quality": side.quality,
        "weight": side.weight,
        "native": None if windows is None or native is None else dict(zip(windows.labels, native, strict=True)),
        "majority": sure,
        "windows": []
        if windows is None
        else [
            {"start": start, "end": end, "distribution": _by_label(said), "quality": quality}
            for start, end, said, quality in zip(windows.start, windows.end, side.along, windows.quality, strict=True)
        ],
        "words": [{"start": cue.start, "end": cue.end, "text": cue.text} for cue in side.reading.cues],
    }


def _attribution(one: Attribution) -> dict[str, Any]:
    parts = {part.modality: part.value for part in one.parts}
    return {"label": one.label, "before": one.before, "parts": parts, "after": one.after}


def _place(place: Place) -> dict[str, Any]:
    return {
        "dataset": place.dataset,
        "checkpoint": place.checkpoint,
        "approximate": place.approximate,
        "lost": place.lost,
        "spots": {spot.side: {"x": spot.x, "y": spot.y, "distortion": spot.distortion} for spot in place.spots},
        "near": [
            {"sample_id": near.sample_id, "distance": near.distance, "label": near.label, "text": near.text}
            for near in place.near
        ],
        "prototypes": {prototype.label: prototype.distance for prototype in place.prototypes},
        "notes": place.notes,
    }


def _evidence(one: Evidence) -> dict[str, Any]:
    return {
        "time": one.time,
        "face": one.face
        and {
            "label": one.face.label,
            "time": one.face.time,
            "box": one.face.box,
            "share": _coarser(one.face.share, FACE_CELL, FACE_CELL),
        },
        "voice": one.voice
        and {
            "label": one.voice.label,
            "time": _coarser(one.voice.time[:, None], VOICE_CELL)[:, 0],
            "hertz": _coarser(one.voice.hertz[:, None], VOICE_CELL)[:, 0],
            "share": _coarser(one.voice.share, VOICE_CELL, VOICE_CELL),
        },
        "text": one.text
        and {
            "label": one.text.label,
            "start": one.text.start,
            "end": one.text.end,
            "before": one.text.before,
            "words": [
                {"text": one.text.text[first:last], "added": added}
                for (first, last), added in zip(one.text.words, one.text.added, strict=True)
            ],
            "after": one.text.after,
        },
    }


def _coarser(values: np.ndarray, rows: int, columns: int = 1) -> np.ndarray:
    """Means over cells of so many rows and columns of a matrix; the last cells may be smaller."""
    for axis, size in enumerate((rows, columns)):
        first = np.arange(0, values.shape[axis], size)
        count = np.diff(np.append(first, values.shape[axis]))
        total = np.add.reduceat(values, first, axis)
        values = total / (count[:, None] if axis == 0 else count)
    return values


def _by_label(distribution: np.ndarray) -> dict[str, float]:
    return dict(zip(LABELS, distribution, strict=True))


def _interval(spread: Spread) -> dict[str, list[float]]:
    return {label: [low, high] for label, low, high in zip(LABELS, spread.low, spread.high, strict=True)}


def _plain(value: Any) -> Any:
    """Values as JSON knows them: six digits, and ``null`` for numbers that are none."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
