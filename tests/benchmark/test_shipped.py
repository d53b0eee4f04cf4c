"""The benchmark that comes with emoviz is what its plan gives, on the dataset that comes with it."""

from pathlib import Path

import pytest

from emoviz.benchmark import plan, results, scores
from emoviz.data import store

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shipped() -> results.Results:
    return results.load(results.SHIPPED / "simulated")


def test_it_is_there_and_small():
    assert "simulated" in results.names()
    assert sum(path.stat().st_size for path in (results.SHIPPED / "simulated").iterdir()) < 1_500_000


def test_it_was_run_by_its_plan_on_the_shipped_dataset(shipped):
    assert shipped.plan == plan.read(ROOT / "benchmarks" / "plans" / "simulated.toml")
    assert shipped.datasets[0].content_hash == store.info("simulated").content_hash
    assert not shipped.failed
    assert len(shipped.cells) == len(shipped.plan.variants) * len(shipped.plan.seeds)


def test_its_table_is_that_of_its_predictions(shipped):
    (about,) = shipped.datasets
    rows = shipped.tidy[(shipped.tidy["stratum"] == "all")].set_index(["title", "metric"])["value"]
    for variant in shipped.plan.models[:3]:
        answers = shipped.answers(about.title, variant.title)
        for score in (*scores.of_answers(about), *scores.of_conflict(about)):
            assert rows[variant.title, score.name] == pytest.approx(score.each(answers).mean(), rel=1e-4)
