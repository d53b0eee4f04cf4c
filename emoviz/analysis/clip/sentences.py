"""What an explanation comes to, in two or three plain sentences that state their doubt."""

import math
from collections.abc import Sequence

from emoviz.analysis.clip.explanation import Attribution, Moment, Side, Spread
from emoviz.analysis.words import CLEAR, listed, percent
from emoviz.perception.common import LABELS

NAMES = {"text": "words"}
POOR = 0.35  # quality below which what a modality says is doubted aloud


def sentences(
    sides: Sequence[Side],
    fused: Spread | None,
    attribution: Attribution | None,
    conflict: float,
    floor: float,
    dissenter: str,
    moments: Sequence[Moment],
) -> tuple[str, ...]:
    """What was found, most important first; plain text."""
    read = [side for side in sides if side.said is not None]
    if fused is None or attribution is None:
        if any(side.reading.status == "reading" for side in sides):
            return ("Nothing has been read yet.",)
        return ("Nothing in this clip could be read: " + _reasons(sides),)
    found = [_together(read, fused, attribution)]
    if math.isnan(conflict):
        found.append(_alone(sides, read))
    elif conflict > floor:
        found.append(_apart(read, dissenter, conflict, floor))
        if moments and moments[0].clear:
            found.append(_when(moments[0]))
    else:
        found.append(_agreeing(read, conflict, floor))
    doubted = [name(side.modality) for side in read if side.quality < POOR]
    if doubted:
        found.append(f"Take what the {listed(doubted)} {_verb(doubted, 'say')} with doubt: the quality is poor.")
    return tuple(found)


def name(modality: str) -> str:
    """A modality as a person says it."""
    return NAMES.get(modality, modality)


def clock(seconds: float) -> str:
    """A time as ``0:01.2``."""
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths % 600 // 10:02d}.{tenths % 10}"


def _together(read: Sequence[Side], fused: Spread, attribution: Attribution) -> str:
    at = int(fused.distribution.argmax())
    low, high = fused.low[at], fused.high[at]
    doubt = "" if math.isnan(low) else f"; {percent(low)} to {percent(high)} with other windows of it"
    if fused.share >= CLEAR:
        start = f"Together it conveys {fused.label} ({percent(fused.share)}{doubt})"
    else:
        second = int(fused.distribution.argsort()[-2])
        start = (
            f"Together it is not clear: most likely {fused.label}, but only {percent(fused.share)}{doubt}, then "
            f"{LABELS[second]} ({percent(float(fused.distribution[second]))})"
        )
    most = max(attribution.parts, key=lambda part: part.value)
    if len(read) > 1 and most.value > 0:
        start += f", carried mostly by the {name(most.modality)}"
    return start + "."


def _alone(sides: Sequence[Side], read: Sequence[Side]) -> str:
    waiting = [name(side.modality) for side in sides if side.reading.status == "reading" and side.said is None]
    if waiting:
        return f"So far only the {name(read[0].modality)} {_verb([name(read[0].modality)], 'say')} something."
    gone = [side for side in sides if side.said is None]
    return f"Only the {name(read[0].modality)} could be read, so there is nothing it could disagree with. " + _reasons(
        gone
    )


def _reasons(sides: Sequence[Side]) -> str:
    return " ".join(f"{name(side.modality).capitalize()}: {side.reading.reason or 'missing.'}" for side in sides)


def _apart(read: Sequence[Side], dissenter: str, conflict: float, floor: float) -> str:
    sure = f"conflict {conflict:.2f}; clips that agree stay below {floor:.2f}"
    if not dissenter:
        return f"They clearly differ, though none stands alone: {_says(read)} ({sure})."
    alone = [side for side in read if side.modality == dissenter]
    rest = [side for side in read if side.modality != dissenter]
    return (
        f"The {name(dissenter)} {_verb([name(dissenter)], 'stand')} apart: {_says(alone)} while {_says(rest)} ({sure})."
    )


def _agreeing(read: Sequence[Side], conflict: float, floor: float) -> str:
    if math.isnan(floor):
        unknown = "how far such modalities differ by chance is not known, so no conflict is claimed"
        return f"{_capital(_says(read))}; {unknown}."
    return (
        f"No clear conflict: {_says(read)}; that is no farther apart than noise explains "
        f"(conflict {conflict:.2f}; clips that agree stay below {floor:.2f})."
    )


def _when(moment: Moment) -> str:
    told = {said.modality: said for said in moment.says}
    both = [f"the {name(m)} {_verb([name(m)], 'say')} {told[m].label}" for m in (moment.a, moment.b)]
    return f"It is strongest at {clock(moment.time)}, where {both[0]} and {both[1]}."


def _says(sides: Sequence[Side]) -> str:
    told = []
    for side in sides:
        assert side.said is not None  # only those that were read are asked
        who = name(side.modality)
        share = percent(side.said.share)
        how = f"({share})" if side.said.share >= CLEAR else f"at most (only {share})"
        told.append(f"the {who} {_verb([who], 'say')} {side.said.label} {how}")
    return listed(told)


def _verb(who: Sequence[str], verb: str) -> str:
    return verb if len(who) > 1 or who[0] == "words" else f"{verb}s"


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
