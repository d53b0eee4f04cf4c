from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoviz.analysis import portrait, summary, words
from tests.analysis.made import findings as made


@pytest.fixture(scope="module")
def findings():
    return made()


def test_the_first_sentence_has_count_and_share(findings):
    total = summary.summary(findings)
    sentence = words.headline(total, "people", ("voice", "face"))
    count = total.disagreement("people").count
    assert f"**{count} of 120 samples ({100 * count / 120:.1f}\u00a0%)**" in sentence
    assert "people given only the voice and people given only the face" in sentence


def test_without_judges_the_first_sentence_says_so(findings):
    sentence = words.headline(summary.summary(findings), None, ("voice", "face", "text"))
    assert sentence.startswith("Nobody has judged voice, face and text one at a time")


def test_a_sample_is_told_side_by_side(findings):
    row = int(findings.table["human_conflict"].argmax())
    one = portrait.portrait(findings, row)
    sentence = words.sample(one, "people")
    assert "the **voice** alone says" in sentence and "the **face** alone says" in sentence
    assert one.human_type.capitalize() in sentence


def test_a_tie_is_undecided(findings):
    one = portrait.portrait(findings, 0)
    voice = replace(one.sides[0], people=one.sides[0].people * 0 + 1 / 3)
    sentence = words.sample(replace(one, sides=(voice, *one.sides[1:])), "people")
    assert "the **voice** alone is undecided" in sentence


def test_what_nobody_judged_is_said(findings):
    one = portrait.portrait(findings, 0)
    bare = replace(one, sides=tuple(replace(side, people=None) for side in one.sides))
    assert words.sample(bare, "people") == "Nobody was asked about its modalities one at a time."


@given(st.text(max_size=40))
def test_plain_text_keeps_its_letters(text):
    assert words.plain(text).replace("\\", "") == text.replace("\\", "")


def test_plain_text_has_no_live_signs():
    assert words.plain("**a** <b> [c](d) $e$") == r"\*\*a\*\* \<b\> \[c\](d\) \$e\$".replace("](d", r"]\(d")


def test_lists_read_as_lists():
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b", "c"]) == "a, b and c"


def test_time_left_reads_as_time():
    assert words.seconds(None) == "time left unknown"
    assert words.seconds(0.2) == "about 1 s left"
    assert words.seconds(600) == "about 10 min left"
    assert words.seconds(10_000) == "about 2.8 h left"
