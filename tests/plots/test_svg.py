"""Figures are well-formed files, and their scales put numbers where they belong."""

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoviz.plots.svg import Axis, Drawing, apart, spanning

EVIL = "\"><script>alert(1)</script>\x00\x1b&'"


def test_ends_of_a_scale_lie_at_its_ends():
    axis = Axis(2, 6, 100, 0)
    assert (axis(2), axis(4), axis(6)) == (100, 50, 0)
    assert (axis(-9), axis(9)) == (100, 0)


def test_equal_factors_are_equal_steps_of_a_logarithmic_scale():
    axis = Axis(1, 100, 0, 2, log=True)
    assert axis(10) == pytest.approx(1)
    assert axis.ticks() == (1, 2, 5, 10, 20, 50, 100)
    assert Axis(2.4, 8, 0, 1, log=True).ticks() == (3, 5, 7)
    assert Axis(1e-3, 1e5, 0, 1, log=True).ticks() == (0.001, 0.01, 0.1, 1, 10, 100, 1000, 10_000, 100_000)


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_round_few_and_within_the_scale(low, size):
    ticks = Axis(low, low + size, 0, 1).ticks()
    assert 1 <= len(ticks) <= 12
    assert all(low - 1e-6 * size <= tick <= low + size * 1.000001 for tick in ticks)


def test_a_scale_spans_what_is_known():
    axis = spanning([1.0, float("nan"), 3.0], 0, 1)
    assert axis.low < 1 and axis.high > 3
    assert spanning([float("nan")], 0, 1)(0.5) == pytest.approx(0.5)
    assert spanning([2.0, 2.0], 0, 1)(2.0) == pytest.approx(0.5)


@given(st.lists(st.floats(0, 100), max_size=12))
def test_names_keep_their_distance_and_their_order(wanted):
    places = apart(wanted, 5, 0, 100)
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    steps = [places[b] - places[a] for a, b in pairwise(order)]
    assert all(step >= 5 - 1e-9 for step in steps)
    assert all(-1e-9 <= place <= 100 + 1e-9 for place in places)


def test_names_with_room_stay_where_they_are():
    assert apart([10, 60, 30], 5, 0, 100) == [10, 60, 30]


def test_more_names_than_room_share_it():
    assert apart([50] * 5, 40, 0, 100) == [0, 25, 50, 75, 100]


def test_a_figure_is_a_whole_file_whatever_a_label_holds():
    drawing = Drawing(10, 10, EVIL)
    with drawing.group(EVIL, EVIL):
        drawing.words(1, 1, EVIL, bold=True, turned=30)
        drawing.box(0, 0, -3, 2, EVIL)
        drawing.dot(1, 1, 1, EVIL)
    drawing.line([(0, 0)])
    root = ElementTree.fromstring(drawing.svg())
    tags = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert tags == ["svg", "rect", "g", "title", "text", "rect", "circle"]
    assert root[1].get("data-pick").startswith('"><script>')
