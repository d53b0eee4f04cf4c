"""The emotion-name scorer: names that training never saw."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from emoviz.data.dataset import Annotation
from emoviz.errors import ConfigError
from emoviz.models import label_vectors
from tests import planted, tiny

UNSEEN = ("disgust", "pride", "boredom", "surprise", "calm")
EMOTIONS = tuple(name for name in label_vectors.FORMS if name != "other")[:24]


@pytest.fixture(scope="module")
def world():
    """Features that follow from the names' vectors by a map nobody knows; five emotions are not trained on."""
    generator = np.random.default_rng(0)
    label = generator.integers(0, len(EMOTIONS), 1500)
    vectors = label_vectors.of(EMOTIONS).numpy()
    features = {}
    for m, modality in enumerate(("face", "voice")):
        way = np.random.default_rng([5, m]).normal(size=(vectors.shape[1], 40))
        shown = (vectors - vectors.mean(0)) @ way
        features[modality] = shown[label] + 0.5 * generator.normal(size=(1500, 40))
    made = planted.dataset(features, EMOTIONS, Annotation("label", label))
    unseen = np.isin(np.array(EMOTIONS)[label], UNSEEN)
    model, samples = planted.trained(made, "names", rows=np.flatnonzero(~unseen))
    return model, samples, label, unseen


def test_emotions_that_training_never_saw_are_told_apart_by_their_names(world):
    model, samples, label, unseen = world
    rows = np.flatnonzero(unseen)
    with torch.inference_mode():
        named = model.named(samples.batch(torch.from_numpy(rows)), UNSEEN)
    assert_close(named.sum(1), torch.ones(len(rows)))
    right = np.array(UNSEEN)[named.argmax(1)] == np.array(EMOTIONS)[label[rows]]
    assert right.mean() > 0.9  # a guess is right in a fifth


def test_emotions_that_training_saw_are_recognised_among_all(world):
    model, samples, label, unseen = world
    rows = np.flatnonzero(~unseen)
    with torch.inference_mode():
        fused = model(samples.batch(torch.from_numpy(rows))).fused
    assert (fused.argmax(1).numpy() == label[rows]).mean() > 0.95


def test_an_emotion_that_training_never_shows_is_no_wrong_answer_either():
    label = np.arange(40) % 2
    made = planted.dataset({"face": np.eye(2)[label]}, ("anger", "calm", "fear"), Annotation("label", label))
    model, samples = planted.trained(made, "names", "width=8", "epochs=1")
    batch = samples.batch(torch.arange(40))
    before = model.loss(batch)
    model.vectors[2] = 99.0  # fear
    assert_close(model.loss(batch), before)
    model.vectors[1] = 99.0
    assert not torch.isclose(model.loss(batch), before)


def test_the_score_is_the_inner_product_of_a_state_and_the_name():
    model, samples = planted.trained(tiny.dataset(), "names", "width=8", "epochs=1")
    batch = samples.batch(torch.arange(5))
    with torch.inference_mode():
        encoded = model.encoded(batch)
        states = torch.stack([head(x) for head, x in zip(model.heads, encoded, strict=True)])
        vectors = label_vectors.of(("anger", "joy", "calm"))
        scores = torch.einsum("mbd,kd->mbk", states, vectors)
        assert_close(model(batch).q, scores.softmax(-1), rtol=1e-4, atol=1e-5)
        weighed = (model.weight[:, None, None] * scores).sum(0).softmax(-1)
        assert_close(model(batch).fused, weighed, rtol=1e-4, atol=1e-5)
        assert_close(model.named(batch, ("anger", "joy", "calm")), weighed, rtol=1e-4, atol=1e-5)


def test_training_leaves_the_names_where_they_are():
    model, _ = planted.trained(tiny.dataset(), "names", "width=8", "epochs=2")
    assert torch.equal(model.vectors, label_vectors.of(("anger", "joy", "calm")))
    assert "vectors" not in dict(model.named_parameters())


def test_a_name_without_a_vector_is_answered_with_those_that_have_one():
    made = planted.dataset({"face": np.zeros((20, 2))}, ("anger", "wistful"), Annotation("label", np.arange(20) % 2))
    with pytest.raises(ConfigError, match=r"'wistful'.*anger.*train another model"):
        planted.trained(made, "names")
