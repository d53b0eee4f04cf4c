"""What in the face, the voice and the words of one clip speaks for an emotion, at one moment of it."""

from collections.abc import Callable
from functools import cache
from typing import TypeVar

import numpy as np

from emoviz.analysis.clip.explanation import Evidence, Explanation, InFace, InVoice, InWords, Side
from emoviz.perception.base import Media, Reading
from emoviz.perception.common import LABELS
from emoviz.perception.face.extractor import FaceExtractor
from emoviz.perception.text import model as text_model
from emoviz.perception.voice.extractor import VoiceExtractor

Found = TypeVar("Found", InFace, InVoice, InWords)


def evidence(one: Explanation, media: Media, time: float | None = None) -> Evidence:
    """What speaks for the emotion that each modality shows most at a moment.

    Args:
        one: the clip explained
        media: the clip, or its words alone
        time: seconds of the clip; of its strongest moment where not given
    """
    at = looked_at(one) if time is None else time

    def of(modality: str, found: Callable[[Media, Reading, float, str], Found | None]) -> Found | None:
        side = one.side(modality)
        return None if side is None or side.said is None else found(media, side.reading, at, shown(one, side, at))

    return Evidence(at, of("face", in_face), of("voice", in_voice), of("text", in_words))


def looked_at(one: Explanation) -> float:
    """The moment that tells most: the strongest, or the middle where there is none."""
    return one.moments[0].time if one.moments else one.seconds / 2


def shown(one: Explanation, side: Side, time: float) -> str:
    """The emotion that a side shows most at a moment, or else over the whole clip."""
    line = one.timeline
    if side.modality in line.modalities and len(line.time):
        said = line.said[line.modalities.index(side.modality), np.abs(line.time - time).argmin()]
        if np.isfinite(said).all():
            return LABELS[int(said.argmax())]
    assert side.said is not None  # whoever asks has looked
    return side.said.label


def in_face(media: Media, reading: Reading, time: float, label: str) -> InFace | None:
    """Which parts of the face nearest to a moment speak for a label; ``None`` where none was seen."""
    found = _faces().shown(media, reading, [time])
    if not found:
        return None
    face = found[0]
    return InFace(label, face.time, face.box, face.image, _faces().evidence(face.face, label))


def in_voice(media: Media, reading: Reading, time: float, label: str) -> InVoice | None:
    """What in the sound of the window around a moment speaks for a label; ``None`` where there is no sound."""
    sound, windows = media.sound(), reading.windows
    if sound is None or windows is None:
        return None
    start = float(windows.start[np.abs((windows.start + windows.end) / 2 - time).argmin()])
    found = _voices().evidence(sound, start, label)
    return InVoice(label, found.time, found.hertz, found.level, found.share)


def in_words(media: Media, reading: Reading, time: float, label: str) -> InWords | None:
    """What each word of the sentence said at a moment, or else next to it, adds to the share of a label."""
    windows = reading.windows
    if windows is None or not reading.cues:
        return None
    cue = reading.cues[int(np.maximum(windows.start - time, time - windows.end).argmin())]
    model = text_model.load()
    told = model.attribute(model.parts(cue.text), label)
    pieces = tuple((word.start, word.end) for word in told.words)
    return InWords(label, cue.start, cue.end, cue.text, pieces, told.added, told.before, told.after)


# The models are the same for everybody; nothing of a clip is in them.
@cache
def _faces() -> FaceExtractor:
    return FaceExtractor()


@cache
def _voices() -> VoiceExtractor:
    return VoiceExtractor()
