"""Labels that move towards what the head names, and the pace at which they may, as CMC sets it."""

import math

import pytest
import torch
from torch.testing import assert_close

from emoviz.models import zoo
from emoviz.models.baselines import cmc
from tests.models.baselines import rivals


def test_a_label_moves_by_how_much_nearer_the_answer_is_to_another():
    label = torch.tensor([1.0, 0.0])
    # Distances 0.8 sqrt 2 to the label and 0.2 sqrt 2 to the other: (0.8 - 0.2) / (0.8 + 0.2) of the way.
    assert_close(cmc.drawn(label, torch.tensor([0.2, 0.8])), torch.tensor([0.4, 0.6]))


def test_an_answer_that_names_the_label_leaves_it():
    label = torch.tensor([[1.0, 0.0, 0.0]])
    assert_close(cmc.drawn(label, torch.tensor([[0.5, 0.3, 0.2]])), label)


def test_text_moves_faster_and_all_move_ever_less():
    model, _ = rivals.fresh("cmc", modalities=("voice", "text"))
    assert_close(model.keep(1).squeeze(1), torch.tensor([0.99, 0.8]))
    assert_close(model.keep(4).squeeze(1), torch.tensor([0.995, 0.9]))


def test_after_a_hundred_epochs_most_of_a_face_s_first_label_is_left():
    model, _ = rivals.fresh("cmc")
    assert math.prod(model.keep(n)[0].item() for n in range(1, 101)) == pytest.approx(0.83, abs=0.005)


def test_classes_are_taught_by_the_largest_alone_and_distributions_as_they_are():
    labels = torch.tensor([[[0.6, 0.3, 0.1]]])
    assert_close(rivals.fresh("cmc")[0].hardened(labels), torch.tensor([[[1.0, 0.0, 0.0]]]))
    assert_close(rivals.fresh("cmc", target="votes")[0].hardened(labels), labels)


def test_a_modality_that_is_missing_has_no_say_in_the_whole():
    model, batches = rivals.fresh("cmc", missing=0.3)
    batch = next(iter(batches))
    alone = batch.present["face"] & ~batch.present["voice"]
    with torch.inference_mode():
        encoded = model.eval().encoded(batch)
        # With one voice there is nothing to mix, and its expert speaks for all.
        expected = model.heads[0](encoded[0]).softmax(-1)
        assert_close(model(batch).fused[alone], expected[alone])


def test_labels_of_planted_dissenters_move_more_often_than_others():
    shown = rivals.on_planted_conflict(zoo.config_from("cmc", ["momentum=0.8"]))
    assert shown.moved_where_it_dissents > 0.3
    assert shown.moved_where_it_agrees < shown.moved_where_it_dissents / 3
