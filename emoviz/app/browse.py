"""Going through samples: order, pages, walking, and taking them home."""

import io
from functools import partial

import numpy as np
import streamlit as st

from emoviz.analysis import findings as analysis
from emoviz.analysis import portrait, slices
from emoviz.analysis.slices import Slice
from emoviz.app import cache, state
from emoviz.app.controls import Looking
from emoviz.app.parts import ranked
from emoviz.app.state import Selection

PAGE = {"table": 20, "cards": 18}
FORMS: dict[ranked.Layout, str] = {"table": ":material/table_rows: table", "cards": ":material/grid_view: cards"}


def order(look: Looking) -> tuple[str, bool]:
    """The column the samples are ordered by, and whether the largest come first."""
    view = state.view()
    known = slices.sortable(look.findings)
    return (view.sort, view.descending) if view.sort in known else (slices.column(look.voice, "conflict"), True)


def rows(look: Looking) -> np.ndarray:
    """Rows of the samples to go through, in order: what the filters let through, or of it only the selection."""
    found = cache.ranked(look.key, state.view().slice, *order(look), look.findings)
    chosen = look.selection
    return found[chosen.rows[found]] if state.view().focus and chosen is not None else found


def selected(look: Looking, chosen: Selection) -> np.ndarray:
    """Rows of a selection, in order."""
    found = cache.ranked(look.key, Slice(), *order(look), look.findings)
    return found[chosen.rows[found]]


def focus(look: Looking, rows: np.ndarray) -> int | None:
    """The row in focus: the sample chosen, or the first of the list, so that there is something to see at once."""
    return look.row if look.row is not None else int(rows[0]) if len(rows) else None


def listed(look: Looking, rows: np.ndarray, key: str, focusable: bool = True) -> None:
    """One page of the samples, with the controls of order and form above and the pages below.

    Args:
        look: what is looked at
        rows: the samples in order
        key: of the list, for the keys of its widgets
        focusable: whether the list can be narrowed to the selection
    """
    layout = _form(look, key, focusable)
    if not len(rows):
        st.info("No sample passes the filters. Clear one of them in the side bar.", icon=":material/filter_alt_off:")
        return
    size, sort, descending = PAGE[layout], *order(look)
    pages = -(-len(rows) // size)
    place = np.flatnonzero(rows == focus(look, rows))
    home = int(place[0]) // size + 1 if len(place) else 1
    # Named by where it begins: a sample in focus on another page, another order or filter turns to its page.
    name = f"{key}.page.{home}.{len(rows)}.{sort}.{descending}.{size}"
    page = min(st.session_state.get(name, home), pages)
    shown = rows[(page - 1) * size : page * size]
    chosen = look.selection
    ranked.show(
        portrait.portraits(look.findings, shown),
        look.findings,
        look.voice,
        layout=layout,
        first=(page - 1) * size + 1,
        sort=sort,
        descending=descending,
        sample=_id(look, focus(look, rows)),
        selected=None if chosen is None else chosen.rows,
        key=f"{key}.list",
        on_open=lambda name: state.change(sample=name),
        on_sort=_sort,
        on_toggle=lambda row: toggle(look, row),
    )
    if pages > 1:
        st.pagination(pages, key=name, default=home, width="stretch")


def _form(look: Looking, key: str, focusable: bool) -> ranked.Layout:
    """Order and form of the list."""
    sort, descending = order(look)
    known = slices.sortable(look.findings)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layout = st.segmented_control(
            "Form",
            tuple(FORMS),
            default="table",
            key=f"{key}.layout",
            required=True,
            persist_state="session",
            format_func=FORMS.__getitem__,
        )
        st.session_state[f"{key}.sort"] = sort
        st.selectbox(
            "Order by",
            known,
            key=f"{key}.sort",
            width=230,
            format_func=lambda name: name.replace("_", " "),
            on_change=lambda: state.change(sort=st.session_state[f"{key}.sort"], descending=True),
        )
        st.button(
            "",
            key=f"{key}.turn",
            icon=":material/arrow_downward:" if descending else ":material/arrow_upward:",
            help="Largest first" if descending else "Smallest first",
            on_click=lambda: state.change(sort=sort, descending=not descending),
        )
        if focusable and look.selection is not None:
            st.session_state[f"{key}.focus"] = state.view().focus
            st.toggle(
                "Only the selection",
                key=f"{key}.focus",
                on_change=lambda: state.change(focus=st.session_state[f"{key}.focus"]),
            )
    return layout


def _sort(column: str) -> None:
    view = state.view()
    state.change(sort=column, descending=not view.descending if view.sort == column else True)


def toggle(look: Looking, row: int) -> None:
    """Take a sample into the selection, or out of it."""
    before = look.selection
    chosen = np.zeros(len(look.findings.table), bool) if before is None else before.rows.copy()
    chosen[row] ^= True
    state.select(look.info.content_hash, chosen, "" if before is None else before.words)


def walk(look: Looking, rows: np.ndarray, by: int) -> None:
    """To the next or previous sample of the list; from elsewhere to its first."""
    if len(rows):
        place = np.flatnonzero(rows == focus(look, rows))
        goal = int(np.clip(place[0] + by, 0, len(rows) - 1)) if len(place) else 0
        state.change(sample=_id(look, rows[goal]))


def _id(look: Looking, row: int | None) -> str:
    return "" if row is None else str(look.findings.table["sample_id"].iloc[row])


def export(look: Looking, rows: np.ndarray, key: str) -> None:
    """Take home what the list shows: every column, as a spreadsheet or as Parquet."""
    name = f"{look.info.name}-{len(rows)}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Take these {len(rows):,} home:", width="content")
        for kind, mime in (("csv", "text/csv"), ("parquet", "application/vnd.apache.parquet")):
            st.download_button(
                kind.upper() if kind == "csv" else "Parquet",
                partial(file, look, rows, kind),
                f"{name}.{kind}",
                mime,
                key=f"{key}.{kind}",
                icon=":material/download:",
                on_click="ignore",
                disabled=not len(rows),
            )


def file(look: Looking, rows: np.ndarray, kind: str) -> bytes:
    """The rows as a file; in a spreadsheet no cell may begin a formula."""
    table = look.findings.table.iloc[rows]
    if kind == "csv":
        return analysis.safe_text(table).to_csv(index=False).encode("utf-8-sig")
    file = io.BytesIO()
    table.to_parquet(file, index=False)
    return file.getvalue()
