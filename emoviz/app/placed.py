"""Where a clip lies among the samples of a dataset, with its constellation on the disk."""

from dataclasses import dataclass, replace

import streamlit as st

from emoviz.analysis import slices, words
from emoviz.analysis.clip.explanation import Place
from emoviz.app import cache, controls, disk, guard, scene, state
from emoviz.app.controls import Looking
from emoviz.app.disk import Constellation, Link, Side
from emoviz.data.store import Info
from emoviz.models.checkpoints import Card
from emoviz.plots import clip as chart

HEIGHT = 620


@dataclass(frozen=True)
class Among:
    """A dataset and a checkpoint that gives its samples places."""

    info: Info
    card: Card

    @property
    def title(self) -> str:
        return f"{self.info.title}, by {self.card.name}"


def choose() -> Among | None:
    """Which dataset and model; ``None`` where there are none, which is said."""
    known = {
        (info.name, card.name): Among(info, card)
        for info in sorted(cache.datasets().items, key=lambda info: info.simulated)
        for card in cache.fitting(info)
    }
    if not known:
        st.info("No model gives samples a place yet. Train one on the page Datasets.", icon=":material/model_training:")
        return None
    view = state.view()
    names = list(known)
    first = next((n for n, name in enumerate(names) if name[0] == view.dataset and view.model in (None, name[1])), 0)
    chosen = st.selectbox(
        "Among the samples of", names, index=first, key="explain.among", format_func=lambda name: known[name].title
    )
    return known[chosen]


def show(place: Place, among: Among, key: str) -> None:
    """Draw the clip among the samples, or say why it has no place there."""
    if place.notes:
        st.container().markdown(f":material/info: {words.plain(' '.join(place.notes))}")
    if not place.spots:
        return
    info, card = among.info, among.card
    with guard.noted():
        if not cache.ready(info, card):
            st.info("This dataset was not analyzed with this model yet. The page Disk does that.")
            return
        findings = cache.findings(info.name, info.content_hash, card.name, card.sha256)
        judges = slices.judges(findings)
        look = Looking(info, card, findings, judges[0] if judges else None, f"{info.content_hash}.{card.sha256}")
        left, right = st.columns([2.2, 1], gap="medium")
        with left:
            view = scene.view(look)
            event = disk.show(
                replace(
                    view,
                    constellation=constellation(place),
                    selected=None,
                    primary=None,
                    related=tuple(near.row for near in place.near),
                    height=HEIGHT,
                    texts=replace(view.texts, caveat=""),
                ),
                f"{key}.disk",
            )
            if event is not None and event.colour_by is not None:
                state.change(colour=event.colour_by)
        with right:
            nearest(place, look)


def constellation(place: Place) -> Constellation:
    """The sides of the clip, joined as those of any sample."""
    sides = tuple(Side(chart.name(spot.side), spot.x, spot.y, chart.colour(spot.side)) for spot in place.spots)
    links = tuple(Link(i, j) for i in range(len(sides)) for j in range(i + 1, len(sides)))
    return Constellation(sides, links, "this clip")


def nearest(place: Place, look: Looking) -> None:
    """The samples and the emotions that are nearest."""
    st.markdown("**Most like it** :small[:gray[distance on the ball]]")
    for near in place.near:
        with st.container(horizontal=True, vertical_alignment="center"):
            controls.link(
                "pages/conflicts.py",
                words.plain(near.sample_id),
                ":material/open_in_new:",
                dataset=look.info.name,
                model=place.checkpoint,
                sample=near.sample_id,
            )
            st.caption(f"{words.plain(near.label) or 'no label'} · {near.distance:.2f}", width="content")
    emotions = ", ".join(f"{words.plain(one.label)} {one.distance:.2f}" for one in place.prototypes[:3])
    st.markdown(f"**Nearest emotions** {emotions}")
