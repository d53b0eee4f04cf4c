"""Perception weights are read back as they were, or refused in a sentence."""

import json

import numpy as np
import pytest

from emoviz.errors import CheckpointError
from emoviz.perception import weights

CARD = weights.Card(
    name="nose",
    modality="nose",
    title="A nose",
    labels=("anger", "neutral"),
    data="invented",
    licence="none",
    metrics=(weights.Metric("accuracy", "invented", 0.5, 0.4, 0.6, 10),),
    limits=("Do not use it.",),
    seed=0,
    created="2026-01-01T00:00:00Z",
    seconds=1.0,
    versions={"numpy": "2"},
    settings={"temperature": 1.5, "bands": [1.0, 2.0]},
)
TENSORS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3)}


def test_what_was_saved_is_loaded(tmp_path):
    saved = weights.save(CARD, TENSORS, tmp_path)
    found = weights.load("nose", tmp_path)
    assert found.card == saved
    np.testing.assert_array_equal(found.tensors["a"], TENSORS["a"])


def test_saving_again_replaces_the_old(tmp_path):
    weights.save(CARD, TENSORS, tmp_path)
    weights.save(CARD, {"a": np.zeros(1, np.float32)}, tmp_path)
    assert weights.load("nose", tmp_path).tensors["a"].shape == (1,)
    assert [path.name for path in tmp_path.iterdir()] == ["nose"]


def test_missing_weights_say_how_to_make_them(tmp_path):
    with pytest.raises(CheckpointError, match="emoviz perception train"):
        weights.load("nose", tmp_path)


def altered_card(folder):
    told = json.loads((folder / weights.CARD).read_text())
    told["settings"]["temperature"] = 0.1
    (folder / weights.CARD).write_text(json.dumps(told))


def altered_weights(folder):
    data = bytearray((folder / weights.WEIGHTS).read_bytes())
    data[-1] ^= 1
    (folder / weights.WEIGHTS).write_bytes(data)


def truncated_weights(folder):
    (folder / weights.WEIGHTS).write_bytes((folder / weights.WEIGHTS).read_bytes()[:20])


def pickled_weights(folder):
    import pickle

    (folder / weights.WEIGHTS).write_bytes(pickle.dumps(TENSORS))


def card_of_another_shape(folder):
    (folder / weights.CARD).write_text("[1, 2]")


@pytest.mark.parametrize(
    "harm", [altered_card, altered_weights, truncated_weights, pickled_weights, card_of_another_shape]
)
def test_harmed_files_are_refused(tmp_path, harm):
    weights.save(CARD, TENSORS, tmp_path)
    harm(tmp_path / "nose")
    with pytest.raises(CheckpointError, match="nose"):
        weights.load("nose", tmp_path)
