"""Figures as SVG: one string that stands in a page, follows its theme, answers to clicks, and is a file of its own.

Ink is ``currentColor``: a page colours it, and a file has the colour that the root names. Everything that comes from a
dataset goes through :func:`emoviz.plots.html.text`. Lengths are units of the view box, from the upper left corner.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from emoviz.plots.html import text
from emoviz.plots.sheet import INK, PAPER, UNPRINTABLE

SIZE = 13.0  # of letters
FAINT, MUTED = 0.14, 0.66  # how much of the ink grid lines and notes have


@dataclass(frozen=True)
class Axis:
    """A scale from numbers to places.

    Attributes:
        low: the smallest number
        high: the largest
        start: where the smallest lies
        end: where the largest lies
        log: whether equal steps are equal factors; then ``low`` is above 0
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Where a number lies; at the edge if it is beyond."""
        at, low, high = (math.log(max(x, 1e-300)) if self.log else x for x in (value, self.low, self.high))
        share = (at - low) / (high - low) if high > low else 0.5
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)

    def ticks(self, about: int = 5) -> tuple[float, ...]:
        """Round numbers within the scale."""
        if self.log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            steps = (1, 1.5, 2, 3, 5, 7) if self.high < 10 * self.low else (1, 2, 5) if last - first < 4 else (1,)
            every = [step * 10.0**power for power in range(first, last + 1) for step in steps]
            return tuple(value for value in every if self.low <= value <= self.high * 1.0001)
        if self.high <= self.low:
            return (self.low,)
        rough = (self.high - self.low) / about
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        return tuple(round(step * i, 12) for i in range(first, math.floor(self.high / step + 1e-9) + 1))


def spanning(values: Sequence[float], start: float, end: float, room: float = 0.06) -> Axis:
    """A scale on which all finite numbers lie, with a little room around them."""
    known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    gap = room * (high - low) or 0.05 * abs(high) or 0.5
    return Axis(low - gap, high + gap, start, end)


@dataclass
class Drawing:
    """A figure that is being drawn.

    Attributes:
        width: of the view box
        height: of the view box
        said: what it shows, for those who hear it
        parts: elements in the order in which they are drawn
    """

    width: float
    height: float
    said: str
    parts: list[str] = field(default_factory=list)

    def line(
        self,
        points: Sequence[tuple[float, float]],
        colour: str = "currentColor",
        width: float = 2.0,
        *,
        opacity: float = 1.0,
        dashed: bool = False,
    ) -> None:
        """A line through points; nothing where fewer than two are given."""
        if len(points) > 1:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            dash = ' stroke-dasharray="4 3"' if dashed else ""
            self.parts.append(
                f'<polyline points="{path}" fill="none" stroke="{text(colour)}" stroke-width="{width:g}" '
                f'stroke-opacity="{opacity:g}" stroke-linejoin="round"{dash}/>'
            )

    def band(self, outline: Sequence[tuple[float, float]], colour: str, opacity: float = 0.14) -> None:
        """A filled outline."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in outline)
        self.parts.append(f'<polygon points="{path}" fill="{text(colour)}" fill-opacity="{opacity:g}"/>')

    def dot(self, x: float, y: float, radius: float, colour: str, opacity: float = 1.0) -> None:
        """A disc."""
        self.parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{text(colour)}" fill-opacity="{opacity:g}"/>'
        )

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        colour: str = "currentColor",
        *,
        opacity: float = 1.0,
        round_: float = 0.0,
    ) -> None:
        """A filled rectangle."""
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" '
            f'rx="{round_:g}" fill="{text(colour)}" fill-opacity="{opacity:g}"/>'
        )

    def words(
        self,
        x: float,
        y: float,
        said: str,
        *,
        size: float = SIZE,
        anchor: str = "start",
        bold: bool = False,
        colour: str = "currentColor",
        opacity: float = 1.0,
        turned: float = 0.0,
    ) -> None:
        """A line of text; ``anchor`` is ``start``, ``middle`` or ``end``, ``turned`` by degrees about its place."""
        weight = ' font-weight="600"' if bold else ""
        turn = f' transform="rotate({turned:g} {x:.1f} {y:.1f})"' if turned else ""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="{text(colour)}" '
            f'fill-opacity="{opacity:g}"{weight}{turn}>{text(said)}</text>'
        )

    @contextmanager
    def group(self, said: str, pick: str = "") -> Iterator[None]:
        """What is drawn within says ``said`` under the mouse and, where it has a ``pick``, is a button."""
        button = f' data-pick="{text(pick)}" role="button" tabindex="0" aria-label="{text(said)}"' if pick else ""
        self.parts.append(f"<g{button}><title>{text(said)}</title>")
        yield
        self.parts.append("</g>")

    def across(self, axis: Axis, top: float, bottom: float, title: str, shown: str = "{:g}", about: int = 5) -> None:
        """A horizontal axis: grid lines from ``top`` to ``bottom``, numbers and a title below."""
        for value in axis.ticks(about):
            x = axis(value)
            self.line([(x, top), (x, bottom)], width=1, opacity=FAINT)
            self.words(x, bottom + 16, _number(value, shown), size=SIZE - 1, anchor="middle", opacity=MUTED)
        middle = (axis.start + axis.end) / 2
        self.words(middle, bottom + 34, title, size=SIZE - 1, anchor="middle", opacity=MUTED)

    def upright(self, axis: Axis, left: float, right: float, title: str, shown: str = "{:g}", about: int = 5) -> None:
        """A vertical axis: grid lines from ``left`` to ``right``, numbers on the left, a title above them."""
        for value in axis.ticks(about):
            y = axis(value)
            self.line([(left, y), (right, y)], width=1, opacity=FAINT)
            self.words(left - 7, y + 4, _number(value, shown), size=SIZE - 1, anchor="end", opacity=MUTED)
        self.words(left, min(axis.start, axis.end) - 9, title, size=SIZE - 1, opacity=MUTED)

    def svg(self) -> str:
        """The figure, which is also a whole file."""
        drawn = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" '
            f'width="{self.width:g}" height="{self.height:g}" color="{INK}" role="group" '
            f'aria-label="{text(self.said)}" font-family="Helvetica, Arial, sans-serif">'
            f'<rect class="paper" width="100%" height="100%" fill="{PAPER}"/>{"".join(self.parts)}</svg>'
        )
        return UNPRINTABLE.sub(" ", drawn)


def apart(wanted: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Places as near as can be to where they are wanted, yet ``least`` apart, in order and within bounds.

    Args:
        wanted: where each would like to lie
        least: distance between two neighbours
        low: smallest place
        high: largest place
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    least = min(least, (high - low) / max(1, len(wanted) - 1))
    places = [0.0] * len(wanted)
    for rank, i in enumerate(order):  # downwards, then back from the lower edge
        floor = places[order[rank - 1]] + least if rank else low
        places[i] = max(wanted[i], floor)
    for rank, i in reversed(list(enumerate(order))):
        roof = places[order[rank + 1]] - least if rank + 1 < len(order) else high
        places[i] = min(places[i], roof)
    return places


def _number(value: float, shown: str) -> str:
    return shown.format(value).replace("-", "−") if value else "0"
