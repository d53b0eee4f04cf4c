"""One sample: what it says in words, side by side, as numbers and as a clip, and what is like it."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from emoviz.analysis import portrait, words
from emoviz.analysis.portrait import Portrait
from emoviz.app import cache, guard, state
from emoviz.app.controls import Looking
from emoviz.data import media, store
from emoviz.data.dataset import FUSED
from emoviz.plots import distributions, numbers


def show(look: Looking, row: int | None, key: str, walk: Callable[[int], None] | None = None) -> None:
    """Draw one sample.

    Args:
        look: what is looked at
        row: the sample, or ``None`` for an invitation to choose one
        key: of the pane, for the keys of its widgets
        walk: called with -1 or 1 to go to the previous or next sample; without it there are no buttons for that
    """
    if row is None:
        st.info("Choose a sample to see who says what about it.", icon=":material/touch_app:")
        return
    one = portrait.portrait(look.findings, row)
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}_head"):
        st.markdown(f"#### {words.plain(one.sample_id)}", width="stretch")
        if walk is not None:
            st.button(
                "",
                key=f"{key}.previous",
                icon=":material/arrow_back:",
                shortcut="Left",
                on_click=walk,
                args=(-1,),
                help="Previous sample",
            )
            st.button(
                "",
                key=f"{key}.next",
                icon=":material/arrow_forward:",
                shortcut="Right",
                on_click=walk,
                args=(1,),
                help="Next sample",
            )
    st.html(numbers.chips(one, look.voice))
    st.markdown(words.sample(one, look.voice))
    _player(look, one)
    if one.text:
        st.markdown(f"> {words.plain(one.text)}")
    st.html(distributions.side_by_side(one))
    if one.pairs and look.judge is not None:
        st.html(numbers.pairs(one))
    _neighbours(look, one, key)


def _player(look: Looking, one: Portrait) -> None:
    """The clips of the sample; a modality without one is normal."""
    dataset = cache.dataset(look.info.name, look.info.content_hash)
    row = dataset.samples.iloc[one.row]
    for column in dataset.samples.columns[dataset.samples.columns.str.fullmatch(r"media(_.+)?")]:
        if not row[column]:
            continue
        side = column.removeprefix("media").removeprefix("_")
        with guard.noted(), st.spinner("Making the clip playable…"):
            clip = media.playable(store.media_file(dataset, row[column]))
            play = st.video if clip.kind == "video" else st.audio
            if side:
                st.caption(f"{side} alone")
            play(str(clip.path), **({"format": "audio/mpeg"} if clip.path.suffix == ".mp3" else {}))


def _neighbours(look: Looking, one: Portrait, key: str) -> None:
    found = cache.nearest(look.key, one.row, look.findings)
    if not len(found.rows):
        return
    how = "in the model's ball" if look.findings.points is not None else "by what people said"
    st.markdown(f"**Most like it** :small[:gray[{how}]]")
    with st.container(key=f"{key}_neighbours", gap="xsmall"):
        for place, (other, distance) in enumerate(
            zip(portrait.portraits(look.findings, found.rows), found.distances, strict=True)
        ):
            name, strip, far = st.columns([4, 4, 1.2], vertical_alignment="center")
            name.button(
                other.sample_id,
                key=f"{key}.neighbour.{place}",
                type="tertiary",
                on_click=state.change,
                kwargs={"sample": other.sample_id},
            )
            strip.html(distributions.strip(_whole(other), other.labels, other.colours))
            far.html(f'<span class="ev"><small>{distance:.2f}</small></span>')


def _whole(one: Portrait) -> np.ndarray | None:
    fused = next(side for side in one.sides if side.name == FUSED)
    return fused.people if fused.people is not None else fused.model
