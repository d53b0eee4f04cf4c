"""What speaks for an emotion in the face, the voice and the words of one clip, at one moment of it."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from emoviz.analysis import words
from emoviz.analysis.clip import evidence as found
from emoviz.analysis.clip.explanation import Explanation, InWords, Side
from emoviz.app import guard
from emoviz.app.clips import Handed
from emoviz.perception.base import Reading
from emoviz.perception.common import LABELS
from emoviz.perception.media import Clip, Words
from emoviz.perception.voice.extractor import prosody
from emoviz.plots import clip as chart
from emoviz.plots import evidence as picture
from emoviz.plots import numbers
from emoviz.plots.html import percent
from emoviz.plots.numbers import Fact

OWN = "what it shows most"


def show(handed: Handed, one: Explanation, time: float) -> None:
    """Draw what speaks for what.

    Args:
        handed: the clip
        one: its explanation
        time: the moment, seconds of the clip
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if one.seconds:
            st.markdown(f"At **{time:.1f} s**. Click the tracks or a moment above for another one.", width="stretch")
        wished = st.selectbox("What speaks for", (OWN, *LABELS), key=f"explain.evidence.{handed.clip_id}", width=230)
    known = [side for side in one.sides if side.said is not None]
    columns = st.columns(2, gap="medium")
    draw: dict[str, Callable[[Handed, Side, float, str], None]] = {"face": _face, "voice": _voice, "text": _text}
    for place, side in enumerate(known):
        label = found.shown(one, side, time) if wished == OWN else wished
        with columns[place % 2], st.container(border=True):
            st.markdown(f"**{chart.name(side.modality).capitalize()}: what speaks for {label}**")
            with guard.noted():
                draw.get(side.modality, _nothing)(handed, side, time, label)


def _face(handed: Handed, side: Side, time: float, label: str) -> None:
    key = ("face", round(time, 2), label)
    if key not in handed.evidence:
        with st.spinner("Looking at the face…"), handed.opened() as media:
            handed.evidence[key] = _face_figures(media, side.reading, time, label)
    st.html(handed.evidence[key])
    st.html(numbers.facts(_voted(side.reading, time)))


def _face_figures(media: Clip, reading: Reading, time: float, label: str) -> str:
    face = found.in_face(media, reading, time, label)
    if face is None:
        return ""
    height, width = face.image.shape[:2]
    box = [edge * side for edge, side in zip(face.box, (width, height, width, height), strict=True)]
    frame = picture.around(picture.on_frame(face.image, box, face.share), box)
    said = f"the face at {face.time:.1f} s with the places that speak for and against {label}"
    caption = f"at {face.time:.1f} s; patch by patch the face is blurred, and what {label} loses by that is shown"
    return picture.figure(frame, said, caption) + picture.legend(label)


def _voted(reading: Reading, time: float) -> tuple[Fact, ...]:
    """What people who see the face at a moment would choose; nothing where an extractor does not tell."""
    windows, sure = reading.windows, reading.at_windows("majority")
    if windows is None or sure is None:
        return ()
    at = max(0, int(windows.start.searchsorted(time, "right")) - 1)
    k = int(windows.native[at].argmax())
    span = f"{windows.start[at]:.1f} to {windows.end[at]:.1f} s"
    return (
        Fact(f"{windows.labels[k]} {percent(windows.native[at, k])}", "of those who see it would say so", span),
        Fact(percent(sure[at]), "chance that most of them would", "learned from votes on pictures"),
    )


def _voice(handed: Handed, side: Side, time: float, label: str) -> None:
    windows = side.reading.windows
    assert windows is not None
    inside = np.abs((windows.start + windows.end) / 2 - time)
    start = float(windows.start[inside.argmin()])
    key = ("voice", round(start, 2), label)
    if key not in handed.evidence:
        with st.spinner("Listening…"), handed.opened() as media:
            handed.evidence[key] = _voice_figures(media, side.reading, time, label)
    st.html(handed.evidence[key])
    st.html(numbers.facts(_spoken(side.reading)))


def _voice_figures(media: Clip, reading: Reading, time: float, label: str) -> str:
    voice = found.in_voice(media, reading, time, label)
    if voice is None:
        return ""
    said = f"the sound from {voice.time[0]:.1f} to {voice.time[-1]:.1f} s, what speaks for and against {label}"
    caption = (
        f"{voice.time[0]:.1f} to {voice.time[-1]:.1f} s, {voice.hertz[0]:.0f} to {voice.hertz[-1]:.0f} Hz upwards; "
        f"piece by piece the sound is taken away, and what {label} loses by that is shown"
    )
    return picture.figure(picture.spectrogram(voice.level, voice.share), said, caption) + picture.legend(label)


def _spoken(reading: Reading) -> tuple[Fact, ...]:
    told = prosody(reading)
    if told is None:
        return ()
    return (
        Fact("–" if np.isnan(told.pitch) else f"{told.pitch:.0f} Hz", "pitch", f"spans {told.span:.0f} semitones"),
        Fact(f"{told.rate:.1f}", "syllables a second", f"loudness spans {told.loudness:.0f} dB"),
        Fact(f"{100 * told.pauses:.0f} %", "pauses", f"the longest {told.longest_pause:.1f} s"),
    )


def _text(handed: Handed, side: Side, time: float, label: str) -> None:
    told = found.in_words(Words(()), side.reading, time, label)
    if told is None:
        return
    st.html(chart.words(_pieces(told), label))
    st.caption(
        f"What each word of this sentence adds to the share of {words.plain(label)}: {percent(np.exp(told.before))} "
        f"without any words, {percent(np.exp(told.after))} with these. Shaded words speak for it, underlined ones "
        "against; their parts add up to the whole."
    )


def _pieces(told: InWords) -> list[tuple[str, float]]:
    """The whole text, cut into its words and what stands between them."""
    pieces, at = [], 0
    for (start, end), value in zip(told.words, told.added, strict=True):
        pieces += [(told.text[at:start], 0.0), (told.text[start:end], float(value))]
        at = end
    return [*pieces, (told.text[at:], 0.0)]


def _nothing(handed: Handed, side: Side, time: float, label: str) -> None:
    st.caption("This extractor does not say what speaks for it.")
