"""Who is tested, and what is true of conflict before any model is asked."""

from dataclasses import replace

import numpy as np
import pytest

from emoviz.benchmark import facts
from emoviz.benchmark.plan import Data
from emoviz.data.dataset import Annotation, Features
from emoviz.errors import DatasetError
from emoviz.measures import metrics
from tests import tiny
from tests.benchmark.conftest import planted

SPLIT, FOLDS = Data("tiny", "tiny"), Data("tiny", "tiny", "folds", folds=3, repeats=2)


def test_a_group_on_both_sides_of_the_split_is_refused():
    made = planted()
    leaked = made.samples["split"].to_numpy(object, copy=True)
    leaked[made.samples["group"].to_numpy() == "g7"] = np.resize(["train", "test"], 16)
    with pytest.raises(DatasetError, match=r"Group 'g7' .* in its training part and in its test split"):
        facts.parts(replace(made, samples=made.samples.assign(split=leaked)), SPLIT)


def test_a_split_tests_the_test_split():
    made = planted()
    (part,) = facts.parts(made, SPLIT)
    assert set(made.samples["split"].iloc[part.test]) == {"test"}
    assert set(made.samples["split"].iloc[part.train]) == {"train"}


def test_folds_test_everybody_once_a_repeat_and_keep_groups_apart():
    made = tiny.dataset(60, groups=7)
    found = facts.parts(made, FOLDS)
    group = facts.group_names(made)
    for repeat in (found[:3], found[3:]):
        assert sorted(np.concatenate([part.test for part in repeat])) == list(range(60))
    assert not any(set(group[part.train]) & set(group[part.test]) for part in found)
    assert any(
        (a.test.shape != b.test.shape) or (a.test != b.test).any() for a, b in zip(found[:3], found[3:], strict=True)
    )


def test_samples_of_nobody_are_groups_of_their_own():
    made = tiny.dataset(60, groups=0)
    assert len(np.unique(facts.group_names(made))) == 60
    assert facts.gather(made, FOLDS).about.groups == 60


@pytest.mark.parametrize(
    ("data", "dataset", "words"),
    [
        (SPLIT, tiny.dataset(60), "no labelled samples in a test split"),
        (FOLDS, tiny.dataset(60, groups=2), "has 2 groups, too few for 3 folds"),
        (FOLDS, tiny.dataset(60, groups=3), "leaves 2 groups to train on"),
    ],
)
def test_what_cannot_be_tested_is_refused(data, dataset, words):
    with pytest.raises(DatasetError, match=words):
        facts.parts(dataset, data)


def test_what_was_planted_is_known_and_never_a_feature():
    made = planted()
    found = facts.gather(made, SPLIT)
    dissents = (made.samples["kind"] == "dissent").to_numpy()
    label = np.asarray(made.annotations["fused"].values)
    assert (found.planted == dissents).all()
    assert ((found.shown != label).any(0) == dissents).all()
    assert found.about.planted
    assert found.about.modalities == ("face", "voice", "text")


def test_without_people_plain_models_of_one_modality_judge_conflict():
    found = facts.gather(planted(), SPLIT)
    tested = found.parts[0].test
    assert found.about.reference == "heads"
    assert np.isnan(found.reference[found.parts[0].train]).all()
    planted_, apart = found.planted[tested], found.reference[tested]
    assert np.median(apart[planted_ == 1]) > np.quantile(apart[planted_ == 0], 0.9)


def test_people_who_judged_each_modality_judge_conflict():
    made = tiny.dataset(60)
    label = np.asarray(made.annotations["fused"].values)
    sides = {"face": Annotation("label", label), "voice": Annotation("label", np.where(np.arange(60) < 9, 0, label))}
    found = facts.gather(replace(made, annotations=made.annotations | sides), FOLDS)
    assert (found.about.reference, found.about.detects) == ("people", True)
    assert (found.reference == ((label != 0) & (np.arange(60) < 9))).all()
    assert (found.shown[1, :9] == 0).all()


def test_a_model_that_reads_votes_detects_nothing():
    made = tiny.dataset(60)
    voted = {m: replace(f, groups=("fraction",) * 4) for m, f in made.features.items()}
    assert not facts.gather(replace(made, features=voted), FOLDS).about.detects


def test_scores_of_each_modality_differ_by_their_distance():
    made = tiny.dataset(60, target="score")
    sides = {name: Annotation("score", np.full(60, value)) for name, value in (("face", 1.0), ("voice", -0.5))}
    found = facts.gather(replace(made, annotations=made.annotations | sides), FOLDS)
    assert (found.reference == 1.5).all()
    assert found.target.shape == (60, 1)


def test_the_best_observer_of_soft_scores_is_asked_once(own_workspace):
    made = planted()
    draw = np.random.default_rng(0)
    shown = facts.shown(made, made.modalities)
    sure = np.log(np.where(np.arange(3) == shown[..., None], 0.8, 0.1) + 0.02 * draw.random((3, 160, 1)))
    soft = {
        m: Features(values.astype(np.float32), ("a", "b", "c"), ("distribution",) * 3)
        for m, values in zip(made.modalities, sure, strict=True)
    }
    told = made.samples.assign(planted_conflict=made.samples["kind"] == "dissent")
    ground = replace(made, features=soft, samples=told, content_hash="ground")
    found = facts.gather(ground, SPLIT)
    tested = found.parts[0].test
    assert metrics.auroc(found.planted[tested], found.observer[tested]) > 0.95
    (kept,) = (own_workspace / "observed").iterdir()
    np.save(kept, np.zeros(160))
    assert (facts.gather(ground, SPLIT).observer == 0).all()
