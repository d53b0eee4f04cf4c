"""What became of the rows of an import, in sentences."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

SHOWN = 20  # rows named one by one for each problem, the rest counted


@dataclass(frozen=True)
class Note:
    """One thing that was not as expected.

    Attributes:
        row: line of the file, the header being row 1; ``None`` where it is about all of them
        column: name of the column, ``None`` where it is about the row
        message: what was wrong and what was done
        more: further rows with the same problem, which have no note of their own
    """

    row: int | None
    column: str | None
    message: str
    more: int = 0

    def sentence(self) -> str:
        """The note as a person reads it."""
        place = [f"row {self.row:,}"] if self.row is not None else []
        place += [f"column '{self.column}'"] if self.column is not None else []
        where = ", ".join(place)
        more = f" ({self.more:,} more rows like this.)" if self.more else ""
        return f"{where[:1].upper()}{where[1:]}: {self.message}{more}" if where else f"{self.message}{more}"


@dataclass(frozen=True)
class LoadReport:
    """What an import took, mended and left out.

    Attributes:
        accepted: samples in the dataset
        repaired: what was mended, or left empty, in rows that were taken
        refused: why rows were left out
        rows_refused: how many were
    """

    accepted: int
    repaired: tuple[Note, ...] = ()
    refused: tuple[Note, ...] = ()
    rows_refused: int = 0

    def sentences(self, limit: int = 20) -> tuple[str, ...]:
        """A summary, then at most ``limit`` notes, those on refused rows first."""
        notes = [*self.refused, *self.repaired]
        head = f"{self.accepted:,} {'sample' if self.accepted == 1 else 'samples'} accepted"
        if self.rows_refused:
            head += f", {self.rows_refused:,} {'row' if self.rows_refused == 1 else 'rows'} refused"
        rest = [f"{len(notes) - limit:,} more notes."] if len(notes) > limit else []
        return (f"{head}.", *(note.sentence() for note in notes[:limit]), *rest)


class Ledger:
    """Takes every row until told otherwise.

    Attributes:
        rows: numbers of the rows in the file, ``(N,)``
        taken: which of them are, ``(N,)`` bool
        repaired: notes on rows that were taken all the same
        refused: notes on rows that were not; each row is refused once, for its first problem
    """

    def __init__(self, rows: pd.Index):
        self.rows = rows
        self.taken = np.ones(len(rows), bool)
        self.repaired: tuple[Note, ...] = ()
        self.refused: tuple[Note, ...] = ()

    def refuse(self, wrong: np.ndarray, column: str | None, message: str, cells: pd.Series | None = None) -> None:
        """Leave out the rows that are ``wrong`` ``(N,)``, and say why; ``{value}`` stands for the cell."""
        new = self.taken & wrong
        self.refused += row_notes(self.rows[new], column, f"{message}; refused.", None if cells is None else cells[new])
        self.taken &= ~wrong

    def mend(self, mended: np.ndarray, column: str | None, message: str, cells: pd.Series | None = None) -> None:
        """Say of rows ``(N,)`` that are still taken what was done to them; ``{value}`` stands for the cell."""
        new = self.taken & mended
        self.repaired += row_notes(self.rows[new], column, f"{message}.", None if cells is None else cells[new])

    def remark(self, column: str | None, message: str) -> None:
        """Say something of all rows."""
        self.repaired += (Note(None, column, f"{message}."),)


def row_notes(rows: pd.Index, column: str | None, message: str, cells: pd.Series | None = None) -> tuple[Note, ...]:
    """A note for each of the first rows with one problem; the last of them counts those that follow.

    Args:
        rows: numbers of the rows in the file
        column: where the problem is
        message: what is wrong and what was done; ``{value}`` stands for the cell
        cells: the cells of these rows, in the same order
    """
    values = [""] * SHOWN if cells is None else [_shown(cell) for cell in cells.iloc[:SHOWN]]
    notes = [Note(int(row), column, message.replace("{value}", v)) for row, v in zip(rows, values, strict=False)]
    if len(rows) > SHOWN:
        notes[-1] = replace(notes[-1], more=len(rows) - SHOWN)
    return tuple(notes)


def _shown(cell: object) -> str:
    text = str(cell)[:41]
    text = text if len(text) <= 40 else text[:40] + "…"
    return "".join(letter if letter.isprintable() else "?" for letter in text)
