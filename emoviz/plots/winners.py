"""Whom the whole follows where two modalities differ: bars with their intervals."""

from collections.abc import Sequence

from emoviz.analysis.summary import Winner
from emoviz.measures.intervals import Interval
from emoviz.plots.html import WHOLE, modality_colour, percent, text, width


def bars(winners: Sequence[Winner], modalities: tuple[str, ...]) -> str:
    """One line an outcome, in it one bar for each judge, the first one thick.

    Args:
        winners: of one pair of modalities, by each judge that knows
        modalities: of the dataset, for their colours
    """
    one = winners[0]
    outcomes = (
        (f"the {one.a}", modality_colour(modalities, one.a), [(w, w.follows_a) for w in winners]),
        (f"the {one.b}", modality_colour(modalities, one.b), [(w, w.follows_b) for w in winners]),
        ("neither", WHOLE, [(w, w.neither) for w in winners]),
    )
    rows = "".join(_row(name, colour, shares) for name, colour, shares in outcomes)
    bars_ = ("thick: ", "thin: ") if len(winners) > 1 else ("",)
    legend = "".join(f"<span>{bar}{w.judge}, n = {w.n:,}</span>" for bar, w in zip(bars_, winners, strict=True))
    return (
        f'<div class="ev ev-wins" role="group" aria-label="{text(spoken(winners))}">{rows}'
        f'<div class="ev-legend">{legend}<span>whiskers: 95 % interval</span></div></div>'
    )


def spoken(winners: Sequence[Winner]) -> str:
    """The chart in words."""
    return "; ".join(
        f"{w.judge}: the {w.a} {percent(w.follows_a.value)}, the {w.b} {percent(w.follows_b.value)}, "
        f"neither {percent(w.neither.value)} of {w.n:,} samples"
        for w in winners
    )


def _row(name: str, colour: str, shares: list[tuple[Winner, Interval]]) -> str:
    marks = "".join(_mark(winner, value, first=place == 0) for place, (winner, value) in enumerate(shares))
    (_, first), *others = shares
    more = "".join(f" · {winner.judge} {100 * value.value:.1f}" for winner, value in others)
    return (
        f'<div class="ev-row" style="--colour:{text(colour)}"><span>{text(name)}</span>'
        f'<span class="ev-track">{marks}</span><em><strong>{percent(first.value, 1)}</strong>'
        f"<small>{100 * first.low:.1f} to {100 * first.high:.1f}{more}</small></em></div>"
    )


def _mark(winner: Winner, value: Interval, first: bool) -> str:
    title = text(
        f"{winner.judge}: {percent(value.value, 1)}, 95 %: {percent(value.low, 1)} to {percent(value.high, 1)}, "
        f"{value.n:,} samples of {value.groups:,} speakers"
    )
    kind = "ev-bar" if first else "ev-bar ev-second"
    return (
        f'<span class="{kind}" title="{title}"><b style="width:{width(value.value)}"></b>'
        f'<i style="left:{width(value.low)};width:{width(value.high - value.low)}"></i></span>'
    )
