"""A few hundred bad tables and folders: each a dataset or a sentence, no code run, nothing half made.

Every table begins as a good one and is harmed in one to three ways, drawn by a seed; so most of its
rows are still good, and one bad row must not cost the others.
"""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from emoviz import workspace
from emoviz.data import importers, store
from emoviz.data.importers import crema_d
from emoviz.errors import EmovizError
from emoviz.progress import finish

SEEDS = 400
FOLDERS = 120
EMOTIONS = ("anger", "joy", "fear")
TRICKS = (
    *("../../etc/passwd", "/etc/passwd", "C:\\Windows", "..\\..\\x", "a/../../b", "~/x", "file:///etc/passwd"),
    *("\u202eevil", "a\x00b", "x" * 300, "CON", "-rf", "$(touch trap)", "`touch trap`", "<script>alert(1)</script>"),
)
CELLS = (
    *(
        "-1",
        "-0.001",
        "1e999",
        "NaN",
        "inf",
        "abc",
        "1,5",
        "0x10",
        "½",
        "",
        " ",
        "null",
        "None",
        "1e6",
        "99999999999999",
    ),
    *(
        "=1+1",
        "=cmd|' /C calc'!A0",
        "@SUM(1)",
        "+1",
        "__import__('os').system('touch trap')",
        "{{7*7}}",
        "é" * 50,
        "😀",
    ),
)

Rows = list[list[str]]
Harm = Callable[[np.random.Generator, Rows], None]


def good(rng: np.random.Generator) -> Rows:
    """A header and some rows of votes, labels, features and words."""
    n = int(rng.integers(1, 15))
    sides = [f"{side}_{emotion}" for side in ("voice", "face") for emotion in EMOTIONS]
    header = ["id", "speaker", "split", "text", "media", *sides, "label", "text_score", "eeg_f0", "eeg_f1"]
    rows = [
        [
            *(f"s{i}", f"p{i % 3}", ["train", "test", ""][i % 3], f"Words {i}", ""),
            *(str(v) for v in rng.integers(0, 9, len(sides))),
            *(EMOTIONS[i % 3], f"{rng.normal():.3f}", f"{rng.normal():.3f}", f"{rng.normal():.3f}"),
        ]
        for i in range(n)
    ]
    return [header, *rows]


def pick(rng: np.random.Generator, rows: Rows) -> tuple[int, int]:
    """A row below the header and a column."""
    row = int(rng.integers(1, len(rows))) if len(rows) > 1 else 0
    return row, int(rng.integers(0, max(1, len(rows[row]))))


def a_strange_cell(rng: np.random.Generator, rows: Rows) -> None:
    row, column = pick(rng, rows)
    rows[row][column : column + 1] = [str(rng.choice([*CELLS, *TRICKS]))]


def a_ragged_row(rng: np.random.Generator, rows: Rows) -> None:
    row, column = pick(rng, rows)
    rows[row] = rows[row][:column] if rng.random() < 0.5 else rows[row] + ["more"] * 3


def an_id_twice(rng: np.random.Generator, rows: Rows) -> None:
    rows.append(list(rows[pick(rng, rows)[0]]))


def an_empty_modality(rng: np.random.Generator, rows: Rows) -> None:
    side = str(rng.choice(["voice", "face", "eeg", "text"]))
    columns = [i for i, name in enumerate(rows[0]) if name.startswith(f"{side}_")]
    for row in rows[1:]:
        for i in columns:
            row[i : i + 1] = [""]


def one_label(rng: np.random.Generator, rows: Rows) -> None:
    keep = [i for i, name in enumerate(rows[0]) if "_anger" in name or name in ("id", "label")]
    rows[:] = [[row[i] for i in keep if i < len(row)] for row in rows]


def many_labels(rng: np.random.Generator, rows: Rows) -> None:
    k = int(rng.choice([2, 40, 250]))
    rows[0] += [f"face_e{i}x" for i in range(k)]
    for row in rows[1:]:
        row += [str(v) for v in rng.integers(0, 3, k)]


