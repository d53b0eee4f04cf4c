"""Emotion and valence together: what is learned from which column, and conflict in both."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr
from torch.testing import assert_close

from emoviz.data.dataset import Annotation
from emoviz.measures import conflict as measure
from tests import planted

EMOTIONS = ("anger", "fear", "happiness", "calm")
VALENCES = np.array([-0.7, -0.7, 0.9, 0.5])
AROUSAL = np.array([0.9, 0.8, 0.7, 0.1])


def world(n=600, rated=True, conflict=0.15):
    """Two modalities of which the voice now and then shows another emotion; arousal as people might rate it, 1 to 5."""
    generator = np.random.default_rng(0)
    label = generator.integers(0, 4, n)
    differs = generator.random(n) < conflict
    voice = np.where(differs, (label + generator.integers(1, 4, n)) % 4, label)
    ways = np.random.default_rng(1).normal(size=(2, 4, 6)) * 1.5
    features = {
        name: ways[m][shown] + 0.3 * generator.normal(size=(n, 6))
        for m, (name, shown) in enumerate({"face": label, "voice": voice}.items())
    }
    columns = {"arousal": 1 + 4 * AROUSAL[label] + 0.1 * generator.normal(size=n)} if rated else {}
    return planted.dataset(features, EMOTIONS, Annotation("label", label), **columns), label, voice


@pytest.fixture(scope="module")
def asked():
    """The labels, what the voice shows, the output and the affect of a model of :func:`world`."""
    made, label, voice = world()
    model, samples = planted.trained(made, "valence")
    batch = samples.batch(torch.arange(len(made)))
    with torch.inference_mode():
        return label, voice, model(batch), model.affect(batch), model, batch


def test_valence_and_arousal_of_the_whole_are_learned(asked):
    label, _, output, affect, *_ = asked
    assert (output.fused.argmax(1).numpy() == label).mean() > 0.9
    assert pearsonr(affect[-1, :, 0], VALENCES[label]).statistic > 0.9
    assert pearsonr(affect[-1, :, 1], AROUSAL[label]).statistic > 0.9


def test_a_modality_alone_feels_as_what_it_shows(asked):
    _, voice, _, affect, *_ = asked
    assert pearsonr(affect[1, :, 0], VALENCES[voice]).statistic > 0.9


def test_anger_beside_fear_conflicts_in_emotion_and_not_in_valence(asked):
    label, voice, output, affect, *_ = asked
    in_valence = measure.valence_conflict(affect[:-1, :, 0]).numpy()
    agree, alike = label == voice, (label != voice) & (VALENCES[label] == VALENCES[voice])
    opposite = VALENCES[label] * VALENCES[voice] < 0
    in_emotion = output.conflict.numpy()
    assert in_emotion[alike].mean() > 5 * in_emotion[agree].mean()
    assert in_valence[opposite].mean() > 0.6
    assert in_valence[alike].mean() < 0.2
    assert in_valence[agree].mean() < 0.1


def test_affect_never_depends_on_what_people_said(asked):
    *_, affect, model, batch = asked
    other = replace(batch, target=batch.target.flip(1), affect=batch.affect + 1)
    with torch.inference_mode():
        assert_close(model.affect(other), affect)


def test_arousal_that_nobody_rated_is_not_invented():
    made, *_ = world(n=60, rated=False)
    model, samples = planted.trained(made, "valence", "epochs=1", "width=8")
    with torch.inference_mode():
        affect = model.affect(samples.batch(torch.arange(60)))
    assert affect[..., 1].isnan().all()
    assert affect[..., 0].isfinite().all()


def test_the_scale_is_that_of_the_training_samples_and_ratings_come_before_labels():
    made, label, _ = world(n=60)
    made = replace(made, samples=made.samples.assign(valence=np.where(label == 0, 7.0, 3.0)))
    model, samples = planted.trained(made, "valence", "epochs=1", "width=8")
    batch = samples.batch(torch.arange(60))
    assert_close(model.felt(batch)[:, 0], torch.where(torch.from_numpy(label == 0), 1.0, -1.0))
    beyond = replace(batch, affect=batch.affect + 100)
    assert_close(model.felt(beyond)[:, 0], torch.ones(60))


def test_without_ratings_valence_is_the_mean_of_the_labels_own():
    made, label, _ = world(n=60)
    model, samples = planted.trained(made, "valence", "epochs=1", "width=8")
    felt = model.felt(samples.batch(torch.arange(60)))
    assert_close(felt[:, 0].double(), torch.from_numpy(VALENCES[label]))
