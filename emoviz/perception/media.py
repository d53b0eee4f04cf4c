"""Clips, decoded safely: probed first, then read as streams with bounded memory.

All decoding happens in processes of their own (``media_worker.py``) that can open nothing, and have only so much
memory and time. What they say is checked here before it is believed. Times are seconds on the clip's own clock,
which begins at 0 with the first picture or sound; pictures are turned upright; sound is one channel at 16 kHz.
A clip without picture, sound or words is normal; one whose end is broken gives what could be read, and a note.
"""

import atexit
import ctypes
import fcntl
import json
import math
import os
import select
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np

from emoviz.errors import CancelledError, ClipError, ConfigError
from emoviz.perception import media_worker as worker
from emoviz.perception.base import Cue, Frame, Sound

RATE = worker.RATE  # samples a second of all sound
LONGEST_SIDE = 640  # pixels of the pictures that extractors see
KINDS = "MP4, MOV, WebM, MKV, AVI, FLV, WAV, MP3, FLAC, M4A or OGG"
# Nothing of ours, but the place where PyAV is, wherever it was installed to.
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "2",
    "PYTHONPATH": str(Path(worker.av.__file__).parents[1]),
}
MOST_TOLD = 1 << 20  # bytes of a message in words
MOMENT = 0.1  # seconds between two looks at whether somebody has closed the clip
M_MMAP_THRESHOLD = -3  # of malloc.h
ROUNDED = 1.01  # an hour is often some frames longer
SETTING = "EMOVIZ_CLIP_LIMITS"
TAIL = 1.0  # seconds that a container may overstate its length


@dataclass(frozen=True)
class Limits:
    """What a clip may ask of the machine.

    Attributes:
        bytes: of the file
        seconds: of its length
        side: pixels of width and height
        streams: in the file
        cpu_seconds: of computing for one pass through the longest clip
        memory: bytes of address space for decoding
        patience: seconds without a sign of life from the decoder

    The environment variable ``EMOVIZ_CLIP_LIMITS`` changes the usual ones (:func:`limits_from`).
    """

    bytes: int = 500_000_000
    seconds: float = 3600
    side: int = 8192
    streams: int = 16
    cpu_seconds: int = 1800
    memory: int = 2 << 30
    patience: float = 20

    def sentence(self) -> str:
        """The limits as a person reads them."""
        return (
            f"A clip may have up to {self.bytes / 1e6:,.0f} MB, {_spell(self.seconds)}, "
            f"{self.side} x {self.side} pixels and {self.streams} streams."
        )


def shown(name: str | Path, longest: int = 80) -> str:
    """A file's name, or other words from outside, as they can stand in a sentence."""
    words = name.name if isinstance(name, Path) else name
    words = "".join(letter if letter.isprintable() else "?" for letter in words)
    return words if len(words) <= longest else words[: longest - 1] + "…"


def limits_from(words: str) -> Limits:
    """The usual limits but for those that are named, as in ``seconds=7200 bytes=2e9``.

    Raises:
        ConfigError: for what is no limit, or no number above 0
    """
    known = {name: type(value) for name, value in asdict(Limits()).items()}
    changed: dict[str, Any] = {}
    for word in words.split():
        name, _, value = word.partition("=")
        try:
            if not 0 < float(value) < math.inf:
                raise ValueError
            changed[name] = known[name](float(value))
        except (KeyError, ValueError) as error:
            raise ConfigError(
                f"'{shown(word)}' in {SETTING} is no limit: write NAME=NUMBER, with a number above 0 and one of the "
                f"names {', '.join(known)}."
            ) from error
    return Limits(**changed)


LIMITS = limits_from(os.environ.get(SETTING, ""))


@dataclass(frozen=True)
class ClipInfo:
    """What is in a clip, before any of it is read.

    Attributes:
        seconds: how long it is; 0 where nothing tells
        container: as libavformat calls it
        codecs: of picture and sound, those there are
        width: of the upright picture, pixels; 0 without one
        height: of the upright picture, pixels; 0 without one
        fps: pictures a second on average; NaN where unknown
        rotation: degrees by which the stored picture is turned anticlockwise to be upright
        pixels: the picture's pixel format
        has_picture: whether there is a moving picture; a cover is none
        has_sound: whether there is sound
        subtitles: how many tracks of words there are
        streams: how many there are of any kind
        bytes: of the file
        notes: what to keep in mind, in sentences
    """

    seconds: float
    container: str
    codecs: tuple[str, ...]
    width: int
    height: int
    fps: float
    rotation: int
    pixels: str
    has_picture: bool
    has_sound: bool
    subtitles: int
    streams: int
    bytes: int
    notes: tuple[str, ...] = ()


