"""Real clips from file to explanation."""

import json

import pytest

from emoviz.analysis.clip.explain import explain
from emoviz.perception import pipeline
from emoviz.progress import finish


@pytest.mark.external
def test_a_happy_face_is_found_where_people_saw_one(test_data):
    clip = test_data / "crema-d-clips" / "1001_DFA_HAP_XX.flv"
    one = explain(finish(pipeline.perceive(clip, text="Don't forget a jacket.", cache=False)))
    assert one.side("face").said.label == "happiness"
    told = json.loads(one.to_json())
    assert {name for name, side in told["modalities"].items() if side["status"] == "read"} == {"face", "voice", "text"}
    assert len(told["conflict_pairs"]) == 3 and 0 < told["conflict"] < 1 and 0 < told["conflict_floor"] < 1
    assert 1.5 < told["seconds"] < 2.5 and told["moments"]
