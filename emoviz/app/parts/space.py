"""The space bar plays and pauses the clip."""

from emoviz.app.parts.program import component

_SPACE = component("space")


def listen(key: str) -> None:
    """Let the space bar play and pause the clip on this page, where nothing else wants it."""
    _SPACE(key=key, height=1)
