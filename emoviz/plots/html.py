"""Small charts as HTML: they appear at once, follow the theme and can be read aloud.

A chart is a string for the page, dressed by ``emoviz/app/style.css``. Everything that comes from a
dataset goes through :func:`text`. Why not plotly: docs/decisions/0005-small-charts-are-html.md.
"""

import html
import math

# Blue, orange, green, violet, brown, pink: told apart by the colour-blind, clear on white and on near black.
MODALITIES = ("#3b8fd9", "#e08a1e", "#22a07a", "#a56bd6", "#9a7b52", "#d95f8c")
WHOLE = "#7d8296"


def text(value: object) -> str:
    """Anything as text that the page shows and never runs."""
    return html.escape(str(value), quote=True)


def modality_colour(modalities: tuple[str, ...], name: str) -> str:
    """The colour of a modality, or of the whole."""
    return MODALITIES[modalities.index(name) % len(MODALITIES)] if name in modalities else WHOLE


def width(share: float) -> str:
    """A share of 1 as a CSS width; nothing for NaN."""
    return "0" if math.isnan(share) else f"{100 * min(max(share, 0), 1):.1f}%"


def percent(share: float, digits: int = 0) -> str:
    """A share of 1 in percent, a dash for NaN."""
    return "–" if math.isnan(share) else f"{100 * share:.{digits}f}\u00a0%"
