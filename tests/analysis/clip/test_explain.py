"""One clip explained, from its readings to JSON."""

import json
from dataclasses import replace

import numpy as np
import pytest

from emoviz.analysis.clip.counterfactual import Mute
from emoviz.analysis.clip.explain import explain
from emoviz.analysis.clip.fusion import Terms
from emoviz.analysis.findings import CAVEAT
from emoviz.measures import conflict
from emoviz.perception import weights
from emoviz.perception.base import Reading, Trace
from emoviz.perception.common import LABELS
from emoviz.perception.pipeline import Perceived
from tests.analysis.clip.made import HAPPY, NAMES, SAD, clip, constants, missing, reading

CONTRACT = (
    *("modalities", "fused", "conflict", "conflict_pairs", "conflict_floor", "dissenter", "moments", "attribution"),
    *("sentences", "caveat"),
)


def explained(perceived, **more):
    return explain(perceived, constants=constants(), **more)


def test_modalities_that_agree_have_no_clear_conflict():
    one = explained(clip(face=HAPPY, voice=HAPPY, text=HAPPY))
    assert not one.clear and one.dissenter == ""
    assert one.fused.label == "happiness" and one.fused.share > 0.9
    assert not any(moment.clear for moment in one.moments)
    assert "No clear conflict" in " ".join(one.sentences)


@pytest.mark.parametrize("who", NAMES)
def test_the_one_that_stands_apart_is_named(who):
    one = explained(clip(**{name: SAD if name == who else HAPPY for name in NAMES}))
    assert one.clear and one.dissenter == who
    assert one.fused.label == "happiness"
    assert {(pair.a, pair.b) for pair in one.pairs if pair.clear} == {
        (a, b) for a, b in (("face", "voice"), ("face", "text"), ("voice", "text")) if who in (a, b)
    }


def test_a_hedged_answer_is_no_conflict():
    hedged = replace(reading("voice", SAD, share=0.2))
    one = explained(Perceived(None, {"face": reading("face", HAPPY), "voice": hedged}))
    assert not one.clear


def test_more_conflict_than_agreement_without_any_knowledge_of_labels():
    agree, differ = explained(clip(face=HAPPY, voice=HAPPY)), explained(clip(face=HAPPY, voice=SAD))
    assert differ.conflict > agree.conflict


def test_windows_that_vary_raise_the_floor():
    restless = ["happiness", "sadness", "anger", "fear", "surprise", "disgust"]
    calm, varied = (
        explain(clip(face=HAPPY, voice=voice), constants=constants(floor=0.0, pair_floor=0.05))
        for voice in (SAD, restless)
    )
    assert calm.pairs[0].floor == 0.05
    assert varied.pairs[0].floor > 0.05 and varied.floor > calm.floor


def test_a_floor_that_nobody_measured_claims_nothing():
    readings = {"face": reading("face", HAPPY), "gait": reading("gait", SAD)}
    one = explained(Perceived(None, readings))
    assert np.isnan(one.floor) and np.isnan(one.pairs[0].floor)
    assert not one.clear and one.dissenter == "" and not one.moments[0].clear
    assert "not known" in one.sentences[1]


def test_one_modality_alone_has_nothing_to_disagree_with():
    one = explained(clip(voice=SAD))
    assert one.fused.label == "sadness"
    assert np.isnan(one.conflict) and one.pairs == () and one.moments == ()
    assert "There is no face." in " ".join(one.sentences)


def test_nothing_that_could_be_read_is_said():
    one = explained(Perceived(None, {name: missing(name) for name in NAMES}))
    assert one.fused is None and one.attribution is None
    assert "Nothing in this clip could be read" in one.sentences[0]
    assert json.loads(one.to_json())["fused"] is None


def test_a_clip_that_is_still_being_read_can_be_explained():
    nothing_yet = {name: Reading(name, "reading") for name in NAMES}
    assert explained(Perceived(None, nothing_yet)).sentences == ("Nothing has been read yet.",)
    some = nothing_yet | {"face": Reading("face", "reading", windows=reading("face", HAPPY).windows)}
    assert explained(Perceived(None, some)).fused.label == "happiness"


