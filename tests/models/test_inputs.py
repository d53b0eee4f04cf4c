"""What a model reads of a dataset, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from emoviz.data.dataset import FUSED, Annotation
from emoviz.errors import ConfigError, DatasetError
from emoviz.models.inputs import Samples, check, declare, labelled
from tests import tiny

CPU = torch.device("cpu")


def samples(dataset, **choices):
    return Samples(declare(dataset, **choices), dataset, np.arange(len(dataset)), CPU)


def test_chosen_feature_groups_are_read_and_others_are_not():
    inputs = declare(tiny.dataset(), "b")
    assert [modality.columns for modality in inputs.modalities] == [("f2", "f3"), ("f2", "f3")]


def test_an_unknown_feature_group_is_answered_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"Unknown feature group 'c'.*a, b"):
        declare(tiny.dataset(), "a+c")


def test_context_is_one_hot_and_can_be_left_out():
    batch = samples(tiny.dataset()).batch(torch.arange(4))
    assert batch.context.tolist() == [[0, 1], [1, 0], [0, 1], [1, 0]]
    assert samples(tiny.dataset(), context=False).batch(torch.arange(4)).context.shape == (4, 0)


def test_a_category_that_training_never_saw_reads_as_nothing():
    known = declare(tiny.dataset())
    other = tiny.dataset()
    other = replace(other, samples=other.samples.assign(place="elsewhere"))
    assert not Samples(known, other, np.arange(3), CPU).batch(torch.arange(3)).context.any()


def test_missing_modalities_are_zeros_and_marked():
    dataset = tiny.dataset(missing=0.4)
    batch = samples(dataset).batch(torch.arange(len(dataset)))
    absent = ~batch.present["face"]
    assert absent.any() and not batch.features["face"][absent].any()
    assert (batch.present["face"].numpy() == dataset.features["face"].present()).all()


def test_sequences_are_padded_and_their_steps_are_marked():
    dataset = tiny.dataset(sequences=("face",), missing=0.3)
    batch = samples(dataset).batch(torch.arange(len(dataset)))
    lengths = np.diff(dataset.features["face"].offsets)
    assert (batch.steps["face"].sum(1).numpy() == lengths).all()
    assert not batch.features["face"][~batch.steps["face"]].any()
    i = int(lengths.argmax())
    start = dataset.features["face"].offsets[i]
    assert np.allclose(
        batch.features["face"][i, : lengths[i]], dataset.features["face"].values[start : start + lengths[i]]
    )


@pytest.mark.parametrize("sequences", [(), ("face",)])
def test_samples_that_show_the_same_share_a_key_and_others_do_not(sequences):
    dataset = tiny.dataset(sequences=sequences)
    rows = np.array([3, 5, 3, 8])
    keys = Samples(declare(dataset), dataset, rows, CPU).batch(torch.arange(4)).keys
    assert (keys[0] == keys[2]).all()
    assert len(set(keys[:, 0].tolist())) == 3


def test_a_dataset_without_fused_labels_is_refused_with_the_way_out():
    with pytest.raises(DatasetError, match="no fused label"):
        declare(replace(tiny.dataset(), annotations={}))


def test_a_dataset_without_features_is_refused_with_the_way_out():
    with pytest.raises(DatasetError, match="no features"):
        declare(replace(tiny.dataset(), features={}))


def test_other_labels_are_refused_by_name():
    dataset = tiny.dataset()
    other = replace(dataset, labels=dataset.labels[::-1])
    with pytest.raises(DatasetError, match=r"anger, joy, calm.*calm, joy, anger"):
        check(declare(dataset), other, "toy")


def test_a_missing_feature_is_refused_by_name():
    dataset = tiny.dataset()
    face = replace(dataset.features["face"], columns=("f0", "f1", "f2", "x"))
    with pytest.raises(DatasetError, match="reads feature 'f3' of modality 'face'"):
        check(declare(dataset), replace(dataset, features={**dataset.features, "face": face}), "toy")


def test_sequences_are_not_mistaken_for_vectors():
    with pytest.raises(DatasetError, match="one vector a sample of modality 'face'"):
        check(declare(tiny.dataset()), tiny.dataset(sequences=("face",)), "toy")


@pytest.mark.parametrize("target", ["label", "votes", "distribution", "score"])
def test_unlabelled_samples_are_known_as_such(target):
    dataset = tiny.dataset(target=target)
    values = np.array(dataset.annotations[FUSED].values)
    values[4] = {"label": -1, "votes": 0, "distribution": np.nan, "score": np.nan}[target]
    dataset = replace(dataset, annotations={FUSED: Annotation(dataset.annotations[FUSED].kind, values)})
    assert np.flatnonzero(~labelled(dataset)).tolist() == [4]
    assert samples(dataset).batch(torch.tensor([4])).target.isnan().all()


def test_affect_is_read_from_its_columns_and_unknown_elsewhere():
    dataset = tiny.dataset()
    assert samples(dataset).batch(torch.arange(4)).affect.isnan().all()
    rated = dataset.samples.assign(arousal=["3.5", "", "calm", *["1"] * 57], valence=np.arange(60) / 10)
    affect = samples(replace(dataset, samples=rated)).batch(torch.arange(4)).affect
    np.testing.assert_allclose(affect, [[0.0, 3.5], [0.1, np.nan], [0.2, np.nan], [0.3, 1.0]])
