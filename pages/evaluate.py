"""Evaluate: what benchmarks prove of which model, and what not."""

import streamlit as st

from emoviz.app import compared, controls, evaluated, frame

frame.start()

# load
read = evaluated.reading()

# draw
st.title("Which model is right, and where?")
above = st.container()
evaluated.table(read)
compared.show(read)
controls.caveat()
with above:  # last, for it compares every model with every other
    evaluated.verdict(read)
