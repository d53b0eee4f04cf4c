"""A page of A4 that is laid out once and written twice: as SVG inside HTML, and as PDF.

Lengths are points (1/72 inch) from the upper left corner. A page holds what it needs: opening it asks for nothing.
"""

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from reportlab.lib.colors import HexColor
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from emoviz.plots.html import text

WIDTH, HEIGHT = 595.0, 842.0
INK, MUTED, LINE, PAPER = "#1d2230", "#5b6172", "#d9dce5", "#ffffff"
PLAIN, BOLD = "Helvetica", "Helvetica-Bold"
MORE = "…"
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]+")  # neither XML nor a page can hold them
STYLE = """
html { background: #eceef3; }
body { margin: 0 auto; max-width: 210mm; }
svg { display: block; width: 100%; height: auto; background: #fff; font-family: Helvetica, Arial, sans-serif; }
@page { size: A4; margin: 0; }
@media print { html { background: none; } body { max-width: none; } }
"""
# Nothing is fetched and nothing runs, whatever a transcript holds.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True)
class Shape:
    """A filled outline, or an open line of some width where ``stroke`` is not 0."""

    points: tuple[tuple[float, float], ...]
    colour: str
    stroke: float = 0.0
    dashed: bool = False


@dataclass(frozen=True)
class Words:
    """One line of text; ``x`` is where it begins, or where it ends if it is ``right``."""

    x: float
    y: float
    text: str
    size: float = 8.0
    bold: bool = False
    colour: str = INK
    right: bool = False


@dataclass(frozen=True)
class Picture:
    """A JPEG."""

    x: float
    y: float
    width: float
    height: float
    jpeg: bytes
    said: str


@dataclass
class Sheet:
    """What stands on a page, in the order in which it is drawn."""

    title: str
    things: list[Box | Shape | Words | Picture] = field(default_factory=list)

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """Draw a rectangle, unless nothing of it would be seen."""
        if width > 0 and height > 0:
            self.things.append(Box(x, y, width, height, colour))

    def shape(
        self, points: Sequence[tuple[float, float]], colour: str, stroke: float = 0.0, dashed: bool = False
    ) -> None:
        """Draw an outline or a line."""
        if len(points) > 1:
            self.things.append(Shape(tuple(points), colour, stroke, dashed))

    def picture(self, x: float, y: float, width: float, height: float, jpeg: bytes, said: str) -> None:
        """Show a JPEG, with what it shows in words."""
        self.things.append(Picture(x, y, width, height, jpeg, said))

    def words(
        self,
        x: float,
        y: float,
        said: str,
        size: float = 8.0,
        *,
        width: float = WIDTH,
        bold: bool = False,
        colour: str = INK,
        right: bool = False,
    ) -> None:
        """Write one line, cut with an ellipsis where it is wider than it may be."""
        said = UNPRINTABLE.sub(" ", said)
        self.things.append(Words(x, y, fitted(said, width, size, bold), size, bold, colour, right))

    def paragraph(
        self,
        x: float,
        y: float,
        said: str,
        width: float,
        size: float = 8.0,
        *,
        most: int = 99,
        bold: bool = False,
        colour: str = INK,
    ) -> float:
        """Write lines as wide as they may be, ``most`` of them; gives where the next line would stand."""
        lines = wrapped(UNPRINTABLE.sub(" ", said), width, size, bold)
        if len(lines) > most:
            lines = [*lines[: most - 1], fitted(lines[most - 1] + MORE, width, size, bold)]
        for line in lines:
            self.words(x, y, line, size, width=width, bold=bold, colour=colour)
            y += 1.32 * size
        return y

    def html(self) -> str:
        """The page as a document of its own."""
        drawn = "\n".join(map(_svg, self.things))
        return (
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{text(self.title)}</title>\n'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n<style>{STYLE}</style>\n</head>\n<body>\n'
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}">\n{drawn}\n</svg>\n'
            "</body>\n</html>\n"
        )

    def pdf(self) -> bytes:
        """The page as PDF; the same page gives the same bytes."""
        file = io.BytesIO()
        canvas = Canvas(file, pagesize=(WIDTH, HEIGHT), invariant=1)
        canvas.setTitle(self.title)
        canvas.setCreator("emoviz")
        for thing in self.things:
            _print(canvas, thing)
        canvas.showPage()
        canvas.save()
        return file.getvalue()


