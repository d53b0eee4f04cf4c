"""A clip that somebody keeps becomes a sample; nothing else of the workspace is touched."""

import pytest

from emoviz import workspace
from emoviz.analysis.clip import explain
from emoviz.app import takehome
from emoviz.app.clips import Shelf
from emoviz.data import store
from emoviz.errors import BadNameError, DatasetError
from emoviz.perception import pipeline
from emoviz.perception.base import Cue
from emoviz.progress import finish
from tests import media

SAID = "I am so happy for you!"


@pytest.fixture
def handed(tmp_path):
    shelf = Shelf()
    path = media.sound(tmp_path / "greeting.wav", 1)
    yield shelf.add("greeting.wav", media=path.read_bytes())
    shelf.close()


@pytest.fixture
def explanation():
    """Of the words alone: what is said is all that the dataset is told beside the clip."""
    return explain.explain(finish(pipeline.perceive(None, transcript=(Cue(0.0, 1.0, SAID),))))


def test_a_clip_that_is_kept_becomes_a_sample_with_its_words(handed, explanation):
    finish(takehome.collect(handed, explanation, "mine").run())
    dataset = store.read("mine")
    assert dataset.samples["text"].tolist() == [SAID]
    assert dataset.features["text"].present().all()
    assert handed.media.exists()  # the private copy goes when it always goes


def test_a_second_clip_joins_the_first(handed, explanation):
    finish(takehome.collect(handed, explanation, "mine").run())
    handed.clip_id = "0123456789abcdef"
    finish(takehome.collect(handed, explanation, "mine").run())
    assert len(store.read("mine")) == 2


def test_a_dataset_from_elsewhere_is_not_added_to(handed, explanation):
    before = store.names()
    with pytest.raises(DatasetError, match="Name another"):
        takehome.collect(handed, explanation, "simulated")
    assert store.names() == before


@pytest.mark.parametrize("name", ["", "../up", "Mine", "a" * 99])
def test_a_name_that_no_folder_can_have_is_refused(handed, explanation, name):
    with pytest.raises(BadNameError):
        takehome.collect(handed, explanation, name)
    assert not list((workspace.home() / takehome.COLLECTED).rglob("*"))
