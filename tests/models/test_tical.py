"""What holds of a TiCAL-style model whatever it was trained on."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from emoviz.data import simulated
from emoviz.errors import ConfigError
from emoviz.models.inputs import Ordered, Samples, declare
from emoviz.models.tical import Tical
from emoviz.training import loop
from tests import tiny

CPU = torch.device("cpu")


def finish(training):
    while True:
        try:
            next(training)
        except StopIteration as done:
            return done.value


def trained(dataset, **changes):
    """A model after two short epochs, and all samples as one batch."""
    config = tiny.config(**{"epochs": 2, **changes})
    samples = Samples(declare(dataset, config.inputs, config.context), dataset, np.arange(len(dataset)), CPU)
    held = loop.held_out(dataset.samples["group"].to_numpy(str), 0.2, 0)
    model = finish(loop.train("tical", config, samples, np.flatnonzero(~held), np.flatnonzero(held), 0))
    return model, samples.batch(torch.arange(len(dataset)))


def asked(model, batch):
    with torch.inference_mode():
        return model(batch)


VARIANTS = [
    {},
    {"geometry": "hyperbolic"},
    {"pseudo": "memory", "rho": 0.5},
    {"pseudo": "none"},
    {"typicality": "prototype"},
    {"typicality": "conformal"},
    {"typicality": "knn"},
    {"typicality": "radius"},
    {"typicality": "confidence", "gate_typicality": True},
    {"typicality_in": "none"},
    {"typicality_in": "weight"},
    {"stages": "plain", "consensus": False},
    {"stages": "schedule", "phase": 1, "epochs": 4},
    {"weight": "down"},
    {"weight": "up", "hyperbolic": 0},
    {"loss": "kl"},
    {"loss": "mix"},
    {"score_bins": 7},
]


@pytest.mark.parametrize("target", ["label", "votes", "score"])
@pytest.mark.parametrize("changes", VARIANTS, ids=str)
def test_every_choice_trains_and_answers_in_range(target, changes):
    model, batch = trained(tiny.dataset(target=target, missing=0.2), **changes)
    output = asked(model, batch)
    present = torch.stack([batch.present[m] for m in ("face", "voice")])
    both = present.all(0)
    assert (output.conflict[both] >= 0).all() and (output.conflict[both] <= 1).all()
    assert output.conflict[~both].isnan().all()
    assert_close(output.q[present].sum(-1), torch.ones(int(present.sum())))
    assert output.q[~present].isnan().all() and output.points[:-1][~present].isnan().all()
    assert (output.points[-1][present.any(0)].norm(dim=-1) < 1).all()
    typicality = output.typicality[:-1][present]
    assert ((typicality >= 0) & (typicality <= 1)).all()
    if target == "score":
        assert output.fused.isfinite().all() and output.scores[present].isfinite().all()
    else:
        assert_close(output.fused.sum(-1), torch.ones(len(output.fused)))


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_any_number_of_modalities_will_do(count):
    names = ("face", "voice", "text", "eeg", "gsr")[:count]
    model, batch = trained(tiny.dataset(modalities=names))
    output = asked(model, batch)
    assert output.q.shape == (count, 60, 3) and output.points.shape == (count + 1, 60, 3)
    assert output.conflict.isnan().all() == (count == 1)


@pytest.mark.parametrize("kind", ["gru", "transformer"])
def test_sequences_are_read_and_their_padding_is_not(kind):
    dataset = tiny.dataset(sequences=("face",), missing=0.2)
    model, batch = trained(dataset, sequence=kind)
    padded = torch.nn.functional.pad(batch.features["face"], (0, 0, 0, 3), value=9.0)
    steps = torch.nn.functional.pad(batch.steps["face"], (0, 3))
    longer = replace(batch, features={**batch.features, "face": padded}, steps={"face": steps})
    assert_close(asked(model, longer).fused, asked(model, batch).fused, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("typicality", ["signal", "prototype"])
def test_answers_never_depend_on_the_label(typicality):
    model, batch = trained(tiny.dataset(), typicality=typicality)
    other = replace(batch, target=batch.target.flip(1))
    for one, two in zip(vars(asked(model, batch)).values(), vars(asked(model, other)).values(), strict=True):
        if one is not None:
            assert_close(one, two, equal_nan=True)


def test_what_is_missing_is_not_read():
    model, batch = trained(tiny.dataset(missing=0.3))
    noise = {m: torch.where(p[:, None], batch.features[m], 99.0) for m, p in batch.present.items()}
    one, two = asked(model, batch), asked(model, replace(batch, features=noise))
    assert_close(one.fused, two.fused)
    assert_close(one.conflict, two.conflict, equal_nan=True)


def test_learning_beats_guessing_on_clear_clusters():
    model, batch = trained(tiny.dataset(n=200, noise=0.1), epochs=10)
    assert (asked(model, batch).fused.argmax(1) == batch.target.argmax(1)).float().mean() > 0.95


def test_a_planted_conflict_is_found_and_agreement_is_not():
    dataset = tiny.dataset(n=300, modalities=("face", "voice", "text"), noise=0.3)
    face = np.array(dataset.features["face"].values)
    flipped = np.random.default_rng(1).random(300) < 0.2
    label = dataset.annotations["fused"].values
    for i in np.flatnonzero(flipped):
        face[i] = face[np.flatnonzero((label != label[i]) & ~flipped)[i % 50]]
    dataset = replace(dataset, features={**dataset.features, "face": replace(dataset.features["face"], values=face)})
    model, batch = trained(dataset, epochs=12)
    conflict = asked(model, batch).conflict.numpy()
    assert np.mean(conflict[flipped][:, None] > conflict[~flipped][None]) > 0.9


@pytest.mark.parametrize("geometry", ["hyperbolic", "euclidean"])
def test_turning_the_ball_turns_the_points_and_nothing_else(geometry):
    model, batch = trained(tiny.dataset(), geometry=geometry, typicality="prototype")
    before = asked(model, batch)
    rotation, _ = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1)))
    model.rotate(rotation)
    after = asked(model, batch)
    assert_close(after.points, before.points @ rotation.T, rtol=1e-4, atol=1e-5)
    assert_close(after.typicality, before.typicality, rtol=1e-3, atol=1e-4)
    assert_close(after.fused, before.fused)


def test_memory_labels_move_only_where_memory_is_kept():
    dataset = tiny.dataset(target="votes")
    config = tiny.config(pseudo="memory")
    samples = Samples(declare(dataset), dataset, np.arange(60), CPU)
    model = Tical(config, samples.inputs)
    rows = torch.arange(40)
    model.prepare(Ordered(samples, rows))
    model.end_epoch(1, Ordered(samples, rows))
    assert model.memory.shape == (40, 2, 3)
    target = samples.target[:40, None].expand(40, 2, 3)
    assert (model.memory != target).any()
    assert_close(model.memory.sum(-1), torch.ones(40, 2))
    # A fifth of the new label enters in the first epoch.
    assert (model.memory - target).abs().max() < 0.2


def test_the_silent_modality_leaves_the_answer_to_the_others():
    dataset = tiny.dataset(n=300, modalities=("face", "voice", "text"), noise=0.2)
    model, batch = trained(dataset, epochs=12, context=False)
    absent = replace(batch, present={**batch.present, "face": torch.zeros(300, dtype=torch.bool)})
    assert (asked(model, absent).fused.argmax(1) == batch.target.argmax(1)).float().mean() > 0.9


@pytest.mark.parametrize("field, value", [("c", 0), ("width", 6), ("dropout", 1.0), ("mix", -0.1), ("epochs", 0)])
def test_a_value_out_of_bounds_is_refused_by_name(field, value):
    with pytest.raises(ConfigError, match=field):
        tiny.config(**{field: value})


def test_training_by_phases_is_not_stopped_before_its_last_phase():
    dataset = tiny.dataset(n=200, noise=0.1)
    model, batch = trained(dataset, stages="schedule", phase=3, epochs=14, patience=1)
    assert int(model.epoch) > 6
    assert (asked(model, batch).fused.argmax(1) == batch.target.argmax(1)).float().mean() > 0.9


def test_a_pseudo_label_is_what_the_modality_says_weighed_by_how_often_it_dissents():
    model, batch = trained(tiny.dataset(), pseudo="noise")
    with torch.inference_mode():
        said, shown = model(batch).q, model.pseudo(batch)
        rate = model.dissent.sigmoid()[:, None]
        label = batch.target.argmax(1)
        row = torch.arange(len(label))
        own = said[:, row, label] * (1 - rate)
        other = (1 - said[:, row, label]) * rate / 2
    assert_close(shown[:, row, label], own / (own + other), rtol=1e-4, atol=1e-5)


def test_how_often_some_modality_dissents_is_counted_not_multiplied():
    dataset = simulated.dataset(0, 0.95, 1500, 300)
    config = tiny.config(epochs=12, lr=0.005, width=32)
    samples = Samples(declare(dataset), dataset, np.arange(len(dataset)), CPU)
    held = loop.held_out(dataset.samples["group"].to_numpy(str), 0.2, 0)
    model = finish(loop.train("tical", config, samples, np.flatnonzero(~held), np.flatnonzero(held), 0))
    planted = (dataset.samples["kind"] == "conflict").mean()
    multiplied = float(1 - (1 - model.dissent.detach().sigmoid()).prod())
    assert abs(model.dissent_rate() - planted) < 0.07 < abs(multiplied - planted)


def test_no_rate_is_counted_where_labels_are_not_looked_for():
    model, _ = trained(tiny.dataset(), pseudo="none")
    assert model.dissent_rate() == pytest.approx(float(1 - (1 - model.dissent.detach().sigmoid()).prod()))


def test_a_pseudo_label_of_the_memory_is_the_label_it_moved_to():
    model, batch = trained(tiny.dataset(target="votes"), pseudo="memory", refit=True)
    with torch.inference_mode():
        shown = model.pseudo(batch)
        assert_close(shown, model.memory.transpose(0, 1))
        model.memory = model.memory[:0]  # as in a checkpoint: what it must have been, had the answers been the last
        assert (model.pseudo(batch) - shown).abs().max() < 0.1
    assert (shown - batch.target).abs().max() > 0.01


@pytest.mark.parametrize("target", ["label", "votes", "score"])
@pytest.mark.parametrize("rule", ["noise", "memory", "none"])
def test_pseudo_labels_are_distributions_and_missing_ones_are_empty(target, rule):
    model, batch = trained(tiny.dataset(target=target, missing=0.2), pseudo=rule)
    batch.target[3] = torch.nan
    with torch.inference_mode():
        shown = model.pseudo(batch)
    known = torch.stack(list(batch.present.values())) & (torch.arange(len(batch.rows)) != 3)
    assert shown.shape == (2, len(batch.rows), 3)
    assert_close(shown[known].sum(-1), torch.ones(int(known.sum())))
    assert shown[~known].isnan().all()
