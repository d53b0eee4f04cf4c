"""Several processes that work for this one and end with it."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType

from emoviz.errors import ConfigError

MOST = 64
_starting = threading.Lock()


def count(jobs: int | None) -> int:
    """How many processes to work with: what was asked for, or one for every two processors.

    Raises:
        ConfigError: for a number that cannot be
    """
    if jobs is not None and not 1 <= jobs <= MOST:
        raise ConfigError(f"There cannot be {jobs} processes at the same time: choose 1 to {MOST} (--jobs).")
    return jobs or max(1, (os.cpu_count() or 1) // 2)


@contextmanager
def workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes of one thread each; they end at once with the block, or with this process."""
    theirs, leash = multiprocessing.Pipe(duplex=False)
    with theirs, ProcessPoolExecutor(jobs, _Context(), initializer=_begin, initargs=(theirs,)) as pool, leash:
        yield pool


class _Process(SpawnProcess):
    """A process that does not run the caller's script again, which may lack a guard or, in a page, be no script."""

    def start(self) -> None:
        """Start, with an empty main module for the moment in which it is told what to run first."""
        with _starting:
            main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
            try:
                super().start()
            finally:
                sys.modules["__main__"] = main


class _Context(SpawnContext):  # spawned, so that threads and locks of this process are not copied
    Process = _Process


def _begin(leash: Connection) -> None:
    """What a process does before its first piece of work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked for the work decides
    os.environ |= {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    threading.Thread(target=_end_with, args=(leash,), daemon=True).start()


def _end_with(leash: Connection) -> None:
    try:
        leash.recv_bytes()
    except EOFError:
        os._exit(1)