def test_json_has_the_keys_that_were_agreed_and_no_number_that_is_none():
    told = json.loads(explained(clip(face=HAPPY, voice=SAD)).to_json())
    assert set(CONTRACT) <= set(told)
    for name in NAMES:
        assert {"status", "distribution", "windows"} <= set(told["modalities"][name])
    assert told["modalities"]["text"]["distribution"] is None
    assert abs(sum(told["fused"].values()) - 1) < 1e-5
    assert isinstance(told["conflict"], float) and isinstance(told["conflict_floor"], float)
    assert told["dissenter"] in ("face", "voice")
    assert told["caveat"] == CAVEAT
    assert set(told["moments"][0]) >= {"start", "end", "time", "conflict", "pair", "says"}


def test_json_tells_how_likely_most_people_would_name_what_a_face_shows():
    shown = reading("face", HAPPY)
    sure = Trace("majority", "", shown.windows.start + 0.5, np.linspace(0.5, 1, 6))
    told = json.loads(explained(Perceived(None, {"face": replace(shown, traces=(sure,))})).to_json())
    assert told["modalities"]["face"]["majority"] == [0.5, 0.6, 0.7, 0.8, 0.9, 1]
    assert json.loads(explained(clip(face=HAPPY)).to_json())["modalities"]["face"]["majority"] is None


def test_json_takes_whatever_numbers_an_extractor_gives():
    whole = reading("face", HAPPY)
    ints = replace(whole.windows, start=np.arange(6), end=np.arange(1, 7), quality=np.ones(6, np.float32))
    told = json.loads(explained(Perceived(None, {"face": replace(whole, windows=ints)})).to_json())
    assert told["modalities"]["face"]["windows"][1]["start"] == 1


def test_the_same_readings_give_the_same_explanation():
    restless = clip(face=HAPPY, voice=["happiness", "sadness", "anger", "fear", "surprise", "disgust"], text=SAD)
    assert explained(restless).to_json() == explained(restless).to_json()


def test_intervals_hold_what_they_belong_to():
    mixed = ["happiness", "sadness", "happiness", "happiness", "anger", "happiness"]
    one = explained(clip(face=mixed, voice=mixed[::-1]))
    spread = one.side("face").said
    assert (spread.low <= spread.distribution + 1e-9).all() and (spread.distribution <= spread.high + 1e-9).all()
    assert one.low <= one.conflict <= one.high
    assert one.pairs[0].low <= one.pairs[0].high


def test_a_single_window_has_no_interval():
    one = explained(clip(face=["happiness"], voice=["sadness"]))
    assert np.isnan(one.fused.low).all() and np.isnan(one.low) and np.isnan(one.pairs[0].low)


def test_quality_weighs():
    poor = {"face": reading("face", HAPPY, quality=0.02), "voice": reading("voice", SAD, quality=0.9)}
    good = {"face": reading("face", HAPPY, quality=0.9), "voice": reading("voice", SAD, quality=0.02)}
    assert explained(Perceived(None, poor)).fused.label == "sadness"
    assert explained(Perceived(None, good)).fused.label == "happiness"
    assert "with doubt" in explained(Perceived(None, poor)).sentences[-1]


def test_what_a_model_says_anyway_counts_for_little():
    offset = np.where(np.array(LABELS) == "happiness", 0.9, 0.1 / 6)
    shifted = replace(constants(), terms=constants().terms | {"face": Terms(0.9, 0.0, offset)})
    one = explain(clip(face=HAPPY), constants=shifted)
    assert np.allclose(one.fused.distribution, shifted.prior, atol=1e-6)


def test_conflict_is_the_one_of_the_measures():
    one = explained(clip(face=HAPPY, voice=SAD, text=HAPPY))
    said = np.stack([side.said.distribution for side in one.sides])[:, None]
    assert one.conflict == pytest.approx(conflict.conflict(said, prior=constants().prior, dissent_rate=0.25)[0])


def test_what_was_changed_is_told_with_what_it_was_changed_of():
    whole, muted = clip(face=HAPPY, voice=SAD), Mute("voice")
    one = explained(whole, changes=[muted])
    assert one.changes == (str(muted),)
    assert len(one.parent) == 64 and explained(whole).parent == ""
    assert one.side("voice").said is None and one.fused.label == "happiness"


def test_constants_that_were_fitted_to_another_model_are_told():
    face, voice = (weights.card(modality).sha256 for modality in ("face", "voice"))
    fitting = explain(clip(face=HAPPY, voice=SAD), constants=replace(constants(), models={"face": face}))
    assert not fitting.notes
    other = replace(constants(), models={"face": face, "voice": "0" * len(voice), "text": "0" * len(voice)})
    notes = explain(clip(face=HAPPY, voice=SAD), constants=other).notes
    assert len(notes) == 1 and "voice" in notes[0] and "fitting" in notes[0]
