"""What somebody handed in during one session: in a private folder, for an hour at most, or as long as the setting says.

Each session has a folder with a random name under ``private`` in the workspace, which no address leads to and
only its owner may enter. A clip goes when it is deleted, when its time is over, and when the session ends: a
moment after the page was closed or loaded anew, since the connection may come back. What a server that was
killed left behind goes when the next one begins. Nothing of a clip is in a cache, a log or an address.
"""

import atexit
import fcntl
import math
import os
import re
import secrets
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import streamlit as st

from emoviz import workspace
from emoviz.analysis.clip.explanation import Explanation
from emoviz.app import player
from emoviz.errors import ClipError, ConfigError
from emoviz.jobs import clips as job
from emoviz.jobs.clips import Order, Told
from emoviz.jobs.store import State
from emoviz.perception.base import Reading
from emoviz.perception.media import LIMITS, Clip, shown
from emoviz.perception.pipeline import Perceived

GRACE_SECONDS = 30  # a session whose connection broke may come back so long
MOST_CLIPS = 20  # of one session at a time
PLAYED_BYTES = 96 << 20  # what is sent to a browser to be played
SESSION = "emoviz.clips"
# Processes of all sessions that wait for a clip: each of them holds 240 MB.
WAITING = threading.BoundedSemaphore(2)
MIME = {
    **{".mp4": "mp4", ".mov": "mp4", ".m4a": "mp4", ".webm": "webm", ".mkv": "webm"},
    **{".wav": "wav", ".mp3": "mpeg", ".flac": "flac", ".ogg": "ogg"},
}


def kept_for(minutes: str) -> float:
    """How long a clip stays at most, in seconds, as the environment variable ``EMOVIZ_CLIP_MINUTES`` has it.

    Raises:
        ConfigError: for what is no number above 0
    """
    with suppress(ValueError):
        if 0 < float(minutes) < math.inf:
            return 60 * float(minutes)
    raise ConfigError(f"'{shown(minutes)}' in {SETTING} is no time: write a number of minutes above 0, for example 60.")


SETTING = "EMOVIZ_CLIP_MINUTES"
KEEP_SECONDS = kept_for(os.environ.get(SETTING, "60"))


@dataclass
class Handed:
    """A clip that was handed in.

    Attributes:
        clip_id: random; names it on the page and in its folder
        name: as the person calls it
        folder: where everything about it lies
        order: what is read
        until: when it is deleted, seconds since 1970
        process: that reads it
        picture: what the player is sent, once it is known
        evidence: what was drawn of it already, by what it shows
        look: where the person looked last, seconds of the clip
        words: what is said instead, where somebody mended it
        cancelled: whether somebody stopped its reading
        explained: explanations of :attr:`explained_of`, by what was changed in it
        explained_of: what had been read when they were made
    """

    clip_id: str
    name: str
    folder: Path
    order: Order
    until: float
    process: subprocess.Popen
    timer: threading.Timer
    picture: player.Picture | None = None
    evidence: dict[tuple, str] = field(default_factory=dict)
    look: float | None = None
    words: Reading | None = None
    cancelled: bool = False
    explained: dict[tuple, Explanation] = field(default_factory=dict, repr=False)
    explained_of: Perceived | None = field(default=None, repr=False)
    _read: tuple[int, Reading | None, Perceived | None] | None = field(default=None, repr=False)

    @property
    def media(self) -> Path:
        """The file itself."""
        return self.folder / self.order.media

    def opened(self) -> Clip:
        """The file, opened; what is written while it is read stays in its own folder."""
        return Clip(self.media, scratch=self.folder)

    def told(self) -> Told:
        """How far it is."""
        found = job.told(self.folder, self.process)
        return replace(found, state=State.CANCELLED) if self.cancelled else found

    def read(self, version: int) -> Perceived | None:
        """What has been read of it, with the words that somebody mended; kept in memory until there is more."""
        if self._read is None or self._read[:2] != (version, self.words):
            found = job.read(self.folder)
            if found is not None and self.words is not None:
                found = replace(found, readings=found.readings | {"text": self.words})
            self._read = (version, self.words, found)
        return self._read[2]

    def played(self, told: Told) -> player.Picture:
        """What a browser plays of it, as far as it is there; nothing where it is too large to be sent."""
        if self.picture is None and told.playable:
            path = self.folder / told.playable
            fits = path.stat().st_size <= PLAYED_BYTES
            kind: Literal["video", "audio"] = "video" if told.kind == "video" else "audio"
            found = player.pieces(f"{self.clip_id}.played", path.read_bytes()) if fits else ()
            self.picture = player.Picture(
                kind if fits else "none", f"{kind}/{MIME.get(path.suffix.lower(), 'mp4')}", found
            )
        return self.picture or player.Picture("none")