def probe(path: Path, limits: Limits = LIMITS) -> ClipInfo:
    """What is in a clip.

    Raises:
        ClipError: if it is none, or asks for more than the limits allow
    """
    try:
        told = next(json.loads(payload) for kind, payload in _answers(path, "probe", limits) if kind == worker.INFO)
        info = _info(told, Path(path))
    except (StopIteration, KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable(path) from error
    name = shown(path)
    if not (info.has_picture or info.has_sound or info.subtitles):
        raise ClipError(f"'{name}' has neither picture nor sound nor words. Choose another clip.")
    if info.streams > limits.streams:
        raise ClipError(
            f"'{name}' has {info.streams} streams; at most {limits.streams} are accepted. Export it with one picture "
            "and one sound track."
        )
    if max(info.width, info.height) > limits.side:
        raise _too_large(path, limits)
    if info.seconds > ROUNDED * limits.seconds:
        raise ClipError(
            f"'{name}' says that it lasts {_spell(info.seconds)}; at most {_spell(limits.seconds)} are accepted. "
            "Cut out the part that matters."
        )
    return info


class Clip:
    """A clip as extractors see it, an :class:`emoviz.perception.base.Media`; close it when done.

    It may be read by several threads at once. What it writes (its sound) is a file without a name, which goes with
    whoever holds it, however that ends. Its decoders end when it is closed, whoever is waiting for them.

    Args:
        path: the file
        words: its words, where they are known better than from the file
        limits: what it may ask of the machine
        scratch: folder for what it writes; the system's where not given, so give a private one for a private clip

    Attributes:
        info: what is in it

    Raises:
        ClipError: if it cannot be a clip
    """

    def __init__(
        self,
        path: Path,
        words: tuple[Cue, ...] | None = None,
        limits: Limits = LIMITS,
        scratch: Path | None = None,
    ):
        _return_memory()
        self.path = Path(path)
        self.limits = limits
        self.scratch = scratch
        self.info = probe(self.path, limits)
        self._words = words
        self._notes = dict.fromkeys(self.info.notes)
        self._closed = threading.Event()
        self._hearing = threading.Lock()
        self._sound: Sound | None = None

    def __enter__(self) -> "Clip":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all that still reads."""
        self._closed.set()

    @property
    def seconds(self) -> float:
        """How long the clip is."""
        return self.info.seconds

    @property
    def notes(self) -> tuple[str, ...]:
        """What to keep in mind of what was read so far, in sentences."""
        return tuple(self._notes)

    def frames(self, rate: float, longest: int = LONGEST_SIDE, start: float = 0.0) -> Iterator[Frame]:
        """Pictures in order, decoded as they are asked for.

        Args:
            rate: at most so many a second
            longest: pixels of the longer side at most
            start: of the first

        Raises:
            ClipError: if there is a picture but no way to decode it within the limits
            CancelledError: if the clip is closed meanwhile
        """
        if not self.info.has_picture:
            return
        arguments = {"rate": rate, "longest": longest, "start": start, "largest": self.limits.side}
        last = start
        for kind, payload in self._answers("frames", **arguments):
            if kind == worker.FRAME:
                frame = _frame(payload, longest)
                if frame is None:
                    raise _unreadable(self.path)
                if frame.time > self.limits.seconds:
                    self._note(f"The clip is longer than {_spell(self.limits.seconds)}; the rest was not looked at.")
                    return
                last = frame.time
                yield frame
            else:
                self._ended(payload, last + 1 / rate, "picture")

    def sound(self) -> Sound | None:
        """All of its sound, on disk and mapped into memory, or ``None`` where there is none.

        Raises:
            ClipError: if there is sound but no way to decode it within the limits
            CancelledError: if the clip is closed meanwhile
        """
        with self._hearing:
            if self._sound is None and self.info.has_sound:
                self._sound = self._heard()
        return self._sound if self._sound is not None and len(self._sound.samples) else None

    def cues(self) -> tuple[Cue, ...]:
        """Its words: those given, else those of its first subtitle track."""
        if self._words is None:
            self._words = tuple(self._embedded()) if self.info.subtitles else ()
        return self._words

    def _heard(self) -> Sound:
        most = int(self.limits.seconds * RATE)
        first = last = None
        with tempfile.TemporaryFile(dir=self.scratch) as file:
            for kind, payload in self._answers("sound", most=most):
                if kind != worker.SOUND:
                    self._ended(payload, (last or 0) / RATE, "sound")
                    continue
                (place,) = worker.SOUND_HEAD.unpack_from(payload)
                samples = np.frombuffer(payload, np.float32, offset=worker.SOUND_HEAD.size)
                first = place if first is None else first
                if not 0 <= place - first <= most or place < (last or 0):
                    raise _unreadable(self.path)
                last = place + len(samples)
                file.seek(4 * (place - first))  # what is left out reads as silence
                file.write(np.nan_to_num(samples).clip(-1, 1).astype(np.float32).tobytes())
            if first is None or last is None or first == last:
                self._note("The sound could not be decoded.")
                return Sound(RATE, 0.0, np.zeros(0, np.float32))
            file.flush()
            return Sound(RATE, first / RATE, np.memmap(file, np.float32, "r", shape=(last - first,)))

    def _embedded(self) -> Iterator[Cue]:
        for kind, payload in self._answers("cues"):
            if kind == worker.CUE:
                start, end, text = json.loads(payload)
                yield Cue(float(start), float(end), shown(str(text), worker.MOST_LETTERS))

    def _answers(self, task: str, **arguments: Any) -> Iterator[tuple[bytes, bytearray]]:
        return _answers(self.path, task, self.limits, self.seconds, self._closed, **arguments)

    def _ended(self, payload: bytearray, last: float, what: str) -> None:
        """Note what the decoder said at its end."""
        damaged, broken = json.loads(payload)
        if broken or self.seconds - last > max(TAIL, 0.05 * self.seconds):
            self._note(f"The {what} can be read up to {last:.1f} s; the clip says that it lasts {self.seconds:.1f} s.")
        if damaged:
            self._note(f"Some of the {what} is damaged and was passed over.")

    def _note(self, sentence: str) -> None:
        self._notes[sentence] = None


class Words:
    """Words without a clip, as extractors see them."""

    seconds = 0.0
    notes: tuple[str, ...] = ()

    def __init__(self, cues: tuple[Cue, ...]):
        self._cues = cues

    def __enter__(self) -> "Words":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing was opened."""

    def frames(self, rate: float) -> Iterator[Frame]:
        """None."""
        return iter(())

    def sound(self) -> None:
        """None."""

    def cues(self) -> tuple[Cue, ...]:
        """The words."""
        return self._cues


def make_copy(path: Path, target: BinaryIO, info: ClipInfo, limits: Limits = LIMITS, longest: float = math.inf) -> None:
    """Write a clip into an open file as MP4 with H.264 and AAC, which every browser plays.

    Args:
        path: the clip
        target: where to, open for reading and writing
        info: what is in the clip
        limits: what it may ask of the machine
        longest: seconds of it that are wanted at most

    Raises:
        ClipError: if it cannot be decoded within the limits
    """
    longest, slower = min(longest, limits.seconds), 10 * info.seconds  # writing takes longer than reading
    for _ in _answers(path, "copy", limits, slower, None, limits.bytes, target.fileno(), longest=longest):
        pass


@cache
def _return_memory() -> None:
    """Have pictures and long pieces of sound go back to the system when they are dropped.

    glibc otherwise learns to keep blocks of their size, small things come to lie between them, and a quarter of an
    hour of pictures grows from 300 to 900 MB.
    """
    with suppress(OSError, AttributeError):  # another C library does not need it
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 1 << 17)


