"""Who is typical, judged by anchors that are never the judged."""

import pytest
import torch
from torch.testing import assert_close

from emoviz.models.anchors import AnchorBank
from emoviz.models.space import Space

BALL = Space("hyperbolic", 1.0, 2.0)


def filled(n=30, size=8, share=1.0, space=BALL, keys=None, labels=3, right=True, spread=0.2):
    """Three clusters on the ball, one side."""
    generator = torch.Generator().manual_seed(0)
    label = torch.arange(n) % labels
    directions = torch.nn.functional.normalize(torch.randn(labels, 4, generator=generator), dim=1)
    points = space.point(directions[label] + spread * torch.randn(n, 4, generator=generator))
    q = torch.full((n, labels), 0.1)
    shown = label if right else (label + 1) % labels
    q[torch.arange(n), shown] = 0.5 + 0.4 * torch.rand(n, generator=generator)
    q = q / q.sum(1, keepdim=True)
    keys = torch.arange(n) if keys is None else keys
    bank = AnchorBank(1, labels, size, 4, space)
    bank.fill(points[None], q[None], label, keys[None], torch.ones(1, n, dtype=torch.bool), share)
    return bank, points, label, keys, q


def typicality(bank, points, label, keys, rule="prototype"):
    return bank.typicality(points[None], label[None], keys[None], rule, slice(None))[0]


def test_every_label_gets_its_own_anchors_and_no_more_than_asked():
    bank, *_ = filled(size=8)
    assert (bank.weights > 0).sum(-1).tolist() == [[8, 8, 8]]


@pytest.mark.parametrize("rule", ["prototype", "conformal", "knn"])
def test_a_point_among_the_anchors_is_more_typical_than_one_far_away(rule):
    bank, points, label, keys, _ = filled()
    near = typicality(bank, points, label, keys, rule).mean()
    far = typicality(bank, points, (label + 1) % 3, keys, rule).mean()
    assert 0 < far < 0.2 < near <= 1


def test_the_median_anchor_is_fully_typical():
    bank, points, label, *_ = filled(n=60, size=20)
    others = torch.arange(1000, 1060)
    assert (typicality(bank, points, label, others) == 1).float().mean() > 0.4


def test_a_sample_does_not_vouch_for_itself():
    # An outlier that is an anchor widens its own class unless it is left out.
    bank, points, label, *_ = filled(n=9, size=3)
    bank.points[0, 0, 0] = BALL.point(-5 * points[0])
    bank.keys[0, 0, 0] = 777
    outlier, stranger = torch.tensor([777]), torch.tensor([778])
    alone = typicality(bank, bank.points[0, 0, :1], label[:1], outlier)
    assert alone < typicality(bank, bank.points[0, 0, :1], label[:1], stranger)


def test_samples_with_the_same_input_are_left_out_together():
    keys = torch.arange(30) // 6 * 100
    bank, *_ = filled(keys=keys)
    used = bank.keys[bank.weights > 0]
    per_label = [bank.keys[0, k][bank.weights[0, k] > 0].tolist() for k in range(3)]
    assert len(used) and all(len(set(seen)) == len(seen) for seen in per_label)


def test_identical_anchors_still_have_a_width():
    bank, points, label, *_ = filled(spread=0.0)
    assert (bank.scales > 0).all()
    assert typicality(bank, points, label, torch.arange(100, 130)).isfinite().all()


def test_a_label_that_is_never_recognised_falls_back_to_all_its_samples():
    bank, *_ = filled(right=False)
    assert (bank.weights > 0).any(-1).all()


def test_a_label_without_samples_rests_at_the_origin():
    bank = AnchorBank(1, 3, 4, 2, BALL)
    points = BALL.point(torch.randn(1, 5, 2))
    q = torch.tensor([[0.8, 0.1, 0.1]]).expand(1, 5, 3)
    bank.fill(
        points, q, torch.zeros(5, dtype=torch.long), torch.arange(5)[None], torch.ones(1, 5, dtype=torch.bool), 1.0
    )
    assert_close(bank.prototypes[0, 1:], torch.zeros(2, 2))
    assert (
        bank.typicality(points, torch.ones(1, 5, dtype=torch.long), torch.arange(5)[None], "prototype", slice(None))
        .isfinite()
        .all()
    )


def test_nobody_is_judged_before_there_are_anchors():
    bank = AnchorBank(1, 3, 4, 2, BALL)
    assert (
        bank.typicality(
            torch.zeros(1, 5, 2), torch.zeros(1, 5, dtype=torch.long), torch.zeros(1, 5), "knn", slice(None)
        )
        == 1
    ).all()


def test_the_most_confident_share_is_what_enters():
    bank, _, label, _, q = filled(n=300, size=5, share=0.1)
    confidence = q.max(1).values[label == 0]
    assert bank.weights[0, 0].min() >= confidence.quantile(0.88)
