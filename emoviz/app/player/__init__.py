"""The clip player: our own component for Streamlit that shows a clip on one clock.

Picture, sound, words, the face that was found, what every modality conveys and where they disagree lie over
one axis of time; a click anywhere goes there. A page describes what to show in one frozen
:class:`PlayerView` and calls :func:`show`; what the person looked at comes back as one :class:`Look`.

The clip's bytes travel with the page, as pieces, and become an object of the browser's own: no address leads
to them. Tracks travel as one buffer of float32, everything small as JSON. Buffers, JSON and the board on
which the parts find each other in the browser are those of the disk (``emoviz/app/disk``).

Times are seconds of the clip's own clock. Axis letters: T time steps, K emotions.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import streamlit as st

from emoviz.app.disk import parts, payload

HERE = Path(__file__).parent
# In the order of their imports; the board and what makes nodes are the disk's.
MODULES = ("dom", "series", "theme", "clock", "tracks", "player")
PIECE = 8 << 20  # bytes of a clip that travel in one message
MOST_STEPS = 4000  # of a track; what is finer no screen shows

STAGE = st.components.v2.component(
    "emoviz.player",
    css=(HERE / "player.css").read_text(encoding="utf-8"),
    js=parts.joined("board", "nodes") + parts.joined(*MODULES, folder=HERE / "js"),
    isolate_styles=False,
)


@dataclass(frozen=True)
class Label:
    """An emotion and its colour, ``#rrggbb``."""

    name: str
    colour: str


@dataclass(frozen=True, eq=False)
class Band:
    """What one side conveys along the clip.

    Attributes:
        name: unique within its view
        title: as shown
        time: ``(T,)``, empty where nothing was read
        shares: ``(T, K)``; NaN where there is nothing to say
        note: said in place of an empty band
        gap: said where there is nothing for a while
        muted: why the band is shown faintly; empty for a band that counts
        fused: whether it is what all of them come to
    """

    name: str
    title: str
    time: np.ndarray
    shares: np.ndarray
    note: str = ""
    gap: str = "nothing to read here"
    muted: str = ""
    fused: bool = False


@dataclass(frozen=True, eq=False)
class Curve:
    """A number along the clip: ``time`` and ``values`` are ``(T,)``, or ``values`` ``(T, C)``; NaN where unknown."""

    time: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Word:
    """Words and when they are said; ``timed`` is false where that is estimated."""

    start: float
    end: float
    text: str
    timed: bool = True


@dataclass(frozen=True)
class Says:
    """What one side shows most at a moment, in words, and its colour."""

    side: str
    label: str
    colour: str


@dataclass(frozen=True)
class Moment:
    """A stretch in which sides differ.

    Attributes:
        start: where it begins
        end: where it ends
        time: of its peak
        strength: of the conflict there, 0 to 1
        says: what the sides show
    """

    start: float
    end: float
    time: float
    strength: float
    says: tuple[Says, ...] = ()


