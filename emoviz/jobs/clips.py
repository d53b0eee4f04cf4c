"""One clip that somebody handed in: read by a process of its own, with results as they come.

Everything about it lies in one private folder: what was handed in, how far the process is, what has been read
so far, and the copy that a browser plays. Nobody but the process writes there after :func:`start`, each file is
replaced as a whole, and removing the folder removes every trace: no list of jobs, no log and no command line
names the clip. Processes take turns, so that the first clip is not slowed by the second. A process ends with the one
that started it. What it takes to read a clip can be loaded before there is one: see :func:`spare`.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from emoviz import workspace
from emoviz.errors import ClipError, EmovizError
from emoviz.jobs.pace import Report, time_left
from emoviz.jobs.store import State
from emoviz.perception import kept, pipeline
from emoviz.perception.base import Reading
from emoviz.perception.media import ClipInfo
from emoviz.perception.pipeline import Perceived, Update
from emoviz.perception.playable import playable
from emoviz.perception.text import transcript
from emoviz.progress import Progress, finish

ORDER, TOLD, INFO, LOG = "order.json", "told.json", "info.json", "log"
MOST_REPORTS = 100
STOP_SECONDS = 2.0  # that a process has to tidy up before it is killed
DIED = "The process that read this clip ended before its work was done. It may be too large for this machine."


@dataclass(frozen=True)
class Order:
    """What was handed in.

    Attributes:
        media: name of the file in the folder, empty for words alone
        words: what is said, where somebody wrote it down; may be empty
        transcript: name of a file in the folder with words and their times, or empty
    """

    media: str = ""
    words: str = ""
    transcript: str = ""


@dataclass(frozen=True)
class Told:
    """How far the reading of a clip is.

    Attributes:
        state: as of any job
        reports: what was said on the way
        error: why it failed, in a sentence
        version: of what has been read so far; 0 before there is anything
        playable: name of the file in the folder that browsers play, empty while there is none
        kind: ``video`` or ``audio``, empty for words alone
    """

    state: State = State.QUEUED
    reports: tuple[Report, ...] = ()
    error: str = ""
    version: int = 0
    playable: str = ""
    kind: str = ""

    @property
    def active(self) -> bool:
        return self.state in (State.QUEUED, State.RUNNING)

    @property
    def fraction(self) -> float:
        return next((line.fraction for line in reversed(self.reports) if line.fraction is not None), 0.0)

    @property
    def message(self) -> str:
        return self.reports[-1].message if self.reports else ""

    @property
    def left(self) -> float | None:
        """Seconds it will still take, ``None`` where nobody can know."""
        return time_left(self.reports, time.time())


def spare() -> subprocess.Popen:
    """A process that loads what reading takes, and waits for a clip. :func:`stop` it where none comes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "emoviz.jobs.clips"],
        cwd=workspace.ROOT,
        env=os.environ | {"EMOVIZ_HOME": str(workspace.home()), "OMP_WAIT_POLICY": "PASSIVE"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Thread(target=process.wait, daemon=True).start()  # or it would stay as a zombie
    return process


def start(folder: Path, order: Order, ready: subprocess.Popen | None = None) -> subprocess.Popen:
    """Have a clip read by a process of its own.

    Args:
        folder: private, with the clip in it
        order: what to read
        ready: a :func:`spare` process that shall do it; another does where it has ended
    """
    _write(folder / ORDER, json.dumps(asdict(order)).encode())
    process = ready or spare()
    assert process.stdin is not None
    try:
        process.stdin.write(f"{folder}\n".encode())
        process.stdin.flush()  # and stays open: its end tells the process that nobody waits for it any more
    except BrokenPipeError:  # it had ended
        stop(process)
        return start(folder, order)
    return process


def stop(process: subprocess.Popen) -> None:
    """End the process and whatever it started; nothing of them runs when this returns."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()


def told(folder: Path, process: subprocess.Popen) -> Told:
    """How far a clip is; one whose process died has failed."""
    ended = process.poll() is not None  # asked first: what it wrote before its end is then there
    found = _told(folder)
    if found.active and ended:
        return Told(State.FAILED, found.reports, DIED, found.version, found.playable, found.kind)
    return found


def read(folder: Path) -> Perceived | None:
    """What has been read of a clip so far, ``None`` before there is anything."""
    try:
        about = json.loads((folder / INFO).read_bytes())
    except FileNotFoundError:
        return None
    info = about["info"] and ClipInfo(**{**about["info"], "codecs": tuple(about["info"]["codecs"]), "notes": ()})
    readings = {name: kept.from_bytes((folder / f"{name}.npz").read_bytes()) for name in about["modalities"]}
    return Perceived(info, readings, tuple(about["notes"]))


def _told(folder: Path) -> Told:
    try:
        kept = json.loads((folder / TOLD).read_bytes())
    except FileNotFoundError:
        return Told()
    reports = tuple(Report(*line) for line in kept.pop("reports"))
    return Told(**kept | {"state": State(kept["state"]), "reports": reports})


def _write(path: Path, data: bytes) -> None:
    """Replace a file as a whole, so that whoever reads it never finds half."""
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(data)
    new.replace(path)


# What the process does.


class Teller:
    """Writes down how far the process is."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.lines: list[Report] = []
        self.kept: dict[str, object] = {}
        self.lock = threading.Lock()

    def __call__(self, fraction: float | None = None, message: str = "", **kept: object) -> None:
        """One more line of progress, and whatever else has become known: fields of :class:`Told`."""
        with self.lock:
            if message:
                self.lines = [*self.lines, Report(time.time(), fraction, message)][-MOST_REPORTS:]
            self.kept |= kept
            reports = [[line.at, line.fraction, line.message] for line in self.lines]
            _write(self.folder / TOLD, json.dumps({**self.kept, "reports": reports}).encode())


def main() -> None:
    """Read the clip in the folder that standard input names, once it does."""
    os.setpriority(os.PRIO_PROCESS, 0, 5)
    threading.Thread(target=_get_ready, daemon=True).start()
    line = sys.stdin.readline()
    if not line:
        os._exit(0)  # without waiting for what is being loaded
    folder = Path(line.rstrip("\n"))
    _write_only_into(folder)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    order = Order(**json.loads((folder / ORDER).read_bytes()))
    tell = Teller(folder)
    tell(0.0, "waiting for its turn", state=State.QUEUED)
    try:
        with _turn():
            tell(0.0, "beginning", state=State.RUNNING)
            run(folder, order, tell)
    except EmovizError as error:
        tell(state=State.FAILED, error=str(error))
    # The process has no caller to raise to: what it wrote down says so.
    except Exception as error:
        traceback.print_exc()
        tell(state=State.FAILED, error=f"Something unexpected happened ({type(error).__name__}). Try another clip.")
    else:
        tell(1.0, "done", state=State.DONE)


def _get_ready() -> None:
    with suppress(EmovizError):  # said when a clip is read
        pipeline.get_ready()


def _write_only_into(folder: Path) -> None:
    """What is said aloud and what lies about for a moment is written into the clip's folder."""
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    with (folder / LOG).open("ab") as output:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(output.fileno(), stream.fileno())


def run(folder: Path, order: Order, tell: Teller) -> None:
    """Read a clip, and keep what is known of it whenever there is more."""
    path = folder / order.media if order.media else None
    keep = Keeper(folder)
    copying = threading.Thread(target=_make_playable, args=(path, folder, tell), daemon=True)
    if path is not None:
        copying.start()
    work = pipeline.perceive(
        path,
        text=order.words,
        transcript=transcript.read(folder / order.transcript).cues if order.transcript else None,
        cache=False,
    )

    def hear(line: Progress) -> None:
        if isinstance(line, Update):
            keep(line.perceived)
        tell(line.fraction, line.message, version=keep.version)

    keep(finish(work, hear))
    if path is not None:
        copying.join()
    tell(version=keep.version)


class Keeper:
    """Keeps what has been read, each modality in a file of its own, written again only when there is more of it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.version = 0
        self.last: dict[str, Reading] = {}

    def __call__(self, perceived: Perceived) -> None:
        """Keep it."""
        for name, reading in perceived.readings.items():
            if self.last.get(name) is not reading:
                _write(self.folder / f"{name}.npz", kept.to_bytes(reading))
        about = {
            "info": perceived.info and asdict(perceived.info),
            "modalities": list(perceived.readings),
            "notes": perceived.notes,
        }
        _write(self.folder / INFO, json.dumps(about).encode())
        self.last = dict(perceived.readings)
        self.version += 1


def _make_playable(path: Path, folder: Path, tell: Teller) -> None:
    """Say which file a browser plays: the clip itself, or a copy of it."""
    try:
        found = playable(path, folder)
    except ClipError:
        return  # that it cannot be decoded is said by whoever reads it
    tell(playable=found.path.name, kind=found.kind)


@contextmanager
def _turn() -> Iterator[None]:
    """Wait until no other clip is read."""
    with (workspace.place("private") / "turn.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _end_with_parent() -> None:
    """Nobody waits for a clip whose app has ended: everything in the process's group ends too."""
    while sys.stdin.read(1):
        pass
    os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    main()
