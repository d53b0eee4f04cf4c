"""Small components of our own: a program and its style, both beside their Python file."""

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

FOLDER = Path(__file__).parent


def component(name: str) -> ComponentRenderer:
    """The component whose files are ``{name}.js`` and ``{name}.css`` in this folder."""
    js, css = ((FOLDER / f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("js", "css"))
    return st.components.v2.component(f"emoviz_{name}", js=js, css=css)


def nothing() -> None:
    """A trigger is only reported where somebody listens to it."""
