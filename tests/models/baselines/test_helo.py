"""HeLo: one test for each mistake that was mended, then transport and label correlation at work."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from emoviz.data.dataset import Annotation
from emoviz.errors import ConfigError
from emoviz.models import zoo
from emoviz.models.baselines.helo import Helo
from emoviz.models.inputs import declare
from emoviz.progress import finish
from emoviz.training import crossfit
from tests import planted, tiny

QUICK = ("width=8", "epochs=2", "batch=16")


@pytest.fixture(scope="module")
def quick():
    """A model of a tiny dataset of votes, and all its samples."""
    model, samples = planted.trained(tiny.dataset(target="votes", missing=0.2), "helo", *QUICK)
    return model, samples.batch(torch.arange(60))


def asked(model, batch):
    with torch.inference_mode():
        return model(batch)


def test_label_embeddings_are_parameters_that_training_moves(quick):
    model, batch = quick
    torch.manual_seed(0)
    fresh = Helo(model.config, model.inputs)
    before = fresh.embedding.detach().clone()
    fresh.loss(batch).backward()
    assert "embedding" in dict(fresh.named_parameters()) and fresh.embedding.grad.abs().sum() > 0
    torch.manual_seed(1)
    assert_close(asked(fresh.eval(), batch).fused, asked(fresh, batch).fused)
    assert torch.equal(fresh.embedding, before)


def test_keys_are_dropped_in_training_only(quick):
    model, batch = quick
    torch.manual_seed(0)
    assert torch.equal(asked(model, batch).fused, asked(model, batch).fused)
    model.train()
    assert not torch.equal(asked(model, batch).fused, asked(model, batch).fused)
    model.eval()


def test_dropping_keys_always_leaves_one(quick):
    model, _ = quick
    model.train()
    kept = torch.stack([model._kept(torch.ones(200, 2, dtype=torch.bool)) for _ in range(5)])
    model.eval()
    assert kept.any(-1).all() and not kept.all()


def test_embeddings_are_normalised_over_their_width_and_not_over_the_labels(quick):
    model = Helo(quick[0].config, quick[0].inputs)
    before = model.correlation()
    assert_close(before.diagonal(), torch.ones(3))
    with torch.no_grad():
        model.embedding[0] = 5 * model.embedding[0].flip(0)
    after = model.correlation()
    assert_close(after[1:, 1:], before[1:, 1:])
    assert not torch.allclose(after[0, 1:], before[0, 1:])


def test_every_sample_of_a_batch_counts(quick):
    model, batch = quick
    model.eval()
    one = model.validate(asked(model, batch), batch.target)
    assert one.shape == (60,) and len(one.unique()) > 30
    halves = []
    for rows in (slice(0, 7), slice(7, 60)):
        part = replace(
            batch,
            features={m: x[rows] for m, x in batch.features.items()},
            present={m: x[rows] for m, x in batch.present.items()},
            context=batch.context[rows],
            target=batch.target[rows],
        )
        halves.append(model.validate(asked(model, part), part.target))
    assert_close(torch.cat(halves), one, rtol=1e-4, atol=1e-5)


def test_shares_of_zero_have_finite_losses(quick):
    model, batch = quick
    sure = replace(batch, target=torch.eye(3)[batch.target.argmax(1)])
    assert model.loss(sure).isfinite() and model.validate(asked(model, sure), sure.target).isfinite().all()


def test_a_group_is_never_on_both_sides_of_a_split():
    dataset = tiny.dataset(n=60, groups=6)
    made = finish(crossfit.fit(dataset, zoo.config_from("helo", QUICK), folds=2, device="cpu"))
    fold, group = crossfit.predict(made, dataset, device="cpu").fold, dataset.samples["group"].to_numpy(str)
    assert len(set(fold)) == 2
    assert all(len(set(fold[group == name])) == 1 for name in set(group))


def test_labels_are_drawn_to_how_they_occur_together():
    generator = np.random.default_rng(0)
    first = generator.integers(0, 2, 400) * 2  # 0 with 1, and 2 with 3
    share = generator.uniform(0.3, 0.7, 400)[:, None]
    target = share * np.eye(4)[first] + (1 - share) * np.eye(4)[first + 1]
    features = {"face": target @ np.ones((4, 3)) + generator.normal(size=(400, 3)), "voice": target}
    made = planted.dataset(features, ("anger", "disgust", "happiness", "surprise"), Annotation("distribution", target))
    model, _ = planted.trained(made, "helo", "width=8", "correlation=100", "lr=0.02", "epochs=8")
    together = model.together
    by_hand = target.T @ target / np.sqrt(np.outer((target**2).sum(0), (target**2).sum(0)))
    assert_close(together.double(), torch.from_numpy(by_hand), rtol=0.05, atol=0.01)
    learned = model.correlation().detach()
    assert learned[0, 1] > 0.6 and learned[2, 3] > 0.6
    assert learned[:2, 2:].abs().max() < 0.25


@pytest.mark.parametrize(
    "modalities, chosen, expected",
    [
        (("face", "gsr", "eeg"), "", [1, 2]),
        (("face", "voice", "text"), "", [0, 1]),
        (("face", "voice", "text"), "text", [2]),
        (("face",), "", [0]),
    ],
)
def test_the_first_group_is_the_body_or_as_chosen(modalities, chosen, expected):
    dataset = tiny.dataset(modalities=modalities)
    config = zoo.config_from("helo", (*QUICK, f"first={chosen}"))
    assert Helo(config, declare(dataset)).first == expected


def test_a_group_of_unknown_modalities_is_refused():
    with pytest.raises(ConfigError, match="none of face, voice"):
        Helo(zoo.config_from("helo", (*QUICK, "first=eeg")), declare(tiny.dataset()))


def test_one_group_alone_is_still_read():
    model, samples = planted.trained(tiny.dataset(n=200, noise=0.1), "helo", "width=16", "epochs=8", "batch=16")
    batch = samples.batch(torch.arange(200))
    for alone in ("face", "voice"):
        hidden = replace(batch, present={m: p & (m == alone) for m, p in batch.present.items()})
        # It learned from both together; a guess is right in a third.
        assert (asked(model, hidden).fused.argmax(1) == batch.target.argmax(1)).float().mean() > 0.5
    nobody = replace(batch, present={m: torch.zeros_like(p) for m, p in batch.present.items()})
    assert asked(model, nobody).fused.isfinite().all()
