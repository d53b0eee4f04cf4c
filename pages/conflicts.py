"""Conflicts: the samples in order, most conflicting first, and one of them in full."""

import streamlit as st

from emoviz.analysis import words
from emoviz.app import browse, controls, detail, frame, state

frame.start()

# load
look = controls.looking()
controls.filters(look)


@st.fragment
def body() -> None:
    """List and detail answer each other without the rest of the page."""
    # compute
    rows = browse.rows(look)

    # draw
    st.markdown(words.shown(len(rows), len(look.findings.table), browse.order(look)[0], state.view().focus))
    controls.selected(look, "conflicts")
    with st.container(key="conflicts_body"):
        left, right = st.columns([1.6, 1], gap="medium")
        with left:
            browse.listed(look, rows, "conflicts")
            browse.export(look, rows, "conflicts")
        with right.container(border=True):
            detail.show(look, browse.focus(look, rows), "conflicts", lambda by: browse.walk(look, rows, by))
            controls.caveat()


st.title("Conflicts, the strongest first")
body()
