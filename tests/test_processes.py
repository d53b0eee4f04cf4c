"""Processes that work for this one."""

import os

import pytest

from emoviz import processes
from emoviz.errors import ConfigError


def test_work_is_done_elsewhere_with_one_thread():
    with processes.workers(1) as pool:
        assert pool.submit(os.getpid).result() != os.getpid()
        assert pool.submit(os.getenv, "OMP_NUM_THREADS").result() == "1"


def test_there_is_one_process_for_every_two_processors_unless_told_otherwise():
    assert processes.count(3) == 3
    assert 1 <= processes.count(None) <= max(1, (os.cpu_count() or 1) // 2)
    for wrong in (0, 65):
        with pytest.raises(ConfigError, match="choose 1 to 64"):
            processes.count(wrong)
