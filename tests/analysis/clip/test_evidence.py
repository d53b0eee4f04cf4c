"""What speaks for what, at one moment."""

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from emoviz.analysis.clip import evidence
from emoviz.analysis.clip.explain import explain
from emoviz.analysis.clip.explanation import Evidence, InFace, InVoice, _coarser
from emoviz.perception import pipeline
from emoviz.perception.base import Cue
from emoviz.perception.media import Clip, Words
from emoviz.perception.pipeline import SHIPPED
from emoviz.progress import finish
from tests import media
from tests.analysis.clip.made import HAPPY, SAD, clip, constants

SAID = (Cue(0.0, 1.5, "I am so happy!"), Cue(1.5, 3.0, "I am terribly afraid."))


@pytest.fixture(scope="module")
def words():
    perceived = finish(pipeline.perceive(None, transcript=SAID, extractors={"text": SHIPPED["text"]}))
    return explain(perceived, constants=constants())


def test_the_words_that_are_said_then_add_up(words):
    for time, label, said in ((0.5, "happiness", SAID[0]), (2.5, "fear", SAID[1])):
        found = evidence.evidence(words, Words(SAID), time)
        assert found.time == time and found.face is None and found.voice is None
        assert found.text.label == label and found.text.text == said.text
        assert (found.text.start, found.text.end) == (said.start, said.end)
        assert_allclose(found.text.before + found.text.added.sum(), found.text.after)
        first, last = found.text.words[int(found.text.added.argmax())]
        assert said.text[first:last] in ("happy", "afraid")


def test_it_looks_where_most_is_seen():
    one = explain(
        clip(face=["happiness"] * 6, voice=["happiness"] * 4 + SAD[:1] + ["happiness"]), constants=constants()
    )
    assert evidence.looked_at(one) == one.moments[0].time
    side = one.side("voice")
    assert evidence.shown(one, side, 4.5) == SAD[0] and evidence.shown(one, side, 1.0) == "happiness"
    assert evidence.looked_at(explain(clip(face=HAPPY), constants=constants())) == len(HAPPY) / 2


def test_a_sound_is_shown_where_it_speaks(tmp_path):
    path = media.sound(tmp_path / "a.wav", 3)
    one = explain(clip(voice=HAPPY[:3]), constants=constants())
    with Clip(path, scratch=tmp_path) as opened:
        found = evidence.evidence(one, opened, 1.4).voice
    assert found.label == "happiness"
    assert 0.9 < found.time[0] < 1.1
    assert found.share.shape == found.level.shape == (len(found.time), len(found.hertz))
    assert np.abs(found.share).max() <= 1


def test_it_is_told_in_json_no_finer_than_it_was_found(words):
    face = InFace("fear", 1.0, (0.1, 0.2, 0.3, 0.4), np.zeros((9, 9, 3), np.uint8), np.ones((48, 48)))
    time, hertz = np.arange(20) / 50, np.arange(64.0)
    voice = InVoice("anger", time, hertz, np.zeros((20, 64)), np.tile(hertz / 64, (20, 1)))
    text = evidence.evidence(words, Words(SAID), 0.5).text
    told = json.loads(replace(words, evidence=Evidence(1.0, face, voice, text)).to_json())["evidence"]
    assert np.shape(told["face"]["share"]) == (12, 12) and told["face"]["box"] == [0.1, 0.2, 0.3, 0.4]
    assert np.shape(told["voice"]["share"]) == (len(told["voice"]["time"]), len(told["voice"]["hertz"])) == (3, 8)
    assert told["voice"]["time"][-1] == pytest.approx(time[16:].mean())
    assert [word["text"] for word in told["text"]["words"]] == ["I", "am", "so", "happy", "!"]
    assert "image" not in told["face"] and "level" not in told["voice"]
    assert json.loads(words.to_json())["evidence"] is None


def test_cells_hold_means():
    values = np.arange(12.0).reshape(3, 4)
    assert_allclose(_coarser(values, 2, 3), [[3, 5], [9, 11]])