class Shelf:
    """The clips of one session.

    Args:
        keep: seconds after which a clip is deleted

    Attributes:
        clips: by their id
        spare: a process that waits for the next one, see :meth:`get_ready`
    """

    def __init__(self, keep: float = KEEP_SECONDS):
        self.keep = keep
        self.clips: dict[str, Handed] = {}
        self.spare: subprocess.Popen | None = None
        self._lock = threading.RLock()
        self._leaving: threading.Timer | None = None
        self.folder, self._held = _own_folder()
        atexit.register(self.close)

    def add(
        self, name: str, media: bytes | None = None, *, words: str = "", transcript: tuple[str, bytes] | None = None
    ) -> Handed:
        """Take a clip and begin to read it.

        Args:
            name: as the person calls it; of a file with its suffix
            media: the file, ``None`` for words alone
            words: what is said in it, where somebody wrote it down
            transcript: the same as a file, by name and content: ``.srt``, ``.vtt`` or ``.txt``

        Raises:
            ClipError: if there is no room for it
        """
        if media is not None and len(media) > LIMITS.bytes:
            raise ClipError(f"'{shown(name)}' is too large. {LIMITS.sentence()}")
        with self._lock:
            if len(self.clips) >= MOST_CLIPS:
                raise ClipError(f"There are {MOST_CLIPS} clips already. Delete one of them first.")
            clip_id = secrets.token_hex(8)
            folder = self.folder / clip_id
            folder.mkdir(mode=0o700)
            order = Order(safe(name) if media is not None else "", words, safe(transcript[0]) if transcript else "")
            for file, data in ((order.media, media), (order.transcript, transcript and transcript[1])):
                if file and data is not None:
                    (folder / file).write_bytes(data)
            timer = threading.Timer(self.keep, self.remove, [clip_id])
            timer.daemon = True
            timer.start()
            until = time.time() + self.keep
            handed = Handed(clip_id, name, folder, order, until, job.start(folder, order, self._taken()), timer)
            self.clips[clip_id] = handed
            return handed

    def get_ready(self) -> None:
        """Have a process load what it takes to read the next clip, unless one is being read or many wait already."""
        with self._lock:
            idle = self.open and self.spare is None and not any(one.told().active for one in self.clips.values())
            if idle and WAITING.acquire(blocking=False):
                self.spare = job.spare()

    def _taken(self) -> subprocess.Popen | None:
        """The process that is ready, for one clip."""
        found, self.spare = self.spare, None
        if found is not None:
            WAITING.release()
        return found

    def cancel(self, clip_id: str) -> None:
        """Stop reading a clip; what has been read stays."""
        handed = self.clips.get(clip_id)
        if handed is not None and handed.told().active:
            handed.cancelled = True
            job.stop(handed.process)

    def remove(self, clip_id: str) -> None:
        """Delete a clip and every trace of it."""
        with self._lock:
            handed = self.clips.pop(clip_id, None)
        if handed is not None:
            handed.timer.cancel()
            job.stop(handed.process)
            shutil.rmtree(handed.folder, ignore_errors=True)

    def close(self) -> None:
        """The session has ended: delete everything."""
        atexit.unregister(self.close)
        for clip_id in list(self.clips):
            self.remove(clip_id)
        with self._lock:
            ready = self._taken()
            shutil.rmtree(self.folder, ignore_errors=True)
        if ready is not None:
            job.stop(ready)
        held, self._held = self._held, -1
        if held >= 0:
            os.close(held)

    def leave(self, grace: float = GRACE_SECONDS) -> None:
        """The connection to the browser broke; if it does not come back, the session has ended."""
        self._leaving = threading.Timer(grace, self.close)
        self._leaving.daemon = True
        self._leaving.start()

    def stay(self) -> None:
        """Somebody is there."""
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    @property
    def next_goes(self) -> float:
        """When the next clip is deleted, seconds since 1970; infinite without clips."""
        return min((handed.until for handed in list(self.clips.values())), default=math.inf)

    @property
    def open(self) -> bool:
        """Whether it still has its folder."""
        return self.folder.is_dir()


def shelf() -> Shelf:
    """The clips of this session."""
    found: Shelf | None = st.session_state.get(SESSION)
    if found is None or not found.open:
        found = st.session_state[SESSION] = Shelf()
    found.stay()
    _presence(found.folder.name, found)
    return found


# Streamlit releases what belongs to a session when its connection ends.
@st.cache_resource(scope="session", on_release=lambda leave: leave(), show_spinner=False)
def _presence(name: str, _shelf: Shelf) -> Callable[[], None]:
    return _shelf.leave


def safe(name: str) -> str:
    """A file's own name as it can stand in a folder of ours: no path, no control characters, not hidden."""
    stem, suffix = os.path.splitext(re.split(r"[/\\]", name)[-1].lstrip("."))
    stem = "".join(letter if letter.isalnum() or letter in " _-." else "_" for letter in stem).strip(" .")
    suffix = re.sub(r"[^a-z0-9]", "", suffix.lower())[:8]
    return f"{stem[:60] or 'clip'}.{suffix or 'bin'}"


def _own_folder() -> tuple[Path, int]:
    """A new folder under ``private`` and the lock that says it is somebody's; those of nobody are removed."""
    place = workspace.place("private")
    place.chmod(0o700)
    for other in place.iterdir():
        if other.is_dir() and (lock := _locked(other)) is not None:
            shutil.rmtree(other, ignore_errors=True)
            os.close(lock)
    while True:
        folder = place / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        lock = _locked(folder)
        if lock is not None and folder.is_dir():
            return folder, lock


def _locked(folder: Path) -> int | None:
    """A lock on a folder, ``None`` where another holds it; the kernel lets go of it with the process."""
    try:
        lock = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
