import numpy as np
import pandas as pd
import pytest

from emoviz.analysis import slices
from emoviz.analysis.slices import Slice
from tests.analysis.made import findings as made


@pytest.fixture(scope="module")
def findings():
    return made()


def test_an_empty_slice_keeps_all(findings):
    assert slices.chosen(findings, Slice()).all()


def test_people_judged_and_no_model_did(findings):
    assert slices.judges(findings) == ("people",)


@pytest.mark.parametrize(
    "slice_",
    [
        Slice(types=("dominance",)),
        Slice(dissenters=("voice",)),
        Slice(pairs=("voice_face",)),
        Slice(labels=("joy",)),
        Slice(groups=("3", "4")),
        Slice(splits=("test",)),
        Slice(flagged=True),
        Slice(flagged=False),
        Slice(p=0.01),
        Slice(says=(("voice", "joy"), ("face", "calm"))),
        Slice(text="SENTENCE"),
    ],
    ids=str,
)
def test_every_field_narrows_to_some(findings, slice_):
    keep = slices.chosen(findings, slice_)
    assert 0 < keep.sum() < len(keep)


def test_fields_add_up(findings):
    one, other = Slice(splits=("test",)), Slice(labels=("joy",))
    both = slices.chosen(findings, Slice(splits=("test",), labels=("joy",)))
    assert (both == (slices.chosen(findings, one) & slices.chosen(findings, other))).all()


def test_what_the_findings_do_not_know_narrows_to_nothing(findings):
    for slice_ in (
        Slice(by="model", types=("conflict",)),
        Slice(pairs=("nose_ear",)),
        Slice(says=(("voice", "envy"),)),
    ):
        assert not slices.chosen(findings, slice_).any()


def test_search_finds_signs_as_they_are(findings):
    assert slices.chosen(findings, Slice(text="<img src=x")).sum() == 24
    assert slices.chosen(findings, Slice(text=".*")).sum() == 0


def test_modes_are_those_of_the_votes(findings):
    voice = findings.distributions("human", "voice")
    modes = slices.modes(findings, "people", "voice")
    clear = modes >= 0
    assert (voice[clear].argmax(1) == modes[clear]).all()
    assert ((voice == voice.max(1, keepdims=True)).sum(1) > 1)[~clear].all()


def test_the_order_is_that_of_the_column(findings):
    keep = np.ones(len(findings.table), bool)
    rows = slices.ranked(findings, keep, "human_conflict")
    assert findings.table["human_conflict"].iloc[rows].is_monotonic_decreasing
    rows = slices.ranked(findings, keep, "human_conflict", descending=False)
    assert findings.table["human_conflict"].iloc[rows].is_monotonic_increasing


def test_among_equal_conflicts_the_surer_comes_first(findings):
    rows = slices.ranked(findings, np.ones(len(findings.table), bool), "human_conflict")
    ordered = findings.table.iloc[rows]
    for _, equal in ordered.groupby("human_conflict", sort=False):
        assert equal["human_conflict_p_voice_face"].is_monotonic_increasing


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("column", ["label", "flag", "sample_id", "human_dissenter", "text"])
def test_words_are_ordered_and_empty_ones_come_last(findings, column, descending):
    rows = slices.ranked(findings, np.ones(len(findings.table), bool), column, descending)
    values = findings.table[column].iloc[rows].astype(str).tolist()
    known = [value for value in values if value]
    assert values == known + [""] * (len(values) - len(known))
    assert known == sorted(known, reverse=descending)


def test_only_kept_rows_are_ranked(findings):
    keep = np.arange(len(findings.table)) % 2 == 0
    assert sorted(slices.ranked(findings, keep, "human_conflict")) == np.flatnonzero(keep).tolist()


def test_positions_of_what_is_not_among_the_names_are_negative():
    values = pd.Series(pd.Categorical(["b", "", None, "a", "c"], ["a", "b", "c", ""]))
    assert slices.positions(values, ["a", "b"]).tolist() == [1, -1, -1, 0, -1]
