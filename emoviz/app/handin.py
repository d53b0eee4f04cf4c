"""Handing in clips: consent first, then files, a recording or words; and the queue of what was handed in."""

import time
from pathlib import Path

import streamlit as st

from emoviz.analysis import words
from emoviz.app import guard
from emoviz.app.clips import KEEP_SECONDS, Handed, Shelf
from emoviz.app.jobs import BADGES
from emoviz.app.parts import recorder
from emoviz.jobs.store import State
from emoviz.perception.media import LIMITS

MEDIA = ("mp4", "webm", "mov", "mkv", "avi", "flv", "wav", "mp3", "flac", "m4a", "ogg")
WORDS = ("txt", "srt", "vtt")
MOST_LETTERS = 20_000
AGREED, ROUND, OPEN = "explain.agreed", "explain.round", "explain.open"
RULES = f"""
- **It stays here.** Everything is computed on this machine; nothing is sent anywhere.
- **It goes again.** A clip lies in a private folder that only this page can reach. It is deleted when you delete it,
  when you close or reload this page, and at the latest after {KEEP_SECONDS / 60:g} minutes.
- **It is a guess about perception.** What you will see predicts what others would perceive, not what somebody feels.
  The models learnt from acted voices and posed faces, and do worse for people unlike those. Disagreement is normal,
  not deceit.
"""


def agreed() -> bool:
    """Ask for consent where it was not given yet."""
    if st.session_state.get(AGREED):
        return True
    with st.container(border=True, key="explain_consent"):
        st.markdown("**Before you hand in anything**")
        st.markdown(RULES)
        if st.button("I may use these recordings, and whoever is in them agrees", key="explain.agree", type="primary"):
            st.session_state[AGREED] = True
            st.rerun()
    return False


def intake(shelf: Shelf, disabled: bool) -> None:
    """Ways to hand something in; what is handed in begins to be read at once."""
    # Another number makes other, empty widgets: Streamlit then forgets the bytes it holds for the old ones.
    turn = st.session_state.setdefault(ROUND, 0)
    files, camera, microphone, text = st.tabs(
        [
            ":material/upload_file: Files",
            ":material/videocam: Camera",
            ":material/mic: Microphone",
            ":material/notes: Words alone",
        ]
    )
    with files:
        chosen = st.file_uploader(
            "Video, sound or words; several make a queue",
            [*MEDIA, *WORDS],
            accept_multiple_files=True,
            key=f"explain.files.{turn}",
            disabled=disabled,
            max_upload_size=LIMITS.bytes // 1_000_000,
            help=f"{LIMITS.sentence()} A .srt, .vtt or .txt with the name of a clip gives its words.",
        )
        if chosen:
            _take(shelf, [(file.name, file.getvalue()) for file in chosen])
    with camera:
        made = recorder.show(f"explain.camera.{turn}", disabled=disabled)
        if made is not None:
            _take(shelf, [(f"recording {time.strftime('%H.%M')}.{made.suffix}", made.data)])
    with microphone:
        heard = st.audio_input("Say something", key=f"explain.microphone.{turn}", disabled=disabled)
        if heard is not None:
            _take(shelf, [(f"voice {time.strftime('%H.%M')}.wav", heard.getvalue())])
    with text:
        written = st.text_area(
            "A sentence or more",
            key=f"explain.words.{turn}",
            max_chars=MOST_LETTERS,
            disabled=disabled,
            placeholder="I am so happy for you. I really am.",
        )
        if st.button("Read these words", key=f"explain.read.{turn}", disabled=disabled or not written.strip()):
            with guard.noted():
                _opened(shelf.add(f"“{written.strip()[:40]}”", words=written))


def _take(shelf: Shelf, files: list[tuple[str, bytes]]) -> None:
    """Hand in files: media with the words that lie beside them, and words that belong to none."""
    stems = {Path(name).stem for name, _ in files if _suffix(name) in MEDIA}
    beside = {Path(name).stem: (name, data) for name, data in files if _suffix(name) in WORDS}
    first = None
    with guard.noted():
        for name, data in files:
            stem = Path(name).stem
            if _suffix(name) in WORDS and stem in stems:
                continue
            media = data if _suffix(name) in MEDIA else None
            written = beside.get(stem)
            handed = shelf.add(name, media, transcript=written)
            first = first or handed
        if first is not None:
            _opened(first)


def _opened(handed: Handed) -> None:
    """Show a clip that was just handed in, with empty fields for the next one."""
    st.session_state[ROUND] += 1
    if not st.session_state.get(OPEN):
        st.session_state[OPEN] = handed.clip_id
    st.rerun()


def _suffix(name: str) -> str:
    return Path(name).suffix.lower().removeprefix(".")


def queue(shelf: Shelf) -> Handed | None:
    """One row for each clip, and the one that is open."""
    opened = st.session_state.get(OPEN)
    if opened not in shelf.clips:
        opened = st.session_state[OPEN] = next(iter(shelf.clips), None)
    for handed in list(shelf.clips.values()):
        _row(shelf, handed, handed.clip_id == opened)
    return shelf.clips.get(opened) if opened else None


def _row(shelf: Shelf, handed: Handed, opened: bool) -> None:
    told, key = handed.told(), handed.clip_id
    name, colour, icon = BADGES[told.state]
    with st.container(border=True, key=f"explain_row_{key}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{words.plain(handed.name)}**", width="stretch")
            st.caption(_until(handed), width="content")
            st.badge(name, color=colour, icon=icon)
            if told.active:
                st.button(
                    "Cancel",
                    key=f"explain.cancel.{key}",
                    icon=":material/stop_circle:",
                    on_click=shelf.cancel,
                    args=(key,),
                )
            if len(shelf.clips) > 1:
                st.button(
                    "Open",
                    key=f"explain.open.{key}",
                    icon=":material/visibility:",
                    type="primary" if opened else "secondary",
                    disabled=opened,
                    on_click=_open,
                    args=(key,),
                )
            st.button(
                "Delete",
                key=f"explain.delete.{key}",
                icon=":material/delete:",
                type="tertiary",
                help="Delete the clip and everything computed from it, now",
                on_click=shelf.remove,
                args=(key,),
            )
        if told.active:
            st.progress(told.fraction, f"{words.plain(told.message) or 'starting'} · {words.seconds(told.left)}")
        elif told.state is State.FAILED:
            st.error(words.plain(told.error), icon=":material/error:")


def _open(clip_id: str) -> None:
    st.session_state[OPEN] = clip_id


def _until(handed: Handed) -> str:
    left = max(0, round((handed.until - time.time()) / 60))
    return f"deleted at {time.strftime('%H:%M', time.localtime(handed.until))}, in {left} min"


def pace(shelf: Shelf) -> float | None:
    """Seconds after which the page looks again: soon while a clip is read, in time for one that goes."""
    if active(shelf):
        return 0.7
    return max(0.7, min(20.0, shelf.next_goes - time.time() + 0.3)) if shelf.clips else None


def active(shelf: Shelf) -> bool:
    """Whether any clip is still being read."""
    return any(handed.told().active for handed in list(shelf.clips.values()))
