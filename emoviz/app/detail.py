"""One sample: what it says in words, side by side, as numbers and as a clip, and what is like it."""

from collections.abc import Callable

import streamlit as st

from emoviz.analysis import portrait, words
from emoviz.analysis.portrait import Portrait
from emoviz.app import browse, cache, guard, state
from emoviz.app.controls import Looking
from emoviz.app.parts import ranked, space
from emoviz.data import store
from emoviz.perception import playable
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
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", key=f"{key}_head"):
        st.markdown(f"#### {words.plain(one.sample_id)}", width="stretch")
        if walk is not None:
            for name, by, arrow in (("Previous", -1, "Left"), ("Next", 1, "Right")):
                st.button(name, key=f"{key}.{name.lower()}", shortcut=arrow, on_click=walk, args=(by,))
    st.html(numbers.chips(one, look.voice))
    st.markdown(words.sample(one, look.voice))
    _player(look, one, key)
    if one.text:
        st.markdown(f"> {words.plain(one.text)}")
    for chart in (distributions.side_by_side(one), numbers.scores(one)):
        if chart:
            st.html(chart)
    if one.pairs and look.judge is not None:
        st.html(numbers.pairs(one))
    _neighbours(look, one, key)


def _player(look: Looking, one: Portrait, key: str) -> None:
    """The clips of the sample; a modality without one is normal."""
    dataset = cache.dataset(look.info.name, look.info.content_hash)
    row = dataset.samples.iloc[one.row]
    for column in dataset.samples.columns[dataset.samples.columns.str.fullmatch(r"media(_.+)?")]:
        if not row[column]:
            continue
        side = column.removeprefix("media").removeprefix("_")
        with guard.noted(), st.spinner("Making the clip playable…"):
            clip = playable.playable(store.media_file(dataset, row[column]))
            if side:
                st.caption(f"{side} alone")
            if clip.kind == "video":
                st.video(str(clip.path))
            else:
                st.audio(str(clip.path), format="audio/mpeg" if clip.path.suffix == ".mp3" else "audio/wav")
            space.listen(f"{key}.space.{column}")


def _neighbours(look: Looking, one: Portrait, key: str) -> None:
    found = cache.nearest(look.key, one.row, look.findings)
    if not len(found.rows):
        return
    how = "distance on the ball" if look.findings.points is not None else "distance of votes"
    st.markdown(f"**Most like it** :small[:gray[{how}]]")
    ranked.show(
        portrait.portraits(look.findings, found.rows),
        look.findings,
        look.voice,
        layout="lines",
        first=1,
        sort="",
        descending=True,
        sample="",
        selected=None,
        key=f"{key}.neighbours",
        on_open=lambda name: state.change(sample=name),
        on_sort=lambda column: None,
        on_toggle=lambda other: browse.toggle(look, other),
        notes=[f"{distance:.2f}" for distance in found.distances],
    )
