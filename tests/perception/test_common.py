"""The map to common ground loses nothing silently."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoviz.errors import UnknownNameError
from emoviz.perception import common

FER = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
RAVDESS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")


def test_calm_is_counted_as_neutral():
    found = common.shared(np.array([0.2, 0.3, 0.5, 0, 0, 0, 0, 0]), RAVDESS)
    assert found.distribution[common.LABELS.index("neutral")] == pytest.approx(0.5)
    assert found.outside == pytest.approx(0)


def test_contempt_is_told_apart_and_spread_over_nothing():
    found = common.shared(np.array([0.3, 0, 0, 0, 0.3, 0, 0, 0.4]), FER)
    assert found.outside == pytest.approx(0.4)
    assert found.distribution[common.LABELS.index("anger")] == pytest.approx(0.5)


def test_nothing_but_contempt_is_no_distribution():
    found = common.shared(np.eye(8)[7], FER)
    assert np.isnan(found.distribution).all()
    assert found.outside == pytest.approx(1)


def test_every_label_of_goemotions_has_one_place():
    grouped = [label for group in common._EKMAN.values() for label in group]
    assert len(grouped) == len(set(grouped)) == 28


def test_an_unknown_emotion_is_refused_by_name():
    with pytest.raises(UnknownNameError, match="bewilderment"):
        common.shared(np.ones(1), ("bewilderment",))


@given(st.lists(st.floats(0, 1), min_size=8, max_size=8).filter(lambda row: sum(row) > 1e-3))
def test_the_common_part_and_the_rest_make_the_whole(row):
    native = np.array(row) / sum(row)
    found = common.shared(native, FER)
    if found.outside < 1 - 1e-9:
        assert found.distribution.sum() == pytest.approx(1)
        whole = found.distribution * (1 - found.outside)
        assert whole.sum() + found.outside == pytest.approx(1)
        assert whole[common.LABELS.index("happiness")] == pytest.approx(native[1])
