"""Jobs as others see them. No job here gets its turn unless a test lets it: that is the hand-shake."""

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest

from emoviz import workspace
from emoviz.errors import EmovizError, JobError, UnknownNameError
from emoviz.jobs import store
from emoviz.jobs.kinds import Analyze, Train
from emoviz.jobs.store import State
from emoviz.progress import Progress

PATIENCE = 300  # seconds

WAITING = Train("no-such-dataset")
QUICK = Analyze("no-such-dataset")


def has_begun(job: store.Job) -> bool:
    return job.pid is not None


def test_a_job_is_queued_then_ends(seen):
    with store.turn():
        job = store.submit(WAITING)
        assert job.state is State.QUEUED
        assert job.active
        assert seen(job.job_id, has_begun).state is State.QUEUED
    ended = store.wait(job.job_id, PATIENCE)
    assert ended.state is State.FAILED
    assert not ended.active
    assert ended.submitted <= ended.started <= ended.ended
    assert ended.order == WAITING


def test_what_the_user_can_mend_is_the_sentence_itself():
    job = store.wait(store.submit(QUICK).job_id, PATIENCE)
    assert job.error == "Unknown dataset 'no-such-dataset'. Known: simulated."
    assert store.log(job.job_id).read_text() == ""


def test_a_job_outlives_its_submitter(seen):
    submit = "from emoviz.jobs import kinds, store; print(store.submit(kinds.Train('no-such-dataset')).job_id)"
    with store.turn():
        done = subprocess.run(
            [sys.executable, "-c", submit], cwd=workspace.ROOT, capture_output=True, text=True, timeout=PATIENCE
        )
        job_id = done.stdout.strip()
        assert seen(job_id, has_begun).active, done.stderr
    assert "Unknown dataset" in store.wait(job_id, PATIENCE).error


