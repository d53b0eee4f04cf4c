"""Jobs on the screen: how far they are, how long they will take, and a way to stop them."""

from collections.abc import Callable
from typing import Literal

import streamlit as st

from emoviz.analysis import words
from emoviz.app import guard
from emoviz.jobs import store
from emoviz.jobs.kinds import Order
from emoviz.jobs.store import Job, State

Colour = Literal["gray", "blue", "green", "red"]
BADGES: dict[State, tuple[str, Colour, str]] = {
    State.QUEUED: ("waiting", "gray", ":material/hourglass_empty:"),
    State.RUNNING: ("running", "blue", ":material/autorenew:"),
    State.DONE: ("done", "green", ":material/check:"),
    State.FAILED: ("failed", "red", ":material/error:"),
    State.CANCELLED: ("cancelled", "gray", ":material/block:"),
}


def running(order: Order) -> Job | None:
    """The job that already does this, or ``None``."""
    return next((job for job in store.list(active=True) if job.order == order), None)


def start(order: Order) -> Job | None:
    """Start a job, or take the one that already does this; a refusal is said on the page."""
    with guard.noted():
        return running(order) or store.submit(order)
    return None


def wait_for(order: Order, title: str) -> None:
    """Show work that has to be done before this page can say anything; the page goes on by itself when it is."""
    failed = next((job for job in store.list() if job.order == order and job.state is State.FAILED), None)
    job = running(order) or failed or store.submit(order)
    st.title(title)
    st.write("This is done once. You may look at other pages meanwhile.")
    _waiting(job.job_id)
    st.stop()


@st.fragment(run_every=0.5)
def _waiting(job_id: str) -> None:
    job = store.get(job_id)
    line(job, "wait")
    if job.state is State.DONE:
        st.rerun()
    if not job.active and st.button("Try again", key="wait.again", icon=":material/refresh:"):
        store.submit(job.order)
        store.remove(job_id)
        st.rerun()


def line(job: Job, key: str, look: Callable[[Job], None] | None = None) -> None:
    """One job: title, state, progress, time left, cancel; its error stays until the job is removed.

    Args:
        job: as it stands
        key: of the page, for the keys of its widgets
        look: goes to what a job that is done has made
    """
    name, colour, icon = BADGES[job.state]
    with st.container(border=True, key=f"{key}_job_{job.job_id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{words.plain(job.title)}**", width="stretch")
            st.badge("stopping" if job.stopping else name, color=colour, icon=icon)
            if job.active:
                st.button(
                    "Cancel",
                    key=f"{key}.cancel.{job.job_id}",
                    icon=":material/stop_circle:",
                    disabled=job.stopping,
                    on_click=_cancel,
                    args=(job.job_id,),
                )
            else:
                if job.state is State.DONE and look is not None:
                    name = f"{key}.open.{job.job_id}"
                    if st.button("Look at it", key=name, icon=":material/visibility:", type="tertiary"):
                        look(job)
                st.button(
                    "",
                    key=f"{key}.forget.{job.job_id}",
                    icon=":material/close:",
                    type="tertiary",
                    help="Forget this job",
                    on_click=store.remove,
                    args=(job.job_id,),
                )
        if job.active:
            st.progress(job.fraction or 0.0, f"{words.plain(job.message) or 'starting'} · {words.seconds(job.left)}")
        elif job.error:
            st.error(job.error, icon=":material/error:")


def _cancel(job_id: str) -> None:
    with guard.noted():
        store.cancel(job_id)
