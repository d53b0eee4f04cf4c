"""What numbers come to, in sentences. Markdown; whatever comes from a dataset is escaped."""

import re
from collections.abc import Mapping, Sequence

from emoviz.analysis.portrait import Portrait, Side
from emoviz.analysis.slices import Judge
from emoviz.analysis.summary import Matrix, Summary, Winner
from emoviz.data.dataset import FUSED

TYPES = {
    "agreement": "the sides agree as far as anyone can tell",
    "dominance": "the sides differ, and the whole follows one of them",
    "complement": "the sides differ, and the whole keeps something of both",
    "conflict": "the sides differ, and the whole is neither",
    "unclear": "too little is said to tell",
}
KEYS = """
| | |
|---|---|
| ← → | previous and next sample |
| Space | play and pause the clip |
| Esc | select nothing |
| click | open a sample |
| Shift or Ctrl click | take it into the selection, or out of it |
| Shift drag on the disk | select with a lasso |
| drag, wheel on the disk | pan, zoom; a double click recentres |
| Ctrl Z, Shift Ctrl Z on the disk | undo, redo a selection |
| ? on the disk | everything the disk understands |
"""
CLEAR = 0.5  # a share from which one emotion may be named without a word of doubt


def plain(text: str) -> str:
    """Text from outside, so that Markdown and HTML leave it as it is."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>$~:&^=-])", r"\\\1", text)


def listed(names: Sequence[str], last: str = "and") -> str:
    """``voice, face and text``."""
    names = list(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}" if names else ""


def side(name: str) -> str:
    """A side as a person says it."""
    return "together" if name == FUSED else name


def percent(value: float, digits: int = 0) -> str:
    """A share of 1 as ``24.5 %``, which no line breaks."""
    return f"{100 * value:.{digits}f}\u00a0%"


def question(modalities: Sequence[str]) -> str:
    """What the overview asks of a dataset."""
    if len(modalities) < 2:
        return "What do people perceive?"
    return f"Do {plain(listed(modalities))} tell the same story?"


def headline(total: Summary, judge: Judge | None, modalities: Sequence[str]) -> str:
    """The first sentence of the overview."""
    who = plain(listed(modalities))
    if judge is None:
        return (
            f"Nobody has judged {who} one at a time in these {total.samples:,} samples, so there is no conflict to see "
            "yet. A model, once trained, predicts what people would perceive in each."
        )
    found = total.disagreement(judge)
    share = f"**{found.count:,} of {found.judged:,} samples ({percent(found.share.value, 1)})**"
    if len(modalities) == 2:
        asked = f"people given only the {plain(modalities[0])} and people given only the {plain(modalities[1])}"
    else:
        asked = f"people given only one of {who}"
    if judge == "people":
        return f"In {share}, {asked} name different emotions, beyond what chance among so few votes explains."
    return f"In {share}, {asked} would name different emotions: that is what the model predicts, beyond its own noise."


def cell(a: str, first: str, b: str, second: str) -> str:
    """The samples of one cell of the matrix."""
    return f"{a} says {first}, {b} says {second}"


def wins(found: Winner) -> str:
    """Whom the whole follows, in a sentence."""
    shares = {found.a: found.follows_a, found.b: found.follows_b}
    first, second = sorted(shares, key=lambda name: -shares[name].value)
    who = "people who get both follow" if found.judge == "people" else "the model expects people to follow"
    return (
        f"Where {plain(found.a)} and {plain(found.b)} clearly differ, {who} the **{plain(first)}** in "
        f"{percent(shares[first].value, 1)}, the **{plain(second)}** in {percent(shares[second].value, 1)} and neither "
        f"in {percent(found.neither.value, 1)} ({found.n:,} samples)."
    )


def legend(grid: Matrix, winner: bool) -> str:
    """What the cells of the matrix mean."""
    n = f"{int(grid.counts.sum()):,} samples whose {plain(grid.a)} and {plain(grid.b)} each show one emotion most"
    if winner:
        return (
            f"Percent of a cell's samples whose whole follows the {plain(grid.a)} or the {plain(grid.b)}, whichever "
            f"does more often; cells of fewer than 10 stay empty. {n}. Click a cell to select its samples."
        )
    return f"{n}; on the grey diagonal they agree. Click a cell to select its samples."


def top(portrait: Portrait, side: Side, judge: Judge) -> tuple[str, float] | None:
    """The emotion a side shows most and its share, or ``None`` where it is missing or tied."""
    said = side.said(judge)
    if said is None or (said == said.max()).sum() > 1:
        return None
    return portrait.labels[said.argmax()], float(said.max())


def sample(portrait: Portrait, judge: Judge) -> str:
    """One sample in a sentence or two, by one judge."""
    parts = []
    for one in portrait.sides[:-1]:
        best = top(portrait, one, judge)
        if best is not None:
            parts.append(f"the **{plain(one.name)}** alone says {_emotion(*best)}")
        elif one.said(judge) is not None:
            parts.append(f"the **{plain(one.name)}** alone is undecided")
    whole = top(portrait, portrait.sides[-1], judge)
    kind = portrait.type(judge)
    scored = [(one, one.people_score if judge == "people" else one.model_score) for one in portrait.sides]
    if not parts and any(score == score for _, score in scored):
        told = [f"{plain(side(one.name))} {score:.2f}" for one, score in scored if score == score]
        return f"{'People score' if judge == 'people' else 'The model expects people to score'} it {listed(told)}."
    if not parts:
        said = "Nobody was asked about its modalities one at a time" if judge == "people" else "The model sees nothing"
        return f"{said}; as a whole people say {_emotion(*whole)}." if whole and judge == "people" else f"{said}."
    start = "To people, " if judge == "people" else "As the model predicts people's answers, "
    end = f" Together: {_emotion(*whole)}." if whole else ""
    why = f" {kind.capitalize()}: {TYPES[kind]}." if kind in TYPES else ""
    return f"{start}{listed(parts)}.{end}{why}"


def _emotion(name: str, share: float) -> str:
    return f"{plain(name)} ({percent(share)})" if share >= CLEAR else f"mostly {plain(name)} (only {percent(share)})"


def seconds(left: float | None) -> str:
    """A time that is left, as a person says it."""
    if left is None:
        return "time left unknown"
    if left < 60:
        return f"about {max(1, round(left))} s left"
    return f"about {round(left / 60)} min left" if left < 5400 else f"about {left / 3600:.1f} h left"


def about(description: str, licence: str) -> str:
    """What a dataset is and under which terms."""
    return f"{plain(description)} Licence: {plain(licence.rstrip('.'))}."


def map(distortion: float) -> str:
    """What the disk shows and how far to trust it."""
    trust = f" On average a point's distances are {percent(distortion)} off." if distortion == distortion else ""
    return (
        "Each point is a sample, near what it resembles: the middle is undecided, the rim is certain. Named marks are "
        f"emotions. Click a point to join what its modalities say alone.{trust}"
    )


def contents(samples: int, modalities: Sequence[str], labels: Sequence[str], annotations: Mapping[str, str]) -> str:
    """What a dataset holds."""
    judged = ", ".join(f"{plain(side(name))} ({kind})" for name, kind in annotations.items()) or "nothing"
    return (
        f"{samples:,} samples of {plain(listed(modalities))}; {len(labels)} emotions: {plain(listed(labels))}. "
        f"People judged: {judged}."
    )


def shown(rows: int, samples: int, column: str, focused: bool) -> str:
    """What a list shows, in which order, and what can be done with it."""
    which = (
        f"All **{samples:,}** samples"
        if rows == samples
        else f"The **{rows:,}** selected of {samples:,} samples"
        if focused
        else f"**{rows:,}** of {samples:,} samples"
    )
    return (
        f"{which}, ordered by {plain(column.replace('_', ' '))}. Click one to see who says what; the keys ← and → walk."
    )


def library(datasets: int, models: int) -> str:
    """What the page of datasets is for."""
    held = (
        f"{datasets:,} {'dataset' if datasets == 1 else 'datasets'}, {models:,} {'model' if models == 1 else 'models'}"
    )
    return (
        f"{held}. A dataset is samples and what people said of them; a model learns from it to predict what people "
        "would perceive in each modality alone. Everything here stays on this machine."
    )
