"""One clip explained on the page: what was found, when, why, and what it would be otherwise."""

import math
from collections.abc import Sequence

import streamlit as st

from emoviz.analysis import words
from emoviz.analysis.clip.counterfactual import length
from emoviz.analysis.clip.evidence import looked_at
from emoviz.analysis.clip.explain import explain
from emoviz.analysis.clip.explanation import Explanation
from emoviz.app import cache, controls, evidence, placed, player, said, takehome, watch, whatif
from emoviz.app.clips import Handed, Shelf
from emoviz.app.placed import Among
from emoviz.app.whatif import AS_IS, Wish
from emoviz.perception.pipeline import Perceived
from emoviz.plots import clip as chart
from emoviz.plots import numbers
from emoviz.plots.html import percent
from emoviz.plots.numbers import Fact


def show(shelf: Shelf, handed: Handed) -> None:
    """Everything about one clip, as far as it has been read."""
    told = handed.told()
    perceived = handed.read(told.version)
    # What comes and goes has a container that stays: a browser must not find an element where a container was.
    top, switches, compared = st.container(), st.container(), st.container()
    if perceived is None:
        if told.active:
            top.info("The first results come in a moment.", icon=":material/hourglass_empty:")
        return
    seconds = length(perceived)
    with switches:
        wish = whatif.switches(handed.clip_id, perceived, seconds, _others(shelf, handed))
    one = explained(handed, perceived, wish)
    with top:
        verdict(one)
    if wish.changes:
        with compared:
            whatif.difference(explained(handed, perceived), one)
    look = player.show(watch.view(handed.clip_id, one, handed.played(told), wish.left_out), "explain.player")
    if look is not None and look.id == handed.clip_id:
        handed.look = look.time
    charts(one)
    sections(handed, perceived, wish, one)


def explained(handed: Handed, perceived: Perceived, wish: Wish = AS_IS, among: Among | None = None) -> Explanation:
    """The explanation of what has been read, kept with the clip as long as nothing changes."""
    key = (wish.key, among and (among.info.content_hash, among.card.sha256))
    if handed.explained_of is not perceived:
        handed.explained_of, handed.explained = perceived, {}
    if key not in handed.explained:
        handed.explained[key] = explain(
            perceived,
            changes=wish.changes,
            dataset=cache.dataset(among.info.name, among.info.content_hash) if among else None,
            checkpoint=cache.checkpoint(among.card.name, among.card.sha256) if among else None,
        )
    return handed.explained[key]


def _others(shelf: Shelf, handed: Handed) -> dict[str, tuple[str, Perceived]]:
    """The other clips of the session that have been read."""
    found = {}
    for other in shelf.clips.values():
        told = other.told()
        if other is not handed and not told.active and (perceived := other.read(told.version)) is not None:
            found[other.clip_id] = (other.name, perceived)
    return found


def verdict(one: Explanation) -> None:
    """What it comes to, in sentences and three numbers, with what they do not say beside them."""
    st.markdown(" ".join(words.plain(sentence) for sentence in one.sentences))
    st.html(numbers.facts(facts(one)))
    controls.caveat()


def facts(one: Explanation) -> Sequence[Fact]:
    """The answer, the conflict and who stands apart, each with how sure that is."""
    found = []
    if one.fused is not None:
        k = int(one.fused.distribution.argmax())
        low, high = one.fused.low[k], one.fused.high[k]
        sure = "too short to say how sure" if math.isnan(low) else f"95 %: {percent(low)} to {percent(high)}"
        found.append(Fact(f"{one.fused.label} {percent(one.fused.share)}", "what all of it together conveys", sure))
    if not math.isnan(one.conflict):
        floor = "floor unknown" if math.isnan(one.floor) else f"clips that agree stay below {one.floor:.2f}"
        meaning = "conflict" if one.clear else "no clear conflict"
        found.append(Fact(f"{one.conflict:.2f}", meaning, floor, key=one.clear))
        apart, why = (f"the {chart.name(one.dissenter)}", "") if one.dissenter else ("nobody", "no clear conflict")
        found.append(Fact(apart, "stands against the rest", why))
    return found


def charts(one: Explanation) -> None:
    """What each conveys; where they disagree; which of them carries the answer."""
    with st.container(key="explain_body"):
        left, right = st.columns([1.35, 1], gap="medium")
    with left.container(border=True):
        st.subheader("What each conveys")
        st.html(chart.distributions(one))
        st.caption("Percent. The thin line is how far a share moves when the clip's windows are drawn anew.")
        for side in one.sides:
            if side.said is not None and side.reading.reason:
                st.caption(f"**{chart.name(side.modality).capitalize()}**: {words.plain(side.reading.reason)}")
        for note in one.notes:
            if note not in one.changes:  # those stand above
                st.caption(words.plain(note))
    with right.container(border=True):
        st.subheader("How far apart")
        if one.pairs:
            st.html(chart.pairs(one))
            st.caption("0: the same, 1: nothing in common. Below the noise floor, the dashed mark, it means nothing.")
        else:
            st.caption("It takes two of face, voice and words to disagree.")
        if one.attribution is not None:
            st.subheader(f"Who carries “{one.attribution.label}”?")
            st.html(chart.attribution(one.attribution))


def sections(handed: Handed, perceived: Perceived, wish: Wish, one: Explanation) -> None:
    """Everything that is only computed when somebody wants to see it."""
    why, spoken, place, home = st.tabs(
        [
            ":material/troubleshoot: What speaks for what",
            ":material/notes: What is said",
            ":material/blur_on: Its place",
            ":material/save: Take home",
        ],
        key="explain.sections",
        on_change="rerun",
    )
    if why.open:
        with why:
            evidence.show(handed, one, moment(handed, one))
    if spoken.open:
        with spoken:
            said.edit(handed, perceived, one.seconds)
    if place.open:
        with place:
            among = placed.choose()
            if among is not None:
                there = explained(handed, perceived, wish, among).place
                if there is not None:
                    placed.show(there, among, f"explain.place.{handed.clip_id}")
    if home.open:
        with home:
            left, right = st.columns(2, gap="medium")
            with left.container(border=True):
                takehome.files(handed, one, moment(handed, one))
            with right.container(border=True):
                takehome.keep(handed, explained(handed, perceived))


def moment(handed: Handed, one: Explanation) -> float:
    """The moment that is looked at: where the person clicked, or else the strongest, or the middle."""
    return looked_at(one) if handed.look is None else handed.look