def sums_that_are_off(rng: np.random.Generator, rows: Rows) -> None:
    columns = [i for i, name in enumerate(rows[0]) if name.startswith("face_")]
    for row in rows[1:]:
        mass = rng.dirichlet(np.ones(len(columns))) * rng.choice([1, 1, 1.02, 0.9, 100, 0]) if columns else []
        for i, value in zip(columns, mass, strict=True):
            row[i : i + 1] = [f"{value:.4f}"]


def a_strange_header(rng: np.random.Generator, rows: Rows) -> None:
    column = pick(rng, rows)[1] % max(1, len(rows[0]))
    rows[0][column : column + 1] = [
        str(rng.choice([*TRICKS, *CELLS, "voice_", "_anger", "fused_f0", "id", "voice_label_", "x" * 5000]))
    ]


def a_huge_field(rng: np.random.Generator, rows: Rows) -> None:
    row, column = pick(rng, rows)
    rows[row][column : column + 1] = ["y" * int(rng.choice([10_001, 400_000]))]


def a_loose_quote(rng: np.random.Generator, rows: Rows) -> None:
    row, column = pick(rng, rows)
    rows[row][column : column + 1] = ['"loose']


HARMS: tuple[Harm, ...] = (
    *(a_strange_cell, a_ragged_row, an_id_twice, an_empty_modality, one_label, many_labels),
    *(sums_that_are_off, a_strange_header, a_huge_field, a_loose_quote),
)


