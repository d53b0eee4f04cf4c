"""Labels that move towards the nearer centre, as Self-MM moves them."""

import pytest
import torch
from torch.testing import assert_close

from emoviz.models import zoo
from emoviz.models.baselines import self_mm
from tests.models.baselines import rivals


def test_a_sample_is_near_the_centre_it_lies_at():
    features = torch.tensor([[0.0], [4.0], [1.0]])
    labels = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])  # the third is judged, and no part of any centre
    near = self_mm.nearness(features, labels)
    assert_close(near.sum(1), torch.ones(3))
    # At 1 the distances are 1 and 3, their mean 2, and the relative distances 1 and -1/3.
    assert_close((near[2, 0] / near[2, 1]).log() / 2, torch.tensor(4 / 3) / _scale(features))


def _scale(features):
    gap = (features - torch.tensor([0.0, 4.0])).abs()
    return ((gap.mean(1, keepdim=True) - gap) / (gap + 1e-7)).abs().mean()


def test_a_label_moves_by_what_the_modality_is_nearer_to_than_the_whole_is():
    label, whole = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.9, 0.1]])
    assert_close(self_mm.drawn(label, whole, whole), label)
    assert_close(self_mm.drawn(label, torch.tensor([[0.2, 0.8]]), whole), torch.tensor([[0.3, 0.7]]))


def test_the_first_epoch_moves_nothing_and_later_ones_ever_less():
    model, _ = rivals.fresh("self-mm")
    # At the end of an epoch the next one, n, begins: (n - 1) / (n + 1).
    assert [model.keep(n - 1).item() for n in (2, 3, 4)] == pytest.approx([1 / 3, 2 / 4, 3 / 5])


def test_labels_are_kept_and_moved_in_the_published_shares():
    model, batches = rivals.fresh("self-mm")
    model.end_epoch(1, batches)
    before = model.memory.clone()
    model.end_epoch(2, batches)
    with torch.no_grad():
        model.memory, after = before, model.memory
        assert_close(after, before / 2 + model.moved(batches) / 2)


def test_a_head_whose_labels_have_not_moved_is_taught_nothing():
    model, batches = rivals.fresh("self-mm")
    model.loss(next(iter(batches))).backward()
    assert all(head.weight.grad.abs().max() == 0 for head in model.heads)
    model.zero_grad()
    model.end_epoch(1, batches)
    model.loss(next(iter(batches))).backward()
    assert all(head.weight.grad.abs().max() > 0 for head in model.heads)


def test_a_training_may_not_stop_before_its_heads_were_taught():
    model, batches = rivals.fresh("self-mm")
    model.end_epoch(1, batches)
    assert not model.complete()
    model.end_epoch(2, batches)
    assert model.complete()


def test_labels_of_planted_dissenters_move_more_often_than_others():
    shown = rivals.on_planted_conflict(zoo.config_from("self-mm"))
    assert shown.moved_where_it_dissents > 0.3
    assert shown.moved_where_it_agrees < shown.moved_where_it_dissents / 2
