"""What more than one page shows: what is looked at, the filters, and words that stand in place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from emoviz.analysis import slices, summary, words
from emoviz.analysis.findings import CAVEAT, Findings
from emoviz.analysis.slices import Judge
from emoviz.analysis.summary import Matrix
from emoviz.app import cache, guard, jobs, state
from emoviz.app.parts import copy_link
from emoviz.app.parts import matrix as parts_matrix
from emoviz.app.state import Selection
from emoviz.data.store import Info
from emoviz.jobs.kinds import Analyze
from emoviz.measures.conflict import TYPES
from emoviz.models.checkpoints import Card
from emoviz.plots.html import modality_colour, text

MANY_GROUPS = 300  # speakers that still fit a list
P_VALUES = (1.0, 0.05, 0.01, 0.001)


@dataclass(frozen=True)
class Looking:
    """What a page looks at.

    Attributes:
        info: the dataset
        card: the checkpoint, or ``None`` for people alone
        findings: both together
        judge: whose judgement is shown, or ``None`` where nobody judged the modalities
        key: names the findings in caches
    """

    info: Info
    card: Card | None
    findings: Findings
    judge: Judge | None
    key: str

    @property
    def voice(self) -> Judge:
        """Whose distributions to show where nobody judged the modalities: people judged at least the whole."""
        return self.judge or "people"

    @property
    def selection(self) -> Selection | None:
        return state.selection(self.info.content_hash, len(self.findings.table))

    @property
    def row(self) -> int | None:
        """The row of the sample in focus."""
        return cache.places(self.key, self.findings).get(state.view().sample)

    @property
    def keep(self) -> np.ndarray:
        """What the filters let through, ``(N,)`` bool."""
        return cache.chosen(self.key, state.view().slice, self.findings)

    @property
    def colours(self) -> dict[str, str]:
        return {name: colour for name, colour, _ in self.findings.meta.labels}


def looking() -> Looking:
    """Draw what is looked at into the side bar and give it; ends the page where there is nothing to look at yet."""
    shelf = cache.datasets()
    if not shelf.items:
        st.title("Nothing here yet")
        st.info("Import a table of your own, or get CREMA-D, on the page Datasets.", icon=":material/database:")
        st.stop()
    by_name = {info.name: info for info in shelf.items}
    view = state.view()
    with st.sidebar:
        if view.dataset and view.dataset not in by_name:
            st.warning(f"There is no dataset '{words.plain(view.dataset)}' here. This is another one.")
        name = view.dataset if view.dataset in by_name else _first(shelf.items)
        info = by_name[name]
        _select("Dataset", "dataset", tuple(by_name), name, lambda known: by_name[known].title)
        if info.simulated:
            st.badge("simulated, no real people", icon=":material/science:", color="violet")
        cards = {card.name: card for card in cache.fitting(info)}
        model = view.model if view.model in ("", *cards) else next(iter(cards), "")
        if view.model and view.model not in cards:
            st.warning(f"There is no checkpoint '{words.plain(view.model)}' here that fits this dataset.")
        if model != view.model:
            model = _sound(cards.get(model))
        _select("Model", "model", ("", *cards), model, lambda known: known or "people only, no model")
    card = cards.get(model)
    with guard.explained():
        if not cache.ready(info, card):
            jobs.wait_for(Analyze(info.name, model or None), f"Comparing {info.samples:,} samples")
        findings = cache.findings(info.name, info.content_hash, model, card.sha256 if card else "")
    known = slices.judges(findings)
    judge = None if not known else view.slice.by if view.slice.by in known else known[0]
    if judge is not None and judge != view.slice.by:
        state.narrow(by=judge)
    with st.sidebar:
        if len(known) > 1:
            _judge(known, judge)
        copy_link.show("sidebar.copy_link")
        with st.popover("Keys and mouse", icon=":material/keyboard:", type="tertiary"):
            st.markdown(words.KEYS)
    return Looking(info, card, findings, judge, f"{info.content_hash}.{card.sha256 if card else ''}")


def _sound(card: Card | None) -> str:
    """The name of a checkpoint nobody asked for by name, or none, with the reason, where it cannot be used."""
    if card is not None:
        with guard.noted():
            return cache.checkpoint(card.name, card.sha256).card.name
    return ""


def _first(items: Sequence[Info]) -> str:
    """The dataset shown first: one of the person's own, else the one that came along."""
    own = [info for info in items if not info.shipped]
    return (own or list(items))[0].name


