"""What people said of the sides of one sample, beside what a model expects."""

import numpy as np

from emoviz.analysis.portrait import Portrait, Side
from emoviz.data.dataset import FUSED
from emoviz.plots.html import percent, text, width

SHOWN = 0.04  # emotions that nobody gives more than this fold away where there are many
MANY = 9


def side_by_side(portrait: Portrait, heads: dict[str, str] | None = None) -> str:
    """One column a side, one row an emotion; a thick bar for people, a thin one for the model.

    Args:
        portrait: the sample
        heads: side to the words above its column; its name where missing
    """
    sides = [side for side in portrait.sides if side.people is not None or side.model is not None]
    if not sides:
        return ""
    heads = heads or {}
    strongest = np.max([given for side in sides for given in (side.people, side.model) if given is not None], axis=0)
    order = range(len(portrait.labels))
    folded = [k for k in order if len(portrait.labels) > MANY and strongest[k] < SHOWN]
    head = "".join(f"<b>{text(heads.get(side.name, _name(side)))}</b>" for side in sides)
    shown = "".join(_row(portrait, sides, k) for k in order if k not in folded)
    rest = "".join(_row(portrait, sides, k) for k in folded)
    more = f"<details><summary>{len(folded)} more below {percent(SHOWN)}</summary>{rest}</details>" if folded else ""
    return (
        f'<div class="ev ev-sides" style="--sides:{len(sides)}" role="group" aria-label="{text(spoken(portrait))}">'
        f'<div class="ev-row ev-head"><span></span>{head}</div>{shown}{more}{_legend(sides)}</div>'
    )


def spoken(portrait: Portrait) -> str:
    """The chart in words, for those who hear it."""
    said = []
    for side in portrait.sides:
        for who, given in (("people", side.people), ("the model", side.model)):
            if given is not None:
                best = ", ".join(f"{portrait.labels[k]} {percent(given[k])}" for k in np.argsort(-given)[:3])
                said.append(f"{_name(side)}, {who}: {best}")
    return "; ".join(said)


def strip(given: np.ndarray | None, labels: tuple[str, ...], colours: tuple[str, ...]) -> str:
    """A distribution ``(K,)`` as one line of coloured pieces."""
    if given is None:
        return '<span class="ev ev-strip ev-none"></span>'
    pieces = "".join(
        f'<i style="width:{width(share)};background:{text(colour)}" title="{text(label)} {percent(share)}"></i>'
        for share, label, colour in zip(given, labels, colours, strict=True)
        if share > 0
    )
    return f'<span class="ev ev-strip">{pieces}</span>'


def _name(side: Side) -> str:
    return "together" if side.name == FUSED else side.name


def _row(portrait: Portrait, sides: list[Side], k: int) -> str:
    cells = "".join(_cell(portrait, side, k) for side in sides)
    return (
        f'<div class="ev-row"><span title="{text(portrait.labels[k])}">{text(portrait.labels[k])}</span>{cells}</div>'
    )


def _cell(portrait: Portrait, side: Side, k: int) -> str:
    said, bars = [], []
    for who, given, kind in (("people", side.people, "people"), ("model", side.model, "model")):
        if given is not None:
            said.append(f"{who} {percent(given[k])}")
            style = f"width:{width(given[k])};--colour:{text(portrait.colours[k])}"
            bars.append(f'<i class="ev-{kind}" style="{style}"></i>')
    leading = side.people if side.people is not None else side.model
    number = f"{100 * leading[k]:.0f}" if leading is not None and leading[k] >= 0.005 else ""
    strong = " ev-top" if leading is not None and leading[k] == leading.max() else ""
    title = text(f"{_name(side)}, {portrait.labels[k]}: {', '.join(said)}")
    return f'<span class="ev-cell{strong}" title="{title}"><span>{"".join(bars)}</span><em>{number}</em></span>'


def _legend(sides: list[Side]) -> str:
    kinds = [
        f'<span><i class="ev-{kind}"></i>{words}</span>'
        for kind, words, shown in (
            ("people", "people, in percent", any(side.people is not None for side in sides)),
            ("model", "model: what it expects people to perceive", any(side.model is not None for side in sides)),
        )
        if shown
    ]
    return f'<div class="ev-legend">{"".join(kinds)}</div>'
