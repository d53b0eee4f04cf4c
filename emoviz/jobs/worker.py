"""The process of one job: ``python -m emoviz.jobs.worker ID``.

Started by :func:`emoviz.jobs.store.submit`, whose lock on the job's lease it inherits and never
lets go of. It is nice to the pages people are looking at, and writes down how its work ended.
"""

import os
import signal
import sys
import time
import traceback
from contextlib import ExitStack

from emoviz import progress
from emoviz.errors import EmovizError
from emoviz.jobs import store
from emoviz.jobs.kinds import Order
from emoviz.jobs.store import State
from emoviz.progress import Progress

# Reports closer together than this say nothing new to a reader.
SECONDS_BETWEEN_REPORTS = 0.05


class Reporter:
    """Keeps the lines of progress of one job, but not thousands a second."""

    def __init__(self, job_id: str):
        self.job_id = job_id
        self.last = -1.0
        self.held: Progress | None = None

    def __call__(self, line: Progress) -> None:
        """Keep the line, now or when work ends unless a newer one comes."""
        self.held = line
        if time.monotonic() - self.last >= SECONDS_BETWEEN_REPORTS:
            self.flush()

    def flush(self) -> None:
        """Keep the last line if it is not yet."""
        if self.held is not None:
            store.report(self.job_id, self.held)
            self.held, self.last = None, time.monotonic()


def main(job_id: str) -> None:
    """Run one job to its end."""
    signal.signal(signal.SIGTERM, _stop)
    os.nice(10)
    order = store.begin(job_id, os.getpid())
    if order is None:
        return
    with ExitStack() as stack:
        if order.takes_turns:
            stack.enter_context(store.turn())
        store.start(job_id)
        run(job_id, order)


def run(job_id: str, order: Order) -> None:
    """Do the work of a job that has begun, and write down what came of it."""
    reporter = Reporter(job_id)
    try:
        result = progress.finish(order.run(), reporter)
        reporter.flush()
    except EmovizError as error:
        store.end(job_id, State.FAILED, error=str(error))
    # The process has no caller to raise to: the job carries the error to whoever looks at it next.
    except Exception as error:
        traceback.print_exc()
        what = f"{type(error).__name__}: {error}"
        store.end(
            job_id, State.FAILED, error=f"Something unexpected happened ({what}). The log is {store.log(job_id)}."
        )
    else:
        store.end(job_id, State.DONE, result=result)


def _stop(*_: object) -> None:
    # Not an Exception, so that nothing on the way takes it for a bad row; blocks that tidy up run.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1])
