"""What stands around every page: the name, the style, and the address that carries the view."""

from pathlib import Path

import streamlit as st

from emoviz.app import state

FOLDER = Path(__file__).parent
ICON = str(FOLDER / "icon.svg")  # a file of our own: Streamlit would fetch a Material icon from another host


def start() -> None:
    """Before the page: dress it, and take over what its address says."""
    st.logo(str(FOLDER / "logo.svg"), size="large", icon_image=ICON)
    st.html(FOLDER / "style.css")
    state.start()
