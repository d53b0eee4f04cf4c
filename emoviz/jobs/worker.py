"""The process of one job: ``python -m emoviz.jobs.worker ID``.

Started by :func:`emoviz.jobs.store.submit`, whose lock on the job's lease it inherits and never
lets go of. It is nice to the pages people are looking at, and writes down how its work ended.
"""

import os
import signal
import sys
import traceback
from contextlib import ExitStack, closing

from emoviz import progress
from emoviz.errors import EmovizError
from emoviz.jobs import store
from emoviz.jobs.kinds import Order
from emoviz.jobs.store import State

STOPPED = 128 + signal.SIGTERM  # exit code


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
        if store.start(job_id):
            run(job_id, order)


def run(job_id: str, order: Order) -> None:
    """Do the work of a job that has begun, and write down what came of it."""
    try:
        # Closed, so that its own blocks tidy up even where the end comes between two reports.
        with store.reporting(job_id) as report, closing(order.run(store.unfinished(job_id))) as work:
            result = progress.finish(work, report)
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
    sys.exit(STOPPED)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except SystemExit:
        # Somebody is waiting. What was half made is tidied up by now; taking Python and torch apart needs a second.
        os._exit(STOPPED)
