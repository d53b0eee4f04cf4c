"""What is handed in is private, and goes again."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time

import pytest

from emoviz import workspace
from emoviz.app import clips
from emoviz.app.clips import Shelf
from emoviz.errors import ClipError, ConfigError
from emoviz.jobs.store import State
from tests import media

PATIENCE = 120  # seconds


@pytest.fixture
def shelf(monkeypatch):
    # Visitors of pages that were tested before in this process never left: theirs may be all that are allowed.
    monkeypatch.setattr(clips, "WAITING", threading.BoundedSemaphore(2))
    made = Shelf()
    yield made
    made.close()


def until(true) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether any process of the group is left."""
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True


def private() -> list[str]:
    """Whatever lies in the private place of the workspace."""
    return [path.name for path in workspace.place("private").rglob("*") if path.name != "turn.lock"]


def test_a_folder_is_random_and_its_owners_alone(shelf):
    other = Shelf()
    assert len(shelf.folder.name) == 32
    assert shelf.folder.name != other.folder.name
    handed = shelf.add("words", words="I am glad.")
    for folder in (shelf.folder.parent, shelf.folder, handed.folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not other.clips
    other.close()


def test_a_deleted_clip_leaves_neither_file_nor_process(shelf, tmp_path):
    handed = shelf.add("a.mp4", media.video(tmp_path / "a.mp4", 2).read_bytes())
    until(lambda: handed.told().state is not State.QUEUED)
    shelf.remove(handed.clip_id)
    assert not handed.folder.exists()
    until(lambda: not alive(handed.process.pid))  # killed; whoever adopts orphans takes note of it in a moment
    assert not shelf.clips


def test_a_cancelled_clip_keeps_what_was_read_and_no_process(shelf, tmp_path):
    handed = shelf.add("a.mp4", media.video(tmp_path / "a.mp4", 2).read_bytes())
    shelf.cancel(handed.clip_id)
    assert handed.told().state is State.CANCELLED
    assert handed.folder.exists()
    until(lambda: not alive(handed.process.pid))


def test_the_sound_of_a_clip_lies_in_no_other_folder(shelf, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    handed = shelf.add("a.wav", media.sound(tmp_path / "a.wav").read_bytes())
    with handed.opened() as clip:
        assert clip.sound() is not None


def test_nothing_says_how_a_clip_is_called(shelf, tmp_path):
    handed = shelf.add("secret name.mp4", media.video(tmp_path / "a.mp4", 1).read_bytes())
    with open(f"/proc/{handed.process.pid}/cmdline") as file:
        command = file.read()
    assert "secret" not in command and str(shelf.folder) not in command


def test_a_clip_goes_when_its_time_is_over(tmp_path):
    shelf = Shelf(keep=0.2)
    handed = shelf.add("words", words="I am glad.")
    until(lambda: not handed.folder.exists())
    assert not shelf.clips
    shelf.close()


def test_a_session_that_ends_takes_everything_along(shelf):
    shelf.add("words", words="I am glad.")
    shelf.add("more", words="I am sad.")
    shelf.leave(grace=0)
    until(lambda: not shelf.open)
    assert not private()


def test_a_session_whose_connection_comes_back_keeps_its_clips(shelf):
    shelf.add("words", words="I am glad.")
    shelf.leave(grace=0.3)
    shelf.stay()
    time.sleep(0.5)
    assert shelf.open and len(shelf.clips) == 1


def test_what_a_killed_server_left_goes_when_the_next_begins(shelf):
    code = "import os; from emoviz.app.clips import Shelf; Shelf().folder.joinpath('a').touch(); os._exit(9)"
    subprocess.run([sys.executable, "-c", code], cwd=workspace.ROOT, check=False)
    assert "a" in private()
    Shelf().close()
    assert private() == [shelf.folder.name]


def test_a_process_ends_with_its_server(tmp_path):
    clip = media.video(tmp_path / "a.mp4", 5)
    code = (
        "import os, sys; from pathlib import Path; from emoviz.app import clips\n"
        "shelf = clips.Shelf(); handed = shelf.add('a.mp4', Path(sys.argv[1]).read_bytes())\n"
        "shelf.spare = clips.job.spare()\n"
        "print(handed.process.pid, shelf.spare.pid, flush=True); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", code, clip], cwd=workspace.ROOT, capture_output=True, text=True)
    until(lambda: not any(alive(int(pid)) for pid in done.stdout.split()))


def test_a_clip_is_read_by_the_process_that_waits_for_it(shelf, tmp_path):
    shelf.get_ready()
    ready = shelf.spare
    handed = shelf.add("words", words="I am glad.")
    assert handed.process is ready and shelf.spare is None
    shelf.get_ready()
    assert shelf.spare is None  # while one is being read, its processors are not for another
    until(lambda: handed.told().state is State.DONE)
    assert (handed.folder / "log").is_file()
    shelf.get_ready()
    assert shelf.spare not in (None, ready)


def test_a_process_that_waits_goes_with_its_session(shelf):
    shelf.get_ready()
    waits = shelf.spare
    shelf.close()
    until(lambda: not alive(waits.pid))
    shelf.get_ready()
    assert shelf.spare is None


def test_only_so_many_processes_wait(shelf, monkeypatch):
    monkeypatch.setattr(clips, "WAITING", threading.BoundedSemaphore(1))
    other = Shelf()
    shelf.get_ready()
    other.get_ready()
    assert shelf.spare is not None and other.spare is None
    shelf.close()
    other.get_ready()
    assert other.spare is not None
    other.close()


def test_where_the_one_that_waits_has_ended_another_reads(shelf):
    shelf.get_ready()
    os.killpg(shelf.spare.pid, signal.SIGKILL)
    until(lambda: not alive(shelf.spare.pid))
    handed = shelf.add("words", words="I am glad.")
    until(lambda: handed.told().state is State.DONE)


def test_too_many_clips_are_refused_with_the_way_out(shelf, monkeypatch):
    monkeypatch.setattr(clips, "MOST_CLIPS", 1)
    shelf.add("words", words="I am glad.")
    with pytest.raises(ClipError, match="Delete one of them first"):
        shelf.add("more", words="I am sad.")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("clip.mp4", "clip.mp4"),
        ("../../etc/passwd", "passwd.bin"),
        ("a\\b\\c.WAV", "c.wav"),
        ("\x1b[31m\n.mp4", "__31m_.mp4"),
        (".hidden", "hidden.bin"),
        ("täglich 3.webm", "täglich 3.webm"),
        ("x" * 300 + ".mov", "x" * 60 + ".mov"),
        ("", "clip.bin"),
    ],
)
def test_names_become_harmless(name, kept):
    assert clips.safe(name) == kept


def test_how_long_a_clip_stays_is_a_setting():
    assert clips.kept_for("0.5") == 30
    for wrong in ("", "0", "-3", "nan", "inf", "an hour"):
        with pytest.raises(ConfigError, match="number of minutes above 0"):
            clips.kept_for(wrong)


def test_the_first_to_go_is_known(shelf):
    assert shelf.next_goes == float("inf")
    one, _ = shelf.add("words", words="I am glad."), shelf.add("more", words="I am sad.")
    assert shelf.next_goes == one.until
