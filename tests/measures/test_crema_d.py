"""What 7,442 clips of CREMA-D say about human conflict: the numbers every later claim stands on."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from emoviz.data.importers import crema_d
from emoviz.measures import conflict, metrics
from emoviz.measures.divergence import benjamini_hochberg, vote_null

pytestmark = pytest.mark.external


@pytest.fixture(scope="module")
def dataset(test_data):
    return crema_d.read(test_data / "crema-d")[0]


@pytest.fixture(scope="module")
def modes(dataset):
    """Unique modes of voice, face and the whole, ``(3, N)``."""
    return np.stack([metrics.modes(dataset.distribution(side)) for side in ("voice", "face", "fused")])


@pytest.fixture(scope="module")
def null(dataset):
    return vote_null(dataset.annotations["voice"].values, dataset.annotations["face"].values)


def test_voice_and_face_are_farther_apart_than_chance_puts_them(null):
    assert len(null.p) == 7442
    assert null.observed.mean() == pytest.approx(0.326, abs=0.001)
    assert null.expected.mean() == pytest.approx(0.147, abs=0.001)
    assert (null.p < 0.05).mean() == pytest.approx(0.371, abs=0.002)


def test_a_quarter_of_the_clips_differs_beyond_vote_noise(null):
    assert (benjamini_hochberg(null.p) <= 0.05).mean() == pytest.approx(0.245, abs=0.005)


def test_drawn_deals_count_about_the_same(dataset, null):
    some = slice(0, 7442, 40)
    votes = [dataset.annotations[side].values[some] for side in ("voice", "face")]
    drawn = vote_null(*votes, exact_limit=0)
    assert_allclose(drawn.expected, null.expected[some], atol=0.01)
    assert_allclose(drawn.p, null.p[some], atol=0.03)


def test_nearly_half_of_the_clips_with_clear_modes_show_different_ones(modes):
    voice, face, _ = modes
    clear = (voice >= 0) & (face >= 0)
    assert (clear.sum(), (clear & (voice != face)).sum()) == (6383, 3023)


def test_the_face_wins_where_voice_and_face_differ(dataset, modes):
    voice, face, whole = modes
    apart = (modes >= 0).all(0) & (voice != face)
    assert apart.sum() == 2794
    follows = (whole == face)[apart].mean(), (whole == voice)[apart].mean()
    assert_allclose((*follows, 1 - sum(follows)), (0.675, 0.196, 0.128), atol=1e-3)
    rows = np.flatnonzero(apart)
    mass = dataset.distribution("fused")
    kept = mass[rows, face[rows]].mean(), mass[rows, voice[rows]].mean()
    assert_allclose((*kept, 1 - sum(kept)), (0.573, 0.216, 0.211), atol=1e-3)


def test_people_have_a_type_for_every_clip_and_a_dissenter_where_sides_differ(dataset, null):
    q = np.stack([dataset.distribution(side) for side in dataset.modalities])
    whole, differs = dataset.distribution("fused"), benjamini_hochberg(null.p) <= 0.05
    types = conflict.types(q, whole, differs[None])
    # With the voice apart from the face, the whole mostly follows one of them, and then the face.
    assert (types[differs] == "dominance").mean() > (types[differs] == "conflict").mean()
    dissenters = conflict.farthest(q, whole)[differs]
    voice = dataset.modalities.index("voice")
    assert (dissenters == voice).mean() > 0.6
