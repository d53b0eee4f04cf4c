"""What is shared and what is a modality's own, as DMD parts them."""

from dataclasses import replace

import torch
from torch.testing import assert_close

from emoviz.models.baselines import dmd
from tests.models.baselines import rivals


def test_the_decoders_learn_to_put_the_parts_together_again():
    model, batch = rivals.trained("dmd", "epochs=20", "decouple=1")
    with torch.inference_mode():
        parts = model.parts(batch)
        missed = (model.reconstructed(parts) - parts.encoded).square().mean()
        assert missed < 0.05 * parts.encoded.var()


def test_what_a_modality_says_is_its_own_and_the_whole_hears_all():
    model, batch = rivals.trained("dmd")
    other = replace(batch, features={**batch.features, "voice": batch.features["voice"].flip(0)})
    with torch.inference_mode():
        one, two = model(batch), model(other)
    assert_close(one.q[0], two.q[0])
    assert (one.q[1] - two.q[1]).abs().max() > 0.01 and (one.fused - two.fused).abs().max() > 0.01


def test_a_graph_asks_nothing_of_sides_that_say_the_same():
    graph = dmd.Graph(3, 4, 2)
    logits, parts = torch.randn(1, 5, 2).expand(3, -1, -1), torch.randn(1, 5, 4).expand(3, -1, -1)
    assert_close(graph(logits, parts, torch.ones(3, 5, dtype=torch.bool)), torch.tensor(0.0))


def test_along_equal_edges_sides_are_drawn_by_how_far_they_are_apart():
    graph = dmd.Graph(2, 4, 2)
    torch.nn.init.zeros_(graph.edge.weight)
    logits = torch.tensor([[[1.0, 0.0]], [[0.0, 3.0]]])
    # Both edges have weight and prior 1/2, and the logits lie 1 and 3 apart: 2 times a mean of 2.
    found = graph(logits, torch.zeros(2, 1, 4), torch.ones(2, 1, dtype=torch.bool))
    assert_close(found, torch.tensor(4.0))
    assert_close(graph(logits, torch.zeros(2, 1, 4), torch.tensor([[True], [False]])), torch.tensor(0.0))


def test_shared_parts_of_one_label_are_to_be_more_alike_than_others():
    here = torch.ones(2, 2, dtype=torch.bool)
    target = torch.eye(2)
    by_label = torch.eye(2).expand(2, -1, -1)  # both modalities of a sample alike, the samples at right angles
    by_side = torch.eye(2)[:, None].expand(-1, 2, -1)
    assert_close(dmd.closeness(by_label, target, here), torch.tensor(0.0))
    # One of each is alike: near 0, far 1/2, and the margin.
    assert_close(dmd.closeness(by_side, target, here), torch.tensor(0.5 + dmd.MARGIN))