def encoded(rng: np.random.Generator, rows: Rows) -> bytes:
    """The table as bytes, in an encoding that may be wrong, perhaps cut or with noise in it."""
    separator, end = str(rng.choice([",", ";", "\t"])), str(rng.choice(["\n", "\r\n", "\r"]))
    text = end.join(
        separator.join(cell if '"' not in cell[1:] else cell.replace('"', "'") for cell in row) for row in rows
    )
    raw = text.encode(str(rng.choice(["utf-8", "utf-8-sig", "utf-16", "latin-1", "utf-32"])), errors="replace")
    match rng.integers(0, 12):
        case 0:
            raw = raw[: len(raw) // 2]
        case 1:
            at = int(rng.integers(0, len(raw)))
            raw = raw[:at] + rng.bytes(8) + raw[at:]
        case 2:
            raw = raw.replace(b"s", b"\xff", 2)
    return raw


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


def explained(work: Callable[[], object]) -> str | None:
    """Run an import; the sentence if there is one. Anything that is no :class:`EmovizError` fails the test."""
    try:
        work()
    except EmovizError as error:
        sentence = str(error)
        assert sentence.rstrip().endswith((".", ")", "crema-d")), sentence
        assert len(sentence.split()) > 3
        assert "Traceback" not in sentence
        assert len(sentence) < 600
        return sentence
    return None


def nothing_half_made(name: str, failed: bool) -> None:
    left = [path.name for path in workspace.place("datasets").iterdir()]
    assert left == ([] if failed else [name])
    if not failed:
        store.verify(name)
        store.remove(name)


@pytest.mark.parametrize("block", range(10))
def test_a_harmed_table_is_a_dataset_or_a_sentence(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcomes = set()
    for seed in range(block * SEEDS // 10, (block + 1) * SEEDS // 10):
        rng = np.random.default_rng(seed)
        rows = good(rng)
        for harm in rng.choice(len(HARMS), int(rng.integers(1, 4))):
            HARMS[harm](rng, rows)
        path = tmp_path / f"t{rng.choice(['.csv', '.tsv', '.txt', '.json', '.parquet'])}"
        path.write_bytes(encoded(rng, rows))
        sentence = explained(lambda path=path: finish(importers.load(path, "bad")))
        nothing_half_made("bad", failed=sentence is not None)
        outcomes.add(sentence is None)
        path.unlink()
    assert outcomes == {True, False}
    assert not (tmp_path / "trap").exists()


@pytest.mark.parametrize("seed", range(40))
def test_one_bad_row_never_costs_the_others(seed, tmp_path):
    rng = np.random.default_rng(seed)
    rows = good(rng)
    while len(rows) < 4:
        rows = good(rng)
    at = int(rng.integers(1, len(rows)))
    column = rows[0].index(str(rng.choice(["voice_anger", "face_fear", "text_score", "eeg_f1"])))
    rows[at][column] = str(rng.choice(["-1e40", "abc", "1e999", "=1+1", "inf"]))
    path = tmp_path / "t.csv"
    path.write_text("\n".join(map(",".join, rows)))
    dataset, report = finish(importers.load(path, "bad"))
    assert dataset.samples["sample_id"].tolist() == [row[0] for i, row in enumerate(rows) if i not in (0, at)]
    assert [(note.row, note.column) for note in report.refused] == [(at + 1, rows[0][column])]


@pytest.mark.parametrize("name", ["t.parquet", "t.csv", "t.tsv", "t.jsonl", "t.npy"])
@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_never_opened(name, protocol, tmp_path):
    trap = tmp_path / "trap"
    path = tmp_path / name
    path.write_bytes(pickle.dumps(Trap(trap), protocol))
    assert explained(lambda: finish(importers.load(path, "bad")))
    nothing_half_made("bad", failed=True)
    assert not trap.exists()


@pytest.mark.parametrize("seed", range(20))
def test_a_mapping_of_noise_is_a_sentence(seed, tmp_path):
    rng = np.random.default_rng(seed)
    path = tmp_path / "t.csv"
    path.write_text("\n".join(map(",".join, good(rng))))

    def noise(depth: int):
        kind = rng.integers(0, 6 if depth else 4)
        names = [
            "sides",
            "voice",
            "votes",
            "label",
            "columns",
            "labels",
            "sample_id",
            "context",
            "anger",
            "raters",
            *TRICKS,
        ]
        leaves = [None, 3, True, -1.5, "id", "voice_anger", "", *TRICKS]
        if kind < 3:
            return leaves[rng.integers(0, len(leaves))]
        if kind == 3:
            return [leaves[rng.integers(0, len(leaves))] for _ in range(3)]
        return {names[rng.integers(0, len(names))]: noise(depth - 1) for _ in range(3)}

    for _ in range(10):
        mapping = tmp_path / "m.json"
        mapping.write_text(json.dumps({"sides": noise(3), "labels": noise(1)} if rng.random() < 0.5 else noise(4)))
        sentence = explained(lambda mapping=mapping: finish(importers.load(path, "bad", mapping=mapping)))
        nothing_half_made("bad", failed=sentence is not None)


@pytest.mark.parametrize("block", range(6))
def test_a_harmed_folder_of_crema_d_is_a_dataset_or_a_sentence(block, tmp_path):
    outcomes = set()
    for seed in range(block * FOLDERS // 6, (block + 1) * FOLDERS // 6):
        rng = np.random.default_rng(seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        rows = [["", *"ADFHNS", "fileName"]]
        for i in range(int(rng.integers(1, 9))):
            votes = [str(v) for v in rng.integers(0, 9, 6)]
            rows.append([str(100_000 * (1 + i % 3) + i), *votes, f"{1001 + i // 3}_DFA_ANG_XX"])
        for harm in rng.choice(
            [a_strange_cell, a_ragged_row, an_id_twice, a_strange_header, a_huge_field, a_loose_quote], 2
        ):
            harm(rng, rows)
        (folder / crema_d.VOTES).write_bytes(encoded(rng, rows))
        if rng.random() < 0.3:
            (folder / crema_d.ACTORS).write_bytes(
                rng.bytes(200) if rng.random() < 0.5 else b"ActorID,Age,Sex,Race\n1001,old,,\n"
            )
        sentence = explained(lambda folder=folder: finish(importers.load(folder, "bad")))
        nothing_half_made("bad", failed=sentence is not None)
        outcomes.add(sentence is None)
    assert outcomes == {True, False}
