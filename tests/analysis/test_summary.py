from dataclasses import replace

import numpy as np
import pytest

from emoviz.analysis import slices, summary
from tests.analysis.made import findings as made


@pytest.fixture(scope="module")
def findings():
    return made()


@pytest.fixture(scope="module")
def total(findings):
    return summary.summary(findings)


def test_the_count_is_that_of_the_column(findings, total):
    found = total.disagreement("people")
    assert found.count == (findings.table["human_conflict_q_voice_face"] <= 0.05).sum()
    assert found.judged == 120
    assert found.share.low < found.count / 120 < found.share.high


def test_planted_conflicts_are_won_by_the_face(total):
    (found,) = total.winners
    assert found.follows_b.value > 0.8
    assert found.follows_a.value + found.follows_b.value + found.neither.value == pytest.approx(1)
    assert found.n == found.follows_a.n


def test_the_matrix_counts_every_clear_pair_once(findings, total):
    grid = total.matrix("people", "voice", "face")
    voice, face = (slices.modes(findings, "people", side) for side in ("voice", "face"))
    assert grid.counts.sum() == ((voice >= 0) & (face >= 0)).sum()
    assert (grid.beyond <= grid.counts).all()
    assert (grid.follows_a + grid.follows_b - np.diag(np.diag(grid.follows_b)) <= grid.clear).all()


def test_a_cell_selects_what_it_counts(findings, total):
    grid = total.matrix("people", "voice", "face")
    for i, first in enumerate(grid.labels):
        for j, second in enumerate(grid.labels):
            rows = summary.cell(findings, "people", "voice", first, "face", second)
            assert rows.sum() == grid.counts[i, j]


def test_kinds_cover_every_sample(total):
    (found,) = total.kinds
    assert sum(found.counts.values()) == 120


def test_in_sample_rows_do_not_speak_for_a_model(findings):
    table = findings.table.assign(fold=np.where(np.arange(120) < 30, -2, 0), conflict=0.9, conflict_voice_face=0.9)
    for side in ("voice", "face", "fused"):
        for label in findings.meta.label_names:
            table[f"predicted_{side}_{label}"] = findings.table[f"human_{side}_{label}"]
    both = replace(findings, table=table, meta=replace(findings.meta, floors={"voice_face": 0.2}))
    found = summary.disagreement(both, "model")
    assert (found.count, found.judged) == (90, 90)
    assert summary.matrix(both, "model", "voice", "face").counts.sum() == 90
    assert summary.disagreement(both, "people").judged == 120


def test_modalities_that_never_differ_have_no_winner(findings):
    table = findings.table.assign(human_label_face=findings.table["human_label_voice"])
    assert summary.winner(replace(findings, table=table), "people", "voice", "face") is None
