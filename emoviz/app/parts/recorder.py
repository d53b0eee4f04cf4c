"""Camera and microphone, recorded by the browser; nothing leaves it before the recording is stopped."""

import base64
from dataclasses import dataclass

from emoviz.app.parts.program import component, nothing

LONGEST = 60  # seconds
SUFFIX = {"video/webm": "webm", "video/mp4": "mp4"}

_RECORDER = component("recorder")


@dataclass(frozen=True)
class Recording:
    """What was recorded.

    Attributes:
        suffix: of a file of its kind
        data: the file
    """

    suffix: str
    data: bytes


def show(key: str, *, disabled: bool = False) -> Recording | None:
    """Draw the recorder; gives a recording once, in the run after it was stopped.

    Args:
        key: of the widget
        disabled: whether nothing may be recorded yet
    """
    told = _RECORDER(key=key, data={"seconds": LONGEST, "disabled": disabled}, on_clip_change=nothing).clip
    return Recording(SUFFIX.get(told["mime"], "webm"), base64.b64decode(told["data"])) if told else None