def wide(said: str, size: float, bold: bool = False) -> float:
    """How wide a line is."""
    return float(stringWidth(said, BOLD if bold else PLAIN, size))


def fitted(said: str, width: float, size: float, bold: bool = False) -> str:
    """A line no wider than it may be, with an ellipsis where something is left out."""
    if wide(said, size, bold) <= width:
        return said
    low, high = 0, len(said)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if wide(said[:middle] + MORE, size, bold) <= width else (low, middle - 1)
    return said[:low].rstrip() + MORE


def wrapped(said: str, width: float, size: float, bold: bool = False) -> list[str]:
    """Lines no wider than they may be; a word that is too wide alone is cut."""
    lines: list[str] = []
    for word in filter(None, said.split(" ")):  # not at spaces that hold a number and its unit together
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and wide(longer, size, bold) <= width:
            lines[-1] = longer
        else:
            lines.append(fitted(word, width, size, bold))
    return lines


def _svg(thing: Box | Shape | Words | Picture) -> str:
    match thing:
        case Box(x, y, width, height, colour):
            return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'
        case Shape(points, colour, stroke, dashed):
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            dash = ' stroke-dasharray="3 2"' if dashed else ""
            return (
                f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{stroke}"{dash}/>'
                if stroke
                else f'<polygon points="{path}" fill="{colour}"/>'
            )
        case Words():
            weight = ' font-weight="bold"' if thing.bold else ""
            anchor = ' text-anchor="end"' if thing.right else ""
            return (
                f'<text x="{thing.x:.1f}" y="{thing.y:.1f}" font-size="{thing.size}" fill="{thing.colour}"{weight}'
                f"{anchor}>{text(thing.text)}</text>"
            )
        case Picture():
            data = base64.b64encode(thing.jpeg).decode()
            return (
                f'<image x="{thing.x:.1f}" y="{thing.y:.1f}" width="{thing.width:.1f}" height="{thing.height:.1f}" '
                f'href="data:image/jpeg;base64,{data}" role="img" aria-label="{text(thing.said)}"/>'
            )


def _print(canvas: Canvas, thing: Box | Shape | Words | Picture) -> None:
    match thing:
        case Box(x, y, width, height, colour):
            canvas.setFillColor(HexColor(colour))
            canvas.rect(x, HEIGHT - y - height, width, height, stroke=0, fill=1)
        case Shape(points, colour, stroke, dashed):
            path = canvas.beginPath()
            path.moveTo(points[0][0], HEIGHT - points[0][1])
            for x, y in points[1:]:
                path.lineTo(x, HEIGHT - y)
            canvas.setFillColor(HexColor(colour))
            canvas.setStrokeColor(HexColor(colour))
            canvas.setLineWidth(stroke)
            canvas.setDash([3, 2] if dashed else [])
            canvas.drawPath(path, stroke=int(stroke > 0), fill=int(stroke == 0))
        case Words():
            canvas.setFillColor(HexColor(thing.colour))
            canvas.setFont(BOLD if thing.bold else PLAIN, thing.size)
            # The fonts that every reader of PDF has know Western European letters only.
            said = thing.text.replace("−", "–").encode("cp1252", errors="replace").decode("cp1252")
            (canvas.drawRightString if thing.right else canvas.drawString)(thing.x, HEIGHT - thing.y, said)
        case Picture():
            place = (thing.x, HEIGHT - thing.y - thing.height)
            canvas.drawImage(ImageReader(io.BytesIO(thing.jpeg)), *place, thing.width, thing.height)