# The process that decodes


def _answers(
    path: Path,
    task: str,
    limits: Limits,
    seconds: float = 10.0,
    closed: threading.Event | None = None,
    written: int = 0,
    keep: int | None = None,
    **arguments: Any,
) -> Iterator[tuple[bytes, bytearray]]:
    """Messages of a decoder, the last of them its end.

    Args:
        path: the clip
        task: what to do with it
        limits: that it works within
        seconds: how long the clip says it is
        closed: set when nobody wants the answers any more
        written: bytes that it may write to ``keep``
        keep: an open file that it may write to
        arguments: of the task

    Raises:
        ClipError: if it refuses, fails, or breaks a limit
        CancelledError: if ``closed`` is set
    """
    cpu = int(min(limits.cpu_seconds, 30 + 2 * max(seconds, 0)))
    with _opened(path, limits) as file, _started(file, task, [limits.memory, cpu, written], arguments, keep) as pipe:
        reader = _Reader(pipe, path, limits.patience, closed or threading.Event())
        while True:
            kind, payload = reader.message()
            if kind == worker.REFUSED:
                raise _refusal(path, payload.decode(errors="replace"), limits)
            if kind != worker.ALIVE:
                yield kind, payload
            if kind == worker.END:
                return


@contextmanager
def _opened(path: Path, limits: Limits) -> Iterator[int]:
    """The file, opened, once it is sure that it is one and not too large."""
    name = shown(Path(path))
    try:
        # A pipe or a device must not hold us up.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "that cannot be a name"
        raise ClipError(f"The clip '{name}' cannot be opened: {why}.") from error
    try:
        told = os.fstat(file)
        if not stat.S_ISREG(told.st_mode):
            raise ClipError(f"'{name}' is not a file. Choose a {KINDS} file.")
        if not told.st_size:
            raise ClipError(f"'{name}' is empty. Choose a {KINDS} file.")
        if told.st_size > limits.bytes:
            raise ClipError(
                f"'{name}' has {told.st_size / 1e6:,.0f} MB; at most {limits.bytes / 1e6:,.0f} MB are accepted. "
                "Cut out the part that matters."
            )
        yield file
    finally:
        os.close(file)