def _select(label: str, name: str, options: Sequence[str], current: str, shown: Callable[[str], str]) -> None:
    key = f"sidebar.{name}"
    st.session_state[key] = current
    st.selectbox(
        label, options, format_func=shown, key=key, on_change=lambda: state.change(**{name: st.session_state[key]})
    )


def _judge(known: Sequence[Judge], judge: Judge | None) -> None:
    st.session_state["sidebar.by"] = judge
    st.segmented_control(
        "Conflict as judged by",
        known,
        key="sidebar.by",
        required=True,
        width="stretch",
        on_change=lambda: state.narrow(by=st.session_state["sidebar.by"]),
        help="People: what was said by those who got one modality alone. Model: what it expects people to say.",
    )


def filters(look: Looking) -> None:
    """Draw the filters into the side bar. They narrow what lists show; the disk greys the rest out."""
    table, slice_ = look.findings.table, state.view().slice
    with st.sidebar:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**Filters**", width="stretch")
            st.button(
                "Clear",
                key="filters.clear",
                type="tertiary",
                on_click=state.clear_filters,
                disabled=not state.filtered(),
            )
        _text("Search id, words, flag", "text", slice_.text)
        if look.judge is not None:
            _pills("Kind of conflict", "types", TYPES, slice_.types)
            if len(look.findings.meta.pairs) > 1:
                pairs = {"_".join(pair): " – ".join(pair) for pair in look.findings.meta.pairs}
                _pills("Differs beyond noise", "pairs", tuple(pairs), slice_.pairs, pairs.__getitem__)
            _pills("Stands apart", "dissenters", look.findings.meta.modalities, slice_.dissenters)
        if look.judge == "people" and not np.isnan(slices.smallest_p(look.findings)).all():
            _p(slice_.p)
        if "label" in table:
            _many("Emotion of the whole", "labels", look.findings.meta.label_names, slice_.labels)
        groups = [name for name in table["group"].cat.categories if name]
        if 1 < len(groups) <= MANY_GROUPS:
            _many("Speaker", "groups", groups, slice_.groups)
        splits = [name for name in table["split"].cat.categories if name]
        if len(splits) > 1:
            _pills("Split", "splits", splits, slice_.splits)
        if (table["flag"] != "").any():
            _flagged(slice_.flagged)
        for side, label in slice_.says:
            st.button(
                f"{words.side(side)} says {label}",
                key=f"filters.says.{side}",
                icon=":material/close:",
                on_click=lambda gone=(side, label): state.narrow(says=tuple(s for s in slice_.says if s != gone)),
            )


def _text(label: str, name: str, current: str) -> None:
    key = f"filters.{name}"
    st.session_state[key] = current
    st.text_input(
        label,
        key=key,
        icon=":material/search:",
        on_change=lambda: state.narrow(**{name: st.session_state[key].strip()}),
    )


def _pills(label: str, name: str, options: Sequence[str], current: Sequence[str], shown: Callable = str) -> None:
    key = f"filters.{name}"
    st.session_state[key] = [one for one in current if one in options]
    st.pills(
        label,
        options,
        selection_mode="multi",
        key=key,
        format_func=shown,
        on_change=lambda: state.narrow(**{name: tuple(st.session_state[key])}),
    )


def _many(label: str, name: str, options: Sequence[str], current: Sequence[str]) -> None:
    key = f"filters.{name}"
    st.session_state[key] = [one for one in current if one in options]
    st.multiselect(
        label,
        options,
        key=key,
        placeholder="any",
        on_change=lambda: state.narrow(**{name: tuple(st.session_state[key])}),
    )


