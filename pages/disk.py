"""Disk: every sample as a point; what is alike lies together, and one sample's modalities are joined."""

import streamlit as st

from emoviz.analysis import words
from emoviz.app import browse, controls, detail, frame, scene

frame.start()

# load
look = controls.looking()

# draw
st.title("All samples on one disk")
if not look.findings.meta.anchors:
    st.info("Only a model gives the samples a place. Train one on this dataset, or choose one in the side bar.")
    controls.link("pages/datasets.py", "Train a model on this dataset", ":material/model_training:")
    st.stop()
controls.filters(look)
st.markdown(words.map(look.findings.meta.distortion))


@st.fragment
def body() -> None:
    """Disk, detail and list answer each other without the rest of the page."""
    with st.container(key="disk_body"):
        left, right = st.columns([2.05, 1], gap="medium")
        with left:
            scene.show(look, "disk")
        with right.container(border=True):
            detail.show(look, look.row, "disk")
    controls.selected(look, "disk")
    chosen = look.selection
    if chosen is not None:
        rows = browse.selected(look, chosen)
        browse.listed(look, rows, "disk", focusable=False)
        browse.export(look, rows, "disk")


body()
