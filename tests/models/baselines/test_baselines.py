"""What holds of every rival, and what each gives by hand."""

import functools
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsRegressor
from torch.testing import assert_close

from emoviz.errors import ConfigError
from emoviz.models import checkpoints, zoo
from emoviz.models.inputs import Samples, declare
from emoviz.progress import finish
from emoviz.training import crossfit, loop
from tests import tiny

CPU = torch.device("cpu")
BASELINES = [
    ("mlp",),
    ("alone",),
    ("alone", "modality=voice"),
    ("early",),
    ("mult",),
    ("dmd",),
    ("self-mm",),
    ("cmc",),
    ("helo",),
    ("names",),
    ("raters",),
    ("valence",),
    ("late",),
    ("late", "rule=average"),
    ("late", "rule=mix"),
    ("linear",),
    ("knn",),
    ("prior",),
]
AT_ONCE = ("linear", "knn", "prior")
QUICK = {
    name: ("epochs=2", "hidden=8" if name == "mlp" else "width=8", "batch=16", "lr=0.01", "refit=false")
    for name in {name for name, *_ in BASELINES} - set(AT_ONCE)
}
NAMES = pytest.mark.parametrize("chosen", BASELINES, ids=" ".join)


def trained(dataset, name, *settings):
    """A model, and all samples as one batch; settings that come later win."""
    config = zoo.config_from(name, (*QUICK.get(name, ()), *settings))
    samples = Samples(declare(dataset, config.inputs, config.context), dataset, np.arange(len(dataset)), CPU)
    held = loop.held_out(dataset.samples["group"].to_numpy(str), 0.2, 0)
    model = finish(loop.train(name, config, samples, np.flatnonzero(~held), np.flatnonzero(held), 0))
    return model, samples.batch(torch.arange(len(dataset)))


@functools.cache
def of_classes(chosen):
    """A model of a dataset in which some modalities are missing; trained once for all tests that only ask it."""
    return trained(tiny.dataset(missing=0.3), *chosen)


@functools.cache
def of_sequences(chosen):
    """The same for distributions, where one modality is a sequence."""
    return trained(tiny.dataset(target="votes", missing=0.2, sequences=("voice",)), *chosen)


def asked(model, batch):
    with torch.inference_mode():
        return model(batch)


@NAMES
@pytest.mark.parametrize("target", ["label", "votes"])
def test_answers_are_distributions_and_missing_ones_are_empty(chosen, target):
    model, batch = of_classes(chosen) if target == "label" else of_sequences(chosen)
    output = asked(model, batch)
    present = torch.stack([batch.present[m] for m in ("face", "voice")])
    assert_close(output.fused.sum(-1), torch.ones(len(output.fused)))
    assert_close(output.q[present].sum(-1), torch.ones(int(present.sum())))
    assert output.q[~present].isnan().all() and output.points[:-1][~present].isnan().all()
    both = present.all(0)
    assert ((output.conflict[both] >= 0) & (output.conflict[both] <= 1)).all()
    assert output.conflict[~both].isnan().all()


@NAMES
def test_answers_never_depend_on_the_label(chosen):
    model, batch = of_classes(chosen)
    other = replace(batch, target=batch.target.flip(1))
    assert_close(asked(model, batch).fused, asked(model, other).fused)


@NAMES
def test_answers_do_not_depend_on_who_else_is_asked(chosen):
    model, batch = of_sequences(chosen)
    short = batch.steps["voice"].sum(1) < batch.steps["voice"].shape[1]
    dataset = tiny.dataset(target="votes", missing=0.2, sequences=("voice",))
    few = Samples(model.inputs, dataset, np.arange(len(dataset)), CPU).batch(short.nonzero().squeeze(1))
    assert few.steps["voice"].shape[1] < batch.steps["voice"].shape[1]
    assert_close(asked(model, few).fused, asked(model, batch).fused[short], rtol=1e-4, atol=1e-5)


@NAMES
def test_what_is_missing_is_not_read(chosen):
    model, batch = of_classes(chosen)
    noise = {m: torch.where(p[:, None], batch.features[m], 99.0) for m, p in batch.present.items()}
    assert_close(asked(model, batch).fused, asked(model, replace(batch, features=noise)).fused)


@NAMES
def test_a_checkpoint_gives_the_same_answers_as_its_model(chosen):
    dataset = tiny.dataset(missing=0.1)
    name, *settings = chosen
    config = zoo.config_from(name, (*QUICK.get(name, ()), *settings))
    made = finish(crossfit.fit(dataset, config, folds=2, device="cpu"))
    assert made.card.model == name
    again = checkpoints.load(made.card.name)
    one, two = (crossfit.predict(c, dataset, device="cpu") for c in (made, again))
    np.testing.assert_array_equal(one.fused, two.fused)


