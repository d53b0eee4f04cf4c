"""Explain: hand in a clip, and see what face, voice and words convey, where they disagree, and when."""

import streamlit as st

from emoviz.app import clips, explained, frame, guard, handin

STANDS = "explain.stands"

frame.start()

# load
with guard.explained():
    shelf = clips.shelf()
    shelf.get_ready()

# draw
st.title("What do face, voice and words each say?")
st.markdown(
    "Hand in a video, a voice or a text: see what each side of it conveys, second by second, where they disagree, how "
    "sure that is, and what in the picture, the sound and the words speaks for it."
)
with st.container():  # keeps its place when it is empty, so that nothing below is drawn anew
    consent = handin.agreed()
with st.expander("Hand in a clip", expanded=not shelf.clips, icon=":material/add:"):
    handin.intake(shelf, disabled=not consent)


def body() -> None:
    """Queue and open clip, drawn again while any clip is being read, and now and then to say how long it stays."""
    before, now = st.session_state.get(STANDS), (handin.active(shelf), bool(shelf.clips))
    st.session_state[STANDS] = now
    with st.container():
        opened = handin.queue(shelf)
    with st.container(), guard.noted():
        if opened is not None:
            explained.show(shelf, opened)
    if before not in (None, now):
        st.rerun()  # at another pace, and with or without an invitation


st.fragment(body, run_every=handin.pace(shelf))()
