"""Our disk alone on a page, for measuring: ``?n=100000``. The number selected is written by Python."""

import numpy as np
import streamlit as st
from cloud import COLOURS, EMOTIONS, cloud

from emoviz.app import disk

st.set_page_config(layout="wide")
n = int(st.query_params.get("n", 20_000))
if st.toggle("show", value=st.query_params.get("show") == "1"):
    xy, emotion, score = cloud(n)
    centres = [0.75 * np.array([np.cos(k * 2 * np.pi / 7), np.sin(k * 2 * np.pi / 7)]) for k in range(7)]
    view = disk.DiskView(
        key=f"bench {n}",
        xy=xy,
        columns=(
            disk.Column("label", "Emotion", "category", emotion, tuple(map(disk.Category, EMOTIONS, COLOURS))),
            disk.Column("score", "Score", "number", score, range=(0, 1)),
        ),
        colour_by="label",
        anchors=tuple(
            disk.Anchor(e, c, float(x), float(y)) for e, c, (x, y) in zip(EMOTIONS, COLOURS, centres, strict=True)
        ),
        selected=st.session_state.get("chosen"),
        height=760,
    )
    event = disk.show(view, key="disk")
    if event and event.mask is not None:
        st.session_state.chosen = event.mask
        st.html(f'<p id="selected" data-count="{event.mask.sum()}">selected={event.mask.sum()}</p>')
st.button("rerun")
st.html(f'<p id="runs" data-runs="{st.session_state.setdefault("runs", 0)}"></p>')
st.session_state.runs += 1
