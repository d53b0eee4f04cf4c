"""What was found in one clip, as small charts: distributions with their spread, pairs, who carries the answer."""

import math
from collections.abc import Sequence

import numpy as np

from emoviz.analysis.clip.explanation import Attribution, Explanation, Pair, Side, Spread
from emoviz.data import emotions
from emoviz.perception.base import MODALITIES
from emoviz.perception.common import LABELS
from emoviz.plots.html import WHOLE, modality_colour, percent, text, width

COLOURS = {one.name: one.colour for one in emotions.labels(LABELS)}
NAMES = {"face": "face", "voice": "voice", "text": "words", "fused": "together"}
FAINT = 0.02  # share of the strongest word below which a word is left uncoloured


def name(side: str) -> str:
    """A side of a clip as a person calls it."""
    return NAMES.get(side, side)


def colour(side: str) -> str:
    """The colour of a modality, the same on all charts of a clip; one of its own for the whole."""
    return modality_colour(MODALITIES, side)


def distributions(one: Explanation) -> str:
    """One column a side, one row an emotion; a bar is a share, the line on it its 95 % interval."""
    sides: list[tuple[str, Spread | None, str]] = [("fused", one.fused, "nothing could be read")]
    sides += [(side.modality, side.said, why_missing(side)) for side in one.sides]
    head = "".join(
        f'<b style="--colour:{colour(side)}">{text(name(side))}{"" if said else " <small>missing</small>"}</b>'
        for side, said, _ in sides
    )
    rows = "".join(_row(sides, k) for k in range(len(LABELS)))
    return (
        f'<div class="ev ev-sides ev-clip" style="--sides:{len(sides)}" role="group" aria-label="{text(spoken(one))}">'
        f'<div class="ev-row ev-head"><span></span>{head}</div>{rows}</div>'
    )


def spoken(one: Explanation) -> str:
    """The distributions in words, for those who hear them."""
    told = [("together", one.fused), *((name(side.modality), side.said) for side in one.sides)]
    return "; ".join(f"{who}: {said.label} {percent(said.share)}" if said else f"{who}: missing" for who, said in told)


def why_missing(side: Side) -> str:
    """Why a side says nothing."""
    return side.reading.reason or ("not read yet" if side.reading.status == "reading" else "nothing could be read")


def _row(sides: Sequence[tuple[str, Spread | None, str]], k: int) -> str:
    cells = "".join(_cell(side, said, why, k) for side, said, why in sides)
    return f'<div class="ev-row"><span>{text(LABELS[k])}</span>{cells}</div>'


def _cell(side: str, said: Spread | None, why: str, k: int) -> str:
    if said is None:
        return f'<span class="ev-cell ev-missing" title="{text(why)}"></span>'
    share, low, high = (float(values[k]) for values in (said.distribution, said.low, said.high))
    sure = "" if math.isnan(low) else f", 95 %: {percent(low)} to {percent(high)}"
    line = "" if math.isnan(low) else f'<u style="left:{width(low)};width:{width(high - low)}" aria-hidden="true"></u>'
    strong = " ev-top" if share == said.share else ""
    bar = f'<i style="width:{width(share)};--colour:{COLOURS[LABELS[k]]}"></i>'
    number = f"{100 * share:.0f}" if share >= 0.005 else ""
    title = text(f"{name(side)}, {LABELS[k]}: {percent(share)}{sure}")
    return f'<span class="ev-cell{strong}" title="{title}"><span>{bar}{line}</span><em>{number}</em></span>'


def pairs(one: Explanation) -> str:
    """How far every two modalities are apart, with the floor below which that means nothing."""
    rows = "".join(_pair(pair) for pair in one.pairs)
    return f'<div class="ev ev-apart">{rows}</div>' if rows else ""


def _pair(pair: Pair) -> str:
    floor = "" if math.isnan(pair.floor) else f'<s style="left:{width(pair.floor)}" title="noise floor"></s>'
    sure = "" if math.isnan(pair.low) else f'<u style="left:{width(pair.low)};width:{width(pair.high - pair.low)}"></u>'
    verdict = "clearly apart" if pair.clear else "no clear conflict" if not math.isnan(pair.floor) else "floor unknown"
    said = f"{name(pair.a)} and {name(pair.b)}: {_number(pair.value)} apart, floor {_number(pair.floor)}"
    return (
        f'<div class="ev-row{" ev-clear" if pair.clear else ""}" title="{text(said)}">'
        f"<span>{text(name(pair.a))} – {text(name(pair.b))}</span>"
        f'<span class="ev-track"><b style="width:{width(pair.value)}"></b>{sure}{floor}</span>'
        f"<em><strong>{_number(pair.value)}</strong> <small>floor {_number(pair.floor)}</small></em>"
        f"<small>{verdict}</small></div>"
    )


def attribution(one: Attribution) -> str:
    """What every modality adds to the share of the fused answer, from before anything was seen to the answer."""
    steps = [("before anything is seen or heard", 0.0, one.before, WHOLE, percent(one.before))]
    at = one.before
    for part in one.parts:
        steps.append((name(part.modality), at, at + part.value, colour(part.modality), _points(part.value)))
        at += part.value
    steps.append((f"together: {one.label}", 0.0, one.after, COLOURS[one.label], percent(one.after)))
    rows = "".join(
        f'<div class="ev-row"><span>{text(what)}</span><span class="ev-track">'
        f'<b style="left:{width(min(a, b))};width:max(2px, {width(abs(b - a))});--colour:{shade}"></b></span>'
        f"<em>{text(number)}</em></div>"
        for what, a, b, shade, number in steps
    )
    return f'<div class="ev ev-steps">{rows}</div>'


def words(given: Sequence[tuple[str, float]], label: str) -> str:
    """Words shaded by how far each speaks for an emotion (in its colour) or against it (underlined).

    Args:
        given: every piece of the text in order, and what it adds; what adds nothing may be in it
        label: the emotion
    """
    most = max((abs(value) for _, value in given), default=0.0) or 1.0
    pieces = "".join(_word(piece, value / most, value, label) for piece, value in given)
    return f'<div class="ev ev-words" style="--colour:{COLOURS.get(label, WHOLE)}">{pieces}</div>'


def _word(piece: str, strength: float, value: float, label: str) -> str:
    if abs(strength) < FAINT:
        return f"<span>{text(piece)}</span>"
    kind = "for" if strength > 0 else "against"
    return (
        f'<mark class="ev-{kind}" style="--strength:{100 * abs(strength):.0f}%" '
        f'title="{text(f"{value:+.2f} {kind} {label}")}">{text(piece)}</mark>'
    )


def _points(value: float) -> str:
    return f"{100 * value:+.0f} points".replace("-", "−")


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"
