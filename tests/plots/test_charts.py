"""Charts are strings: what matters is what they say and that nothing in them runs."""

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from emoviz.analysis import portrait, summary
from emoviz.app.parts import matrix, ranked
from emoviz.plots import distributions, html, kinds, numbers, winners
from tests.analysis.made import findings as made

EVIL = '"><script>alert(1)</script>'


class Reader(HTMLParser):
    """Notes tags and whether all that opened is closed."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.open.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def sound(text: str) -> list[str]:
    reader = Reader(text)
    assert not reader.open
    assert "script" not in reader.tags
    return reader.tags


@pytest.fixture(scope="module")
def findings():
    return made()


@pytest.fixture
def evil(findings):
    one = portrait.portrait(findings, 0)
    sides = tuple(replace(side, name=EVIL) for side in one.sides)
    pairs = tuple(replace(pair, a=EVIL, b=EVIL) for pair in one.pairs)
    return replace(
        one, labels=(EVIL,) * 3, sides=sides, pairs=pairs, flag=EVIL, group=EVIL, split=EVIL, human_type=EVIL
    )


def test_nothing_from_a_dataset_runs(evil):
    for chart in (distributions.side_by_side(evil), numbers.chips(evil, "people"), numbers.pairs(evil)):
        sound(chart)
        assert "<script" not in chart
    assert "<script" not in distributions.strip(np.array([1.0]), (EVIL,), (EVIL,))


def test_every_emotion_of_every_side_has_its_share(findings):
    one = portrait.portrait(findings, 4)
    chart = distributions.side_by_side(one)
    sound(chart)
    for side in one.sides:
        name = "together" if side.name == "fused" else side.name
        for label, share in zip(one.labels, side.people, strict=True):
            assert f"{name}, {label}: people {html.percent(share)}" in chart


def test_many_emotions_fold_the_small_ones_away(findings):
    one = portrait.portrait(findings, 4)
    many = tuple(f"emotion{k}" for k in range(40))
    given = np.full(40, 0.005)
    given[3] = 1 - given.sum() + 0.005
    sides = tuple(replace(side, people=given) for side in one.sides)
    chart = distributions.side_by_side(replace(one, labels=many, colours=("#000000",) * 40, sides=sides))
    assert "39 more below 4\u00a0%" in chart


def test_the_winners_chart_says_shares_and_intervals(findings):
    found = summary.summary(findings).of_pair("voice", "face")
    chart = winners.bars(found, ("voice", "face"))
    sound(chart)
    assert html.percent(found[0].follows_b.value, 1) in chart
    assert f"{found[0].n:,} samples" in chart


def test_kinds_count_up_to_all(findings):
    (found,) = summary.summary(findings).kinds
    sound(kinds.bars(found))


def test_facts_of_the_overview_have_intervals(findings):
    facts = numbers.overview(summary.summary(findings), "people", ())
    assert facts[0].number == "120"
    assert all("95 %" in fact.note for fact in facts[1:])
    sound(numbers.facts(facts))


def test_the_matrix_colours_by_how_many_and_by_who_wins(findings):
    grid = summary.matrix(findings, "people", "voice", "face")
    for shows in ("count", "winner"):
        told = matrix.payload(grid, shows, ("#111111", "#222222"), ("anger", "joy"))
        cells = [cell for row in told["cells"] for cell in row]
        assert all(0 <= cell["strength"] <= 1 for cell in cells)
        assert sum(cell["n"] for cell in cells) == grid.counts.sum()
        assert told["chosen"] == [0, 1]


def test_the_list_says_what_the_portraits_say(findings):
    found = portrait.portraits(findings, [3, 4])
    told = ranked.payload(found, findings, "people", first=21, selected=np.arange(120) == 4)
    assert [row["rank"] for row in told["rows"]] == [21, 22]
    assert [row["selected"] for row in told["rows"]] == [False, True]
    assert told["rows"][0]["sides"][0]["share"] == pytest.approx(found[0].sides[0].people.max(), abs=1e-3)


def test_shares_are_widths_within_the_chart():
    assert [html.width(value) for value in (0.5, 1.5, -1, float("nan"))] == ["50.0%", "100.0%", "0.0%", "0"]
