"""Every file of rows becomes columns, or a sentence."""

import json
import pickle
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from emoviz.data import reading
from emoviz.errors import DatasetError

CSV = "id,word\n1,Ärger\n2,Freude\n"


def written(tmp_path, content: bytes | str, name: str = "t.csv"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
def test_any_usual_encoding_reads_the_same(tmp_path, encoding):
    frame = reading.read(written(tmp_path, CSV.encode(encoding))).frame
    assert frame["word"].tolist() == ["Ärger", "Freude"]
    assert list(frame) == ["id", "word"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_delimiter_and_line_end_reads_the_same(tmp_path, delimiter, end):
    frame = reading.read(written(tmp_path, CSV.replace(",", delimiter).replace("\n", end))).frame
    assert frame.to_dict("list") == {"id": ["1", "2"], "word": ["Ärger", "Freude"]}


def test_a_tsv_is_split_at_tabs_even_if_commas_are_more(tmp_path):
    frame = reading.read(written(tmp_path, "a,b,c\td\n1,2\t3\n", "t.tsv")).frame
    assert frame.to_dict("list") == {"a,b,c": ["1,2"], "d": ["3"]}


def test_ragged_rows_cost_only_themselves_and_keep_the_numbers_of_others(tmp_path):
    sheet = reading.read(written(tmp_path, "a,b\n1,2\n3\n4,5,6\n\n7,8\n"))
    assert sheet.frame["a"].to_dict() == {2: "1", 6: "7"}
    assert [note.row for note in sheet.notes] == [3, 4]
    assert sheet.rows_refused == 2


def test_a_quoted_cell_may_hold_lines_and_delimiters(tmp_path):
    frame = reading.read(written(tmp_path, 'a,b\n"x,\ny",2\n"say ""hi""",3\n')).frame
    assert frame["a"].tolist() == ["x,\ny", 'say "hi"']


def test_formulas_stay_text(tmp_path):
    frame = reading.read(written(tmp_path, "a,b\n=1+1,@SUM(1)\n")).frame
    assert frame.iloc[0].tolist() == ["=1+1", "@SUM(1)"]


def test_a_huge_field_is_a_field(tmp_path):
    frame = reading.read(written(tmp_path, f"a,b\n{'x' * 3_000_000},2\n")).frame
    assert frame["a"].str.len().tolist() == [3_000_000]


def test_two_columns_of_one_name_are_noted(tmp_path):
    sheet = reading.read(written(tmp_path, "a,a,\n1,2,3\n"))
    assert sheet.frame.iloc[0].to_dict() == {"a": "1", "column_3": "3"}
    assert "twice" in sheet.notes[0].sentence()


def test_json_lines_and_a_json_array_read_alike(tmp_path):
    records = [{"id": "a", "n": 1}, {"id": "b", "n": 2.5}, {"id": "c"}]
    lines = reading.read(written(tmp_path, "\n".join(map(json.dumps, records)), "t.jsonl")).frame
    array = reading.read(written(tmp_path, json.dumps(records), "t.json")).frame
    assert_array_equal(lines["n"], [1, 2.5, np.nan])
    assert lines["id"].tolist() == array["id"].tolist() == ["a", "b", "c"]


@pytest.mark.parametrize(
    "line", ["nope", "[1]", '{"a": {"b": 1}}', '{"a": [1]}', "[" * 100_000, '{"a": ' + "9" * 5000 + "}"]
)
def test_a_json_line_that_is_no_plain_object_costs_itself(tmp_path, line):
    sheet = reading.read(written(tmp_path, f'{{"a": "1"}}\n{line}\n{{"a": "3"}}', "t.jsonl"))
    assert sheet.frame["a"].to_dict() == {1: "1", 3: "3"}
    assert [note.row for note in sheet.notes] == [2]


def test_parquet_keeps_numbers_and_words(tmp_path):
    table = pa.table(
        {"id": [1, 2], "x": [0.5, None], "word": pa.array(["a", None]).dictionary_encode(), "flag": [True, False]}
    )
    pq.write_table(table, tmp_path / "t.parquet")
    frame = reading.read(tmp_path / "t.parquet").frame
    assert reading.words(frame["id"]).tolist() == ["1", "2"]
    assert_array_equal(reading.numbers(frame["x"]), [0.5, np.nan])
    assert reading.words(frame["word"]).tolist() == ["a", ""]
    assert reading.words(frame["flag"]).tolist() == ["true", "false"]


def test_a_nested_parquet_column_is_left_empty_and_noted(tmp_path):
    pq.write_table(pa.table({"id": ["a"], "x": [[1, 2]]}), tmp_path / "t.parquet")
    sheet = reading.read(tmp_path / "t.parquet")
    assert sheet.frame["x"].tolist() == [""]
    assert sheet.notes[0].column == "x"


def test_a_parquet_file_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES", 5000)
    pq.write_table(pa.table({"x": np.zeros(10_000)}), tmp_path / "t.parquet", use_dictionary=False, compression="zstd")
    with pytest.raises(DatasetError, match="unpacks to more"):
        reading.read(tmp_path / "t.parquet")


def archive(path) -> bytes:
    with zipfile.ZipFile(path / "a.zip", "w") as file:
        file.writestr("a", "a")
    return (path / "a.zip").read_bytes()


@pytest.mark.parametrize(
    ("make", "name", "match"),
    [
        (lambda _: b"", "t.csv", "is empty"),
        (lambda _: b"a,b\n", "t.csv", "no rows below"),
        (lambda _: b"\n\n\n", "t.csv", "is no header"),
        (lambda _: pickle.dumps({"a": [1]}), "t.parquet", "pickle"),
        (lambda _: pickle.dumps({"a": [1]}), "t.csv", "pickle"),
        (lambda _: b"PAR1" + b"\x00" * 40, "t.parquet", "damaged Parquet"),
        (lambda _: b"a,b\n1,2\n", "t.parquet", "not a Parquet file"),
        (archive, "t.xlsx", "Save the sheet as CSV"),
        (archive, "t.csv", "Save the sheet as CSV"),
        (lambda _: b"\x1f\x8b\x08" + b"x" * 20, "t.csv.gz", "Unpack it"),
        (lambda _: b"a,b\n\x00\x01\x02,1\n", "t.csv", "not a text file"),
        (lambda _: b"[1, 2", "t.json", "not valid JSON"),
        (lambda _: b"[1, 2]", "t.json", "no rows below"),
        (lambda _: ",".join(f"c{i}" for i in range(30_000)).encode() + b"\n", "t.csv", "30,000 columns"),
    ],
)
def test_what_is_no_table_is_said_in_a_sentence(tmp_path, make, name, match):
    with pytest.raises(DatasetError, match=match):
        reading.read(written(tmp_path, make(tmp_path), name))


def test_a_missing_file_is_said_in_a_sentence(tmp_path):
    with pytest.raises(DatasetError, match="There is no file"):
        reading.read(tmp_path / "nothing.csv")


def test_numbers_tell_empty_cells_from_wrong_ones():
    cells = pd.Series(["1", " 2.5 ", "", "NaN", "n/a", "abc", "1e400", "-3", "1,5", "=1+1"])
    assert_array_equal(reading.numbers(cells), [1, 2.5, np.nan, np.nan, np.nan, np.inf, np.inf, -3, np.inf, np.inf])


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_written_and_read_are_the_same(values):
    assert_array_equal(reading.numbers(pd.Series([repr(value) for value in values])), values)


def test_whole_numbers_with_gaps_are_still_whole_as_words():
    assert reading.words(pd.Series([1001.0, np.nan])).tolist() == ["1001", ""]
