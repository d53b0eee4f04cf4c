"""Transcripts: words with the times of their subtitles, or words alone.

Subtitles (SubRip, WebVTT) are told from plain text by their times, not by the name of the file. Their markup, sound
descriptions in brackets, notes of music and dashes of dialogue are no words and are left out.
"""

import html
import math
import re
from dataclasses import dataclass
from pathlib import Path

from emoviz.data import reading
from emoviz.errors import ClipError, DatasetError
from emoviz.perception.base import Cue

SUFFIXES = (".srt", ".vtt", ".txt")
MOST_BYTES = 5 << 20  # an hour of speech is about 60 kB
PACE = 15.0  # characters a second, where nobody knows how fast somebody speaks
UNKNOWN = math.nan
_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}")
_MARKUP = re.compile(r"</?(?:[a-z]|\d\d:)[^<>]*>|\{[^{}]*\}|\[[^\[\]]*\]|[♩♪♫♬#]+(?=\s|$)", re.IGNORECASE)
_DASH = re.compile(r"^[ \t]*(?:-|–|—|>>)[ \t]*", re.MULTILINE)


@dataclass(frozen=True)
class Transcript:
    """What is said in a clip.

    Attributes:
        cues: in order of time; with NaN for times where nobody knows them
    """

    cues: tuple[Cue, ...]

    @property
    def timed(self) -> bool:
        """Whether it is known of everything when it is said."""
        return all(math.isfinite(cue.start) and math.isfinite(cue.end) for cue in self.cues)

    @property
    def text(self) -> str:
        """The words alone, a line a cue."""
        return "\n".join(cue.text for cue in self.cues)

    @property
    def subtitles(self) -> str:
        """The same as the content of an ``.srt`` file, for a transcript that is timed."""
        blocks = (
            f"{number}\n{_clock(cue.start)} --> {_clock(cue.end)}\n{cue.text}\n"
            for number, cue in enumerate(self.cues, 1)
        )
        return "\n".join(blocks)


def read(path: Path) -> Transcript:
    """The transcript in a file: ``.srt``, ``.vtt`` or ``.txt``, whatever its encoding.

    Raises:
        ClipError: if it is no text, holds no words or is too large
    """
    if not path.is_file():
        raise ClipError(f"There is no transcript '{path.name}'.")
    if path.stat().st_size > MOST_BYTES:
        raise ClipError(f"'{path.name}' is larger than 5 MB, which no transcript is. Give a shorter one.")
    try:
        text = reading.decoded(path)
    except DatasetError:
        raise ClipError(f"'{path.name}' is not a text file. Give the words as .srt, .vtt or .txt.") from None
    found = parsed(text)
    if not found.cues:
        raise ClipError(f"'{path.name}' holds no words. Give a transcript as .srt, .vtt or .txt.")
    return found


def beside(clip: Path) -> Path | None:
    """The transcript that lies beside a clip under its name, if one does."""
    return next((path for suffix in SUFFIXES if (path := clip.with_suffix(suffix)).is_file()), None)


def parsed(text: str) -> Transcript:
    """The transcript in a text: timed where it is written as subtitles, else as it stands."""
    lines = text.lstrip("\ufeff").splitlines()
    if not any(_TIMES.match(line) for line in lines):
        words = text.lstrip("\ufeff").strip()
        return Transcript((Cue(UNKNOWN, UNKNOWN, words),) if words else ())
    cues: list[Cue] = []
    for start, end, block in _blocks(lines):
        words = _words("\n".join(block))
        if words and not (cues and cues[-1].text == words and start - cues[-1].end < 0.1):  # rolled on, not said twice
            cues.append(Cue(start, end if end > start else start + len(words) / PACE, words))
    return Transcript(tuple(sorted(cues, key=lambda cue: cue.start)))


def _blocks(lines: list[str]) -> list[tuple[float, float, list[str]]]:
    """Start, end and lines of every subtitle: from its times to the next empty line or the next one's number."""
    blocks: list[tuple[float, float, list[str]]] = []
    inside = False
    for number, line in enumerate(lines):
        if found := _TIMES.match(line):
            blocks.append((_seconds(found.groups()[:4]), _seconds(found.groups()[4:]), []))
            inside = True
        elif not line.strip():
            inside = False
        elif inside and not (line.strip().isdigit() and number + 1 < len(lines) and _TIMES.match(lines[number + 1])):
            blocks[-1][2].append(line)
    return blocks


def _seconds(fields: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = fields
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + float(f"0.{fraction}")


def _clock(seconds: float) -> str:
    whole = round(1000 * seconds)
    return f"{whole // 3_600_000:02}:{whole // 60_000 % 60:02}:{whole // 1000 % 60:02},{whole % 1000:03}"


def _words(text: str) -> str:
    """What is said, on one line, without what only describes or dresses it."""
    return " ".join(_DASH.sub("", html.unescape(_MARKUP.sub("", text))).split())
