"""The load report reads as sentences."""

import numpy as np
import pandas as pd

from emoviz.data.report import SHOWN, Ledger, LoadReport, Note, row_notes


def test_a_note_names_row_and_column():
    assert (
        Note(5, "face_joy", "'-2' is negative; refused.").sentence()
        == "Row 5, column 'face_joy': '-2' is negative; refused."
    )
    assert Note(None, None, "Taken.").sentence() == "Taken."


def test_the_summary_comes_first_then_what_was_refused():
    report = LoadReport(3, (Note(2, None, "mended."),), (Note(4, None, "bad; refused."),), 1)
    assert report.sentences() == ("3 samples accepted, 1 row refused.", "Row 4: bad; refused.", "Row 2: mended.")


def test_a_long_report_says_how_much_it_left_out():
    report = LoadReport(1, tuple(Note(i, None, "x.") for i in range(30)))
    assert len(report.sentences(limit=5)) == 7
    assert report.sentences(limit=5)[-1] == "25 more notes."


def test_many_rows_with_one_problem_are_counted():
    notes = row_notes(pd.RangeIndex(2, 1002), "a", "bad.")
    assert len(notes) == SHOWN
    assert notes[-1].more == 1000 - SHOWN
    assert "980 more rows" in notes[-1].sentence()


def test_no_row_with_a_problem_means_no_note():
    assert row_notes(pd.Index([]), "a", "bad.") == ()


def test_a_row_is_refused_once():
    ledger = Ledger(pd.RangeIndex(2, 6))
    ledger.refuse(np.array([True, False, False, False]), "a", "first")
    ledger.refuse(np.array([True, True, False, False]), "b", "second")
    ledger.mend(np.array([True, False, True, False]), "c", "third")
    assert [(note.row, note.column) for note in ledger.refused] == [(2, "a"), (3, "b")]
    assert [note.row for note in ledger.repaired] == [4]
    assert ledger.taken.tolist() == [False, False, True, True]


def test_a_cell_in_a_note_is_short_and_printable():
    cells = pd.Series(["x" * 500 + "\n", "\x1b[31mred"])
    shown = [note.message for note in row_notes(pd.Index([2, 3]), "a", "'{value}'", cells)]
    assert shown == [f"'{'x' * 40}…'", "'?[31mred'"]