@NAMES
def test_a_resumed_training_is_the_same_to_the_bit(tmp_path, chosen):
    dataset = tiny.dataset(n=30, target="votes", missing=0.1, sequences=("voice",))
    name, *settings = chosen
    config = zoo.config_from(name, (*QUICK.get(name, ()), "refit=true", *settings))
    samples = Samples(declare(dataset), dataset, np.arange(30), CPU)

    def training(state=None):
        return loop.train(name, config, samples, np.arange(24), np.arange(24, 30), 0, state)

    first = training(tmp_path / "state.safetensors")
    next(first, None)
    first.close()
    torch.rand(7)
    whole, resumed = finish(training()), finish(training(tmp_path / "state.safetensors"))
    batch = samples.batch(torch.arange(30))
    assert all(torch.equal(whole.state_dict()[key], value) for key, value in resumed.state_dict().items())
    with torch.inference_mode():
        torch.testing.assert_close(whole.pseudo(batch), resumed.pseudo(batch), rtol=0, atol=0, equal_nan=True)


@NAMES
def test_pseudo_labels_are_distributions_and_missing_ones_are_empty(chosen):
    model, batch = of_classes(chosen)
    batch = replace(batch, target=torch.where(batch.rows[:, None] == 3, torch.nan, batch.target))
    with torch.inference_mode():
        shown = model.pseudo(batch)
    known = torch.stack(list(batch.present.values())) & (torch.arange(len(batch.rows)) != 3)
    assert_close(shown[known].sum(-1), torch.ones(int(known.sum())))
    assert shown[~known].isnan().all()


@pytest.mark.parametrize("chosen", [b for b in BASELINES if b[0] != "prior"], ids=" ".join)
def test_learning_beats_guessing_on_clear_clusters(chosen):
    name, *settings = chosen
    longer = ("epochs=12",) if name in QUICK else ()
    model, batch = trained(tiny.dataset(n=200, noise=0.1), name, *settings, *longer)
    assert (asked(model, batch).fused.argmax(1) == batch.target.argmax(1)).float().mean() > 0.9


def test_the_prior_is_the_mean_of_the_training_labels():
    dataset = tiny.dataset(n=90)
    model, batch = trained(dataset, "prior", "refit=true")
    expected = (batch.target.sum(0) + 1) / (90 + 3)
    assert_close(asked(model, batch).fused, expected.expand(90, 3))


def test_the_average_is_the_mean_of_the_modalities():
    model, batch = trained(tiny.dataset(), "late", "rule=average")
    output = asked(model, batch)
    assert_close(output.fused, output.q.mean(0), rtol=1e-4, atol=1e-5)


def test_a_product_of_experts_with_one_voice_is_that_voice():
    model, batch = trained(tiny.dataset(missing=0.4), "late")
    with torch.no_grad():
        model.power.fill_(1.0)
    output = asked(model, batch)
    alone = batch.present["face"] & ~batch.present["voice"]
    assert alone.any()
    assert_close(output.fused[alone], output.q[0][alone], rtol=1e-4, atol=1e-5)


def test_the_linear_model_is_scikit_learns():
    dataset = tiny.dataset(n=120)
    model, batch = trained(dataset, "linear", "penalty=0.01", "refit=true")
    x, y = model.vectors(batch).double().numpy(), batch.target.argmax(1).numpy()
    theirs = LogisticRegression(C=1 / (0.01 * len(x)), max_iter=5000, tol=1e-8).fit(x, y).predict_proba(x)
    np.testing.assert_allclose(asked(model, batch).fused.numpy(), theirs, atol=2e-3)


def test_the_nearest_of_one_is_the_sample_itself():
    model, batch = trained(tiny.dataset(target="votes"), "knn", "neighbours=1", "refit=true")
    assert_close(asked(model, batch).fused, batch.target, rtol=1e-4, atol=1e-5)


def test_the_nearest_by_features_as_they_are_are_scikit_learns():
    model, batch = trained(tiny.dataset(target="votes"), "knn", "standardised=false", "context=false", "refit=true")
    x, y = model.vectors(batch).numpy(), batch.target.numpy()
    theirs = KNeighborsRegressor(5).fit(x, y).predict(x)
    assert_close(asked(model, batch).fused, torch.from_numpy(theirs), rtol=1e-4, atol=1e-5)
    assert_close(model.vectors(batch)[:, : batch.features["face"].shape[1]], batch.features["face"], rtol=0, atol=0)


@NAMES
def test_scores_are_left_to_another_model(chosen):
    with pytest.raises(ConfigError, match="tical"):
        trained(tiny.dataset(target="score"), *chosen)
