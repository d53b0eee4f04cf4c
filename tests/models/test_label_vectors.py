"""What the names of emotions mean, as shipped and as made."""

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch.testing import assert_close

from emoviz.data import emotions
from emoviz.data.corpora import go_emotions
from emoviz.models import label_vectors

EVERY = (*emotions.KNOWN, *emotions.ALSO)


def test_every_emotion_that_emoviz_knows_has_a_vector_of_length_one():
    assert_close(label_vectors.of(EVERY).norm(dim=1), torch.ones(len(EVERY)))
    assert len(label_vectors.of(go_emotions.LABELS)) == 28


def test_names_of_the_same_thing_are_one_and_all_others_differ():
    assert torch.equal(label_vectors.of(["Joy", "angry"]), label_vectors.of(["happiness", "anger"]))
    alike = label_vectors.of(list(label_vectors.FORMS))
    apart = alike @ alike.T - 2 * torch.eye(len(alike))
    assert apart.max() < 0.9


def test_emotions_that_feel_alike_lie_nearer():
    names = [name for name in emotions.KNOWN if name != "other"]
    vectors, valence = label_vectors.of(names).numpy(), np.array([emotions.KNOWN[name][1] for name in names])
    pair = np.triu_indices(len(names), 1)
    near = spearmanr((vectors @ vectors.T)[pair], -np.abs(valence[:, None] - valence)[pair])
    assert near.statistic > 0.3


def test_the_file_is_small():
    assert label_vectors.FILE.stat().st_size < 200_000


@pytest.mark.external
def test_the_vectors_are_made_again_from_the_published_texts(test_data):
    made = label_vectors.made(go_emotions.read(test_data / "goemotions", "train"))
    shipped = label_vectors.of(list(label_vectors.FORMS)).numpy()
    # Axes of a decomposition have no direction of their own: what counts is how the vectors lie to each other.
    np.testing.assert_allclose(made @ made.T, shipped @ shipped.T, atol=1e-3)
