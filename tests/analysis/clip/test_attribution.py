"""Who carries the answer."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from emoviz.analysis.clip import fusion
from emoviz.analysis.clip.attribution import attribution
from emoviz.perception.common import LABELS
from tests.analysis.clip.made import constants, windows

EMOTIONS = st.lists(st.sampled_from(LABELS), min_size=1, max_size=4)


def heard(**said):
    return tuple(fusion.heard(constants(), name, windows(labels)) for name, labels in said.items())


@given(EMOTIONS, EMOTIONS, EMOTIONS)
def test_parts_add_up_exactly(face, voice, text):
    sides = heard(face=face, voice=voice, text=text)
    found = attribution(constants(), sides)
    assert_allclose(found.before + sum(part.value for part in found.parts), found.after, atol=1e-12)
    fused = constants().fused(np.stack([side.whole for side in sides]))
    assert_allclose(found.after, fused.max())


def test_alike_modalities_carry_alike_and_the_dissenter_pulls_down():
    found = attribution(constants(), heard(face=["happiness"], voice=["happiness"], text=["sadness"]))
    parts = {part.modality: part.value for part in found.parts}
    assert found.label == "happiness"
    assert_allclose(parts["face"], parts["voice"])
    assert parts["text"] < 0 < parts["face"]


def test_one_modality_carries_everything():
    found = attribution(constants(), heard(voice=["fear"]))
    assert_allclose(found.parts[0].value, found.after - found.before)
