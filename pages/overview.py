"""Overview: what is loaded, how often its modalities disagree, and who wins when they do."""

import streamlit as st

from emoviz.analysis import words
from emoviz.app import cache, controls, frame
from emoviz.plots import kinds, numbers, winners

frame.start()

# load
look = controls.looking()
modalities = look.findings.meta.modalities

# compute
total = cache.summed(look.key, look.findings)

# draw
st.title(words.question(modalities))
st.markdown(words.headline(total, look.judge, modalities))
st.html(numbers.facts(numbers.overview(total, look.judge, look.card.metrics if look.card else ())))
controls.caveat()

if look.judge is not None:
    pair = controls.pair(look.findings.meta.pairs)
    found = total.of_pair(*pair)
    with st.container(key="overview_charts"):
        left, right = st.columns([1.25, 1], gap="medium")
        with left.container(border=True):
            st.subheader(f"What the {pair[0]} says, what the {pair[1]} says")
            controls.matrix(look, total.matrix(look.judge, *pair))
            controls.selected(look, "overview")
        with right.container(border=True):
            st.subheader("Who wins when they differ?")
            if found:
                st.html(winners.bars(found, modalities))
                st.markdown(words.wins(found[0]))
            else:
                st.info("In no sample do both show a clear emotion, a different one, and the whole a clear one too.")
            for known in total.kinds:
                if known.judge == look.judge:
                    st.subheader("How do they differ?")
                    st.html(kinds.bars(known))

st.subheader("What next?")
controls.next_steps(look)
st.caption(words.about(look.info.description, look.info.licence))
