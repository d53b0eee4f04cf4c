"""Jobs: long work that outlives whoever asked for it.

A job is a process of its own. What others know of it is one row of ``jobs.sqlite`` in the workspace
and the lines of progress it left there. Three rules carry everything:

- The *lease* of a job is a file lock that its process holds from birth to death. The kernel lets go
  of it however the process ends, so a free lease means that nobody works on the job: there are no
  heartbeats, no clocks to compare and no guessing by process numbers, which are used again.
- A change of state is one conditional statement: whoever comes second changes nothing.
- Whoever looks at an unfinished job with a free lease writes down how it ended.

Times are seconds since 1970.
"""

import fcntl
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from emoviz import workspace
from emoviz.errors import JobError, UnknownNameError
from emoviz.jobs import kinds
from emoviz.jobs.kinds import Order
from emoviz.jobs.pace import Report, is_passing, time_left
from emoviz.progress import Progress

MOMENT = 0.05  # seconds
SCHEMA_VERSION = 1
SCHEMA = f"""
CREATE TABLE jobs (
    job_id TEXT PRIMARY KEY, kind TEXT NOT NULL, arguments TEXT NOT NULL, state TEXT NOT NULL, submitted REAL NOT NULL,
    started REAL, ended REAL, pid INTEGER, stopping INTEGER NOT NULL DEFAULT 0, result TEXT, error TEXT
);
CREATE TABLE reports (
    job_id TEXT NOT NULL REFERENCES jobs ON DELETE CASCADE, at REAL NOT NULL, fraction REAL, message TEXT NOT NULL
);
CREATE INDEX reports_of_job ON reports (job_id);
PRAGMA user_version = {SCHEMA_VERSION};
"""


# A job with the last of what it said.
JOBS = """
SELECT *,
    (SELECT message FROM reports WHERE job_id = jobs.job_id ORDER BY rowid DESC LIMIT 1) AS message,
    (SELECT fraction FROM reports WHERE job_id = jobs.job_id AND fraction NOT NULL ORDER BY rowid DESC LIMIT 1)
        AS fraction
FROM jobs
"""


DIED = (
    "The process of this job ended before its work was done: it was killed, or the machine went down. Start it again."
)


