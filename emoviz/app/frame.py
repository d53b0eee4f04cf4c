"""What stands around every page: the name, the style, and the address that carries the view."""

from pathlib import Path

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from emoviz.app import state

FOLDER = Path(__file__).parent
ICON = str(FOLDER / "icon.svg")  # a file of our own: Streamlit would fetch a Material icon from another host


def start() -> None:
    """What every page does first: dress it, and take over what its address says.

    A server that has never run ``app.py`` takes the folder ``pages`` for a list of pages of its own and opens a link to
    one of them without the rest. The first page to notice says that this is not so, and begins again with ``app.py``.
    """
    if PagesManager.uses_pages_directory and state.SESSION not in st.session_state:
        PagesManager.uses_pages_directory = False
        st.rerun()
    st.logo(str(FOLDER / "logo.svg"), size="large", icon_image=ICON)
    st.html(FOLDER / "style.css")
    state.start()