def _p(current: float | None) -> None:
    key = "filters.p"
    st.session_state[key] = min(P_VALUES, key=lambda p: abs(p - (1.0 if current is None else current)))
    st.select_slider(
        "p-value at most",
        P_VALUES[::-1],
        key=key,
        format_func=lambda p: "any" if p == 1 else f"{p:g}",
        on_change=lambda: state.narrow(p=None if st.session_state[key] == 1 else st.session_state[key]),
        help="How often chance alone would put people's votes this far apart.",
    )


def _flagged(current: bool | None) -> None:
    key, names = "filters.flagged", {None: "all", False: "without", True: "only"}
    st.session_state[key] = names[current]
    st.segmented_control(
        "Flagged samples",
        tuple(names.values()),
        key=key,
        required=True,
        on_change=lambda: state.narrow(flagged={name: value for value, name in names.items()}[st.session_state[key]]),
    )


def caveat() -> None:
    """What the numbers are not, where they stand."""
    st.html(f'<div class="ev"><div class="ev-caveat">{text(CAVEAT)}</div></div>')


def selected(look: Looking, key: str) -> None:
    """One line about the selection, with what can be done with it."""
    chosen = look.selection
    if chosen is None:
        return
    what = f": {words.plain(chosen.words)}" if chosen.words else ""
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}_selection"):
        st.markdown(f":primary[:material/select_all:] **{len(chosen):,} selected**{what}", width="content")
        if key != "conflicts":
            link("pages/conflicts.py", "one by one", ":material/compare_arrows:", focus=True)
        if key != "disk" and look.findings.meta.anchors:
            link("pages/disk.py", "on the disk", ":material/blur_on:")
        st.button(
            "Clear",
            key=f"{key}.unselect",
            on_click=state.clear_selection,
            type="tertiary",
            shortcut=None if key == "disk" else "Esc",  # the disk listens itself
        )
        if not state.pack(chosen):
            st.caption("Too many to travel in a link.", width="content")


def pair(pairs: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Which two modalities; a choice only where there is one."""
    if len(pairs) == 1:
        return pairs[0]
    names = {" and ".join(pair): pair for pair in pairs}
    return names[
        st.segmented_control(
            "Which two",
            tuple(names),
            default=next(iter(names)),
            required=True,
            key="overview.pair",
            label_visibility="collapsed",
        )
    ]


def matrix(look: Looking, grid: Matrix) -> None:
    """The matrix of two modalities; a click on a cell selects its samples."""
    names: dict[parts_matrix.Shows, str] = {"count": "how many", "winner": "who wins"}
    shows = st.segmented_control(
        "Cells show",
        tuple(names),
        default="count",
        required=True,
        key="overview.shows",
        format_func=names.__getitem__,
        label_visibility="collapsed",
    )

    def choose(first: str, second: str) -> None:
        rows = summary.cell(look.findings, grid.judge, grid.a, first, grid.b, second)
        state.select(look.info.content_hash, rows, words.cell(grid.a, first, grid.b, second))

    told = look.selection.words if look.selection else ""
    cells = ((first, second) for first in grid.labels for second in grid.labels)
    chosen = next((cell for cell in cells if words.cell(grid.a, cell[0], grid.b, cell[1]) == told), None)
    first, second = (modality_colour(look.findings.meta.modalities, name) for name in (grid.a, grid.b))
    parts_matrix.show(grid, shows, (first, second), chosen, "overview.matrix", choose)
    st.caption(words.legend(grid, shows == "winner"))


def link(page: str, label: str, icon: str, **wishes: Any) -> None:
    """A way to another page that takes the view along; ``wishes`` are fields of it that differ there."""
    st.page_link(page, label=label, icon=icon, query_params=state.query(**wishes), width="content")


def next_steps(look: Looking) -> None:
    """What to do next, on the overview."""
    with st.container(horizontal=True):
        if look.judge is not None:
            link("pages/conflicts.py", "See the strongest conflicts", ":material/compare_arrows:")
        if look.findings.meta.anchors:
            link("pages/disk.py", "See all samples on the disk", ":material/blur_on:")
        else:
            link("pages/datasets.py", "Train a model on this dataset", ":material/model_training:")
        link("pages/datasets.py", "Bring your own table", ":material/upload_file:")
