"""One row a sample: the human columns from votes, and what is kept."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from emoviz.analysis import findings
from emoviz.data.dataset import FUSED, Annotation, Dataset, Label
from emoviz.errors import DatasetError
from emoviz.progress import finish

ROOT = Path(__file__).parents[2]
LABELS = tuple(
    Label(name, colour, valence) for name, colour, valence in [("joy", "#e69f00", 1.0), ("fear", "#0072b2", -1.0)]
)


def votes(**sides) -> Dataset:
    annotations = {side: Annotation("votes", np.array(rows, float)) for side, rows in sides.items()}
    n = len(next(iter(annotations.values())).values)
    samples = pd.DataFrame(
        {"sample_id": [f"s{i}" for i in range(n)], "group": "g", "split": "", "flag": "", "text": ""}
    )
    modalities = tuple(side for side in sides if side != FUSED)
    return Dataset(
        "toy", "Toy", "", "none", "here", False, LABELS, modalities, samples, annotations, content_hash="0" * 64
    )


def test_a_clear_disagreement_is_found_and_named():
    table = findings.analyze(votes(voice=[[9, 0], [9, 0]], face=[[0, 9], [9, 0]], fused=[[1, 9], [9, 0]])).table
    assert_allclose(table["human_conflict_voice_face"], [1, 0])
    assert table["human_conflict_q_voice_face"][0] < 0.001
    assert table["human_conflict_excess_voice_face"][0] > 0.8
    assert list(table["human_type"]) == ["dominance", "agreement"]
    assert list(table["human_dissenter"]) == ["voice", ""]
    assert list(table["label"]) == ["fear", "joy"]


def test_a_tie_has_no_label():
    table = findings.analyze(votes(voice=[[1, 1]], face=[[2, 1]], fused=[[3, 3]])).table
    assert table["label"][0] == ""
    assert table["human_label_voice"][0] == ""
    assert table["human_label_face"][0] == "joy"


def test_a_side_nobody_judged_is_missing_and_the_rest_goes_on():
    table = findings.analyze(votes(voice=[[0, 0], [9, 0]], face=[[9, 0], [0, 9]], fused=[[9, 0], [0, 9]])).table
    assert np.isnan(table["human_conflict"][0])
    assert table["human_conflict"][1] == 1
    assert table["human_type"][0] == "unclear"


def test_findings_come_back_as_they_were_written(tmp_path):
    found = findings.analyze(votes(voice=[[9, 0]], face=[[0, 9]], fused=[[1, 9]]))
    findings.write(found, tmp_path / "f.parquet")
    again = findings.read(tmp_path / "f.parquet")
    pd.testing.assert_frame_equal(again.table, found.table)
    assert again.meta == found.meta or str(again.meta) == str(found.meta)  # NaN is not equal to itself
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["f.parquet"]


def test_text_that_a_spreadsheet_would_run_is_made_harmless(tmp_path):
    dataset = votes(voice=[[9, 0]], face=[[0, 9]], fused=[[1, 9]])
    dataset.samples["text"] = "=cmd|' /C calc'!A0"
    findings.write(findings.analyze(dataset), tmp_path / "f.csv")
    assert pd.read_csv(tmp_path / "f.csv")["text"][0].startswith("'=")


@pytest.mark.parametrize("name", ["f.xlsx", "f", "nowhere/f.parquet"])
def test_a_path_that_cannot_be_written_is_a_sentence(tmp_path, name):
    found = findings.analyze(votes(voice=[[9, 0]], face=[[0, 9]], fused=[[1, 9]]))
    with pytest.raises(DatasetError):
        findings.write(found, tmp_path / name)


def test_a_file_without_findings_is_a_sentence(tmp_path):
    (tmp_path / "f.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DatasetError, match="holds no findings"):
        findings.read(tmp_path / "f.parquet")


def test_kept_findings_are_computed_once(own_workspace):
    dataset = votes(voice=[[9, 0]], face=[[0, 9]], fused=[[1, 9]])
    first = finish(findings.kept(dataset))
    (path,) = (own_workspace / "findings").glob("*.parquet")
    before = path.stat().st_mtime_ns
    second = finish(findings.kept(dataset))
    assert path.stat().st_mtime_ns == before
    pd.testing.assert_frame_equal(first.table, second.table)


def documented(column: str, meta: findings.FindingsMeta) -> bool:
    parts = {
        "{s}": "|".join(meta.sides),
        "{a}_{b}": "|".join(f"{a}_{b}" for a, b in meta.pairs),
        "{label}": "|".join(meta.label_names),
    }
    for entry in findings.COLUMNS:
        for name in entry.name.split(", "):
            pattern = re.escape(name)
            for sign, options in parts.items():
                pattern = pattern.replace(re.escape(sign), f"(?:{options})")
            if re.fullmatch(pattern, column):
                return True
    return False


def test_every_column_is_documented():
    found = findings.analyze(votes(voice=[[9, 0]], face=[[0, 9]], fused=[[1, 9]]))
    assert not [column for column in found.table if not documented(column, found.meta)]


def test_the_page_of_columns_is_what_the_code_says():
    assert (ROOT / "docs" / "columns.md").read_text() == findings.documentation()
