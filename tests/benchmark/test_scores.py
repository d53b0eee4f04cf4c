"""Sums of groups give the metrics of samples, whatever their order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn import metrics as sk

from emoviz.benchmark import scores
from emoviz.benchmark.results import About, Answers
from emoviz.measures import metrics
from tests.strategies import SEEDS

ABOUT = About(
    "x",
    "x",
    "",
    False,
    ("a", "b", "c"),
    ("#000000",) * 3,
    ("face", "voice"),
    "distribution",
    9,
    9,
    5,
    True,
    "people",
    True,
)


def answers(seed: int, n: int = 60, sharp: bool = False) -> Answers:
    """Anything that two trainings could have said; with zeros and ties."""
    draw = np.random.default_rng(seed)
    target = np.eye(3)[draw.integers(0, 3, n)] if sharp else draw.dirichlet(np.ones(3), n).round(1)
    target = np.where(target.sum(1, keepdims=True) > 0, target / target.sum(1, keepdims=True), 1 / 3)
    fused = draw.dirichlet(np.ones(3), (2, n))
    fused[0, 0] = (1, 0, 0)
    return Answers(
        sample_id=np.arange(n).astype(str),
        group=draw.integers(0, 5, n).astype(str),
        target=target,
        fused=fused,
        said=draw.dirichlet(np.ones(3), (2, 2, n)),
        conflict=draw.random((2, n)).round(1),
        dissenter=draw.integers(-1, 2, (2, n)),
        kind=np.where(np.arange(n) % 2, "agree", "dissent"),
        planted=(np.arange(n) % 2 == 0).astype(float),
        planted_dissenter=np.where(np.arange(n) % 2 == 0, draw.integers(0, 2, n), -1),
        shown=draw.integers(0, 3, (2, n)),
        reference=draw.random(n),
        observer=np.full(n, np.nan),
        trainings=np.array([[0, 0], [1, 0]]),
    )


EVERY = (*scores.of_answers(ABOUT), *scores.of_conflict(ABOUT))


@pytest.mark.parametrize("score", EVERY, ids=lambda score: score.name)
@given(seed=SEEDS)
def test_groups_add_up_to_the_whole_in_any_order(score, seed):
    found = answers(seed)
    member = np.unique(found.group, return_inverse=True)[1]
    whole = score.each(found)
    np.testing.assert_allclose(score.value(score.sums(found, member, member.max() + 1).sum(1)), whole)
    order = np.random.default_rng(seed).permutation(len(member))
    np.testing.assert_allclose(score.each(scores.take(found, order)), whole)


def test_each_is_the_metric_of_scikit_learn_and_scipy():
    found = answers(3, sharp=True)
    truth, predicted, p = found.target.argmax(1), found.fused[1].argmax(1), found.fused[1]
    expected = {
        "accuracy": sk.accuracy_score(truth, predicted),
        "uar": sk.balanced_accuracy_score(truth, predicted),
        "f1": sk.f1_score(truth, predicted, average="macro"),
        "f1_weighted": sk.f1_score(truth, predicted, average="weighted"),
        "brier": ((np.eye(3)[truth] - p) ** 2).sum(1).mean(),
        "ece": metrics.ece(truth, p),
        "jsd": metrics.jsd_bits(found.target, p).mean(),
        "kl": -np.log(p[np.arange(60), truth]).mean(),
        "auroc": sk.roc_auc_score(found.planted, found.conflict[1]),
        "average_precision": sk.average_precision_score(found.planted, found.conflict[1]),
        "spearman": spearmanr(found.conflict[1], found.reference).statistic,
        "dissenter": (found.dissenter[1] == found.planted_dissenter)[found.planted_dissenter >= 0].mean(),
    }
    measured = {score.name: score.each(found)[1] for score in EVERY}
    assert {name: measured[name] for name in expected} == pytest.approx(expected)


def test_mass_is_counted_where_all_modalities_differ():
    found = answers(5, sharp=True)
    found.shown[0, :10] = -1  # nobody knows what these faces show
    differ = (found.shown[0] != found.shown[1]) & (found.shown >= 0).all(0)
    expected = found.fused[0][np.arange(60), found.shown[1]][differ].mean()
    (score,) = [score for score in EVERY if score.name == "mass_voice"]
    assert score.each(found)[0] == pytest.approx(expected)


def test_missing_scores_are_left_out():
    found = answers(1)
    found.conflict[:, :10] = np.nan
    (auroc,) = [score for score in EVERY if score.name == "auroc"]
    assert auroc.each(found)[0] == pytest.approx(metrics.auroc(found.planted[10:], found.conflict[0, 10:]))


@given(st.integers(2, 40))
def test_many_scores_are_joined_to_bins_that_hardly_change_the_area(groups):
    found = answers(2, 4000)
    found.conflict[:] = np.random.default_rng(groups).random((2, 4000)) + 0.2 * found.planted
    (auroc,) = [score for score in EVERY if score.name == "auroc"]
    member = np.arange(4000) % groups
    binned = auroc.value(auroc.sums(found, member, groups).sum(1))
    np.testing.assert_allclose(binned, auroc.each(found), atol=2e-4)


def test_a_gain_is_for_the_better():
    by_name = {score.name: score for score in EVERY}
    assert by_name["jsd"].gain(0.1) == -0.1
    assert by_name["accuracy"].gain(0.1) == 0.1


def test_a_metric_that_means_nothing_for_a_dataset_gives_way_to_its_chief_one():
    assert scores.named("auroc", ABOUT).name == "auroc"
    assert scores.named("mae", ABOUT).name == "jsd"


def test_every_metric_says_what_it_means():
    for metric in scores.legend(ABOUT):
        assert metric.meaning.endswith(".")
        assert metric.title
