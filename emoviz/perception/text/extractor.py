"""What the words of a clip convey, sentence by sentence."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import numpy as np

from emoviz.perception import weights
from emoviz.perception.base import Cue, Media, Reading, Windows
from emoviz.perception.text import recogniser
from emoviz.perception.text.model import Parts, TextModel
from emoviz.perception.text.transcript import PACE, SUFFIXES, UNKNOWN
from emoviz.perception.text.words import words

LONGEST = 40  # words of a window
PAUSE = 1.0  # seconds of silence that end a sentence, whatever its punctuation
SPAN = 10.0  # seconds that sentences of more than one subtitle last at most
FEW = 0.5  # share of known words below which the reading says so
BATCH = 200  # windows after which there is something new to show
MOST = 1_000_000  # characters of a transcript
SURE = 2.0  # known words that make a window half as trustworthy as many do
GIVE = f"Type them, or give them as {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}."
_ENDS = re.compile(r"(?<=[.!?…])\s+|\n+")
_LAST = re.compile(r"[.!?…][\"'”’)\]]*$")


class TextExtractor:
    """Reads words; as an :class:`emoviz.perception.base.Extractor`.

    A window is a sentence, or a subtitle with the rest of its sentence. ``Reading.cues`` are the same sentences,
    one for each window, with times only where they are known; the windows of others are spread over the clip.

    Args:
        given: another model than the shipped one
    """

    modality = "text"

    def __init__(self, given: TextModel | None = None):
        self.model = given or TextModel(weights.load("text"))
        own = recogniser.folder()
        self.version = self.model.card.sha256[:16] + (f" {own}" if own else "")

    def read(self, media: Media) -> Iterator[Reading]:
        """Readings so far; several only where there is much to read, or a recogniser writes it down first."""
        notes = []
        cues = media.cues()
        if not cues:
            own, sound = recogniser.folder(), media.sound()
            if own is None or sound is None:
                yield Reading(self.modality, "missing", _nobody_told(sound is not None))
                return
            for cue in recogniser.recognised(sound, own):
                cues = (*cues, cue)
                yield Reading(self.modality, "reading", cues=cues)
            notes.append("A speech recogniser wrote the words down; read them before you trust them.")
        if sum(len(cue.text) for cue in cues) > MOST:
            yield Reading(self.modality, "missing", f"The transcript is longer than {MOST:,} characters. Shorten it.")
            return
        timed = all(math.isfinite(cue.start) and math.isfinite(cue.end) for cue in cues)
        placed = [cue for cue in _timed(cues) if words(cue.text)] if timed else _untimed(cues, media.seconds)
        last = media.seconds or math.inf
        inside = [Cue(cue.start, min(cue.end, last), cue.text) for cue in placed if cue.start < last]
        if len(inside) < len(placed):
            notes.append(f"{len(placed) - len(inside)} of {len(placed)} sentences begin after the clip ends; left out.")
        if not inside:
            yield Reading(self.modality, "missing", " ".join([*notes, f"There are no words in it. {GIVE}"]))
            return
        if not timed and media.seconds:
            notes.append("Nobody told when the words are said: they are spread evenly over the clip.")
        told = inside if timed else [Cue(UNKNOWN, UNKNOWN, cue.text) for cue in inside]
        parts: list[Parts] = []
        for first in range(0, len(inside), BATCH):
            parts += [self.model.parts(cue.text) for cue in inside[first : first + BATCH]]
            if len(parts) < len(inside):
                yield self._reading("reading", inside[: len(parts)], parts, told, notes)
        known = np.concatenate([part.known[_real(part)] for part in parts])
        if known.size and known.mean() < FEW:
            notes.append(f"The text model knows only {known.mean():.0%} of the words; it reads English.")
        yield self._reading("read", inside, parts, told, notes)

    def _reading(
        self,
        status: Literal["reading", "read"],
        placed: Sequence[Cue],
        parts: Sequence[Parts],
        told: Sequence[Cue],
        notes: Sequence[str],
    ) -> Reading:
        logits = np.array([part.logits for part in parts])
        windows = Windows(
            start=np.array([cue.start for cue in placed]),
            end=np.array([cue.end for cue in placed]),
            native=self.model.distribution(logits),
            embedding=logits.astype(np.float32),
            quality=np.array([_quality(part) for part in parts]),
            labels=self.model.labels,
        )
        return Reading(self.modality, status, " ".join(notes), windows, cues=tuple(told[: len(placed)]))


def _nobody_told(has_sound: bool) -> str:
    way = (
        f" With {recogniser.SETTING} set to the folder of a faster-whisper or vosk model, a speech recogniser writes "
        "them down."
    )
    return f"Nobody told its words. {GIVE}" + (way if has_sound else "")


def _timed(cues: Iterable[Cue]) -> Iterator[Cue]:
    """Subtitles as sentences: those that go on in the next one together, very long ones in pieces."""
    open_: list[Cue] = []
    for cue in sorted(cues, key=lambda one: one.start):
        if open_ and not _goes_on(open_, cue):
            yield from _closed(open_)
            open_ = []
        open_.append(cue)
    if open_:
        yield from _closed(open_)


def _goes_on(said: list[Cue], cue: Cue) -> bool:
    return (
        _LAST.search(said[-1].text.rstrip()) is None
        and cue.start - said[-1].end <= PAUSE
        and cue.end - said[0].start <= SPAN
        and sum(len(one.text.split()) for one in (*said, cue)) <= LONGEST
    )


def _closed(said: list[Cue]) -> Iterator[Cue]:
    text, end = " ".join(cue.text for cue in said), max(cue.end for cue in said)
    if len(text.split()) <= LONGEST:
        yield Cue(said[0].start, end, text)
    else:
        yield from _spread(_sentences(text), said[0].start, end)


def _untimed(cues: Iterable[Cue], seconds: float) -> list[Cue]:
    """Sentences over the whole clip, or as fast as people speak where there is none."""
    found = [sentence for cue in cues for sentence in _sentences(cue.text)]
    return list(_spread(found, 0.0, seconds or sum(map(len, found)) / PACE))


def _sentences(text: str) -> list[str]:
    """Sentences with words in them, none longer than :data:`LONGEST` words."""
    found = []
    for sentence in _ENDS.split(text):
        each = sentence.split()
        found += [" ".join(each[first : first + LONGEST]) for first in range(0, len(each), LONGEST)]
    return [sentence for sentence in found if words(sentence)]


def _spread(sentences: list[str], start: float, end: float) -> Iterator[Cue]:
    """Sentences one after the other, each as long as its letters."""
    bounds = start + (end - start) * np.cumsum([0, *map(len, sentences)]) / max(1, sum(map(len, sentences)))
    for sentence, first, last in zip(sentences, bounds, bounds[1:], strict=False):
        yield Cue(float(first), float(last), sentence)


def _real(part: Parts) -> np.ndarray:
    """Which of its words are words, not signs, ``(n,)`` bool."""
    return np.array([word.text[0].isalnum() for word in part.words], bool)


def _quality(part: Parts) -> float:
    """How far a sentence can be trusted, 0 to 1: the more known words, and the fewer unknown, the more."""
    known = part.known[_real(part)]
    return float(known.mean() * known.sum() / (known.sum() + SURE)) if known.any() else 0.0
