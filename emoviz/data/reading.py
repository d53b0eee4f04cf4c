"""From a file of rows to columns, whatever its encoding and however ragged.

CSV and TSV (any delimiter), JSON Lines, a JSON array, and Parquet. A row that cannot be read costs
itself only and is named in a note. Nothing that is read is ever run: formulas stay text, pickles are
refused.
"""

import codecs
import csv
import io
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from emoviz.data.report import SHOWN, Note, row_notes
from emoviz.errors import DatasetError

MOST_BYTES = 2 << 30  # of a file, and of what a Parquet file says it unpacks to
MOST_COLUMNS = 20_000
MOST_ROWS = 20_000_000
MOST_VOTES = 1e6
EMPTY = ("", "nan", "na", "n/a", "null", "none", "-")
DELIMITERS = ",;\t|"
BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# First bytes of what people take for a table, and the way out.
STRANGE = {
    b"PK\x03\x04": "a spreadsheet or a zip archive. Save the sheet as CSV, or unpack it",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet. Save the sheet as CSV",
    b"\x1f\x8b": "compressed. Unpack it",
    b"\x80": "a Python pickle, which could run code. Save the table as CSV or Parquet",
    b"\x93NUMPY": "a NumPy array. Save a table with named columns as CSV or Parquet",
    b"SQLite format 3": "a database. Export the table as CSV",
    b"\x89HDF": "an HDF5 file. Save the table as CSV or Parquet",
    b"MATLAB": "a MATLAB file. Save the table as CSV or Parquet",
    b"%PDF": "a PDF. Save the table as CSV",
}


@dataclass(frozen=True)
class Sheet:
    """The rows of a file.

    Attributes:
        frame: one column for each of the file, as words or numbers; the index is the row in the file,
            the header being row 1
        notes: rows and columns that could not be read
        rows_refused: how many rows were left out
    """

    frame: pd.DataFrame
    notes: tuple[Note, ...] = ()
    rows_refused: int = 0


def read(path: Path) -> Sheet:
    """The rows of a CSV, TSV, JSON Lines, JSON or Parquet file.

    Raises:
        DatasetError: if it is none of these, is empty, or is too large
    """
    if not path.is_file():
        raise DatasetError(f"There is no file '{path}'.")
    size = path.stat().st_size
    if not 0 < size <= MOST_BYTES:
        raise DatasetError(f"'{path.name}' is empty." if not size else f"'{path.name}' is larger than 2 GiB. Split it.")
    with path.open("rb") as file:
        start = file.read(16)
    if start.startswith(b"PAR1"):
        sheet = _parquet(path)
    else:
        for magic, what in STRANGE.items():
            if start.startswith(magic):
                raise DatasetError(f"'{path.name}' is {what}, and import that.")
        if path.suffix.lower() == ".parquet":
            raise DatasetError(f"'{path.name}' is not a Parquet file, whatever its name says. Save the table as CSV.")
        text = decoded(path)
        sheet = _json(path.name, text) if text.lstrip()[:1] in ("{", "[") else _csv(path, text)
    if sheet.frame.empty:
        first = f" {sheet.notes[0].sentence()}" if sheet.notes else ""
        raise DatasetError(f"'{path.name}' has no rows below its header.{first}")
    return sheet


def decoded(path: Path) -> str:
    """The text of a file: UTF-8 or UTF-16, else Western European, which cannot fail.

    Raises:
        DatasetError: if it holds bytes that no text holds
    """
    raw = path.read_bytes()
    encoding = next((name for bom, name in BOMS.items() if raw.startswith(bom)), "utf-8")
    if encoding == "utf-8" and raw[:400].count(0) * 3 > len(raw[:400]):
        encoding = "utf-16-le" if raw[1::2][:200].count(0) > raw[::2][:200].count(0) else "utf-16-be"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    if "\0" in text:
        raise DatasetError(f"'{path.name}' is not a text file. Save the table as CSV in UTF-8, or as Parquet.")
    return text


def numbers(column: pd.Series) -> np.ndarray:
    """A column as ``float64``: NaN where a cell is empty, infinite where it holds something else."""
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(np.float64, na_value=np.nan)
    # Every different cell is read once: votes are a few numbers over and over.
    codes, cells = pd.factorize(column)
    return np.array([*map(_number, cells), np.nan])[codes]  # missing is code -1, and so the last


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan if cell.strip().lower() in EMPTY else math.inf


def are_counts(values: np.ndarray) -> np.ndarray:
    """Which numbers can count votes: whole, 0 or more, and not beyond belief."""
    return (values >= 0) & (values <= MOST_VOTES) & (np.floor(values) == values)


def words(column: pd.Series) -> pd.Series:
    """A column as trimmed words, empty where a cell is."""
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")  # an empty cell has made 12 into 12.0
    return column.astype("str").where(column.notna(), "").str.strip()


