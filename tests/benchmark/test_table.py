"""Tables say what the predictions say, with intervals and paired tests over groups."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy.stats import t, ttest_rel
from sklearn import metrics as sk

from emoviz.benchmark import results, table
from emoviz.measures import metrics

LINEAR, PRIOR = "Soft logistic regression", "Mean distribution"


@pytest.fixture(scope="module")
def written(ran) -> pd.DataFrame:
    return table.table(ran)


def value(rows: pd.DataFrame, **where) -> pd.Series:
    for column, wanted in where.items():
        rows = rows[rows[column] == wanted]
    assert len(rows) == 1
    return rows.iloc[0]


def test_numbers_are_those_of_the_predictions(ran, written):
    rows = ran.predictions
    mine = rows[(rows["dataset"] == "planted") & (rows["title"] == LINEAR)]
    truth, fused = (np.stack(mine[column].to_list()) for column in ("target", "fused"))
    right = truth.argmax(1) == fused.argmax(1)
    by_seed = [sk.f1_score(truth.argmax(1)[s], fused.argmax(1)[s], average="macro") for s in _seeds(mine)]
    found = value(written, dataset="planted", title=LINEAR, stratum="all", metric="accuracy")
    assert found["value"] == pytest.approx(right.mean())
    assert (found["n"], found["groups"], found["seeds"]) == (64, 4, 2)
    assert value(written, dataset="planted", title=LINEAR, stratum="all", metric="f1")["value"] == pytest.approx(
        np.mean(by_seed)
    )
    planted = mine["planted_conflict"].to_numpy() == 1
    for stratum, chosen in (("inconsistent", planted), ("consistent", ~planted), ("planted: dissent", planted)):
        found = value(written, dataset="planted", title=LINEAR, stratum=stratum, metric="accuracy")
        assert found["value"] == pytest.approx(right[chosen].mean())


def _seeds(rows: pd.DataFrame) -> list[np.ndarray]:
    return [(rows["seed"] == seed).to_numpy() for seed in sorted(rows["seed"].unique())]


def test_distributions_are_measured_over_all_folds(ran, written):
    rows = ran.predictions
    mine = rows[(rows["dataset"] == "votes") & (rows["title"] == PRIOR)]
    apart = metrics.jsd_bits(*(np.stack(mine[column].to_list()) for column in ("target", "fused")))
    found = value(written, dataset="votes", title=PRIOR, stratum="all", metric="jsd")
    assert found["value"] == pytest.approx(apart.mean(), abs=1e-6)
    assert found["n"] == 60


def test_intervals_hold_their_value_and_failed_models_have_no_row(written):
    assert (written["low"] <= written["value"] + 1e-9).all()
    assert (written["value"] <= written["high"] + 1e-9).mean() > 0.9  # calibration errors of draws are larger
    assert "nose alone" not in set(written["title"])
    assert set(written.loc[written["of"] != "", "title"]) == {"hardly any weight"}


def test_the_order_of_rows_changes_nothing(ran, tmp_path, written):
    for path in ran.folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    rows = pq.read_table(ran.folder / results.PREDICTIONS)
    order = np.random.default_rng(0).permutation(len(rows))
    pq.write_table(rows.take(order), tmp_path / results.PREDICTIONS)
    pd.testing.assert_frame_equal(table.table(results.load(tmp_path)), written)


def test_copied_labels_are_right_where_nothing_dissents(ran, written):
    training = written[written["stratum"] == table.TRAINING]
    numbers = training[training["title"] == LINEAR].set_index("metric")["value"]
    assert numbers["pseudo"] == numbers["pseudo_copied"]
    assert 0.8 < numbers["pseudo"] < 1
    assert numbers["pseudo_off"] == numbers["pseudo_moved"] == 0


def test_comparisons_are_paired_t_tests_over_groups(ran):
    pairs = table.comparisons(ran, "accuracy")
    found = value(pairs, dataset="planted", title=LINEAR, rival=PRIOR)
    answers = [ran.answers("planted", title) for title in (LINEAR, PRIOR)]
    hits = [np.mean([metrics.hits(a.target.argmax(1), f.argmax(1)) for f in a.fused], 0) for a in answers]
    group = answers[0].group  # each of 16 samples
    means = [pd.Series(h).groupby(group).mean() for h in hits]
    assert found["difference"] == pytest.approx((hits[0] - hits[1]).mean())
    assert found["p"] == pytest.approx(ttest_rel(*means).pvalue)
    assert (found["wins"], found["losses"]) == (2, 0)
    assert found["low"] > 0


def test_what_is_the_same_is_no_difference(ran):
    answers = ran.answers("planted", LINEAR)
    (accuracy,) = [score for score in table.scores.CLASSES if score.name == "accuracy"]
    one = table._stratum("all", np.ones(64, bool), answers).summed(answers, accuracy)
    assert table._p_value(accuracy, one.sums, one.sums) == 1


def test_intervals_of_few_groups_are_as_wide_as_students():
    draws = np.random.default_rng(0).normal(size=200_000) * np.sqrt(7 / 8)  # of the mean of 8 groups
    low, high = table._interval(draws, 8)
    assert (low, high) == pytest.approx((t.ppf(0.025, 7), t.ppf(0.975, 7)), abs=0.05)


def test_holm_corrects_step_by_step():
    np.testing.assert_allclose(table._holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])
    np.testing.assert_allclose(table._holm([0.5, 0.6]), [1, 1])


def test_against_puts_the_named_model_first(ran):
    pairs = table.comparisons(ran, against=PRIOR)
    assert set(pairs["title"]) == {PRIOR}
    assert set(pairs["metric"]) == {"accuracy", "jsd"}


def test_conflict_scores_are_compared_too(ran):
    pairs = table.comparisons(ran, "auroc", against=LINEAR)
    found = value(pairs, dataset="planted", rival=PRIOR)
    assert found["metric"] == "auroc"
    assert found["p"] < 0.05
    assert (pairs[pairs["dataset"] == "votes"]["metric"] == "jsd").all()


def test_accuracy_falls_with_conflict(ran):
    rows = table.by_conflict(ran, "accuracy", 2)
    mine = rows[(rows["dataset"] == "planted") & (rows["title"] == LINEAR)]
    assert list(mine["quantile"]) == [1, 2]
    assert mine["conflict"].is_monotonic_increasing
    assert mine["value"].is_monotonic_decreasing
    assert mine["n"].sum() == 64


def test_reliability_holds_every_answer(ran):
    rows = table.reliability(ran, "planted", LINEAR)
    assert rows["n"].sum() == 2 * 64
    assert ((rows["from"] <= rows["confidence"]) & (rows["confidence"] <= rows["to"])).all()
    assert ((rows["low"] <= rows["accuracy"]) & (rows["accuracy"] <= rows["high"])).all()


def test_cells_of_the_confusion_matrix_know_their_samples(ran):
    rows = table.confusion(ran, "planted", LINEAR)
    assert len(rows) == 9
    assert rows["n"].sum() == 2 * 64
    assert rows.groupby("truth")["share"].sum().to_numpy() == pytest.approx([1, 1, 1])
    wrong = rows[(rows["truth"] != rows["predicted"]) & (rows["n"] > 0)].iloc[0]
    mine = ran.predictions.set_index(["dataset", "title", "sample_id"]).loc[("planted", LINEAR, wrong["sample_ids"][0])]
    names = ran.about("planted").labels
    assert names[int(np.argmax(mine["target"].iloc[0]))] == wrong["truth"]
    assert names[int(np.argmax(mine["fused"].iloc[0]))] == wrong["predicted"]


def test_groups_come_worst_first(ran):
    rows = table.per_group(ran, "planted", LINEAR)
    assert rows["value"].is_monotonic_increasing
    assert rows["n"].sum() == 64
    assert table.per_group(ran, "votes", LINEAR)["value"].is_monotonic_decreasing


def test_an_ablation_is_held_against_its_model(ran, written):
    found = value(table.ablation(ran), dataset="planted")
    for column, title in (("value", "hardly any weight"), ("whole", LINEAR)):
        expected = value(written, dataset="planted", title=title, stratum="all", metric="accuracy")["value"]
        assert found[column] == pytest.approx(expected)
    assert found["difference"] == pytest.approx(found["value"] - found["whole"])


def test_costs_curves_and_failures(ran):
    costs = table.costs(ran)
    assert value(costs, dataset="votes", title="nose alone")["failed"] == 6
    assert value(costs, dataset="votes", title="Early fusion")["pace"] > 0
    assert np.isnan(value(costs, dataset="votes", title=PRIOR)["pace"])
    curves = table.curves(ran)
    assert set(curves["title"]) == {"Early fusion"}
    assert curves["validation"].isna().any()
    assert len(table.failures(ran)) == 8


def test_more_groups_than_blocks_are_joined():
    stratum = table._stratum("all", np.ones(900, bool), _alone(900))
    assert (stratum.groups, stratum.blocks) == (900, 200)
    assert set(np.bincount(stratum.member)) == {4, 5}


def _alone(n: int) -> results.Answers:
    nothing = {field: np.zeros(0) for field in results.Answers.__dataclass_fields__}
    return results.Answers(**nothing | {"group": np.arange(n).astype(str)})
