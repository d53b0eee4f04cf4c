"""What became of the rows of an import, in sentences."""

from dataclasses import dataclass


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