@contextmanager
def _started(file: int, task: str, rights: list[int], arguments: dict, keep: int | None) -> Iterator[BinaryIO]:
    """A decoder at work and the pipe it answers through; it is killed when the block ends."""
    pipe, answers = os.pipe()
    leash, ours = os.pipe()
    with os.fdopen(pipe, "rb", buffering=0) as answered, os.fdopen(ours, "wb", buffering=0):
        try:
            with suppress(OSError, AttributeError):
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 20)
            request = json.dumps({"task": task, "rights": rights, "arguments": arguments}).encode()
            _fork(request, [file, answers, leash] + ([] if keep is None else [keep]))
        finally:
            os.close(answers)
            os.close(leash)
        yield answered


class _Forker:
    """The process that decoders are forked from; it ends with this one."""

    def __init__(self):
        self.owner = os.getpid()
        self.control, theirs = socket.socketpair()
        with theirs:
            # As a file, not as a module: so that none of our packages has to be imported.
            self.process = subprocess.Popen(
                [sys.executable, "-P", worker.__file__, str(theirs.fileno())],
                cwd="/",
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )

    def close(self) -> None:
        """End it, and with it all decoders."""
        self.control.close()
        if self.owner == os.getpid():
            self.process.wait()


_forking = threading.Lock()
_forker: _Forker | None = None


def _fork(request: bytes, files: list[int]) -> None:
    """Start a decoder; the first one, and one after somebody ended the process they come from, takes longer."""
    global _forker
    with _forking:
        if _forker is None or _forker.owner != os.getpid() or _forker.process.poll() is not None:
            if _forker is not None:
                _forker.close()
            _forker = _Forker()
            atexit.register(_forker.close)
        with suppress(ConnectionError):  # its end shows in the answers
            socket.send_fds(_forker.control, [request], files)


