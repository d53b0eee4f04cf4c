"""Datasets: what there is to look at, and how more of it comes about."""

import streamlit as st

from emoviz.analysis import words
from emoviz.app import cache, frame, guard, library

frame.start()
st.title("Datasets and models")

# load
with guard.explained():
    library.tidy()
    datasets, cards = cache.datasets(), cache.cards()

# draw
st.markdown(words.library(len(datasets.items), len(cards.items)))
library.job_list()
for trouble in (*datasets.troubles.values(), *cards.troubles.values()):
    st.error(trouble, icon=":material/error:")
with st.container(key="datasets_body"):
    left, right = st.columns([1.5, 1], gap="medium")
with left:
    st.subheader("Datasets")
    for info in datasets.items:
        library.dataset(info)
    st.subheader("Models")
    if not cards.items:
        st.info("No model yet. Train one on a dataset above.", icon=":material/model_training:")
    for card in cards.items:
        library.card(card)
with right:
    st.subheader("Bring your own table")
    with st.container(border=True):
        library.bring()
    library.public()
