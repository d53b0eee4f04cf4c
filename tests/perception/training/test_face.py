import numpy as np
import pytest
import torch

from emoviz.data.corpora.fer_plus import LABELS, VOTED, Faces
from emoviz.perception import weights
from emoviz.perception.face.model import FaceModel
from emoviz.perception.training import face
from emoviz.perception.training.face import Recipe, moved, spoilt
from emoviz.progress import finish
from tests.faces import drawn

SHORT = Recipe(epochs=2, encore=1, batch=16, threads=1)


@pytest.fixture(scope="module")
def faces() -> Faces:
    """Smiling and frowning faces in three parts, with votes for happiness and sadness."""
    generator = np.random.default_rng(0)
    smiles = generator.choice([-1.0, 1.0], 96)
    images = np.stack([drawn(48, smile, int(generator.integers(150, 220))) for smile in smiles])
    votes = np.ones((96, len(VOTED)), int)
    votes[np.arange(96), np.where(smiles > 0, LABELS.index("happiness"), LABELS.index("sadness"))] = 9
    usage = np.repeat(["Training", "PublicTest", "PrivateTest"], [64, 16, 16])
    return Faces(images, votes, usage, np.arange(96).astype(str))


def last_state(net: torch.nn.Module) -> list[torch.Tensor]:
    return list(net.state_dict().values())


def test_a_training_goes_on_where_it_was_interrupted(faces, tmp_path):
    whole = finish(face.fitted(faces, SHORT, seed=1))
    begun = face.fitted(faces, SHORT, seed=1, state=tmp_path / "state")
    next(begun)
    begun.close()
    resumed = finish(face.fitted(faces, SHORT, seed=1, state=tmp_path / "state"))
    for one, other in zip(last_state(whole), last_state(resumed), strict=True):
        assert torch.equal(one, other)


def test_another_seed_gives_another_network(faces):
    one, other = (finish(face.fitted(faces, Recipe(epochs=1, encore=0, threads=1), seed=seed)) for seed in (1, 2))
    assert not torch.equal(last_state(one)[0], last_state(other)[0])


def test_a_kept_model_is_measured_and_answers_as_its_network(faces, tmp_path, monkeypatch):
    monkeypatch.setattr(face.fer_plus, "read", lambda folder: faces)
    card = finish(face.train(tmp_path, recipe=SHORT, into=tmp_path / "models"))
    assert {metric.name for metric in card.metrics} >= {"accuracy", "macro recall", "KL", "ECE"}
    assert all(metric.low <= metric.value <= metric.high or metric.name.startswith("ECE") for metric in card.metrics)
    assert card.limits
    kept = FaceModel(weights.load("face", tmp_path / "models"))
    assert kept.labels == LABELS
    assert np.isfinite(kept.look(faces.images).native).all()


def test_moved_faces_stay_pictures_and_the_same_seed_moves_them_alike():
    x = torch.from_numpy(np.stack([drawn(48)] * 8)).float().div(255)[:, None]
    one, other = (moved(x, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(one, other)
    assert one.shape == x.shape
    assert torch.isfinite(one).all()
    assert not torch.equal(one[0], one[1])


def test_faces_are_spoilt_in_four_ways_and_left_as_they_were():
    images = np.stack([drawn(48)] * 8)
    before = images.copy()
    made = spoilt(images, np.random.default_rng(0))
    assert made.dtype == np.uint8
    assert np.array_equal(images, before)
    assert all(not np.array_equal(face, images[0]) for face in made)
