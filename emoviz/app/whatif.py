"""What a clip would convey if something in it were otherwise: switches, and the difference they make."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from emoviz.analysis import words
from emoviz.analysis.clip.counterfactual import Change, Delay, Mask, Mute, Swap
from emoviz.analysis.clip.explanation import Explanation
from emoviz.perception.pipeline import Perceived
from emoviz.plots import clip as chart
from emoviz.plots.html import percent, text

FARTHEST = 3.0  # seconds by which a modality can be moved
NONE = "nothing"


@dataclass(frozen=True)
class Wish:
    """What shall be otherwise.

    Attributes:
        changes: in the order in which they are made
        key: tells wishes apart
    """

    changes: tuple[Change, ...] = ()
    key: tuple = ()

    @property
    def left_out(self) -> tuple[str, ...]:
        """The modalities that are muted."""
        return tuple(change.modality for change in self.changes if isinstance(change, Mute))


AS_IS = Wish()


def switches(clip_id: str, perceived: Perceived, seconds: float, others: Mapping[str, tuple[str, Perceived]]) -> Wish:
    """Draw the switches, and give what they say.

    Args:
        clip_id: of the clip, for the keys of the widgets
        perceived: what was read of it
        seconds: how long it is
        others: further clips by id, each with its name, whose modalities may be taken instead
    """
    known = [name for name, reading in perceived.readings.items() if reading.windows is not None]
    if not known:
        return AS_IS
    changes: list[Change] = []
    key: list[tuple] = []
    with st.container(horizontal=True, vertical_alignment="center", key=f"explain_whatif_{clip_id}"):
        st.markdown("**What if** we leave out", width="content")
        out = st.pills(
            "Leave out",
            known,
            selection_mode="multi",
            format_func=lambda name: f"the {chart.name(name)}",
            key=f"explain.mute.{clip_id}",
            label_visibility="collapsed",
        )
        for name in out:
            changes.append(Mute(name))
            key.append(("mute", name))
        with st.popover("or change more", icon=":material/tune:"):
            more = _hidden(clip_id, known, seconds), _moved(clip_id, known), _swapped(clip_id, known, others)
    for change, told in filter(None, more):
        changes.append(change)
        key.append(told)
    return Wish(tuple(changes), tuple(key))


def _side(label: str, key: str, known: list[str]) -> str:
    return st.selectbox(
        label, (NONE, *known), key=key, format_func=lambda name: name if name == NONE else f"the {chart.name(name)}"
    )


def _hidden(clip_id: str, known: list[str], seconds: float) -> tuple[Change, tuple] | None:
    name = _side("Hide a stretch of", f"explain.hide.{clip_id}", known)
    if name == NONE or seconds <= 0:
        return None
    end = math.ceil(10 * seconds) / 10
    start, stop = st.slider(
        "from and to, seconds", 0.0, end, (0.0, end / 2), 0.1, key=f"explain.hide.stretch.{clip_id}"
    )
    return Mask(name, start, stop), ("hide", name, start, stop)


def _moved(clip_id: str, known: list[str]) -> tuple[Change, tuple] | None:
    name = _side("Move in time", f"explain.move.{clip_id}", known)
    if name == NONE:
        return None
    by = st.slider("by seconds", -FARTHEST, FARTHEST, 0.5, 0.1, key=f"explain.move.seconds.{clip_id}")
    return Delay(name, by), ("move", name, by)


def _swapped(
    clip_id: str, known: list[str], others: Mapping[str, tuple[str, Perceived]]
) -> tuple[Change, tuple] | None:
    if not others:
        st.caption("Hand in another clip to take its face, voice or words instead.")
        return None
    name = _side("Take from another clip", f"explain.swap.{clip_id}", known)
    if name == NONE:
        return None
    other = st.selectbox(
        "that clip", tuple(others), key=f"explain.swap.clip.{clip_id}", format_func=lambda one: others[one][0]
    )
    return Swap(name, others[other][1]), ("swap", name, other)


def difference(before: Explanation, after: Explanation) -> None:
    """What a change comes to: as it is, and as it would be."""
    rows = "".join(
        f"<tr><td>{text(what)}</td><td>{text(a)}</td><td{'' if a == b else ' class=ev-new'}>{text(b)}</td></tr>"
        for what, a, b in zip(("together", "conflict", "stands apart"), told(before), told(after), strict=True)
    )
    head = "<th></th><th>the clip as it is</th><th>changed</th>"
    st.info(words.plain(" ".join(after.changes)), icon=":material/science:")
    st.html(
        f'<div class="ev"><table class="ev-pairs"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def told(one: Explanation) -> tuple[str, str, str]:
    """Answer, conflict and dissenter in short."""
    answer = f"{one.fused.label} {percent(one.fused.share)}" if one.fused else "nothing to read"
    apart = "–" if math.isnan(one.conflict) else f"{one.conflict:.2f}{'' if one.clear else ', not clear'}"
    return answer, apart, chart.name(one.dissenter) if one.dissenter else "nobody"
