"""What tests of jobs share."""

import time

import pytest

from emoviz.errors import JobError
from emoviz.jobs import store

PATIENCE = 300  # seconds until something that must happen counts as not happening


@pytest.fixture(autouse=True)
def nothing_runs_on():
    """Whatever a test leaves at work is stopped."""
    yield
    try:
        for job in store.list(active=True):
            store.cancel(job.job_id)
    except JobError:
        pass  # the test damaged the list on purpose


@pytest.fixture
def seen():
    """Waits until a job is as wanted, and gives it."""

    def wait(job_id: str, wanted) -> store.Job:
        end = time.monotonic() + PATIENCE
        while not wanted(job := store.get(job_id)):
            assert time.monotonic() < end, job
            time.sleep(0.01)
        return job

    return wait
