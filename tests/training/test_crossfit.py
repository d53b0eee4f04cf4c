"""Predictions are never in-sample, and a checkpoint says who made them."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from emoviz.analysis import findings
from emoviz.data import simulated
from emoviz.data.dataset import FUSED, Annotation
from emoviz.errors import ConfigError, DatasetError
from emoviz.measures import conflict as measure
from emoviz.models import checkpoints, zoo
from emoviz.models.inputs import AFFECT, Samples, declare
from emoviz.progress import finish
from emoviz.training import crossfit
from tests import tiny


def fitted(dataset=None, folds=3, **changes):
    dataset = dataset or tiny.dataset()
    choices = {key: changes.pop(key) for key in ("name", "state", "folder", "seed") if key in changes}
    return finish(crossfit.fit(dataset, tiny.config(**changes), folds=folds, device="cpu", **choices))


def predicted(checkpoint, dataset, **choices):
    return crossfit.predict(checkpoint, dataset, device="cpu", **choices)


def test_every_sample_is_predicted_by_the_fold_that_never_saw_its_group():
    dataset = tiny.dataset()
    checkpoint = fitted(dataset)
    found = predicted(checkpoint, dataset)
    groups = dataset.samples["group"]
    assert set(found.fold) == {0, 1, 2}
    assert all(found.fold[i] == checkpoint.card.fold_of[groups[i]] for i in range(60))


def test_a_sample_changes_nothing_in_its_own_prediction():
    # The features of one fold's groups are spoilt in training; its own predictions must not notice.
    dataset = tiny.dataset()
    fold = predicted(fitted(dataset, name="one"), dataset).fold == 0
    values = np.array(dataset.annotations[FUSED].values)
    values[fold] = (values[fold] + 1) % 3
    other = replace(dataset, annotations={FUSED: Annotation("label", values)}, content_hash="spoilt")
    one = predicted(checkpoints.load("one"), dataset)
    two = predicted(fitted(other, name="two"), dataset)
    assert np.array_equal(one.fused[fold], two.fused[fold])
    assert not np.allclose(one.fused[~fold], two.fused[~fold])


def test_the_test_split_is_predicted_by_the_final_model_which_never_saw_it():
    dataset = tiny.dataset(split=True)
    checkpoint = fitted(dataset)
    found = predicted(checkpoint, dataset)
    test = dataset.samples["split"].to_numpy() == "test"
    assert (found.fold[test] == crossfit.FINAL).all() and (found.fold[~test] >= 0).all()
    values = np.array(dataset.annotations[FUSED].values)
    values[test] = 0
    other = replace(dataset, annotations={FUSED: Annotation("label", values)})
    again = fitted(other, name="again")
    assert all(torch.equal(again.final.state_dict()[n], v) for n, v in checkpoint.final.state_dict().items())


def test_without_folds_training_rows_are_marked_in_sample():
    dataset = tiny.dataset(split=True)
    found = predicted(fitted(dataset, folds=0), dataset)
    test = dataset.samples["split"].to_numpy() == "test"
    assert (found.fold[~test] == crossfit.IN_SAMPLE).all() and (found.fold[test] == crossfit.FINAL).all()


def test_new_people_are_predicted_by_the_final_model():
    checkpoint = fitted()
    other = tiny.dataset(seed=5)
    other = replace(other, samples=other.samples.assign(group="somebody new"))
    assert (predicted(checkpoint, other).fold == crossfit.FINAL).all()


def test_samples_without_groups_are_their_own():
    checkpoint = fitted(tiny.dataset(groups=0))
    assert checkpoint.card.by_sample and len(checkpoint.card.fold_of) == 60
    assert "its own" in " ".join(checkpoint.card.limits)


@pytest.mark.parametrize("target", ["label", "votes", "distribution", "score"])
def test_predictions_have_the_shapes_they_declare(target):
    dataset = tiny.dataset(target=target, missing=0.2, modalities=("face", "voice", "text"))
    found = predicted(fitted(dataset), dataset)
    assert found.q.shape == (3, 60, 3) and found.points.shape == (3, 60, 3) and found.floors.shape == (3,)
    assert found.typicality.shape == (3, 60) and found.typicality_fused.shape == (60,)
    assert found.fused_points.shape == (60, 3) and found.prototypes.shape == (3, 3)
    assert found.conflict.shape == found.dissenter.shape == found.fold.shape == (60,)
    assert found.q.dtype == found.points.dtype == found.conflict.dtype == np.float64
    assert set(found.dissenter) <= {-1, 0, 1, 2}
    if target == "score":
        assert found.fused is None and found.score.shape == (60,) and found.scores.shape == (3, 60)
    else:
        assert found.score is None and np.allclose(found.fused.sum(1), 1)
    absent = np.stack([~f.present() for f in dataset.features.values()])
    assert (np.isnan(found.q[..., 0]) == absent).all()


def test_a_saved_checkpoint_predicts_to_the_bit_what_the_trained_one_did():
    dataset = tiny.dataset()
    checkpoint = fitted(dataset)
    one, two = predicted(checkpoint, dataset), predicted(checkpoints.load(checkpoint.card.name), dataset)
    assert all(
        np.array_equal(a, b, equal_nan=True)
        for a, b in zip(vars(one).values(), vars(two).values(), strict=True)
        if a is not None and a is not one.more
    )


@pytest.mark.parametrize(
    "name, columns",
    [
        ("tical", set()),
        ("mpcl", {"relation_disagreement"}),
        ("raters", {"rater_ambiguity", "rater_conflict"}),
        (
            "valence",
            {"valence_conflict", *(f"{a}_{s}" for a in AFFECT for s in ("voice", "face", FUSED))},
        ),
    ],
)
def test_what_only_one_kind_of_model_tells_is_a_column(name, columns):
    dataset = tiny.dataset(missing=0.2)
    rated = dataset.samples.assign(valence=np.linspace(1, 5, 60), arousal=np.linspace(5, 1, 60))
    dataset = replace(dataset, samples=rated)
    config = zoo.config_from(name, ("epochs=1", "width=8"))
    checkpoint = finish(crossfit.fit(dataset, config, folds=2, device="cpu"))
    found = predicted(checkpoint, dataset)
    assert set(found.more) == columns <= set(findings.analyze(dataset, checkpoint, device="cpu").table)
    two = ~np.isnan(found.q[..., 0]).any(0)
    for column, values in found.more.items():
        assert np.isfinite(values[two]).all()
        if not column.endswith(("voice", "face", FUSED)):
            assert np.isnan(values[~two]).all()
    rows = np.flatnonzero(found.fold == 0)
    samples = Samples(checkpoint.card.inputs, dataset, rows, torch.device("cpu"))
    with torch.inference_mode():
        alone = checkpoint.folds[0].more(samples.batch(torch.arange(len(rows))))
    for column, values in alone.items():
        np.testing.assert_allclose(found.more[column][rows], values.numpy(), rtol=1e-4, atol=1e-5)


def test_chosen_rows_get_what_they_get_among_all():
    dataset = tiny.dataset()
    checkpoint = fitted(dataset)
    rows = np.array([40, 3, 17])
    some, every = predicted(checkpoint, dataset, rows=rows), predicted(checkpoint, dataset)
    assert np.allclose(some.fused, every.fused[rows], atol=1e-6)
    assert np.allclose(some.q, every.q[:, rows], atol=1e-6)


def test_by_bayes_a_misread_modality_probably_shows_the_label_all_the_same():
    q = np.array([[0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [np.nan] * 3, [0.9, 0.05, 0.05]])
    showing = crossfit._showing(q, np.array([0, 0, 0, -1]), 0.1)
    assert showing[:3].tolist() == pytest.approx([0.81 / 0.815, 0.09 / 0.135, 0.0])
    assert (crossfit._showing(q[:2], np.array([0, 0]), 0.0) == 1).all()


def test_samples_without_planted_conflict_seldom_differ():
    dataset = simulated.dataset()
    checkpoint = checkpoints.load("simulated-tical")
    found = predicted(checkpoint, dataset)
    differ = (measure.pair_values(found.q) > found.floors[:, None]).any(0)
    kind = dataset.samples["kind"].to_numpy()
    assert differ[kind == "clean"].mean() < 0.1 < 0.4 < differ[kind == "conflict"].mean()


def test_a_modality_that_the_checkpoint_never_heard_of_is_left_out():
    checkpoint = fitted(tiny.dataset(modalities=("face", "voice")))
    found = predicted(checkpoint, tiny.dataset(modalities=("eeg", "face", "voice")))
    assert np.isnan(found.q[0]).all() and not np.isnan(found.q[1:]).any()
    assert np.isnan(found.floors[:2]).all() and found.floors[2] > 0


def test_a_model_that_was_turned_away_is_turned_back_onto_the_final_one():
    dataset = tiny.dataset()
    final = fitted(dataset, folds=0).final
    samples = Samples(declare(dataset), dataset, np.arange(60), torch.device("cpu"))
    other = copy.deepcopy(final)
    rotation, _ = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1)))
    other.rotate(rotation)
    batch = samples.batch(torch.arange(60))
    with torch.inference_mode():
        assert not torch.allclose(other(batch).points, final(batch).points, atol=0.1)
    crossfit._turn(other, final, samples)
    with torch.inference_mode():
        assert torch.allclose(other(batch).points, final(batch).points, atol=1e-5)


def test_the_card_measures_unseen_groups_with_intervals():
    card = fitted(tiny.dataset(n=120, noise=0.1), epochs=6).card
    accuracy = next(m for m in card.metrics if m.name == "accuracy")
    assert accuracy.on == "held-out groups" and (accuracy.n, accuracy.groups) == (120, 6)
    assert accuracy.low <= accuracy.value <= accuracy.high and accuracy.value > 0.9


def test_unfinished_training_goes_on_where_it_stopped(tmp_path):
    dataset = tiny.dataset()
    whole = fitted(dataset, name="whole")
    work = crossfit.fit(dataset, tiny.config(), folds=3, device="cpu", name="resumed", state=tmp_path / "state")
    for _ in range(5):
        next(work)
    work.close()
    assert "resumed" not in checkpoints.names()
    resumed = fitted(dataset, name="resumed", state=tmp_path / "state")
    assert not (tmp_path / "state").exists()
    for one, two in zip((whole.final, *whole.folds), (resumed.final, *resumed.folds), strict=True):
        assert all(torch.equal(one.state_dict()[name], value) for name, value in two.state_dict().items())


def test_a_taken_name_is_refused_before_any_training():
    fitted(name="taken")
    with pytest.raises(DatasetError, match="'taken' exists already"):
        next(crossfit.fit(tiny.dataset(), tiny.config(), name="taken"))


def test_names_are_found_where_none_is_given():
    assert fitted().card.name == "tiny-tical"
    assert fitted().card.name == "tiny-tical-2"


def test_too_few_groups_are_refused_with_the_way_out():
    with pytest.raises(DatasetError, match=r"2 groups.*--folds"):
        fitted(tiny.dataset(groups=2))


def test_too_few_samples_are_refused():
    with pytest.raises(DatasetError, match="at least 8"):
        fitted(tiny.dataset(n=5))


def test_an_unknown_feature_group_is_refused_before_any_training():
    with pytest.raises(ConfigError, match="feature group"):
        next(crossfit.fit(tiny.dataset(), tiny.config(inputs="smell")))


def test_progress_never_goes_back():
    fractions = [line.fraction for line in crossfit.fit(tiny.dataset(), tiny.config(), folds=2, device="cpu")]
    assert fractions == sorted(fractions) and fractions[-1] == 1
