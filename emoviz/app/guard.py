"""The one place where errors become words on the screen."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from emoviz.errors import EmovizError


@contextmanager
def explained() -> Iterator[None]:
    """Show an :class:`EmovizError` and end the page; let bugs through."""
    try:
        yield
    except EmovizError as error:
        said(error)
        st.stop()


@contextmanager
def noted() -> Iterator[None]:
    """Show an :class:`EmovizError` where it happened and go on with the page."""
    try:
        yield
    except EmovizError as error:
        said(error)


def said(error: EmovizError) -> None:
    """The words of an error."""
    st.error(str(error), icon=":material/error:")
