"""A button that copies the address of the view, which says all of it."""

from emoviz.app.parts.program import component

_COPY = component("copy_link")


def show(key: str) -> None:
    """Draw the button."""
    _COPY(key=key, data={"label": "Copy link", "done": "Link copied"})
