"""Simulated raters: votes without names, and the two causes of a mixed label."""

from itertools import permutations

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from emoviz.data.dataset import Annotation
from emoviz.models.baselines.raters import dealt, matched
from tests import planted, tiny

EMOTIONS = ("anger", "sadness", "happiness", "fear")


def test_shares_are_dealt_out_as_whole_votes_by_largest_remainders():
    shares = torch.tensor([[1.0, 0, 0], [0.5, 0.5, 0], [0.4, 0.35, 0.25], [0, 0.1, 0.9]])
    votes = dealt(shares, 4)
    assert [torch.bincount(row, minlength=3).tolist() for row in votes] == [[4, 0, 0], [2, 2, 0], [2, 1, 1], [0, 0, 4]]


def test_raters_meet_the_votes_that_suit_them_best():
    generator = torch.Generator().manual_seed(0)
    said = torch.randn(4, 5, 3, generator=generator).log_softmax(-1)
    votes = torch.randint(3, (5, 4), generator=generator)
    for b in range(5):
        best = min(-sum(said[r, b, votes[b, v]] for r, v in enumerate(order)) for order in permutations(range(4)))
        assert_close(matched(said, votes)[b], best / 4)


def test_the_order_of_the_votes_does_not_matter():
    said, votes = torch.randn(4, 6, 3).log_softmax(-1), torch.randint(3, (6, 4))
    assert_close(matched(said, votes), matched(said, votes.flip(1)))


@pytest.fixture(scope="module")
def two_causes():
    """Clear samples, samples in which both modalities show two emotions at once, and samples in which each shows one.

    People's votes are mixed alike in the last two.
    """
    generator = np.random.default_rng(0)
    n = 400
    first = generator.integers(0, 4, n)
    second = (first + generator.integers(1, 4, n)) % 4
    kind = generator.choice(["clear", "ambiguous", "conflict"], n, p=[0.5, 0.25, 0.25])
    directions = np.random.default_rng(1).normal(size=(2, 4, 6)) * 1.5
    face, voice = directions[0][first], directions[1][np.where(kind == "conflict", second, first)]
    blend = (directions[:, first] + directions[:, second]) / 2
    blended = (kind == "ambiguous")[:, None]
    features = {"face": np.where(blended, blend[0], face), "voice": np.where(blended, blend[1], voice)}
    votes = 4.0 * (np.eye(4)[first] + np.eye(4)[np.where(kind == "clear", first, second)])
    noise = {name: x + 0.3 * generator.normal(size=x.shape) for name, x in features.items()}
    return planted.dataset(noise, EMOTIONS, Annotation("votes", votes)), kind


@pytest.fixture(scope="module")
def why(two_causes):
    """Mean ambiguity and conflict of each kind of sample, with and without matched raters."""
    made, kind = two_causes

    def means(*settings):
        model, samples = planted.trained(made, "raters", "raters=4", *settings)
        with torch.inference_mode():
            doubts = model.doubts(samples.batch(torch.arange(len(made))))
        return {
            k: (doubts.ambiguity[kind == k].mean().item(), doubts.conflict[kind == k].mean().item()) for k in set(kind)
        }

    return means(), means("matching=0")


def test_raters_differ_where_the_sample_is_ambiguous_and_modalities_where_they_conflict(why):
    matched_ones, _ = why
    ambiguity, conflict = ({k: pair[i] for k, pair in matched_ones.items()} for i in (0, 1))
    assert ambiguity["ambiguous"] > 2 * max(ambiguity["conflict"], ambiguity["clear"])
    assert conflict["conflict"] > 5 * max(conflict["ambiguous"], conflict["clear"])


def test_it_is_the_matching_that_makes_raters_differ(why):
    matched_ones, averaged = why
    assert matched_ones["ambiguous"][0] > 1.5 * averaged["ambiguous"][0]


def test_ambiguity_and_conflict_add_up_to_how_far_all_answers_differ():
    model, samples = planted.trained(
        tiny.dataset(target="votes", missing=0.3), "raters", "raters=3", "width=8", "epochs=1"
    )
    batch = samples.batch(torch.arange(60))
    with torch.inference_mode():
        doubts, said = model.doubts(batch), model.alone(model.encoded(batch)).exp()
    both = torch.stack(list(batch.present.values())).all(0)
    assert both.any() and doubts.total[~both].isnan().all()
    every = said[:, :, both].flatten(0, 1)
    entropy = torch.special.entr(every).sum(-1).mean(0)
    assert_close(doubts.total[both], torch.special.entr(every.mean(0)).sum(-1) - entropy, rtol=1e-3, atol=1e-5)
    assert (doubts.ambiguity[both] >= -1e-5).all() and (doubts.conflict[both] >= -1e-5).all()
