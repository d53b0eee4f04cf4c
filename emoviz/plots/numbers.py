"""Facts, chips and small tables: numbers with what they mean beside them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from emoviz.analysis.portrait import Pair, Portrait
from emoviz.analysis.slices import Judge
from emoviz.analysis.summary import Summary
from emoviz.data.dataset import FUSED
from emoviz.measures.intervals import Interval
from emoviz.models.checkpoints import Metric
from emoviz.plots.html import percent, text


@dataclass(frozen=True)
class Fact:
    """One number for everybody.

    Attributes:
        number: as shown
        meaning: what it counts
        note: how sure it is, or of how many
        key: whether it is the one to look at
    """

    number: str
    meaning: str
    note: str = ""
    key: bool = False


def facts(given: Sequence[Fact]) -> str:
    """Numbers in a row, each with its meaning and how sure it is."""
    boxes = "".join(
        f"<div{' class=ev-key' if fact.key else ''}><b>{text(fact.number)}</b><span>{text(fact.meaning)}</span>"
        f"<small>{text(fact.note)}</small></div>"
        for fact in given
    )
    return f'<div class="ev ev-facts">{boxes}</div>'


def overview(total: Summary, judge: Judge | None, metrics: Sequence[Metric]) -> tuple[Fact, ...]:
    """The few numbers a newcomer needs: how much, how often it disagrees, who is followed, how good the model is."""
    given = [
        Fact(f"{total.samples:,}", "samples", f"{total.groups:,} speakers" if total.groups else "speakers unknown")
    ]
    if judge is not None:
        found = total.disagreement(judge)
        among = "people disagree beyond vote noise" if judge == "people" else "differ beyond the model's floor"
        given.append(Fact(percent(found.share.value, 1), among, sure(found.share), key=True))
        winner = max((one for one in total.winners if one.judge == judge), key=lambda one: one.n, default=None)
        if winner is not None:
            name, share = max(
                ((winner.a, winner.follows_a), (winner.b, winner.follows_b)), key=lambda one: one[1].value
            )
            given.append(
                Fact(
                    percent(share.value, 1),
                    f"follow the {name} where {winner.a} and {winner.b} clearly differ",
                    sure(share),
                )
            )
    given += [
        Fact(f"{metric.value:.3f}", f"model: {metric.name}", f"{metric.low:.3f} to {metric.high:.3f}, {metric.on}")
        for metric in metrics[:1]
    ]
    return tuple(given)


def measured(metrics: Sequence[Metric]) -> tuple[Fact, ...]:
    """What was measured of a checkpoint, with intervals."""
    return tuple(
        Fact(f"{one.value:.3f}", one.name, f"{one.low:.3f} to {one.high:.3f}; {one.on}, n = {one.n:,}")
        for one in metrics
    )


def sure(value: Interval) -> str:
    """An interval and what it rests on, in short."""
    return f"95 %: {100 * value.low:.1f} to {100 * value.high:.1f}, n = {value.n:,}"


def chips(one: Portrait, judge: Judge) -> str:
    """What a sample is, in a line: kind of conflict, who stands apart, speaker, split, flag."""
    kind, apart = one.type(judge), one.dissenter(judge)
    given = [
        (kind, ""),
        (f"{apart} stands apart" if apart else "", ""),
        (f"speaker {one.group}" if one.group.isdigit() else one.group, ""),
        (one.split, ""),
        ("in-sample: the model learnt from it" if one.fold == -2 else "", "ev-warn"),
        (f"⚑ {one.flag}" if one.flag else "", "ev-warn"),
    ]
    boxes = "".join(f'<span class="ev-chip {kind}">{text(word)}</span>' for word, kind in given if word)
    return f'<div class="ev ev-chips">{boxes}</div>'


def pairs(one: Portrait) -> str:
    """How far the sides are apart, pair by pair, by people and by the model."""
    people = any(not math.isnan(pair.people) for pair in one.pairs)
    model = any(not math.isnan(pair.model) for pair in one.pairs)
    head = "<th>apart</th>"
    if people:
        head += (
            '<th title="Jensen-Shannon divergence of the votes: 0 the same, 1 nothing in common">people, bits</th>'
            '<th title="What chance alone gives when the votes are pooled and dealt out again">chance</th>'
            '<th title="How often chance alone gives as much">p</th>'
        )
    if model:
        head += (
            '<th title="Divergence of what the model expects people to say: 0 the same, 1 nothing in common">model</th>'
            '<th title="What samples that agree stay below">floor</th>'
        )
    rows = "".join(_pair(pair, people, model) for pair in one.pairs)
    return f'<div class="ev"><table class="ev-pairs"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def scores(one: Portrait) -> str:
    """What people and the model score the sides, where a dataset has scores; empty where there are none."""
    known = [side for side in one.sides if not (math.isnan(side.people_score) and math.isnan(side.model_score))]
    if not known:
        return ""
    rows = "".join(
        f"<tr><td>{text('together' if side.name == FUSED else side.name)}</td><td>{_bits(side.people_score)}</td>"
        f"<td>{_bits(side.model_score)}</td></tr>"
        for side in known
    )
    head = "<th>score</th><th>people</th><th>model</th>"
    return f'<div class="ev"><table class="ev-pairs"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _pair(pair: Pair, people: bool, model: bool) -> str:
    cells = f"<td>{text(pair.a)} – {text(pair.b)}</td>"
    if people:
        sure = " ✓" if pair.beyond_noise else ""
        title = "beyond noise after Benjamini-Hochberg at 5 %" if sure else "within vote noise"
        cells += (
            f"<td>{_bits(pair.people)}</td><td>{_bits(pair.people - pair.excess)}</td>"
            f'<td title="{title}">{_probability(pair.p)}{sure}</td>'
        )
    if model:
        cells += f"<td>{_bits(pair.model)}</td><td>{_bits(pair.floor)}</td>"
    return f"<tr>{cells}</tr>"


def _bits(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


def _probability(value: float) -> str:
    return "–" if math.isnan(value) else "< .001" if value < 0.001 else f"{value:.3f}".removeprefix("0")
