"""Second by second."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from emoviz.analysis.clip.explain import explain
from emoviz.analysis.clip.moments import moments
from emoviz.perception.pipeline import Perceived
from tests.analysis.clip.made import HAPPY, SAD, clip, constants, missing, reading


def explained(perceived):
    return explain(perceived, constants=constants())


def test_a_planted_moment_is_found_where_it_is():
    turned = ["happiness"] * 4 + ["sadness"] * 2 + ["happiness"] * 4
    one = explained(clip(face=["happiness"] * 10, voice=turned))
    assert len(one.moments) == 1 and one.moments[0].clear
    moment = one.moments[0]
    assert 3.9 <= moment.start <= moment.time <= moment.end <= 6.1
    assert moment.end - moment.start == pytest.approx(2.0, abs=0.3)
    assert {moment.a, moment.b} == {"face", "voice"}
    assert {said.modality: said.label for said in moment.says} == {"face": "happiness", "voice": "sadness"}


def test_moments_are_ranked_by_their_strength():
    turned = ["happiness"] * 3 + ["anger"] + ["happiness"] * 3 + ["anger"] + ["happiness"] * 3
    read = reading("voice", turned)
    read.windows.native[3] = 0.5 * read.windows.native[3] + 0.5 * read.windows.native[0]
    one = explained(Perceived(None, {"face": reading("face", ["happiness"] * 11), "voice": read}))
    assert 7 <= one.moments[0].time <= 8
    strengths = [moment.conflict for moment in one.moments]
    assert strengths == sorted(strengths, reverse=True)


def test_below_the_floor_the_strongest_is_told_as_not_clear():
    one = explained(clip(face=HAPPY, voice=HAPPY))
    assert len(one.moments) == 1 and not one.moments[0].clear


def test_where_a_modality_has_no_window_nothing_is_known_of_it():
    one = explained(clip(face=["happiness"] * 6, voice=["sadness"] * 2))
    line = one.timeline
    late = line.time > 2.2
    assert np.isnan(line.said[line.modalities.index("voice")][late]).all()
    assert np.isnan(line.conflict[late]).all() and not np.isnan(line.conflict[line.time < 1.9]).any()
    assert not np.isnan(line.fused).any()


def test_overlapping_windows_pass_gently_into_each_other():
    read = reading("voice", ["happiness"] * 8 + ["sadness"] * 8, length=2.4, hop=0.6)
    one = explained(Perceived(None, {"voice": read, "face": missing("face")}))
    share = one.timeline.said[0][:, 3]
    assert np.abs(np.diff(share[~np.isnan(share)])).max() < 0.3


def test_long_clips_have_longer_steps():
    long = clip(face=HAPPY * 600, voice=SAD * 600)
    one = explained(long)
    assert one.seconds == 3600 and len(one.timeline.time) <= 3001


def test_a_plateau_is_one_moment():
    one = explained(clip(face=HAPPY, voice=SAD))
    assert len(one.moments) == 1
    assert one.moments[0].start == 0 and one.moments[0].end == pytest.approx(6.0, abs=0.2)


def test_two_peaks_of_one_stretch_are_one_moment():
    line = explained(clip(face=HAPPY, voice=SAD)).timeline
    height = np.interp(np.arange(len(line.time)), [0, 10, 20, 30, 59], [0.5, 0.95, 0.75, 0.9, 0.5])
    found = moments(constants(), replace(line, conflict=height))
    assert len(found) == 1
    assert found[0].start < 0.9 and found[0].end > 3.1 and found[0].time == pytest.approx(1.0)


def test_moments_share_no_time():
    rng = np.random.default_rng(0)
    turned = rng.choice(["happiness", "anger", "sadness", "fear"], 40)
    one = explained(clip(face=["happiness"] * 40, voice=list(turned)))
    ends = sorted((moment.start, moment.end) for moment in one.moments)
    assert len(ends) > 3
    assert all(before[1] <= after[0] + 1e-9 for before, after in pairwise(ends))
