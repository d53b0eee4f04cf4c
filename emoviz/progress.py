"""How long work speaks while it runs.

Long work is a generator: it yields :class:`Progress` and returns its result. Whoever consumes it
decides about progress bars, saving and stopping; a test simply runs it to the end.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """One line of progress.

    Attributes:
        fraction: how much is done, 0 to 1; ``None`` where nobody can know
        message: what is being done
    """

    fraction: float | None
    message: str


Work = Generator[Progress, None, T]


def finish(work: "Work[T]", show: Callable[[Progress], None] | None = None) -> T:
    """Run long work to its end and give its result."""
    while True:
        try:
            line = next(work)
        except StopIteration as done:
            return done.value
        if show is not None:
            show(line)


def part(work: "Work[T]", start: float, end: float) -> "Work[T]":
    """The same work as a part of larger work: its fractions fill ``start`` to ``end``."""
    while True:
        try:
            line = next(work)
        except StopIteration as done:
            return done.value
        fraction = None if line.fraction is None else start + (end - start) * line.fraction
        yield Progress(fraction, line.message)
