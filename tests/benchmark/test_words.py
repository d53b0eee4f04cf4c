"""The sentence on top says what is proven, and what is not."""

from dataclasses import replace

import pandas as pd
import pytest

from emoviz.benchmark import results, table, words
from emoviz.benchmark.plan import Claim


@pytest.fixture(scope="module")
def said(ran) -> str:
    return "\n".join(words.proven(ran))


def test_it_names_the_best_and_whom_it_beats(said):
    assert "has the best accuracy" in said
    assert "planted (64 samples of 4 groups that no model had seen)" in said
    assert "With 4 tested groups, only large differences can be proven." in said


def test_only_what_is_far_behind_is_proven_to_be_worse(said):
    assert "Proven after correction for 3 comparisons: it is ahead of Mean distribution." in said
    assert "Not proven: that it is better than Early fusion." in said


def test_it_says_what_numbers_rest_on_and_what_failed(said):
    assert "mean of 2 trainings" in said
    assert "nothing about real people" in said
    assert "8 of 40 trainings failed" in said


def test_what_is_proven_is_told_apart_from_what_is_not(ran, monkeypatch):
    rows = table.comparisons(ran)
    early, others = "Early fusion", ("Soft logistic regression", "Mean distribution")
    best = next(line.split("): ")[1].split(" has")[0] for line in words.proven(ran))
    beaten = next(title for title in (early, *others) if title != best)
    told = rows.assign(better=[best if {row.title, row.rival} == {best, beaten} else "" for row in rows.itertuples()])
    monkeypatch.setattr(table, "comparisons", lambda *_, **__: told)
    said = words.proven(ran)
    assert f"Proven after correction for 3 comparisons: it is ahead of {beaten}." in said
    assert any(line.startswith("Not proven: that it is better than") for line in said)


def test_a_claim_is_corrected_for_its_own_comparisons_and_told_what_became_of_it(ran):
    prior, linear, early = "Mean distribution", "Soft logistic regression", "Early fusion"
    claims = (Claim(linear, (prior,)), Claim(prior, (linear, early)), Claim(linear, (early,), "nowhere"))
    claiming = replace(ran, plan=replace(ran.plan, claims=claims))
    rows = table.claimed(claiming)
    first = rows[(rows["dataset"] == "planted") & (rows["claim"] == 0)]
    assert first["p_holm"].item() == first["p"].item()
    assert set(rows["claim"]) == {0, 1}
    said = "\n".join(words.proven(claiming))
    assert f"that {linear} is ahead (accuracy): proven against {prior}." in said
    assert f"that {prior} is ahead (accuracy): " in said and f"refuted by {linear}" in said
    assert "nowhere): not tested" in said
    assert "## What the plan claims" in words.page(claiming, ran.tidy)


def test_claims_are_kept_with_the_results(ran, tmp_path):
    claims = (Claim("Mean distribution", ("Early fusion",), "inconsistent", "uar"),)
    (tmp_path / "predictions.parquet").write_bytes((ran.folder / "predictions.parquet").read_bytes())
    results.write(replace(ran, folder=tmp_path, plan=replace(ran.plan, claims=claims)))
    assert results.load(tmp_path).plan.claims == claims


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.8431, ".843"), (-0.0021, "-.002"), (1.0, "1.000"), (12.345, "12.3"), (float("nan"), ""), (0.9999, "1.000")],
)
def test_numbers_are_short(value, shown):
    assert words.number(value) == shown


def test_many_names_are_counted():
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.listed(["a", "b", "c", "d", "e", "f"]) == "a, b, c, d and 2 more"


def test_the_page_holds_every_model_and_reason(ran):
    page = (ran.folder / "table.md").read_text()
    assert page == words.page(replace(ran), ran.tidy) or "## planted" in page
    assert "| Soft logistic regression: hardly any weight |" in page
    assert "| planted | Soft logistic regression | hardly any weight | accuracy | " in page
    assert "nose alone on planted, 2x: " in page
    assert "nan" not in page
    assert isinstance(ran.tidy, pd.DataFrame)
