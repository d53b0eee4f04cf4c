"""A clip among the samples of a dataset."""

from dataclasses import replace

import numpy as np
import pytest

from emoviz.analysis import findings
from emoviz.analysis.clip.explain import explain
from emoviz.data import store
from emoviz.data.dataset import Annotation, Features
from emoviz.models import checkpoints
from emoviz.perception.common import LABELS
from emoviz.perception.extract import summarised
from emoviz.progress import finish
from emoviz.training import crossfit
from tests import furnished, tiny
from tests.analysis.clip.made import HAPPY, SAD, clip, constants

NAMES = ("anger", "happiness", "neutral")


def voted(columns, groups):
    """The furnished votes, with what is read of them as features."""
    dataset = furnished.voted(n=90)
    labels = tuple(replace(label, name=name) for label, name in zip(dataset.labels, NAMES, strict=True))
    features = {}
    for side in dataset.modalities:
        votes = dataset.annotations[side].values
        share = votes / votes.sum(1, keepdims=True)
        values = np.hstack([share, np.log(share + 0.01), votes.sum(1, keepdims=True)])
        features[side] = Features(values.astype(np.float32), columns, groups)
    return replace(dataset, labels=labels, features=features, simulated=False)


COLUMNS = (*(f"{group}_{name}" for group in ("fraction", "log") for name in NAMES), "count_votes")


def trained(dataset):
    store.write(dataset)
    dataset = store.read(dataset.name)
    return dataset, finish(
        crossfit.fit(dataset, tiny.config(epochs=8, refit=False), folds=0, device="cpu", name="placed")
    )


@pytest.fixture(scope="module")
def votes(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOVIZ_HOME", str(tmp_path_factory.mktemp("home")))
        return trained(voted(COLUMNS, ("fraction",) * 3 + ("log",) * 3 + ("count",)))


def placed(perceived, pair):
    return explain(perceived, dataset=pair[0], checkpoint=pair[1], constants=constants()).place


def test_votes_are_approximated_and_what_is_lost_is_told(votes):
    place = placed(clip(face=HAPPY, voice=HAPPY, text=SAD), votes)
    assert place.approximate
    assert [spot.side for spot in place.spots] == ["voice", "face", "fused"]
    assert all(spot.x**2 + spot.y**2 < 1 for spot in place.spots)
    assert place.prototypes[0].label == "happiness"
    assert 0 < place.lost < 1
    told = " ".join(place.notes)
    assert "approximation" in told and "surprise" in told and "does not read the words" in told


def test_the_nearest_samples_are_the_ones_like_it(votes):
    place = placed(clip(face=HAPPY, voice=HAPPY), votes)
    assert [near.distance for near in place.near] == sorted(near.distance for near in place.near)
    assert sum(near.label == "happiness" for near in place.near) >= 6
    kept = finish(findings.kept(*votes))
    assert place.near[0].sample_id == kept.table["sample_id"].iat[place.near[0].row]


def test_a_sample_of_the_dataset_lies_where_the_disk_shows_it(votes):
    dataset, checkpoint = votes
    place = placed(clip(face=HAPPY, voice=HAPPY), votes)
    kept = finish(findings.kept(dataset, checkpoint)).table
    fused = place.spots[-1]
    nearest = kept.iloc[place.near[0].row]
    gap = np.hypot(fused.x - nearest["x_fused"], fused.y - nearest["y_fused"])
    usual = np.hypot(fused.x - kept["x_fused"], fused.y - kept["y_fused"]).median()
    assert gap < usual


def test_features_that_extraction_writes_are_supplied_as_they_are():
    draw = np.random.default_rng(0)
    happy, sad = (summarised(clip(face=labels).readings["face"]) for labels in (HAPPY, SAD))
    label = np.arange(60) % 2
    rows = np.where(label[:, None], happy, sad) + 0.02 * draw.normal(size=(60, len(happy)))
    columns = (*LABELS, "embedding_0", "embedding_1", "embedding_2", "quality")
    dataset = replace(
        tiny.dataset(n=60, modalities=("face",)),
        name="extracted",
        simulated=False,
        features={"face": Features(rows.astype(np.float32), columns, columns)},
        annotations={"fused": Annotation("label", label)},
    )
    place = placed(clip(face=HAPPY, voice=SAD), trained(dataset))
    assert not place.approximate and place.lost == 0
    assert place.spots and place.near[0].label == dataset.label_names[1]


def test_simulated_numbers_give_no_place_and_a_sentence_why():
    place = placed(clip(face=HAPPY, voice=SAD), (tiny.dataset(n=60), checkpoints.load("simulated-tical")))
    assert not place.spots and not place.near
    assert "simulated" in place.notes[0]


def test_features_that_perception_cannot_supply_give_no_place():
    shipped = checkpoints.load("simulated-tical")
    lived = replace(shipped, card=replace(shipped.card, simulated=False))
    place = placed(clip(face=HAPPY), (replace(tiny.dataset(n=60), simulated=False), lived))
    assert not place.spots and "does not supply" in place.notes[0]


def test_a_clip_without_anything_that_is_read_has_no_place(votes):
    place = placed(clip(text=HAPPY), votes)
    assert not place.spots and "has none of them" in place.notes[0]
