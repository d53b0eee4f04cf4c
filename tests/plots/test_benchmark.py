"""Figures of a benchmark show every model, say every number aloud and survive what was not measured."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from emoviz.plots import benchmark

TITLES = ("TiCAL-style", "late fusion", "<b>odd & ends</b>")
COLOURS = benchmark.shades(TITLES)
NAN = float("nan")


def read(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def titles(svg: str) -> list[str]:
    """What the figure says under the mouse."""
    return [element.text for element in read(svg).iter("{http://www.w3.org/2000/svg}title")]


def words(svg: str) -> list[str]:
    return [element.text for element in read(svg).iter("{http://www.w3.org/2000/svg}text")]


def measured(**columns) -> pd.DataFrame:
    return pd.DataFrame({"title": TITLES, "value": [0.8, 0.7, 0.6], "low": [0.75, 0.65, NAN], **columns}).assign(
        high=[0.85, 0.75, NAN]
    )


def test_every_model_has_a_colour_and_the_first_ones_their_own():
    many = benchmark.shades([f"model {i}" for i in range(12)])
    assert len(many) == 12
    assert len(set(many.values())) == len(benchmark.SHADES) + 1


def test_accuracy_by_conflict_names_every_model_and_part():
    table = pd.concat([measured(quantile=q, n=100) for q in (1, 2, 3, 4)])
    svg = benchmark.by_conflict(table, COLOURS, "accuracy")
    assert f"{TITLES[0]}, quarter 3: 0.800, 95 %: 0.750 to 0.850, n = 100" in titles(svg)
    assert f"{TITLES[2]}, quarter 3: 0.600, n = 100" in titles(svg)
    assert set(TITLES) <= set(words(svg))


def test_reliability_says_how_often_each_confidence_is_right():
    table = pd.DataFrame({"title": TITLES[0], "confidence": [0.4, 0.9], "accuracy": [0.3, 0.8], "n": [10, 30]})
    assert f"{TITLES[0]}: of 30 predictions at 90\u00a0%, 80\u00a0% are right" in titles(
        benchmark.reliability(table, COLOURS)
    )


@pytest.mark.parametrize("k", [2, 7, 28])
def test_every_cell_with_samples_is_a_button(k):
    counts = np.arange(k * k).reshape(k, k)
    svg = benchmark.confusion(counts, [f"emotion {i}" for i in range(k)], "late fusion", (0, 1))
    picks = [element.get("data-pick") for element in read(svg).iter() if element.get("data-pick")]
    assert picks == [f"{i},{j}" for i in range(k) for j in range(k) if counts[i, j]]
    assert any(said.startswith("emotion 0 taken for emotion 1: 1 samples") for said in titles(svg))


def test_an_emotion_that_never_occurs_has_an_empty_row():
    svg = benchmark.confusion(np.array([[0, 0], [1, 3]]), ["joy", "fear"], "m")
    assert "fear found: 3 samples, 75\u00a0% of fear" in titles(svg)


def test_every_speaker_has_a_dot():
    table = pd.DataFrame({"title": TITLES[0], "group": ["a", "b", "c"], "value": [0.5, NAN, 0.7], "n": [3, 3, 3]})
    said = titles(benchmark.spread(table, COLOURS, "accuracy"))
    assert f"{TITLES[0]}, group a: 0.500, n = 3" in said
    assert not any("group b" in one for one in said)


def test_a_part_counts_only_beyond_chance():
    table = pd.DataFrame(
        {
            "title": ["without gates", "without typicality", "not run"],
            "difference": [-0.04, 0.01, NAN],
            "low": [-0.05, -0.01, NAN],
            "high": [-0.03, 0.03, NAN],
            "p_holm": [0.002, 0.6, NAN],
        }
    )
    said = titles(benchmark.waterfall(table, "TiCAL-style", "accuracy", higher=True))
    assert [one.rpartition("; ")[2] for one in said] == ["worse without it", "within chance"]
    said = titles(benchmark.waterfall(table, "TiCAL-style", "JSD", higher=False))
    assert said[-1].endswith("better without it")


def test_the_map_is_the_same_pair_from_both_sides():
    table = pd.DataFrame(
        {"title": ["x"], "rival": ["y"], "difference": [0.02], "p_holm": [0.0001], "wins": [4], "losses": [1]}
    )
    said = titles(benchmark.significance(table, ["x", "y"], "accuracy", higher=True))
    assert said == [
        "x is ahead of y by 0.0200, p < .001: sure; wins 4, losses 1 by seed",
        "y is behind x by 0.0200, p < .001: sure; wins 1, losses 4 by seed",
    ]
    said = titles(benchmark.significance(table.assign(p_holm=0.2), ["x", "y"], "JSD", higher=False))
    assert said[0] == "x is behind y by 0.0200, p .200: within chance; wins 4, losses 1 by seed"


def test_every_training_has_a_curve():
    table = pd.DataFrame(
        [(TITLES[0], s, 0, e, 1 / e if e < 3 else NAN) for s in (0, 1) for e in (1, 2, 3)],
        columns=["title", "seed", "part", "epoch", "validation"],
    )
    said = titles(benchmark.curves(table, COLOURS))
    assert said == [f"{TITLES[0]}, seed {seed}, part 0: 0.5000 after 2 epochs" for seed in (0, 1)]


def test_cost_leaves_out_what_was_not_timed():
    table = measured(seconds=[12.0, NAN, 0.0], parameters=[1000, 10, 0])
    said = titles(benchmark.cost(table, COLOURS, "accuracy"))
    assert len(said) == 2
    assert said[0] == f"{TITLES[0]}: 0.800, 95 %: 0.750 to 0.850; 12.0 s, 1,000 parameters"


def test_figures_of_nothing_are_still_figures():
    empty = pd.DataFrame(columns=["title", "seconds", "value", "low", "high", "parameters"], dtype=float)
    read(benchmark.cost(empty, COLOURS, "accuracy"))
    read(benchmark.spread(pd.DataFrame(columns=["title", "group", "value", "n"], dtype=float), COLOURS, "accuracy"))
    read(benchmark.significance(pd.DataFrame(columns=["title", "rival"]), [], "accuracy", higher=True))
    read(benchmark.curves(pd.DataFrame(columns=["title", "seed", "part", "epoch", "validation"], dtype=float), COLOURS))
