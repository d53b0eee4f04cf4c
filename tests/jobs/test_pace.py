"""How long work will still take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoviz.jobs.pace import Report, spell, time_left


def steady(fractions, seconds=100.0):
    """Reports of work that takes ``seconds`` in all and keeps its pace."""
    return [Report(1000 + seconds * fraction, fraction, "") for fraction in fractions]


@given(st.lists(st.floats(0, 1), min_size=2, unique=True).map(sorted), st.floats(1, 1e5))
def test_steady_work_ends_when_it_says(fractions, seconds):
    lines = steady(fractions, seconds)
    left = time_left(lines, lines[-1].at)
    if left is not None:
        assert left == pytest.approx(seconds * (1 - fractions[-1]), rel=1e-2, abs=1e-2)


def test_nobody_knows_before_two_fractions_differ():
    assert time_left([], 0) is None
    assert time_left([Report(0, None, "reading")], 1) is None
    assert time_left([Report(0, 0.5, "")], 1) is None
    assert time_left([Report(0, 0.5, ""), Report(9, 0.5, "")], 10) is None


def test_a_slow_start_is_forgotten():
    slow = [Report(0, 0.0, "importing"), Report(900, 0.1, "")]
    quick = [Report(900 + 10 * i, 0.1 + 0.1 * i, "") for i in range(1, 5)]
    assert time_left(slow + quick, 940) == pytest.approx(50)


def test_time_runs_while_nothing_is_reported_but_never_below_zero():
    lines = steady([0.0, 0.25, 0.5])
    assert time_left(lines, lines[-1].at + 20) == pytest.approx(30)
    assert time_left(lines, lines[-1].at + 500) == 0


def test_lines_without_a_fraction_do_not_disturb():
    lines = [*steady([0.0, 0.5]), Report(1055, None, "a sentence")]
    assert time_left(lines, 1060) == pytest.approx(40)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_durations_are_said_as_people_say_them(seconds, words):
    assert spell(seconds) == words
