"""What holds of an MPCL-style model whatever it was trained on."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from emoviz.data.dataset import FUSED, Annotation, Label
from emoviz.errors import ConfigError
from emoviz.models.inputs import Ordered, Samples, declare
from emoviz.models.mpcl import Diagnosis, Memory, Mpcl, MpclConfig, drawn_to
from emoviz.progress import finish
from emoviz.training import loop
from tests import tiny

CPU = torch.device("cpu")
QUICK = {"epochs": 2, "width": 16, "tokens": 2, "prototypes_each": 2, "ball_dim": 3, "batch": 16, "lr": 0.01}


def trained(dataset, **changes):
    """A model after a few short epochs, and all samples as one batch."""
    config = MpclConfig(**{**QUICK, **changes})
    samples = Samples(declare(dataset, config.inputs, config.context), dataset, np.arange(len(dataset)), CPU)
    held = loop.held_out(dataset.samples["group"].to_numpy(str), 0.2, 0)
    model = finish(loop.train("mpcl", config, samples, np.flatnonzero(~held), np.flatnonzero(held), 0))
    return model, samples.batch(torch.arange(len(dataset)))


def asked(model, batch):
    with torch.inference_mode():
        return model(batch)


VARIANTS = [
    {},
    {"scales": 1},
    {"steps": 2},
    {"steps": 0},
    {"retrievals": 0},
    {"prior": "counts"},
    {"prior": "pairs"},
    {"prior": "none"},
    {"compression": True},
    {"distil_by": "consistency", "valence": 0.1, "diversity": 0.01},
    {"distil": 0, "prototype": 0, "co_occurrence": 0, "scales": 2},
    {"loss": "jsd"},
    {"loss": "mix"},
]


@pytest.mark.parametrize("target", ["label", "votes"])
@pytest.mark.parametrize("changes", VARIANTS, ids=str)
def test_every_part_can_be_switched_off(target, changes):
    model, batch = trained(tiny.dataset(target=target, missing=0.2), **changes)
    output = asked(model, batch)
    present = torch.stack([batch.present[m] for m in ("face", "voice")])
    both = present.all(0)
    assert ((output.conflict[both] >= 0) & (output.conflict[both] <= 1)).all()
    assert output.conflict[~both].isnan().all()
    assert_close(output.fused.sum(-1), torch.ones(len(output.fused)))
    assert_close(output.q[present].sum(-1), torch.ones(int(present.sum())))
    assert output.q[~present].isnan().all() and output.points[:-1][~present].isnan().all()
    assert (output.points[-1][present.any(0)].norm(dim=-1) < 1).all()
    typicality = output.typicality[:-1][present]
    assert ((typicality > 0) & (typicality <= 1)).all()


@pytest.mark.parametrize("count", [1, 2, 4])
def test_any_number_of_groups_will_do(count):
    names = ("face", "voice", "eeg", "gsr")[:count]
    model, batch = trained(tiny.dataset(modalities=names))
    output = asked(model, batch)
    assert output.q.shape == (count, 60, 3)
    assert output.conflict.isnan().all() == (count == 1)


def test_the_padding_of_sequences_is_not_read():
    model, batch = trained(tiny.dataset(sequences=("face",), missing=0.2))
    padded = torch.nn.functional.pad(batch.features["face"], (0, 0, 0, 3), value=9.0)
    steps = torch.nn.functional.pad(batch.steps["face"], (0, 3))
    longer = replace(batch, features={**batch.features, "face": padded}, steps={"face": steps})
    assert_close(asked(model, longer).fused, asked(model, batch).fused, rtol=1e-4, atol=1e-5)


def test_answers_never_depend_on_the_label():
    model, batch = trained(tiny.dataset())
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


def test_what_a_group_says_alone_is_not_swayed_by_the_others():
    model, batch = trained(tiny.dataset())
    other = replace(batch, features=batch.features | {"face": batch.features["face"].flip(0)})
    one, two = asked(model, batch), asked(model, other)
    voice = model.inputs.names.index("voice")
    assert_close(one.q[voice], two.q[voice])
    assert (one.fused - two.fused).abs().max() > 0.01


def test_an_answer_is_the_same_in_any_batch():
    dataset = tiny.dataset(missing=0.2)
    model, batch = trained(dataset)
    samples = Samples(model.inputs, dataset, np.arange(60), CPU)
    order = torch.randperm(60, generator=torch.Generator().manual_seed(3))
    pieces = torch.cat([asked(model, samples.batch(rows)).fused for rows in order.split(7)])
    assert_close(pieces, asked(model, batch).fused[order], rtol=1e-4, atol=1e-6)


def test_learning_beats_guessing_on_clear_clusters():
    model, batch = trained(tiny.dataset(n=200, noise=0.1), epochs=12)
    assert (asked(model, batch).fused.argmax(1) == batch.target.argmax(1)).float().mean() > 0.95


def test_turning_the_ball_turns_the_points_and_nothing_else():
    model, batch = trained(tiny.dataset())
    before, prototypes = asked(model, batch), model.prototypes()
    rotation, _ = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1)))
    model.rotate(rotation)
    after = asked(model, batch)
    assert_close(after.points, before.points @ rotation.T, rtol=1e-4, atol=1e-5)
    assert_close(model.prototypes(), prototypes @ rotation.T, rtol=1e-4, atol=1e-5)
    assert_close(after.fused, before.fused)


def test_a_sharp_memory_retrieves_the_pattern_it_was_asked_for():
    torch.manual_seed(0)
    memory = Memory(16, 1, 0.0).eval()
    for layer in (memory.query[0], memory.key[0], memory.value[0], memory.out):
        torch.nn.init.eye_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    tokens, real = [torch.randn(1, 6, 16)], [torch.ones(1, 6, dtype=torch.bool)]
    memory.after = torch.nn.Identity()
    with torch.no_grad():
        found = {}
        for beta in (1e-3, 30.0):
            memory.log_beta.fill_(np.log(beta))
            made, entropy = memory(tokens, real)
            found[beta] = (made[0] - tokens[0], entropy.item())
    stored = memory.before(tokens[0])
    assert_close(found[30.0][0], stored, rtol=1e-3, atol=1e-3)  # each token finds itself
    assert_close(found[1e-3][0], stored.mean(1, keepdim=True).expand_as(stored), rtol=0.05, atol=0.05)
    assert found[30.0][1] < 0.01 and found[1e-3][1] > 0.99


def blocks(n=400):
    """Distributions of four emotions that come in two pairs: one of a pair never comes with one of the other."""
    generator = np.random.default_rng(0)
    pair = generator.integers(0, 2, n)
    share = generator.uniform(0.25, 0.75, n)
    values = np.zeros((n, 4))
    values[np.arange(n), 2 * pair], values[np.arange(n), 2 * pair + 1] = share, 1 - share
    dataset = tiny.dataset(n=n)
    labels = tuple(Label(name, "#000000") for name in "abcd")
    shown = {
        name: replace(f, values=(values @ np.random.default_rng(m).normal(size=(4, 4))).astype(np.float32))
        for m, (name, f) in enumerate(dataset.features.items())
    }
    return replace(dataset, labels=labels, features=shown, annotations={FUSED: Annotation("distribution", values)})


@pytest.mark.parametrize("prior", ["counts", "pairs"])
def test_planted_blocks_are_found_again_in_the_co_occurrence(prior):
    dataset = blocks()
    model, _ = trained(dataset, epochs=15, prior=prior, co_occurrence=1.0, distil=0)
    samples = Samples(model.inputs, dataset, np.arange(len(dataset)), CPU)
    together = model.diagnose(Ordered(samples, torch.arange(len(dataset)))).co_occurrence
    assert_close(together.sum(1), torch.ones(4))
    assert together.diagonal().abs().max() < 1e-6
    assert torch.stack([together[a, b] for a, b in ((0, 1), (1, 0), (2, 3), (3, 2))]).min() > 0.8


def test_valence_leads_where_little_was_seen_and_fades_where_much_was():
    sign = torch.tensor([1.0, 1.0, -1.0])
    seen = torch.tensor([[0.5, 0.0, 0.5], [0.0, 1.0, 0.0]])
    few, many = (drawn_to(seen.repeat(n, 1), sign, MpclConfig()) for n in (1, 10_000))
    by_counts = drawn_to(seen, sign, MpclConfig(prior="counts"))
    assert few[0, 1] > few[0, 2]  # the first two are pleasant, though only the first and the third were seen together
    assert_close(many[[0, 2]], by_counts[[0, 2]], atol=0.01, rtol=0)  # the second was never seen beside another
    assert by_counts[0, 2] > 0.99
    for found in (few, many, by_counts):
        assert_close(found.sum(1), torch.ones(3))
        assert_close(found.diagonal(), torch.zeros(3))
    by_hand = 0.25 + 10 * 1.5 * 0.5 / (2.0 * 1.5 + 1.5 * 0.5)  # seen together, and expected of ten
    assert few[0, 2].item() == pytest.approx(by_hand / 10.25, rel=1e-4)
    alone = drawn_to(seen[:, ::2], sign[::2], MpclConfig(valence_pull=1))  # each has but its opposite to go with
    assert_close(alone, 1 - torch.eye(2))


def test_a_diagnosis_knows_dead_and_duplicate_prototypes():
    dataset = tiny.dataset()
    model, _ = trained(dataset)
    with torch.no_grad():
        model.banks[0, 1, 1] = model.banks[0, 1, 0]
        model.banks[1, 2, 0] = -model.banks[1, 2, 1]
    samples = Samples(model.inputs, dataset, np.arange(60), CPU)
    found = model.diagnose(Ordered(samples, torch.arange(60)))
    assert found.duplicate[0, 1].all() and not found.duplicate[1].any()
    assert_close(found.usage.sum(-1), torch.ones(2, 3))
    assert found.usage[0, 1, 0] == pytest.approx(0.5, abs=1e-3)
    assert found.retrieval_entropy.shape == (3,)


def test_the_diagnosis_of_the_training_samples_stays_with_the_weights():
    dataset = tiny.dataset()
    model, _ = trained(dataset)
    samples = Samples(model.inputs, dataset, np.arange(60), CPU)
    model.finish(Ordered(samples, torch.arange(60)))
    again = Mpcl(model.config, model.inputs)
    again.load_state_dict(model.state_dict())
    for one, two in zip(
        vars(again.diagnosis).values(), vars(model.diagnose(Ordered(samples, torch.arange(60)))).values(), strict=True
    ):
        assert_close(one, two)


def test_a_diagnosis_is_told_in_sentences():
    looks = torch.tensor([[0, 0.9, 0.1], [0.7, 0, 0.3], [0.5, 0.5, 0]])
    dead = torch.zeros(1, 3, 2, dtype=torch.bool)
    dead[0, 0, 0] = True
    found = Diagnosis(torch.tensor([0.5, 0.25]), torch.full((1, 3, 2), 0.5), dead, ~dead, looks)
    prototypes, memory, pairs = found.sentences(("joy", "love", "fear"), pairs=2)
    assert "6 prototypes, of which 1 are hardly used and 5 are nearly" in prototypes
    assert "0.50, 0.25" in memory
    assert "joy and love (0.80), love and fear (0.40)" in pairs
    without = replace(found, retrieval_entropy=torch.full((2,), torch.nan))
    assert without.sentences(("joy", "love", "fear"))[1] == "No memory: the groups meet in their banks."


def test_groups_that_relate_alike_do_not_disagree():
    relation = torch.randn(1, 5, 6).log_softmax(-1).expand(2, 5, 6)
    present = torch.tensor([[True] * 5, [True] * 4 + [False]])
    found = Mpcl.disagreement(relation, present)
    assert_close(found[:4], torch.zeros(4), atol=1e-6, rtol=0)
    assert found[4].isnan()


def test_disagreement_is_the_mean_of_both_directions():
    one, two = (torch.tensor([p]).log() for p in ([0.9, 0.1], [0.5, 0.5]))
    by_hand = (0.9 * np.log(1.8) + 0.1 * np.log(0.2) + 0.5 * np.log(0.5 / 0.9) + 0.5 * np.log(5)) / 2
    found = Mpcl.disagreement(torch.stack([one, two]), torch.ones(2, 1, dtype=torch.bool))
    assert found.item() == pytest.approx(by_hand, rel=1e-5)


def test_distillation_draws_the_groups_together_and_consistency_holds_it_back():
    dataset = tiny.dataset(n=120, noise=0.3)
    face = np.array(dataset.features["face"].values)
    face[::3] = face[::3][::-1]  # a third of the faces belong to other samples
    dataset = replace(dataset, features={**dataset.features, "face": replace(dataset.features["face"], values=face)})

    def apart(**changes):
        model, _ = trained(dataset, epochs=8, **changes)
        samples = Samples(model.inputs, dataset, np.arange(120), CPU)
        return model.more(samples.batch(torch.arange(120)))["relation_disagreement"].mean().item()

    freely, held_back, forced = apart(distil=0), apart(distil=0.05, distil_by="consistency"), apart(distil=0.05)
    assert forced < held_back < freely


def test_scores_are_left_to_another_model():
    with pytest.raises(ConfigError, match="tical"):
        trained(tiny.dataset(target="score"))


@pytest.mark.parametrize("field, value", [("scales", 5), ("temperature", 0), ("epochs", 0)])
def test_a_value_out_of_bounds_is_refused_by_name(field, value):
    with pytest.raises(ConfigError, match=field):
        MpclConfig(**{field: value})
