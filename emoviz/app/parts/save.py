"""A button that saves a file which nobody else can fetch: Streamlit's own would put it at an address."""

import base64
from collections.abc import Callable

import streamlit as st

from emoviz.app import guard
from emoviz.app.parts.program import component, nothing

_SAVE = component("save")


def show(label: str, name: str, mime: str, make: Callable[[], bytes], key: str, title: str = "") -> None:
    """Draw the button.

    Args:
        label: on the button
        name: of the file that is saved
        mime: what it is
        make: gives its content; called when somebody wants it
        key: of the widget
        title: said when the mouse rests on it
    """
    told = st.session_state.get(key)
    serial = told.wanted if told is not None else None
    file = ""
    if serial:
        with guard.noted():
            file = base64.b64encode(make()).decode()
    data = {"label": label, "title": title, "name": name, "mime": mime, "serial": serial, "file": file}
    _SAVE(key=key, data=data, width="content", on_wanted_change=nothing)
