"""Training as a stream of reports, and going on as if nothing had happened."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from emoviz.data.dataset import Annotation
from emoviz.errors import ConfigError, DivergedError
from emoviz.models.inputs import Samples, declare
from emoviz.models.tical import Tical
from emoviz.training import loop
from tests import tiny

CPU = torch.device("cpu")


def started(config=None, dataset=None, state=None, seed=0):
    dataset = dataset or tiny.dataset()
    config = config or tiny.config()
    samples = Samples(declare(dataset), dataset, np.arange(len(dataset)), CPU)
    held = loop.held_out(dataset.samples["group"].to_numpy(str), 0.2, 0)
    return loop.train("tical", config, samples, np.flatnonzero(~held), np.flatnonzero(held), seed, state)


def finish(training):
    reports = []
    while True:
        try:
            reports.append(next(training))
        except StopIteration as done:
            return reports, {name: value.clone() for name, value in done.value.state_dict().items()}


def same(one, two):
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_the_same_seed_gives_the_same_weights_to_the_bit():
    assert same(finish(started())[1], finish(started())[1])


def test_another_seed_gives_others():
    assert not same(finish(started())[1], finish(started(seed=1))[1])


@pytest.mark.parametrize("changes", [{}, {"pseudo": "memory"}, {"geometry": "hyperbolic"}, {"balance": 0.5}], ids=str)
def test_a_resumed_training_is_the_same_to_the_bit(tmp_path, changes):
    config = tiny.config(epochs=5, **changes)
    whole, weights = finish(started(config))
    first = started(config, state=tmp_path / "state.safetensors")
    reports = [next(first), next(first)]
    first.close()
    torch.rand(7)  # other work in between must not matter
    rest, resumed = finish(started(config, state=tmp_path / "state.safetensors"))
    assert reports + rest == whole
    assert same(weights, resumed)


def test_other_torch_work_between_epochs_changes_nothing():
    training = started()
    next(training)
    torch.manual_seed(99)
    torch.rand(5)
    assert same(finish(training)[1], finish(started())[1])


def test_training_leaves_the_global_generator_alone():
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    finish(started())
    assert torch.equal(torch.rand(4), expected)


def test_it_stops_when_the_held_out_groups_stop_improving():
    reports, _ = finish(started(tiny.config(epochs=200, patience=2, lr=0.05, refit=False)))
    assert len(reports) < 200
    assert reports[-1].epoch - min(r.epoch for r in reports if r.validation == reports[-1].best) == 2


def test_a_refit_trains_as_long_as_was_good_and_on_everybody():
    reports, weights = finish(started(tiny.config(epochs=4, patience=4)))
    first = [r for i, r in enumerate(reports) if r.epoch == i + 1]
    again = reports[len(first) :]
    kept = max(r.epoch for r in first if r.validation <= min(q.validation for q in first[: r.epoch]) * 1.01)
    assert [r.epoch for r in again] == list(range(1, kept + 1))
    alone = finish(started(tiny.config(epochs=4, patience=4, refit=False)))[1]
    assert not torch.equal(weights["encoders.0.standardise.mean"], alone["encoders.0.standardise.mean"])


def test_held_out_groups_are_whole_and_about_as_many_as_asked():
    groups = np.repeat([f"g{i}" for i in range(20)], 5)
    held = loop.held_out(groups, 0.25, 0)
    assert not set(groups[held]) & set(groups[~held])
    assert held.mean() == pytest.approx(0.25, abs=0.06)
    assert (loop.held_out(groups, 0.25, 0) == held).all() and (loop.held_out(groups, 0.25, 1) != held).any()


def test_some_groups_are_always_left_to_train_on():
    held = loop.held_out(np.array(["a"] * 99 + ["b"]), 0.5, 0)
    assert 0 < held.sum() < 100


def test_a_loss_that_is_not_finite_is_said_with_the_way_out(monkeypatch):
    monkeypatch.setattr(Tical, "_task", lambda self, answers, target: answers.sum(-1) * float("nan"))
    with pytest.raises(DivergedError, match="Lower the learning rate"):
        finish(started())


def unbalanced():
    """A dataset in which every label has half the samples of the one before."""
    dataset = tiny.dataset(n=700)
    label = np.repeat([0, 1, 2], [400, 200, 100])
    return replace(dataset, annotations={"fused": Annotation("label", label)})


def drawn(monkeypatch, share):
    """How often each label and each row of :func:`unbalanced` is trained on in one epoch."""
    rows = []
    loss = Tical.loss
    monkeypatch.setattr(Tical, "loss", lambda self, batch: rows.append(batch.rows) or loss(self, batch))
    dataset = unbalanced()
    samples = Samples(declare(dataset), dataset, np.arange(700), CPU)
    next(loop.train("tical", tiny.config(balance=share), samples, np.arange(700), np.arange(0, 700, 7), 0))
    times = np.bincount(torch.cat(rows), minlength=700)
    return np.bincount(dataset.annotations["fused"].values, times), times


def test_without_balance_every_sample_is_seen_once_in_the_order_that_the_seed_gives(monkeypatch):
    labels, times = drawn(monkeypatch, 0)
    assert (times == 1).all() and (labels == [400, 200, 100]).all()
    order = loop._Run("tical", tiny.config(), *_few(), 5)._order()
    assert torch.equal(order, torch.randperm(60, generator=torch.Generator().manual_seed(5)))


def _few():
    dataset = tiny.dataset()
    return Samples(declare(dataset), dataset, np.arange(60), CPU), np.arange(60), np.arange(0)


def test_balance_draws_rare_labels_as_often_as_frequent_ones(monkeypatch):
    labels, _ = drawn(monkeypatch, 1)
    assert labels.sum() == 700
    assert np.abs(labels / 700 - 1 / 3).max() < 0.06  # three standard deviations of a draw
    half, _ = drawn(monkeypatch, 0.5)
    assert half.sum() == 700
    assert np.abs(half / 700 - (np.array([4, 2, 1]) / 7 + 1 / 3) / 2).max() < 0.06


def test_scores_have_no_labels_to_balance():
    with pytest.raises(ConfigError, match="Leave it at 0"):
        finish(started(tiny.config(balance=0.5), tiny.dataset(target="score")))


def test_an_unknown_device_is_refused():
    with pytest.raises(ConfigError, match="cpu, cuda or auto"):
        loop.chosen_device("tpu")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_gpu_learns_what_a_cpu_learns():
    dataset = tiny.dataset(n=200, noise=0.1)
    samples = Samples(declare(dataset), dataset, np.arange(200), torch.device("cuda"))
    training = loop.train("tical", tiny.config(epochs=10), samples, np.arange(160), np.arange(160, 200), 0)
    while True:
        try:
            report = next(training)
        except StopIteration:
            break
    assert report.best < 0.3
