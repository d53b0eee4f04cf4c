"""Training as a stream of reports, and going on as if nothing had happened."""

import numpy as np
import pytest
import torch

from emoviz.errors import ConfigError, DivergedError
from emoviz.models.inputs import Samples, declare
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


@pytest.mark.parametrize("changes", [{}, {"pseudo": "memory"}, {"geometry": "euclidean"}], ids=str)
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
    from emoviz.models.tical import Tical

    monkeypatch.setattr(Tical, "_task", lambda self, answers, target: answers.sum(-1) * float("nan"))
    with pytest.raises(DivergedError, match="Lower the learning rate"):
        finish(started())


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
