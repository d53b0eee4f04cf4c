"""How far work is, and how long it will still take. Times are seconds, moments seconds since 1970."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Report:
    """One line of progress with its moment.

    Attributes:
        at: when it came
        fraction: how much was done, 0 to 1; ``None`` where nobody could know
        message: what was being done
    """

    at: float
    fraction: float | None
    message: str


def is_passing(fraction: float | None) -> bool:
    """Whether a line may be forgotten when a newer one comes: it is no beginning, no end and no sentence."""
    return fraction is not None and 0 < fraction < 1


def time_left(lines: Sequence[Report], now: float) -> float | None:
    """Seconds until the fraction will be 1, at the pace of its more recent half.

    The start of most work (imports, reading) says little about the rest, so the pace is taken since
    half of what is done was done.

    Args:
        lines: reports of one job, the oldest first
        now: the moment of asking

    Returns:
        at least 0; ``None`` before there are two different fractions
    """
    known = [(line.at, line.fraction) for line in lines if line.fraction is not None]
    if not known:
        return None
    at, fraction = known[-1]
    since, before = next((line for line in reversed(known) if line[1] <= fraction / 2), known[0])
    if before >= fraction or since >= at:
        return None
    pace = (fraction - before) / (at - since)
    return max(0.0, (1 - fraction) / pace - (now - at))


def spell(seconds: float | None) -> str:
    """A duration as people say it (``8 s``, ``3 min 20 s``, ``2 h 5 min``), empty for ``None``."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
