"""A clip to the readings of every modality that can be read.

Each modality is read in a thread of its own, so that words are there at once, the voice soon, and the face as it
goes. One that cannot be read is missing, with the reason, and the others go on.
"""

import queue
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from emoviz.errors import CancelledError, ClipError, EmovizError
from emoviz.perception import kept
from emoviz.perception.base import Cue, Extractor, Reading
from emoviz.perception.media import LIMITS, Clip, ClipInfo, Limits, Words
from emoviz.progress import Progress, Work

LEAVING = 10.0  # seconds that a cancelled reading is given to end


# Extractors are made one after the other: at the same time, the first would be there as late as the last.
_making = threading.Lock()


@cache
def _face() -> Extractor:
    from emoviz.perception.face.extractor import FaceExtractor

    return FaceExtractor()


@cache
def _voice() -> Extractor:
    from emoviz.perception.voice.extractor import VoiceExtractor

    return VoiceExtractor()


@cache
def _text() -> Extractor:
    from emoviz.perception.text.extractor import TextExtractor

    return TextExtractor()


# How each modality is read. Made when needed: what they import takes longer than a short clip.
Extractors = Mapping[str, Callable[[], Extractor]]
SHIPPED: Extractors = {"face": _face, "voice": _voice, "text": _text}


@dataclass(frozen=True, eq=False)
class Perceived:
    """What perception makes of one clip.

    Attributes:
        info: what is in the file; ``None`` for words alone
        readings: modality to reading, in the order of the extractors
        notes: what to keep in mind, in sentences
    """

    info: ClipInfo | None
    readings: dict[str, Reading]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Update(Progress):
    """Progress with the readings so far.

    Attributes:
        perceived: every modality is in it; those that have not begun are ``reading`` without windows
    """

    perceived: Perceived


def get_ready(extractors: Extractors = SHIPPED) -> None:
    """Make extractors before there is a clip, the quickest first."""
    for make in reversed(list(extractors.values())):
        with _making:
            make()


def perceive(
    path: Path | None,
    *,
    text: str | None = None,
    transcript: Iterable[Cue] | None = None,
    extractors: Extractors = SHIPPED,
    cache: bool = True,
    limits: Limits = LIMITS,
) -> Work[Perceived]:
    """Read a clip, or words alone.

    Close the generator to cancel: decoders are ended and nothing is left behind.

    Args:
        path: the clip; ``None`` for words alone
        text: its words, where nobody knows when they are said
        transcript: its words with their times; the clip's own subtitles where neither is given
        extractors: modality to what makes its extractor
        cache: whether readings may be kept in the workspace, and kept ones used; not for what is private
        limits: what the clip may ask of the machine

    Yields:
        an :class:`Update` whenever something new is known

    Returns:
        the readings, each ``read`` or ``missing``

    Raises:
        ClipError: if the file is no clip, or there is neither file nor words
    """
    cues = tuple(transcript) if transcript is not None else None
    if cues is None and text and text.strip():
        cues = (Cue(float("nan"), float("nan"), text.strip()),)
    if path is None and not cues:
        raise ClipError("There is neither a clip nor words to read. Give one of them.")
    so_far = {modality: Reading(modality, "reading") for modality in extractors}
    yield Update(0.0, "opening the clip", Perceived(None, so_far))
    with Words(cues or ()) if path is None else Clip(path, cues, limits) as media:
        info = media.info if isinstance(media, Clip) else None
        store = kept.Kept(Path(path), cues) if cache and path is not None else None
        arrived: queue.SimpleQueue[Reading] = queue.SimpleQueue()
        stop = threading.Event()
        threads = [
            threading.Thread(target=_read, args=(modality, make, media, store, arrived, stop), daemon=True)
            for modality, make in extractors.items()
        ]
        for thread in reversed(threads):  # words first: they are there at once
            thread.start()
        try:
            while any(reading.status == "reading" for reading in so_far.values()):
                reading = arrived.get()
                so_far = so_far | {reading.modality: reading}
                shares = {modality: _share(one, media.seconds) for modality, one in so_far.items()}
                busy = [modality for modality, one in so_far.items() if one.status == "reading"]
                message = f"reading {' and '.join(busy)}" if busy else "read"
                fraction = sum(shares.values()) / len(shares)
                yield Update(fraction, message, Perceived(info, so_far, media.notes))
        finally:
            stop.set()
            media.close()
            for thread in threads:
                thread.join(LEAVING)
        return Perceived(info, so_far, media.notes)


def _read(
    modality: str,
    make: Callable[[], Extractor],
    media: Clip | Words,
    store: "kept.Kept | None",
    arrived: "queue.SimpleQueue[Reading]",
    stop: threading.Event,
) -> None:
    """Read one modality to its end, whatever that is; the last reading that arrives is ``read`` or ``missing``."""
    last = Reading(modality, "missing", "It was not read.")
    try:
        with _making:
            extractor = make()
        found = store.get(modality, extractor.version) if store else None
        readings = iter((found,)) if found else extractor.read(media)
        for reading in readings:
            if stop.is_set():
                return
            last = replace(reading, modality=modality)
            if reading.status == "reading":
                arrived.put(last)
        if store and not found:
            store.put(extractor.version, last)
    except CancelledError:
        return
    except EmovizError as error:
        last = Reading(modality, "missing", str(error))
    # The thread has no caller to raise to: one modality is missing, the others go on. The log tells where it
    # happened but not the message, which could hold what somebody said.
    except Exception as error:
        traceback.print_tb(error.__traceback__, file=sys.stderr)
        last = Reading(modality, "missing", f"Something unexpected happened ({type(error).__name__}).")
    if last.status == "reading":
        last = replace(last, status="read" if last.windows is not None else "missing")
    arrived.put(last)


def _share(reading: Reading, seconds: float) -> float:
    """How much of a modality is read, 0 to 1."""
    if reading.status != "reading":
        return 1.0
    if reading.windows is None or not len(reading.windows) or not seconds:
        return 0.0
    return min(0.99, float(reading.windows.end[-1]) / seconds)
