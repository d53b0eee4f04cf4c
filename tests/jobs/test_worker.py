"""The process of a job, doing real work."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from emoviz import workspace
from emoviz.analysis import findings
from emoviz.data import simulated
from emoviz.data import store as datasets
from emoviz.errors import EmovizError
from emoviz.jobs import store, worker
from emoviz.jobs.kinds import Analyze, Download, Import, Order, Train
from emoviz.jobs.store import State
from emoviz.models import checkpoints
from emoviz.progress import Progress, finish

PATIENCE = 300  # seconds
QUICK = ("epochs=1", "members=1", "width=8")
ENDLESS = ("epochs=10000", "patience=10000")


@pytest.fixture
def tiny():
    """A dataset small enough to train on in a second."""
    return datasets.write(simulated.dataset(seed=1, train=60, test=20), workspace.place("datasets") / "tiny")


@pytest.fixture
def stalled():
    """The address of a server that begins to answer and goes on only when the test has ended."""
    over = threading.Event()

    class Stalling(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * 100_000)
            self.wfile.flush()
            over.wait(PATIENCE)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Stalling) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        over.set()
        server.shutdown()
        thread.join()


@dataclass(frozen=True)
class Words(Order):
    """Work of a test, done in its own process."""

    says: tuple[Progress, ...] = ()
    fails: Exception | None = None

    def run(self, unfinished: Path | None = None) -> Generator[Progress, None, str]:
        yield from self.says
        if self.fails is not None:
            raise self.fails
        return "result"


@contextmanager
def taken():
    """The id of a job at work whose own process waits for its turn for ever."""
    with store.turn():
        job_id = store.submit(Train("tiny")).job_id
        store.start(job_id)
        yield job_id
        store.cancel(job_id)


def is_working(job: store.Job) -> bool:
    return job.state is State.RUNNING and job.fraction is not None


def is_learning(job: store.Job) -> bool:
    return bool(job.fraction)


def test_a_training_makes_a_checkpoint_and_says_its_name(tiny):
    job = store.wait(store.submit(Train("tiny", settings=QUICK, folds=2, device="cpu")).job_id, PATIENCE)
    assert (job.state, job.error) == (State.DONE, "")
    assert checkpoints.load(job.result).card.dataset == "tiny"
    fractions = [line.fraction for line in store.reports(job.job_id) if line.fraction is not None]
    assert fractions == sorted(fractions)
    assert job.fraction == 1


def test_an_analysis_leaves_findings_for_whoever_looks_next(tiny):
    job = store.wait(store.submit(Analyze("tiny")).job_id, PATIENCE)
    assert (job.state, job.result) == (State.DONE, "tiny")
    kept = workspace.place("findings") / f"{findings.key(tiny, None)}.parquet"
    assert len(findings.read(kept).table) == len(tiny)


def test_an_import_says_what_became_of_the_rows(tmp_path):
    table = tmp_path / "votes.csv"
    table.write_text("id,voice_anger,voice_joy,face_anger,face_joy\na,1,2,3,0\nb,1,-2,3,0\nc,5,1,0,2\n")
    job = store.wait(store.submit(Import(str(table), "mine")).job_id, PATIENCE)
    assert (job.state, job.result) == (State.DONE, "mine")
    assert len(datasets.read("mine")) == 2
    said = [line.message for line in store.reports(job.job_id)]
    assert any("2 samples accepted" in line for line in said)
    assert any("Row 3" in line for line in said)


def test_a_cancelled_download_ends_at_once_and_makes_no_dataset(stalled, seen):
    job = seen(store.submit(Download("crema-d", stalled)).job_id, lambda job: "tabulatedVotes" in job.message)
    assert job.state is State.RUNNING
    assert store.cancel(job.job_id, grace=PATIENCE).state is State.CANCELLED
    assert datasets.names() == ("simulated",)


def test_a_cancelled_training_leaves_nothing_half_made(tiny, seen):
    job = seen(store.submit(Train("tiny", settings=ENDLESS, device="cpu")).job_id, is_learning)
    assert store.cancel(job.job_id, grace=PATIENCE).state is State.CANCELLED
    assert list(workspace.place("checkpoints").iterdir()) == []
    assert store.log(job.job_id).read_text() == ""
    assert not store.unfinished(job.job_id).exists()


def test_a_process_told_to_end_takes_what_it_staged_with_it():
    code = """
import sys
from emoviz import workspace
from emoviz.jobs import kinds, store, worker

class Staging(kinds.Order):
    def run(self, unfinished=None):
        with workspace.staged(workspace.place("datasets") / "half") as folder:
            print(folder, flush=True)
            yield sys.stdin.read()