@dataclass(frozen=True)
class Piece:
    """A piece of a clip's bytes as it travels, under the name by which the view refers to it."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Picture:
    """A clip as a browser plays it: ``kind`` is the element, ``mime`` what its bytes are."""

    kind: Literal["video", "audio", "none"]
    mime: str = ""
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, eq=False)
class PlayerView:
    """Everything the player shows.

    Attributes:
        id: of the clip; random
        seconds: how long it is
        picture: the clip itself
        labels: the K emotions
        bands: what each side conveys, top to bottom
        conflict: ``(T,)`` 0 to 1, or ``None`` where nothing can be compared
        floor: what conflict without a meaning stays below
        moments: the strongest first
        verdict: said where there are no moments
        words: in order of time
        box: ``(T, 4)`` left, top, right, bottom of the face, shares of the picture; ``None`` without one
        waveform: ``(T, 2)`` lowest and highest, ``None`` without sound
        pitch: ``(T,)`` Hz, NaN where there is none
        reading: whether more is on its way
    """

    id: str
    seconds: float
    picture: Picture
    labels: tuple[Label, ...]
    bands: tuple[Band, ...]
    conflict: Curve | None = None
    floor: float = 0.0
    moments: tuple[Moment, ...] = ()
    verdict: str = ""
    words: tuple[Word, ...] = ()
    box: Curve | None = None
    waveform: Curve | None = None
    pitch: Curve | None = None
    reading: bool = False


@dataclass(frozen=True)
class Look:
    """Where in a clip the person wants to know more.

    Attributes:
        id: of the clip
        time: where
    """

    id: str
    time: float


def pieces(name: str, data: bytes) -> tuple[Piece, ...]:
    """A clip's bytes cut into what fits a message.

    Args:
        name: random, another one for other bytes
        data: of the whole file
    """
    starts = range(0, max(len(data), 1), PIECE)
    return tuple(
        Piece(
            f"{name}.{number}",
            payload.buffer(f"{name}.{number}", {"bytes": np.frombuffer(data[start : start + PIECE], np.uint8)}),
        )
        for number, start in enumerate(starts)
    )


def show(view: PlayerView, key: str) -> Look | None:
    """Draw the player where the page stands now.

    Args:
        view: what to show
        key: of the widget; the clip plays on, whatever else changes, as long as key and pieces stay

    Returns:
        where the person looked since the last run, or ``None``
    """
    arrays = tracks(view)
    data = payload.buffer("", arrays)
    name = payload.named(view.id, data)
    with st.container(gap=None):
        told = STAGE(key=key, data={"id": key}, on_look_change=_nothing)
        for piece in view.picture.pieces:
            parts.BUFFER(key=f"{key}.{piece.name}", data=piece.data)
        parts.BUFFER(key=f"{key}.tracks", data=payload.buffer(name, arrays))
        parts.STATE(key=f"{key}.setting", data={"id": key, "part": "settings", **setting(view, name)})
    return Look(**told.look) if told.look else None


def tracks(view: PlayerView) -> dict[str, np.ndarray]:
    """All numbers along the clip, by the names the browser knows them by, float32."""
    curves = {band.name: Curve(band.time, band.shares) for band in view.bands if len(band.time)}
    for name, curve in (("conflict", view.conflict), ("box", view.box), ("pitch", view.pitch)):
        if curve is not None and len(curve.time):
            curves[name] = curve
    arrays = {}
    for name, curve in curves.items():
        thin = slice(None, None, -(-len(curve.time) // MOST_STEPS))
        arrays[f"{name} time"], arrays[name] = curve.time[thin], curve.values[thin]
    if view.waveform is not None and len(view.waveform.time):
        low, high = view.waveform.values.T
        arrays |= {"waveform time": view.waveform.time, "waveform low": low, "waveform": high}
    return {name: np.ascontiguousarray(values, np.float32).ravel() for name, values in arrays.items()}


def setting(view: PlayerView, name: str) -> dict[str, Any]:
    """Everything small, as JSON; ``name`` is that of the tracks."""
    return payload.plain(
        {
            "clip": view.id,
            "tracks": name,
            "kind": view.picture.kind,
            "mime": view.picture.mime,
            "media": view.picture.pieces[0].name if view.picture.pieces else view.id,
            "pieces": [piece.name for piece in view.picture.pieces],
            "seconds": view.seconds,
            "labels": [asdict(label) for label in view.labels],
            "bands": [_band(band) for band in view.bands],
            "conflict": {"floor": _known(view.floor, 0.0), "most": _highest(view.conflict)},
            "moments": [asdict(moment) for moment in view.moments],
            "verdict": view.verdict,
            "words": [asdict(word) for word in view.words],
            "loudest": max(_highest(view.waveform), 0.02),
            "pitch": _span(view.pitch),
            "reading": view.reading,
        }
    )


def _band(band: Band) -> Mapping[str, object]:
    return {name: getattr(band, name) for name in ("name", "title", "note", "gap", "muted", "fused")}


def _known(value: float, otherwise: float) -> float:
    return float(value) if np.isfinite(value) else otherwise


def _highest(curve: Curve | None) -> float:
    """The largest absolute value of a curve, 0 where there is none."""
    if curve is None or not np.isfinite(curve.values).any():
        return 0.0
    return float(np.nanmax(np.abs(curve.values)))


def _span(curve: Curve | None) -> tuple[float, float]:
    """Range in which a pitch is drawn, Hz: what occurs, and at least half an octave."""
    known = curve.values[np.isfinite(curve.values)] if curve is not None else np.empty(0)
    if not known.size:
        return 80.0, 400.0
    low, high = np.percentile(known, [2, 98])
    middle, half = np.sqrt(low * high), max(np.sqrt(high / low), 2**0.25) * 1.1
    return float(middle / half), float(middle * half)


def _nothing() -> None:
    """A trigger is only reported where somebody listens to it."""
