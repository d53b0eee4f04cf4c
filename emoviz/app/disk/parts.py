"""The component as Streamlit knows it: three small programs that find each other in the browser.

The stage's program is our ES modules joined into one; Streamlit takes one inline module per component,
and files of their own only from an installed package, which a fresh clone is not.
"""

import re
from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent
# In the order of their imports.
MODULES = (
    *("board", "nodes", "geometry", "colour", "columns", "lines"),
    *("renderer", "flat", "overlay", "panel", "gestures", "disk"),
)
_IMPORT = re.compile(r"^import [^;]*;\n", re.M)
_EXPORT = re.compile(r"^export (?!default)", re.M)
# Comments and indentation need not travel.
_COMMENT = re.compile(r"^\s*(?://[^\n]*|/\*\*.*?\*/)\n", re.M | re.S)
_INDENT = re.compile(r"^\s+", re.M)


def joined(*modules: str, folder: Path = HERE / "js") -> str:
    """Our modules as one: their mutual imports taken out, so names must be unique among them."""
    sources = [(folder / f"{name}.js").read_text(encoding="utf-8") for name in modules]
    return _INDENT.sub("", _COMMENT.sub("", "\n".join(_EXPORT.sub("", _IMPORT.sub("", s)) for s in sources)))


# Not isolated: a page's own tools (printing, tests, browser extensions) see the canvas; names are prefixed instead.
STAGE = st.components.v2.component(
    "emoviz.disk.stage",
    css=(HERE / "disk.css").read_text(encoding="utf-8"),
    js=joined(*MODULES),
    isolate_styles=False,
)
BUFFER = st.components.v2.component("emoviz.disk.buffer", js=joined("board", "buffer"), isolate_styles=False)
STATE = st.components.v2.component("emoviz.disk.state", js=joined("board", "state"), isolate_styles=False)
