"""What is said in a clip: written down or mended on the page, and read again without the rest."""

import streamlit as st

from emoviz.app import guard
from emoviz.app.clips import Handed
from emoviz.perception.base import Cue, Reading
from emoviz.perception.media import Words
from emoviz.perception.pipeline import Perceived
from emoviz.perception.text import transcript
from emoviz.perception.text.extractor import TextExtractor
from emoviz.perception.text.transcript import Transcript

MOST_LETTERS = 200_000


class Said(Words):
    """Words as they are said in a clip of so many seconds."""

    def __init__(self, cues: tuple[Cue, ...], seconds: float):
        super().__init__(cues)
        self.seconds = seconds


def edit(handed: Handed, perceived: Perceived, seconds: float) -> None:
    """Show what is said, to be changed in place; a change is read at once, face and voice stay as they are.

    Args:
        handed: the clip, which keeps the new words
        perceived: what was read of it
        seconds: how long it is
    """
    reading = perceived.readings.get("text")
    known = Transcript(reading.cues if reading is not None else ())
    written = st.text_area(
        "What is said",
        known.subtitles if known.cues and known.timed else known.text,
        key=f"explain.said.{handed.clip_id}",
        height=150,
        max_chars=MOST_LETTERS,
        placeholder="Don't forget a jacket.",
        help="Words alone, or subtitles as in an .srt or .vtt file: a line with times, then the words.",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Read these words", key=f"explain.reread.{handed.clip_id}", icon=":material/refresh:"):
            with guard.noted():
                handed.words = read(written, seconds)
                st.rerun()
        if handed.words is not None and st.button(
            "Back to the first ones", key=f"explain.unsaid.{handed.clip_id}", type="tertiary"
        ):
            handed.words = None
            del st.session_state[f"explain.said.{handed.clip_id}"]
            st.rerun()
        st.caption("Only the words are read again.", width="content")


def read(written: str, seconds: float) -> Reading:
    """The reading of words alone, as they are said in a clip of so many seconds."""
    *_, last = _extractor().read(Said(transcript.parsed(written).cues, seconds))
    return last


# The model is the same for everybody; nothing of a clip is in it.
@st.cache_resource(show_spinner=False)
def _extractor() -> TextExtractor:
    return TextExtractor()
