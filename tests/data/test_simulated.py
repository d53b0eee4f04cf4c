"""The simulated world is the one of the reference script, number for number."""

import importlib.util

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from emoviz import workspace
from emoviz.data import simulated, store
from emoviz.data.dataset import FUSED


@pytest.fixture(scope="module")
def reference(test_data):
    path = test_data / "reference" / "simulated_conflict.py"
    spec = importlib.util.spec_from_file_location("simulated_conflict", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.external
@pytest.mark.parametrize(("seed", "probe"), [(0, 0.75), (3, 0.90)])
def test_worlds_and_draws_are_those_of_the_reference(reference, seed, probe):
    mu = simulated.world(seed, probe)
    assert_array_equal(mu, reference.world(seed, probe))
    ours = simulated.draw(mu, 500, seed)
    for mine, theirs in zip(
        (ours.features, ours.emotion, ours.kind, ours.off), reference.draw(mu, 500, seed), strict=True
    ):
        assert_array_equal(mine, theirs)


@pytest.mark.external
def test_the_exact_observer_is_that_of_the_reference(reference):
    mu = simulated.world(1, 0.75)
    x = simulated.draw(mu, 300, 1).features
    seen = simulated.observe(x, mu)
    joint = reference.joint(reference.log_density(x, mu), -(x**2).sum(-1) / 2)
    evidence, emotion = reference.evidence(joint)
    assert_allclose(seen.evidence, evidence, rtol=1e-12, atol=1e-12)
    assert_array_equal(seen.emotion, emotion)


def test_one_modality_alone_is_told_apart_as_often_as_asked():
    mu = simulated.world(0, 0.9)
    drawn = simulated.draw(mu, 4000, 7)
    clean = drawn.kind == simulated.CLEAN
    right = simulated.log_density(drawn.features, mu).argmax(-1) == drawn.emotion
    assert_allclose(right[:, clean].mean(), 0.9, atol=0.02)


def test_the_exact_observer_knows_conflict_and_is_not_fooled_by_it():
    mu = simulated.world(0, 0.9)
    drawn = simulated.draw(mu, 2000, 0)
    seen = simulated.observe(drawn.features, mu)
    conflict = drawn.kind == simulated.CONFLICT
    assert np.median(seen.evidence[conflict]) > 2 > -2 > np.median(seen.evidence[drawn.kind == simulated.CLEAN])
    assert (seen.emotion == drawn.emotion)[conflict].mean() > 0.88


def test_what_was_planted_stands_in_its_columns():
    dataset = simulated.dataset(seed=2, train=80, test=40)
    samples = dataset.samples
    drawn = simulated.draw(simulated.world(2, 0.9), 120, 2)
    assert_array_equal(samples["kind"] == "conflict", samples["planted_dissenter"] != "")
    assert_array_equal(samples["kind"] == "silence", samples["planted_silent"] != "")
    assert_array_equal(dataset.annotations[FUSED].values, drawn.emotion)
    assert_array_equal(dataset.features["voice"].values, drawn.features[1].astype(np.float32))
    assert dataset.context == ()


def test_no_simulated_speaker_is_in_training_and_test():
    samples = simulated.dataset(train=100, test=50).samples
    speakers = samples.groupby("split")["group"].unique()
    assert not set(speakers["train"]) & set(speakers["test"])
    assert len({*speakers["train"], *speakers["test"]}) == simulated.SPEAKERS


def test_the_shipped_dataset_is_what_the_command_makes(tmp_path):
    shipped = store.read(workspace.ASSETS / "simulated")
    made = store.write(simulated.dataset(), tmp_path / "simulated")
    assert shipped.content_hash == made.content_hash
    assert shipped.simulated
    assert "simulated" in shipped.title.lower()
    store.verify("simulated")
