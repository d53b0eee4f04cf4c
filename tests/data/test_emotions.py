"""Colours can be seen and told apart; names stay as they are."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoviz.data import emotions
from emoviz.data.checks import COLOUR

WHITE, DARK = "#ffffff", "#0e1117"  # backgrounds of Streamlit's two themes


def linear(colour: str) -> np.ndarray:
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one) + 0.05, luminance(other) + 0.05), reverse=True)
    return light / dark


@pytest.mark.parametrize("background", [WHITE, DARK])
@pytest.mark.parametrize("colour", sorted({colour for colour, _ in emotions.KNOWN.values()} | {*emotions.PALETTE}))
def test_every_colour_can_be_seen_on_both_themes(colour, background):
    assert contrast(colour, background) >= 2.95


def test_the_seven_common_emotions_have_colours_far_apart():
    names = ["anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"]
    colours = [linear(label.colour) ** (1 / 2.2) for label in emotions.labels(names)]
    assert min(np.linalg.norm(a - b) for a, b in combinations(colours, 2)) > 0.25


@given(st.lists(st.sampled_from([*emotions.KNOWN, *emotions.ALSO, "e1", "e2", "e3", "e4", "odd"]), unique=True))
def test_names_and_their_order_are_kept(names):
    labels = emotions.labels(names)
    assert [label.name for label in labels] == names
    assert all(COLOUR.fullmatch(label.colour) for label in labels)


def test_another_word_for_an_emotion_finds_its_colour():
    happy, joy = emotions.labels(["happy"]), emotions.labels(["joy"])
    assert happy[0].colour == joy[0].colour == emotions.KNOWN["happiness"][0]


def test_unknown_emotions_take_colours_that_are_free():
    labels = emotions.labels(["anger", "e1", "e2", "sadness", "e3"])
    assert len({label.colour for label in labels}) == 5
    assert np.isnan(labels[1].valence)


def test_a_synonym_points_to_an_emotion_that_exists():
    assert set(emotions.ALSO.values()) <= set(emotions.KNOWN)