class State(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Job:
    """Long work as everybody may see it, at the moment of looking.

    Attributes:
        job_id: eight characters
        kind: name in :data:`emoviz.jobs.kinds.KINDS`
        order: what was asked for
        state: how far it is
        stopping: whether somebody asked it to stop
        submitted: when it was asked for
        started: when the work began, ``None`` before
        ended: when it ended, ``None`` before
        pid: number of its process, ``None`` before it has begun
        fraction: of the last report that had one
        message: of the last report, empty before the first
        left: seconds it will still take, ``None`` where nobody can know
        result: name of what it made, empty until done
        error: why it failed, in a sentence
    """

    job_id: str
    kind: str
    order: Order
    state: State
    stopping: bool
    submitted: float
    started: float | None
    ended: float | None
    pid: int | None
    fraction: float | None
    message: str
    left: float | None
    result: str
    error: str

    @property
    def title(self) -> str:
        return self.order.title

    @property
    def active(self) -> bool:
        """Whether it waits or works."""
        return self.state in (State.QUEUED, State.RUNNING)


def submit(order: Order) -> Job:
    """Start a job in a process of its own, which lives on when the caller ends.

    Raises:
        JobError: if the workspace cannot take it or no process can be started
    """
    job_id = uuid.uuid4().hex[:8]
    with _leased(job_id) as lease:
        assert lease is not None  # nobody else has heard of it
        with _database() as database:
            database.execute(
                "INSERT INTO jobs (job_id, kind, arguments, state, submitted) VALUES (?, ?, ?, 'queued', ?)",
                (job_id, kinds.kind_of(order), kinds.to_json(order), time.time()),
            )
        _launch(job_id, lease)
    return get(job_id)


def resume(job_id: str) -> Job:
    """Start a job that failed or was cancelled once more; what can go on where it stopped does.

    Nothing happens to a job that waits, works or is done.

    Raises:
        UnknownNameError: if there is no such job
        JobError: if no process can be started
    """
    while get(job_id).state in (State.FAILED, State.CANCELLED):
        with _leased(job_id) as lease:
            if lease is not None:
                if _queue_again(job_id):
                    _launch(job_id, lease)
                break
        time.sleep(0.02)  # the old process is about to be gone, or another has just been started
    return get(job_id)


def get(job_id: str) -> Job:
    """The job as it stands.

    Raises:
        UnknownNameError: if there is none of that name
    """
    with _database() as database:
        row = _row(database, job_id)
        return _job(database, row)


def list(*, active: bool = False) -> tuple[Job, ...]:
    """All jobs, the newest first.

    Args:
        active: only those that wait or work
    """
    with _database() as database:
        rows = database.execute(f"{JOBS} ORDER BY submitted DESC, rowid DESC").fetchall()
        jobs = tuple(_job(database, row) for row in rows)
    return tuple(job for job in jobs if job.active) if active else jobs


def reports(job_id: str) -> tuple[Report, ...]:
    """What the job said, the oldest first; kept when the job has ended.

    Raises:
        UnknownNameError: if there is no such job
    """
    with _database() as database:
        _row(database, job_id)
        return _reports(database, job_id)


def cancel(job_id: str, grace: float = 5.0) -> Job:
    """Stop a job and wait until its process is gone; what it had half made goes with it.

    A job that ends by itself in the meantime keeps its own ending.

    Args:
        job_id: which
        grace: seconds the process has to tidy up before it is killed

    Raises:
        UnknownNameError: if there is no such job
    """
    with _database() as database:
        _row(database, job_id)
        database.execute("UPDATE jobs SET stopping = 1 WHERE job_id = ? AND state IN ('queued', 'running')", (job_id,))
        # Without a number the process has not begun, and will not: it looks at `stopping` first.
        pid = _row(database, job_id)["pid"]
    _signal(job_id, pid, signal.SIGTERM)
    job = wait(job_id, grace)
    if job.active:
        _signal(job_id, pid, signal.SIGKILL)
        job = wait(job_id, grace)
    if job.state is State.CANCELLED:
        shutil.rmtree(unfinished(job_id), ignore_errors=True)
    return job


def wait(job_id: str, timeout: float | None = None) -> Job:
    """The job when its process has ended, or as it stands after ``timeout`` seconds.

    Raises:
        UnknownNameError: if there is no such job
    """
    get(job_id)
    end = None if timeout is None else time.monotonic() + timeout
    while _held(job_id) and (end is None or time.monotonic() < end):
        time.sleep(0.02)
    return get(job_id)


def remove(job_id: str) -> None:
    """Forget a job that has ended, with its reports and its log; what it made stays.

    Raises:
        UnknownNameError: if there is no such job
        JobError: if it has not ended
    """
    if get(job_id).active:
        raise JobError(f"Job {job_id} has not ended. Cancel it first.")
    with _database() as database:
        database.execute("DELETE FROM jobs WHERE job_id = ?", (job_id,))
    shutil.rmtree(unfinished(job_id), ignore_errors=True)
    log(job_id).unlink(missing_ok=True)
    _lease(job_id).unlink(missing_ok=True)


def log(job_id: str) -> Path:
    """Where everything goes that the job's process prints."""
    return workspace.place("jobs") / f"{job_id}.log"


def unfinished(job_id: str) -> Path:
    """The folder where a job may keep what it needs to go on after its process was killed."""
    return workspace.place("jobs") / f"{job_id}.unfinished"


# What the worker calls.


def begin(job_id: str, pid: int) -> Order | None:
    """The order of a waiting job, which is from now on this process's; ``None`` if it shall not run any more."""
    with _database() as database:
        mine = database.execute(
            "UPDATE jobs SET pid = ? WHERE job_id = ? AND state = 'queued' AND NOT stopping", (pid, job_id)
        )
        return _order(_row(database, job_id)) if mine.rowcount else None


def start(job_id: str) -> bool:
    """The work begins, and may: false if the job shall not run any more."""
    with _database() as database:
        begun = database.execute(
            "UPDATE jobs SET state = 'running', started = ? WHERE job_id = ? AND state = 'queued' AND NOT stopping",
            (time.time(), job_id),
        )
        return begun.rowcount > 0


@contextmanager
def reporting(job_id: str) -> Iterator[Callable[[Progress], None]]:
    """What keeps lines of progress: all beginnings, endings and sentences, and one of many steps within a moment."""
    # One connection for all of them: whoever closes the last one has SQLite tidy up, which waits for the disk.
    with _database() as database:

        def report(line: Progress) -> None:
            now, message = time.time(), _text(line.message)
            replaced = 0
            if is_passing(line.fraction):
                replaced = database.execute(
                    "UPDATE reports SET fraction = ?, message = ? WHERE at > ? AND fraction > 0 AND fraction < 1"
                    " AND rowid = (SELECT max(rowid) FROM reports WHERE job_id = ?)",
                    (line.fraction, message, now - MOMENT, job_id),
                ).rowcount
            if not replaced:
                database.execute(
                    "INSERT INTO reports (job_id, at, fraction, message) VALUES (?, ?, ?, ?)",
                    (job_id, now, line.fraction, message),
                )

        yield report


def end(job_id: str, state: State, *, result: str = "", error: str = "") -> None:
    """The work has ended; nothing changes if the job has an ending already."""
    with _database() as database:
        _end(database, job_id, state, result, error)


@contextmanager
def turn() -> Iterator[None]:
    """Wait until no other job that takes turns is running, and keep the others waiting meanwhile."""
    with (workspace.place("jobs") / "turn.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    """A connection of one's own, in autocommit: every statement is a transaction."""
    path = workspace.home() / "jobs.sqlite"
    database = None
    try:
        database = sqlite3.connect(path, timeout=30, isolation_level=None)
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA foreign_keys = ON")
        database.execute("PRAGMA synchronous = NORMAL")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            _create(database)
        elif version != SCHEMA_VERSION:
            raise JobError(f"{path} was written by another version of emoviz. Move it away to start with no jobs.")
        yield database
    except sqlite3.DatabaseError as error:
        raise JobError(
            f"The list of jobs cannot be read or written ({error}). If it stays so, move {path} away: "
            "only the history of jobs goes with it, no dataset and no checkpoint."
        ) from error
    finally:
        if database is not None:
            database.close()


def _create(database: sqlite3.Connection) -> None:
    # SQLite does not wait for its own lock while it changes to WAL, so newcomers line up here.
    with (workspace.place("jobs") / "create.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if database.execute("PRAGMA user_version").fetchone()[0] == 0:
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(f"BEGIN; {SCHEMA} COMMIT;")


def _row(database: sqlite3.Connection, job_id: str) -> sqlite3.Row:
    row = database.execute(f"{JOBS} WHERE job_id = ?", (_text(job_id),)).fetchone()
    if row is None:
        known = database.execute("SELECT job_id FROM jobs ORDER BY submitted DESC LIMIT 10").fetchall()
        raise UnknownNameError("job", job_id[:80], [other["job_id"] for other in known])
    return row


def _reports(database: sqlite3.Connection, job_id: str) -> tuple[Report, ...]:
    rows = database.execute("SELECT at, fraction, message FROM reports WHERE job_id = ? ORDER BY rowid", (job_id,))
    return tuple(Report(*row) for row in rows)


def _order(row: sqlite3.Row) -> Order:
    return kinds.from_json(row["kind"], row["arguments"])


def _job(database: sqlite3.Connection, row: sqlite3.Row) -> Job:
    job_id = row["job_id"]
    if row["state"] in ("queued", "running") and not _held(job_id):
        if row["stopping"]:
            _end(database, job_id, State.CANCELLED)
        else:
            _end(database, job_id, State.FAILED, error=f"{DIED} Its log is {log(job_id)}.")
        row = _row(database, job_id)
    state = State(row["state"])
    # Of this run only, if the job was resumed.
    lines = [line for line in _reports(database, job_id) if line.at >= row["started"]] if state is State.RUNNING else []
    return Job(
        job_id=job_id,
        kind=row["kind"],
        order=_order(row),
        state=state,
        stopping=bool(row["stopping"]) and state in (State.QUEUED, State.RUNNING),
        submitted=row["submitted"],
        started=row["started"],
        ended=row["ended"],
        pid=row["pid"],
        fraction=row["fraction"],
        message=row["message"] or "",
        left=time_left(lines, time.time()),
        result=row["result"] or "",
        error=row["error"] or "",
    )


def _end(database: sqlite3.Connection, job_id: str, state: State, result: str = "", error: str = "") -> None:
    database.execute(
        "UPDATE jobs SET state = ?, ended = ?, result = ?, error = ? "
        "WHERE job_id = ? AND state IN ('queued', 'running')",
        (state, time.time(), result, _text(error), job_id),
    )


def _text(words: str) -> str:
    """Words as SQLite takes them: file names may hold what is no text."""
    return words.encode(errors="backslashreplace").decode()


def _lease(job_id: str) -> Path:
    return workspace.place("jobs") / f"{job_id}.lease"


def _queue_again(job_id: str) -> bool:
    with _database() as database:
        again = database.execute(
            "UPDATE jobs SET state = 'queued', stopping = 0, started = NULL, ended = NULL, pid = NULL, error = NULL"
            " WHERE job_id = ? AND state IN ('failed', 'cancelled')",
            (job_id,),
        )
        return again.rowcount > 0


@contextmanager
def _leased(job_id: str) -> Iterator[int | None]:
    """The lease of a job, held, or ``None`` if another holds it.

    Taken before others can see that there is work, so that work never lacks a holder.
    """
    try:
        lease = os.open(_lease(job_id), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise JobError(f"The job cannot be started: {error.strerror} ('{error.filename}').") from error
    try:
        yield lease if _locked(lease, fcntl.LOCK_EX) else None
    finally:
        os.close(lease)


def _launch(job_id: str, lease: int) -> None:
    """Start the process of a job, which inherits the lease."""
    try:
        with log(job_id).open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "emoviz.jobs.worker", job_id],
                cwd=workspace.ROOT,
                env=os.environ | {"EMOVIZ_HOME": str(workspace.home()), "OMP_WAIT_POLICY": "PASSIVE"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[lease],
                start_new_session=True,
            )
    except OSError as error:
        raise JobError(f"The job cannot be started: {error.strerror} ('{error.filename}').") from error
    # Somebody has to take note of the child's end, or it stays as a zombie.
    threading.Thread(target=process.wait, name=f"job-{job_id}", daemon=True).start()


def _held(job_id: str) -> bool:
    """Whether a process works on the job, or is about to."""
    try:
        lease = os.open(_lease(job_id), os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that two who look at the same moment do not take each other for the worker.
        return not _locked(lease, fcntl.LOCK_SH)
    finally:
        os.close(lease)


def _locked(file: int, how: int) -> bool:
    """Lock an open file, if that can be done at once."""
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _signal(job_id: str, pid: int | None, number: signal.Signals) -> None:
    """Tell the job's process and its children, if it is still the one that holds the lease."""
    if pid is not None and _held(job_id):
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            return  # it ended by itself just now
