"""Explain: hand in a clip, and see what face, voice and words convey, where they disagree, and when."""

import streamlit as st

from emoviz.app import clips, explained, frame, guard, handin

frame.start()

# load
with guard.explained():
    shelf = clips.shelf()

# draw
st.title("What do face, voice and words each say?")
st.markdown(
    "Hand in a video, a voice or a text: see what each side of it conveys, second by second, where they disagree, how "
    "sure that is, and what in the picture, the sound and the words speaks for it."
)
consent = handin.agreed()
with st.expander("Hand in a clip", expanded=not shelf.clips, icon=":material/add:"):
    handin.intake(shelf, disabled=not consent)


def body() -> None:
    """Queue and open clip, drawn again while any clip is being read."""
    before = st.session_state.get("explain.busy", False)
    busy = st.session_state["explain.busy"] = handin.active(shelf)
    opened = handin.queue(shelf)
    if opened is not None:
        explained.show(shelf, opened)
    if before and not busy:
        st.rerun()  # nothing is left to wait for


st.fragment(body, run_every=0.7 if handin.active(shelf) else None)()
