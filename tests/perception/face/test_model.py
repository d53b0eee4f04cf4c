import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from emoviz.data.corpora import fer_plus
from emoviz.perception import common, weights
from emoviz.perception.face import model
from emoviz.perception.face.network import EMBEDDED
from tests.faces import drawn

FACES = np.stack([drawn(48), drawn(48, 1), drawn(48, -1)])


@pytest.fixture(scope="module")
def shipped() -> model.FaceModel:
    return model.load()


def test_every_face_gets_a_distribution_an_embedding_and_whether_it_is_whole(shipped):
    seen = shipped.look(FACES)
    assert shipped.labels == fer_plus.LABELS
    assert_allclose(seen.native.sum(1), 1)
    assert seen.embedding.shape == (3, EMBEDDED)
    assert seen.embedding.dtype == np.float32
    assert ((seen.whole >= 0) & (seen.whole <= 1)).all()


def test_no_faces_give_nothing(shipped):
    seen = shipped.look(np.empty((0, 48, 48), np.uint8))
    assert seen.native.shape == (0, len(shipped.labels))
    assert len(seen.embedding) == len(seen.whole) == 0


def test_a_face_and_its_mirror_image_are_read_alike(shipped):
    lopsided = np.where(np.arange(48) < 20, FACES[1] // 2, FACES[1]).astype(np.uint8)
    both = shipped.look(np.stack([lopsided, lopsided[:, ::-1]]))
    assert_allclose(both.native[0], both.native[1], atol=1e-5)


def test_light_and_contrast_do_not_matter(shipped):
    darker = (FACES * 0.5 + 30).astype(np.uint8)
    assert_allclose(shipped.look(darker).native, shipped.look(FACES).native, atol=0.05)


def test_faces_are_read_one_by_one_as_together(shipped):
    together = shipped.look(np.repeat(FACES, 30, 0)).native[::30]
    assert_allclose(together, np.concatenate([shipped.look(face[None]).native for face in FACES]), atol=1e-5)


def test_what_two_thirds_choose_is_almost_surely_what_most_choose(shipped):
    share = np.array([[0.3, 0.1], [0.5, 0.1], [0.67, 0.1], [0.9, 0.1], [1.0, 0.0]])
    sure = shipped.majority(share)
    assert (np.diff(sure) > 0).all()
    assert (sure[1:] > share[1:, 0] - 1e-9).all()
    assert sure[2] > 0.8 and sure[-1] > 0.999


def test_the_shipped_model_says_how_good_it_is():
    told = {metric.name: metric.value for metric in weights.load("face").card.metrics if metric.on == "FER+ test"}
    assert told["accuracy"] > 0.83 and told["macro recall"] > 0.6 and told["KL"] < 0.3
    assert told["ECE"] < 0.05 and told["ECE of votes"] < 0.05


@pytest.mark.external
def test_a_covered_face_and_noise_are_less_whole(shipped, test_data):
    faces = fer_plus.read(test_data / "fer2013plus")
    whole = faces.images[faces.rows("test")[:100]]
    covered = whole.copy()
    covered[:, 24:44, 8:40] = 128
    noise = np.random.default_rng(0).integers(0, 255, (20, 48, 48)).astype(np.uint8)
    assert np.median(shipped.look(whole).whole) > 0.8
    assert np.median(shipped.look(covered).whole) < 0.3
    assert shipped.look(noise).whole.max() < 0.3


@pytest.mark.parametrize("label", common.LABELS)
def test_evidence_has_a_sign_a_scale_and_no_chance(shipped, label):
    map_ = shipped.evidence(FACES[1], label)
    assert map_.shape == (48, 48)
    assert np.abs(map_).max() == pytest.approx(1)
    assert_array_equal(map_, shipped.evidence(FACES[1], label))


def test_a_face_without_anything_gives_no_evidence(shipped):
    assert_allclose(shipped.evidence(np.full((48, 48), 90, np.uint8), "anger"), 0, atol=0.01)


@pytest.mark.external
def test_covering_what_speaks_for_an_emotion_lowers_it(shipped, test_data):
    faces = fer_plus.read(test_data / "fer2013plus")
    rows = faces.rows("validation")
    happy = rows[faces.distribution[rows, fer_plus.LABELS.index("happiness")] == 1][:10]
    lower = []
    for face in faces.images[happy]:
        for_it = shipped.evidence(face, "happiness") > 0.5
        covered = np.where(for_it, face.mean(), face).astype(np.uint8)
        before, after = shipped.look(np.stack([face, covered])).native[:, fer_plus.LABELS.index("happiness")]
        lower.append(after < before)
    assert np.mean(lower) > 0.8