def test_a_job_outlives_a_submitter_whose_terminal_goes(seen):
    submit = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL);"  # also where the tests run under nohup
        "from emoviz.jobs import kinds, store; print(store.submit(kinds.Train('nope')).job_id, flush=True); input()"
    )
    with store.turn():
        submitter = subprocess.Popen(
            [sys.executable, "-c", submit],
            cwd=workspace.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        with submitter:
            job_id = submitter.stdout.readline().strip()
            seen(job_id, has_begun)
            os.killpg(submitter.pid, signal.SIGHUP)
        assert submitter.returncode == -signal.SIGHUP
        assert store.get(job_id).active


def test_a_cancelled_job_is_gone_when_cancel_returns(seen):
    with store.turn():
        job = seen(store.submit(WAITING).job_id, has_begun)
        cancelled = store.cancel(job.job_id)
        assert cancelled.state is State.CANCELLED
        assert cancelled.error == ""
        assert not cancelled.stopping
        with pytest.raises(ProcessLookupError):
            os.killpg(job.pid, 0)


def test_a_job_cancelled_before_its_process_has_begun_never_works():
    with store.turn():
        job = store.submit(WAITING)
        assert store.cancel(job.job_id, grace=PATIENCE).state is State.CANCELLED
    assert store.get(job.job_id).started is None


def test_a_process_that_does_not_listen_is_killed(seen):
    with store.turn():
        job = seen(store.submit(WAITING).job_id, has_begun)
        os.kill(job.pid, signal.SIGSTOP)
        assert store.cancel(job.job_id, grace=0.2).state is State.CANCELLED


def test_cancelling_what_has_ended_changes_nothing():
    job = store.wait(store.submit(QUICK).job_id, PATIENCE)
    assert store.cancel(job.job_id) == job


def test_a_killed_process_is_seen_at_once_and_in_a_sentence(seen):
    with store.turn():
        job = seen(store.submit(WAITING).job_id, has_begun)
        os.kill(job.pid, signal.SIGKILL)
        dead = store.wait(job.job_id, PATIENCE)
    assert dead.state is State.FAILED
    assert "ended before its work was done" in dead.error
    assert "Start it again" in dead.error


def test_another_reader_is_not_taken_for_the_worker(seen):
    with store.turn():
        job = seen(store.submit(WAITING).job_id, has_begun)
        os.kill(job.pid, signal.SIGKILL)
        store.wait(job.job_id, PATIENCE)
    with closing(sqlite3.connect(workspace.home() / "jobs.sqlite")) as database, database:
        database.execute("UPDATE jobs SET state = 'running', ended = NULL")
    with (workspace.home() / "jobs" / f"{job.job_id}.lease").open() as lease:
        fcntl.flock(lease, fcntl.LOCK_SH)  # somebody else who looks at the same moment
        assert store.get(job.job_id).state is State.FAILED


def test_a_killed_process_leaves_no_zombie_behind(seen):
    with store.turn():
        job = seen(store.submit(WAITING).job_id, has_begun)
        os.kill(job.pid, signal.SIGKILL)
        end = time.monotonic() + PATIENCE
        while os.path.exists(f"/proc/{job.pid}") and time.monotonic() < end:
            time.sleep(0.01)
    assert not os.path.exists(f"/proc/{job.pid}")


def test_a_job_whose_submitter_died_in_between_is_not_waited_for():
    # As if the submitter had been killed between writing the row and starting the process.
    job = store.wait(store.submit(QUICK).job_id, PATIENCE)
    with closing(sqlite3.connect(workspace.home() / "jobs.sqlite")) as database, database:
        database.execute("UPDATE jobs SET state = 'queued', pid = NULL, ended = NULL")
    assert store.get(job.job_id).state is State.FAILED


def test_many_may_be_the_first_to_look():
    together = threading.Barrier(16)
    seen = []

    def look():
        together.wait(PATIENCE)
        seen.append(store.list())

    threads = [threading.Thread(target=look) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert seen == [()] * 16


def test_two_submitters_at_once_both_get_their_job():
    submit = (
        "import sys; from emoviz.jobs import kinds, store; sys.stdin.read()\n"
        "for i in range(5): print(store.submit(kinds.Analyze(f'nope-{i}')).job_id)"
    )
    submitters = [
        subprocess.Popen(
            [sys.executable, "-c", submit], cwd=workspace.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for submitter in submitters:
        submitter.stdin.close()
        submitter.stdin = None
    job_ids = [job_id for submitter in submitters for job_id in submitter.communicate(timeout=PATIENCE)[0].split()]
    assert len(set(job_ids)) == 10
    assert {store.wait(job_id, PATIENCE).state for job_id in job_ids} == {State.FAILED}
    assert sorted(job.error for job in store.list()) == sorted(
        2 * [f"Unknown dataset 'nope-{i}'. Known: simulated." for i in range(5)]
    )


def test_jobs_that_fill_the_machine_take_turns(seen):
    with store.turn():
        first, second = (seen(store.submit(WAITING).job_id, has_begun) for _ in range(2))
        assert {store.get(job.job_id).state for job in (first, second)} == {State.QUEUED}
    ended = [store.wait(job.job_id, PATIENCE) for job in (first, second)]
    early, late = sorted(ended, key=lambda job: job.started)
    assert early.ended <= late.started


def test_the_newest_job_comes_first():
    with store.turn():
        jobs = [store.submit(WAITING) for _ in range(3)]
        assert [job.job_id for job in store.list()] == [job.job_id for job in reversed(jobs)]
        store.cancel(jobs[1].job_id, grace=PATIENCE)
        assert [job.job_id for job in store.list(active=True)] == [jobs[2].job_id, jobs[0].job_id]


def test_reports_survive_and_give_the_time_left(seen, monkeypatch):
    with store.turn():
        job = seen(store.submit(WAITING).job_id, has_begun)
        assert (job.fraction, job.message, job.left) == (None, "", None)
        store.start(job.job_id)
        with monkeypatch.context() as clock:
            with store.reporting(job.job_id) as report:
                for seconds, fraction in [(0, 0.0), (10, 0.25), (20, 0.5)]:
                    clock.setattr(time, "time", lambda now=2e9 + seconds: now)
                    report(Progress(fraction, f"epoch {seconds}"))
            now = store.get(job.job_id)
        assert (now.state, now.fraction, now.message, now.left) == (State.RUNNING, 0.5, "epoch 20", pytest.approx(20))
        store.cancel(job.job_id)
    assert [(line.fraction, line.message) for line in store.reports(job.job_id)] == [
        (0.0, "epoch 0"),
        (0.25, "epoch 10"),
        (0.5, "epoch 20"),
    ]
    assert store.get(job.job_id).left is None


def test_an_ending_is_final():
    job = store.wait(store.submit(QUICK).job_id, PATIENCE)
    store.end(job.job_id, State.DONE, result="something")
    store.start(job.job_id)
    assert store.begin(job.job_id, 1) is None
    assert store.get(job.job_id) == job


def test_a_cancelled_job_can_be_resumed(seen):
    with store.turn():
        job = seen(store.submit(WAITING).job_id, has_begun)
        store.cancel(job.job_id)
        again = store.resume(job.job_id)
        assert (again.state, again.pid, again.stopping) == (State.QUEUED, None, False)
        assert store.resume(job.job_id).job_id == job.job_id  # which waits already
        assert len(store.list()) == 1
    assert store.wait(job.job_id, PATIENCE).error == "Unknown dataset 'no-such-dataset'. Known: simulated."


def test_the_time_left_of_a_resumed_job_knows_nothing_of_the_time_before(seen):
    with store.turn():
        job = seen(store.submit(WAITING).job_id, has_begun)
        store.start(job.job_id)
        with store.reporting(job.job_id) as report:
            report(Progress(0.1, "before"))
            report(Progress(1.0, "before"))
        store.cancel(job.job_id)
        seen(store.resume(job.job_id).job_id, has_begun)
        store.start(job.job_id)
        with store.reporting(job.job_id) as report:
            report(Progress(0.1, "after"))
        assert store.get(job.job_id).left is None


def test_a_resumed_job_that_fails_at_once_is_not_started_again(monkeypatch):
    job_id = store.wait(store.submit(QUICK).job_id, PATIENCE).job_id
    monkeypatch.setattr(store.sys, "executable", "/bin/false")
    assert store.resume(job_id).job_id == job_id
    assert store.wait(job_id, PATIENCE).error.startswith(store.DIED)


def test_two_who_resume_at_once_start_one_process():
    job_id = store.wait(store.submit(WAITING).job_id, PATIENCE).job_id
    with store.turn():
        threads = [threading.Thread(target=store.resume, args=(job_id,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in threads)
    store.wait(job_id, PATIENCE)
    assert len(store.reports(job_id)) == 2  # one of each run


def test_a_job_that_has_ended_can_be_forgotten():
    job = store.wait(store.submit(QUICK).job_id, PATIENCE)
    store.remove(job.job_id)
    assert store.list() == ()
    with closing(sqlite3.connect(workspace.home() / "jobs.sqlite")) as database:
        assert database.execute("SELECT count(*) FROM reports").fetchone() == (0,)
    assert not [path for path in (workspace.home() / "jobs").iterdir() if job.job_id in path.name]


def test_a_job_at_work_cannot_be_forgotten():
    with store.turn():
        job = store.submit(WAITING)
        with pytest.raises(JobError, match="Cancel it first"):
            store.remove(job.job_id)


@pytest.mark.parametrize("ask", [store.get, store.reports, store.cancel, store.wait, store.remove])
@pytest.mark.parametrize("job_id", ["", "nope", "../../etc/passwd", "a'; DROP TABLE jobs; --", "\x00", "\udc80"])
def test_an_unknown_job_is_a_sentence(ask, job_id):
    with pytest.raises(UnknownNameError, match="Unknown job"):
        ask(job_id)
    assert store.list() == ()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"this is no database" * 100),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096)),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["not one", "truncated", "scribbled over", "a folder"],
)
@pytest.mark.parametrize(
    "ask", [store.list, lambda: store.get("a"), lambda: store.submit(QUICK)], ids=["list", "get", "submit"]
)
def test_a_damaged_list_is_a_sentence_with_the_way_out(damage, ask):
    store.list()
    rows = [(f"{i:08}", "analyze", '{"dataset": "nope"}', "done", i) for i in range(200)]
    with closing(sqlite3.connect(workspace.home() / "jobs.sqlite")) as database, database:
        database.executemany(
            "INSERT INTO jobs (job_id, kind, arguments, state, submitted) VALUES (?, ?, ?, ?, ?)", rows
        )
    damage(workspace.home() / "jobs.sqlite")
    with pytest.raises(EmovizError, match=r"move .*jobs.sqlite away"):
        ask()


def test_a_list_of_another_version_is_a_sentence():
    assert store.list() == ()
    with closing(sqlite3.connect(workspace.home() / "jobs.sqlite")) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(JobError, match=r"another version of emoviz\. Move it away"):
        store.list()
