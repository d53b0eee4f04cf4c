"""The findings as the disk shows them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoviz.analysis.findings import Anchor
from emoviz.app import scene
from emoviz.app.disk import Camera
from tests.analysis.made import findings as made

INSIDE = st.tuples(st.floats(0, 0.99), st.floats(0, 6.28)).map(lambda p: (p[0] * np.cos(p[1]), p[0] * np.sin(p[1])))


@pytest.fixture(scope="module")
def findings():
    """Votes, with invented places on the disk."""
    found = made()
    draw = np.random.default_rng(1)
    places = {f"{axis}_{side}": draw.uniform(-0.6, 0.6, 120) for side in found.meta.sides for axis in "xy"}
    places["x_voice"][5] = np.nan
    table = found.table.assign(**places, conflict=draw.random(120))
    return replace(found, table=table, meta=replace(found.meta, anchors=(Anchor("joy", "#c58a00", 0.1, 0.2),)))


@given(INSIDE, st.floats(0.5, 1000), st.floats(-3, 3), st.sampled_from(["poincare", "klein"]))
def test_a_camera_comes_back_from_its_word(place, zoom, angle, model):
    camera = Camera(*place, zoom, angle, model)
    found = scene.from_word(scene.to_word(camera))
    assert (found.re, found.im, found.model) == (*place, model)
    assert [found.zoom, found.angle] == pytest.approx([zoom, angle], rel=1e-3, abs=1e-3)


def test_a_camera_close_to_the_rim_comes_back():
    assert scene.from_word(scene.to_word(Camera(1 - 1e-12, 0.0))).re == 1 - 1e-12


@pytest.mark.parametrize(
    "word", ["", "1_2_3", "nan_0_1_0_poincare", "0_0_1_0_mercator", "2_0_1_0_klein", "0_0_0_0_klein", "a_b_c_d_klein"]
)
def test_a_word_that_is_no_camera_looks_at_all(word):
    assert scene.from_word(word) is None


def test_columns_say_what_the_findings_say(findings):
    by_name = {column.name: column for column in scene.columns(findings)}
    label = by_name["label"]
    names = [category.name for category in label.categories]
    told = [names[code] if code >= 0 else "" for code in label.values]
    assert told == findings.table["label"].astype(str).tolist()
    assert (by_name["human_conflict"].values == findings.table["human_conflict"].to_numpy()).all()
    assert "prediction" not in by_name


def test_what_the_legend_hides_comes_back_from_its_words(findings):
    known = scene.columns(findings)
    hidden, ranges = {"label": frozenset({0, -1}), "human_type": frozenset({2})}, {"conflict": (0.25, 0.75)}
    assert scene.from_legend(scene.to_legend(hidden, ranges, known), known) == (hidden, ranges)


def test_words_that_no_legend_knows_hide_nothing(findings):
    words = ("nose=long", "label=envy", "conflict=high", "conflict=3..1", "=", "")
    assert scene.from_legend(words, scene.columns(findings)) == ({}, {})


def test_a_constellation_joins_the_sides_that_have_a_place(findings):
    whole = scene.constellation(findings, 0)
    assert [side.name for side in whole.sides] == ["voice", "face", "together"]
    assert len(whole.links) == 3
    assert [side.name for side in scene.constellation(findings, 5).sides] == ["face", "together"]
