"""What stands beside the picture of what speaks for an emotion."""

from dataclasses import replace

import numpy as np

from emoviz.analysis.clip.counterfactual import Mask
from emoviz.app import evidence
from emoviz.perception.base import Trace
from emoviz.plots.html import percent
from tests.analysis.clip.made import reading


def test_a_face_says_how_many_would_name_it_and_whether_most_would():
    shown = reading("face", ["happiness", "sadness"], share=0.6)
    chance = Trace("majority", "", np.array([0.5, 1.5]), np.array([0.8, 0.9]))
    told = replace(shown, traces=(*shown.traces, chance))
    for time, label, sure in ((0.0, "happiness", 0.8), (1.0, "sadness", 0.9), (9.0, "sadness", 0.9)):
        share, most = evidence._voted(told, time)
        assert (share.number, most.number) == (f"{label} {percent(0.6)}", percent(sure))


def test_an_extractor_that_does_not_tell_leaves_nothing_there():
    assert evidence._voted(reading("face", ["happiness"]), 0.5) == ()


def test_what_is_hidden_moves_no_chance_to_another_window():
    shown = reading("face", ["happiness", "sadness", "anger"], share=0.6)
    chance = Trace("majority", "", np.array([0.5, 1.5, 2.5]), np.array([0.7, 0.8, 0.9]))
    told = Mask("face", 0.2, 0.8).of(replace(shown, traces=(chance,)))
    assert told.at_windows("majority").tolist() == [0.8, 0.9]
    assert evidence._voted(told, 1.5)[1].number == percent(0.8)
