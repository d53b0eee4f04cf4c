"""What can be taken along from one clip: reports, numbers, and the clip itself as a sample of a dataset."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import streamlit as st

from emoviz import workspace
from emoviz.analysis.clip.evidence import evidence
from emoviz.analysis.clip.explanation import Explanation
from emoviz.app import clips, guard, jobs
from emoviz.app.clips import Handed
from emoviz.app.parts import save
from emoviz.data import store
from emoviz.errors import DatasetError
from emoviz.jobs.kinds import Extract
from emoviz.perception.base import Frame
from emoviz.perception.media import Words
from emoviz.perception.text import transcript
from emoviz.plots import report
from emoviz.plots.report import Shown

Faces = Literal["blurred", "left out", "shown"]
COLLECTED = "collected"


def files(handed: Handed, one: Explanation, time: float) -> None:
    """A report of one page and all numbers, with what speaks for them at a time; nothing of it lies at an address."""
    name = Path(clips.safe(handed.name)).stem
    st.markdown("**Report and numbers**")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        faces = st.segmented_control("Faces", get_args(Faces), default="blurred", required=True, key="explain.faces")
        voice = st.toggle("Curves of the voice", True, key="explain.voice")
        said = st.toggle("What was said", True, key="explain.words")
    shown = Shown(faces, voice, said)
    title = handed.name if said or handed.order.media else ""
    with st.container(horizontal=True):
        save.show(
            "Report, HTML",
            f"{name}.html",
            "text/html",
            lambda: report.html(one, title=title, stills=_stills(handed, one, shown), shown=shown).encode(),
            "explain.save.html",
            "One page that opens from disk",
        )
        save.show(
            "Report, PDF",
            f"{name}.pdf",
            "application/pdf",
            lambda: report.pdf(one, title=title, stills=_stills(handed, one, shown), shown=shown),
            "explain.save.pdf",
            "The same page to print",
        )
        save.show(
            "JSON",
            f"{name}.json",
            "application/json",
            lambda: _complete(handed, one, time).to_json().encode(),
            "explain.save.json",
            "Every number, with the words where they were read",
        )


def _complete(handed: Handed, one: Explanation, time: float) -> Explanation:
    """The explanation with what speaks for what at a time."""
    with handed.opened() if handed.order.media else Words(()) as media:
        return replace(one, evidence=evidence(one, media, time))


def _stills(handed: Handed, one: Explanation, shown: Shown) -> tuple[Frame, ...]:
    if not handed.order.media or shown.faces == "left out":
        return ()
    with handed.opened() as media:
        return report.stills(one, media)


def keep(handed: Handed, one: Explanation) -> None:
    """Make the clip a sample of a dataset, if the person wishes: then it is no longer private, and stays."""
    st.markdown("**As a sample of a dataset**")
    if not handed.order.media:
        st.caption("Only clips with sound or picture can be samples.")
        return
    st.caption(
        "The clip is then copied into this workspace, where everybody who uses this app sees it, and stays until the "
        "dataset is removed."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Dataset", "my-clips", key="explain.dataset", width=240, help="One of your own, or a new one"
        )
        clicked = st.button("Keep it there", key="explain.keep", icon=":material/library_add:")
    if clicked:
        with guard.noted():
            order = collect(handed, one, name)
            if jobs.start(order):
                st.success("It is read once more for the dataset; the page Datasets shows how far that is.")


def collect(handed: Handed, one: Explanation, name: str) -> Extract:
    """Put a clip and its words beside the others of a dataset, and say how to make the dataset anew.

    Raises:
        DatasetError: if there is a dataset of that name that was not made here
        BadNameError: if the name cannot be one
    """
    folder = workspace.place(COLLECTED) / workspace.checked_name("dataset", name)
    if name in store.names():
        if not folder.is_dir():
            raise DatasetError(f"'{name}' was not collected on this page, so nothing can be added to it. Name another.")
        store.remove(name)
    folder.mkdir(exist_ok=True, mode=0o700)
    stem, suffix = os.path.splitext(handed.order.media)
    path = folder / f"{stem}-{handed.clip_id[:6]}{suffix}"
    shutil.copy(handed.media, path)
    said = one.side("text")
    if said is not None and said.reading.cues:
        known = transcript.Transcript(said.reading.cues)
        path.with_suffix(".srt" if known.timed else ".txt").write_text(known.subtitles if known.timed else known.text)
    return Extract(str(folder), name)
