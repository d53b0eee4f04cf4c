"""A folder stands there whole or not at all."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from emoviz import workspace
from emoviz.errors import BadNameError, DatasetError


@pytest.fixture
def final():
    return workspace.place("datasets") / "mine"


def fill(final, text, **options):
    with workspace.staged(final, **options) as folder:
        (folder / "data").write_text(text)


def test_a_staged_folder_takes_its_place(final):
    fill(final, "new")
    assert (final / "data").read_text() == "new"
    assert [path.name for path in final.parent.iterdir()] == ["mine"]


def test_a_block_that_raises_leaves_nothing(final):
    with pytest.raises(ZeroDivisionError), workspace.staged(final) as folder:
        (folder / "data").write_text("half")
        1 / 0  # noqa: B018
    assert not list(final.parent.iterdir())


def test_what_stands_there_is_replaced_only_when_asked(final):
    fill(final, "old")
    with pytest.raises(DatasetError, match="exists already"):
        fill(final, "new")
    assert (final / "data").read_text() == "old"
    fill(final, "new", replace=True)
    assert (final / "data").read_text() == "new"
    assert [path.name for path in final.parent.iterdir()] == ["mine"]


def test_what_a_killed_process_left_is_swept_away_and_work_going_on_is_not(final):
    stage = (
        "import pathlib, sys; from emoviz import workspace\n"
        "with workspace.staged(pathlib.Path(sys.argv[1])) as folder: print(folder, flush=True); input()"
    )
    command = [sys.executable, "-c", stage, str(final)]
    options = {"cwd": workspace.ROOT, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **options) as process:
        left = process.stdout.readline().strip()
        fill(final.with_name("other"), "new")
        assert os.path.isdir(left)
        process.send_signal(signal.SIGKILL)
    assert os.path.isdir(left)
    fill(final.with_name("third"), "new")
    assert not os.path.exists(left)


def test_many_may_stage_at_once(final):
    failed = []

    def work(i):
        try:
            for turn in range(20):
                fill(final.with_name(f"mine-{i}-{turn}"), str(i))
        except OSError as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len(list(final.parent.iterdir())) == 160


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "A", "a" * 65, "-a", "a\n", "ä"])
def test_a_name_in_which_a_path_could_hide_is_refused(name):
    with pytest.raises(BadNameError):
        workspace.checked_name("dataset", name)