class _Reader:
    """Reads messages without waiting for ever, and believes none that is too large."""

    def __init__(self, pipe: IO[bytes], path: Path, patience: float, closed: threading.Event):
        self.pipe, self.path, self.patience, self.closed = pipe, path, patience, closed
        self.poll = select.poll()
        self.poll.register(pipe, select.POLLIN)

    def message(self) -> tuple[bytes, bytearray]:
        kind, size = worker.HEAD.unpack(self._exactly(worker.HEAD.size))
        most = worker.FRAME_HEAD.size + 4 * (LONGEST_SIDE * 8) ** 2 if kind == worker.FRAME else MOST_TOLD
        if size > max(most, MOST_TOLD):
            raise _unreadable(self.path)
        return kind, self._exactly(size)

    def _exactly(self, size: int) -> bytearray:
        data = bytearray(size)
        have, waited = 0, time.monotonic()
        while have < size:
            if self.closed.is_set():
                raise CancelledError("The clip was closed.")
            if not self.poll.poll(1000 * MOMENT):
                if time.monotonic() - waited > self.patience:
                    raise ClipError(f"'{shown(self.path)}' takes too long to decode. Convert it to MP4 and try again.")
                continue
            got = os.readv(self.pipe.fileno(), [memoryview(data)[have:]])
            if not got:
                raise _unreadable(self.path)
            have += got
        return data


# What it says, checked


def _info(told: dict[str, Any], path: Path) -> ClipInfo:
    """What a decoder says of a clip; whatever is missing or of the wrong kind raises."""
    notes = [
        f"The clip has {told[key]} {what} tracks; the first of them is read."
        for key, what in (("pictures", "picture"), ("sounds", "sound"), ("texts", "subtitle"))
        if int(told[key]) > 1
    ]
    width, height, rotation = int(told["width"]), int(told["height"]), int(told["rotation"])
    if round(rotation / 90) % 2:
        width, height = height, width
    seconds, fps = float(told["seconds"]), float(told["fps"])
    return ClipInfo(
        seconds=seconds if math.isfinite(seconds) and seconds > 0 else 0.0,
        container=shown(str(told["container"])),
        codecs=tuple(shown(str(codec)) for codec in told["codecs"]),
        width=width,
        height=height,
        fps=fps if math.isfinite(fps) and fps > 0 else math.nan,
        rotation=rotation,
        pixels=shown(str(told["pixels"])),
        has_picture=bool(told["has_picture"]),
        has_sound=bool(told["has_sound"]),
        subtitles=int(told["texts"]),
        streams=int(told["streams"]),
        bytes=path.stat().st_size,
        notes=tuple(notes),
    )


def _frame(payload: bytearray, longest: int) -> Frame | None:
    """A picture as a decoder sent it, turned upright; ``None`` if its sizes do not fit together."""
    try:
        at, width, height, row, rotation = worker.FRAME_HEAD.unpack_from(payload)
    except struct.error:
        return None
    rows = np.frombuffer(payload, np.uint8, offset=worker.FRAME_HEAD.size)
    if not (0 < width <= longest and 0 < height <= longest and row >= 3 * width and len(rows) == row * height):
        return None
    image = rows.reshape(height, row)[:, : 3 * width].reshape(height, width, 3)
    return Frame(at, np.ascontiguousarray(np.rot90(image, round(rotation / 90)))) if math.isfinite(at) else None


def _refusal(path: Path, reason: str, limits: Limits) -> ClipError:
    if reason == worker.UNKNOWN:
        return ClipError(f"'{shown(Path(path))}' is no video or sound that emoviz reads. Choose a {KINDS} file.")
    if reason == worker.PICTURE:
        return _too_large(path, limits)
    if reason == worker.MEMORY:
        return ClipError(
            f"'{shown(Path(path))}' needs more than {limits.memory >> 20:,} MiB to decode. Export it smaller, as MP4."
        )
    return _unreadable(path)


def _too_large(path: Path, limits: Limits) -> ClipError:
    return ClipError(
        f"The picture of '{shown(Path(path))}' is larger than {limits.side} x {limits.side} pixels. Export it smaller."
    )


def _unreadable(path: Path) -> ClipError:
    return ClipError(
        f"'{shown(Path(path))}' cannot be decoded: it is damaged, or asks for too much. Convert it to MP4."
    )


def _spell(seconds: float) -> str:
    """A length of time as a person says it."""
    minutes = seconds / 60
    return (
        f"{seconds:g} seconds"
        if minutes < 2
        else f"{minutes:.0f} minutes"
        if minutes < 120
        else f"{minutes / 60:.1f} hours"
    )
