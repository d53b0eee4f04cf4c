"""A figure in SVG that can be saved, and whose marked places are buttons."""

from collections.abc import Callable

import streamlit as st

from emoviz.app.parts.program import component, nothing

_FIGURE = component("figure")


def show(svg: str, name: str, key: str, on_pick: Callable[[str], None] | None = None) -> None:
    """Draw the figure.

    Args:
        svg: as :meth:`emoviz.plots.svg.Drawing.svg` gives it
        name: of the file it is saved as
        key: of the widget
        on_pick: called with the ``pick`` of a place that was clicked, before the page runs again
    """

    def heard() -> None:
        picked = st.session_state[key].pick
        if picked is not None and on_pick is not None:
            on_pick(picked)

    _FIGURE(key=key, data={"svg": svg, "name": name}, on_pick_change=heard if on_pick else nothing)