def _csv(path: Path, text: str) -> Sheet:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(text)
    try:
        header = next(csv.reader(io.StringIO(text), delimiter=delimiter), [])
    except csv.Error:  # a field longer than a header's name could be
        header = []
    if not header:
        raise DatasetError(f"The first line of '{path.name}' is no header. Give each column a name there.")
    _check_width(path.name, len(header))
    ragged: list[pyarrow.csv.InvalidRow] = []

    def leave_out(row: pyarrow.csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    raw = text.encode("utf-8", errors="replace")
    names = [str(i) for i in range(len(header))]
    try:
        table = pyarrow.csv.read_csv(
            io.BytesIO(raw),
            # One block and one thread: rows keep their numbers, and a field may be of any length.
            read_options=pa.csv.ReadOptions(use_threads=False, block_size=len(raw) + 1024, column_names=names),
            parse_options=pa.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=leave_out
            ),
            convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowException as error:
        raise DatasetError(f"'{path.name}' cannot be read as a table. Save it again as CSV in UTF-8.") from error
    if table.num_rows + len(ragged) > MOST_ROWS:
        raise DatasetError(f"'{path.name}' has more than {MOST_ROWS:,} rows. Split it.")
    every = np.arange(1, table.num_rows + len(ragged) + 1)
    kept = np.delete(every, [row.number - 1 for row in ragged])
    frame = table.to_pandas().set_index(kept).iloc[1:]
    frame = frame.loc[(frame != "").any(axis=1)]
    notes = tuple(
        Note(row.number, None, f"{row.actual_columns} fields where the header has {row.expected_columns}; refused.")
        for row in ragged[:SHOWN]
    )
    if len(ragged) > SHOWN:
        rest = f"{len(ragged) - SHOWN:,} more rows have more or fewer fields than the header; refused."
        notes += (Note(None, None, rest),)
    return _named(frame, header, notes, len(ragged))


def _delimiter(text: str) -> str:
    """The most frequent candidate of the header, outside quotes."""
    header = re.sub(r'"[^"]*"', "", text.lstrip().split("\n", 1)[0])
    return max(DELIMITERS, key=header.count)


def _json(name: str, text: str) -> Sheet:
    """One object a line, or one array of objects."""
    records: dict[int, dict[str, Any]] = {}
    refused: list[int] = []
    if text.lstrip().startswith("["):
        try:
            lines = list(enumerate(json.loads(text), 1))
        except (ValueError, RecursionError) as error:
            raise DatasetError(f"'{name}' is not valid JSON. Write one object a line, or an array of them.") from error
    else:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    for number, line in lines:
        try:
            value = json.loads(line) if isinstance(line, str) else line
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict) and not any(isinstance(cell, dict | list) for cell in value.values()):
            records[number] = value
        else:
            refused.append(number)
    header = list(dict.fromkeys(key for record in records.values() for key in record))
    _check_width(name, len(header))
    columns = {str(i): _plain([record.get(key) for record in records.values()]) for i, key in enumerate(header)}
    notes = row_notes(pd.Index(refused), None, "this is not a JSON object of plain values; refused.")
    return _named(pd.DataFrame(columns).set_index(pd.Index(list(records), dtype=int)), header, notes, len(refused))


def _plain(cells: list[Any]) -> pd.Series:
    """Numbers if all cells are, else words."""
    if all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells if cell is not None):
        return pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce").astype(np.float64)
    written = ["" if cell is None else cell if isinstance(cell, str) else json.dumps(cell) for cell in cells]
    return pd.Series([text.encode("utf-8", errors="replace").decode() for text in written], dtype="str")


def _parquet(path: Path) -> Sheet:
    try:
        file = pq.ParquetFile(path)
        told = file.metadata
        unpacked = sum(told.row_group(i).total_byte_size for i in range(told.num_row_groups))
        if unpacked > MOST_BYTES or told.num_rows > MOST_ROWS:
            raise DatasetError(f"'{path.name}' unpacks to more than 2 GiB or {MOST_ROWS:,} rows. Split it.")
        _check_width(path.name, told.num_columns)
        table = file.read()
    except (pa.ArrowException, OSError, EOFError) as error:
        raise DatasetError(f"'{path.name}' is a damaged Parquet file. Save the table again, or as CSV.") from error
    columns, notes = {}, []
    for i, name in enumerate(table.column_names):
        cells = table.column(i)
        kind = cells.type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            columns[str(i)] = cells.to_pandas()
            continue
        try:
            columns[str(i)] = cells.cast(pa.large_string()).to_pandas().fillna("")
        except (pa.ArrowException, UnicodeDecodeError):
            columns[str(i)] = pd.Series("", index=range(table.num_rows))
            notes.append(Note(None, name, f"holds {str(kind)[:40]}, which is neither numbers nor words; left empty."))
    frame = pd.DataFrame(columns).set_index(np.arange(table.num_rows) + 2)
    return _named(frame, table.column_names, tuple(notes), 0)


def _check_width(name: str, width: int) -> None:
    if width > MOST_COLUMNS:
        raise DatasetError(f"'{name}' has {width:,} columns; {MOST_COLUMNS:,} are the most. Leave some out.")


def _named(frame: pd.DataFrame, header: list[str], notes: tuple[Note, ...], refused: int) -> Sheet:
    """Columns by name; of two with the same name the first stays."""
    named, more = {}, []
    for i, name in enumerate(header):
        clean = name.strip()[:200] or f"column_{i + 1}"
        if clean in named:
            more.append(Note(None, clean, "stands twice in the header; the first was taken."))
        else:
            named[clean] = frame[str(i)]
    return Sheet(pd.DataFrame(named, index=frame.index), (*notes, *more), refused)
