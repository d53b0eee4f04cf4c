"""One table in four forms: the same numbers in each, and nothing in it runs."""

import io

import numpy as np
import pandas as pd
import pytest

from emoviz.app.parts import scores as part
from emoviz.plots import scores
from emoviz.plots.scores import Column

NAN = float("nan")
COLUMNS = (
    Column("accuracy", "Accuracy", "Share of the labels that were found."),
    Column("jsd", "JSD", "How far the distributions are apart.", higher=False),
    Column("seconds", "Seconds", "Of training.", higher=None, digits=1),
    Column("never", "Never", "Not measured."),
)


@pytest.fixture
def given() -> scores.Scores:
    table = pd.DataFrame(
        [
            ("a_b", "accuracy", 0.81234, 0.8, 0.83),
            ("a_b", "jsd", 0.2, 0.1, 0.3),
            ("=c & d", "accuracy", 0.7, 0.6, 0.75),
            ("=c & d", "jsd", 0.19, 0.1, 0.3),
            ("=c & d", "seconds", -12.0, NAN, NAN),
        ],
        columns=["title", "metric", "value", "low", "high"],
    )
    return scores.scores(table, ("a_b", "=c & d", "failed"), COLUMNS)


def test_metrics_that_nobody_has_are_left_out(given):
    assert [column.name for column in given.columns] == ["accuracy", "jsd", "seconds"]
    assert given.values.shape == (3, 3)
    assert np.isnan(given.values[2]).all()


def test_the_best_is_the_highest_or_the_lowest_as_shown(given):
    assert given.best.tolist() == [[True, False, False], [False, True, False], [False, False, False]]


def test_what_looks_equal_is_equally_good():
    values = np.array([[0.81232], [0.81229]])
    assert scores.Scores(("a", "b"), COLUMNS[:1], values, values, values).best.all()


def test_a_spreadsheet_has_every_number_and_no_formula(given):
    read = pd.read_csv(io.BytesIO(scores.csv(given)))
    assert list(read["model"]) == ["a_b", "'=c & d", "failed"]
    assert read["Accuracy"][0] == 0.81234
    assert read["JSD low"][1] == 0.1


def test_markdown_has_a_cell_for_every_number(given):
    lines = scores.markdown(given).splitlines()
    assert lines[0] == "| model | Accuracy ↑ | JSD ↓ | Seconds |"
    assert lines[2] == r"| a\_b | **0.812** [0.800, 0.830] | 0.200 [0.100, 0.300] | – |"
    assert {line.count(" | ") + line.count("---:|") for line in lines} == {3}


def test_latex_is_a_table_that_latex_can_set(given):
    told = scores.latex(given, "100 % of it_all")
    assert r"\caption{100 \% of it\_all}" in told
    assert r"a\_b & \textbf{0.812} & 0.200 & -- \\" in told
    assert r"=c \& d & 0.700 & \textbf{0.190} & $-$12.0 \\" in told
    assert told.count("{") == told.count("}")
    assert told.count(r"\begin") == told.count(r"\end")
    assert scores.tex("\\input{x}") == r"\textbackslash{}input\{x\}"


def test_the_page_is_told_what_the_table_says(given):
    told = part.payload(given, {"a_b": "#123456"}, {"failed": "no answer"}, "all")
    assert [head["title"] for head in told["heads"]] == ["model", "Accuracy", "JSD", "Seconds"]
    assert told["heads"][2]["help"] == "How far the distributions are apart. Lower is better."
    first, second, failed = told["rows"]
    assert first["cells"][0] == {
        "text": "0.812",
        "sure": "0.800 to 0.830",
        "said": "a_b, Accuracy: 0.8123, 95 %: 0.800 to 0.830",
        "value": 0.81234,
        "best": True,
        "at": [87.0, 92.3, 100.0],
    }
    assert second["cells"][2]["text"] == "−12.0" and second["cells"][2]["at"] is None
    assert failed["note"] == "no answer" and failed["cells"][0]["value"] is None