store.begin = lambda *_: Staging()
worker.main(sys.argv[1])
"""
    with store.turn():
        job_id = store.submit(Train("tiny")).job_id
        with subprocess.Popen(
            [sys.executable, "-c", code, job_id],
            cwd=workspace.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            folder = Path(process.stdout.readline().strip())
            assert folder.is_dir()
            process.terminate()
        assert process.returncode == 128 + signal.SIGTERM
        assert not folder.exists()


def test_a_killed_training_goes_on_where_it_stopped(tiny, seen):
    settings = ("epochs=12", "patience=12", "members=1", "width=8")
    order = Train("tiny", settings=settings, folds=2, device="cpu", name="mine")
    job = seen(store.submit(order).job_id, lambda job: (job.fraction or 0) > 0.4)  # in the midst of the second fold
    os.kill(job.pid, signal.SIGKILL)
    assert store.wait(job.job_id, PATIENCE).state is State.FAILED
    before = len(store.reports(job.job_id))
    (store.unfinished(job.job_id) / ".1.safetensors.half").write_bytes(b"as if killed while writing")

    assert store.resume(job.job_id).active
    done = store.wait(job.job_id, PATIENCE)
    assert (done.state, done.result) == (State.DONE, "mine")
    assert all((line.fraction or 1) > 0.3 for line in store.reports(job.job_id)[before + 2 :])
    assert not store.unfinished(job.job_id).exists()

    whole = finish(replace(order, name="whole").run())
    resumed, straight = (checkpoints.load(name).final.state_dict() for name in ("mine", whole))
    assert all(torch.equal(resumed[name], straight[name]) for name in straight)


def test_a_killed_download_is_seen_as_failed(stalled, seen):
    job = seen(store.submit(Download("crema-d", stalled)).job_id, is_working)
    os.kill(job.pid, signal.SIGKILL)
    dead = store.wait(job.job_id, PATIENCE)
    assert dead.state is State.FAILED
    assert dead.error.startswith(store.DIED)
    assert datasets.names() == ("simulated",)


def test_a_process_told_to_end_by_somebody_else_has_failed(stalled, seen):
    job = seen(store.submit(Download("crema-d", stalled)).job_id, is_working)
    os.kill(job.pid, signal.SIGTERM)
    assert store.wait(job.job_id, PATIENCE).error.startswith(store.DIED)


def test_downloads_need_no_turn(stalled, seen):
    with store.turn():
        seen(store.submit(Download("crema-d", stalled)).job_id, is_working)


def test_the_process_is_nice_and_waits_passively(stalled, seen):
    job = seen(store.submit(Download("crema-d", stalled)).job_id, is_working)
    assert os.getpriority(os.PRIO_PROCESS, job.pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
    with open(f"/proc/{job.pid}/environ", "rb") as file:
        assert b"OMP_WAIT_POLICY=PASSIVE" in file.read().split(b"\0")


def test_a_bug_is_a_failed_job_whose_log_has_the_traceback(capsys):
    with taken() as job_id:
        worker.run(job_id, Words(fails=ZeroDivisionError("division by zero")))
        job = store.get(job_id)
    assert job.state is State.FAILED
    assert "ZeroDivisionError: division by zero" in job.error
    assert str(store.log(job_id)) in job.error
    assert "Traceback" in capsys.readouterr().err  # which is the log of a real job


def test_what_is_no_text_does_not_stop_the_work():
    with taken() as job_id:
        worker.run(job_id, Words((Progress(None, "reading \udc80.csv"),), fails=EmovizError("\udc80.csv is bad.")))
        job = store.get(job_id)
    assert (job.message, job.error) == ("reading \\udc80.csv", "\\udc80.csv is bad.")


def test_the_last_line_of_a_flood_is_kept():
    flood = tuple(Progress(i / 2_000, f"row {i}") for i in range(2_001))
    with taken() as job_id:
        worker.run(job_id, Words(flood))
        job, kept = store.get(job_id), store.reports(job_id)
    assert (job.state, job.result, job.message) == (State.DONE, "result", "row 2000")
    assert len(kept) < len(flood) / 10
    assert kept[0].message == "row 0"


def test_lines_that_come_seldom_are_all_kept(monkeypatch):
    monkeypatch.setattr(store, "MOMENT", 0)
    with taken() as job_id:
        worker.run(job_id, Words(tuple(Progress(i / 10, f"row {i}") for i in range(10))))
        assert [line.message for line in store.reports(job_id)] == [f"row {i}" for i in range(10)]


def test_a_sentence_between_two_fractions_keeps_its_place():
    lines = (Progress(0.5, "epoch 1"), Progress(None, "a sentence"), Progress(0.6, "epoch 2"))
    with taken() as job_id:
        worker.run(job_id, Words(lines))
        assert [line.message for line in store.reports(job_id)] == ["epoch 1", "a sentence", "epoch 2"]


def test_sentences_are_all_kept_however_many():
    sentences = tuple(Progress(fraction, f"row {i} was mended") for i in range(50) for fraction in (None, 1.0))
    with taken() as job_id:
        worker.run(job_id, Words(sentences))
        assert [(line.fraction, line.message) for line in store.reports(job_id)] == [
            (line.fraction, line.message) for line in sentences
        ]


def test_a_job_cancelled_while_it_waited_does_not_start(tiny, seen):
    with store.turn():
        job = seen(store.submit(Train("tiny")).job_id, lambda job: job.pid is not None)
        store.cancel(job.job_id)
        assert not store.start(job.job_id)
