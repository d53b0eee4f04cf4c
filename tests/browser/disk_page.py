"""The page of the disk's browser tests: a cloud with everything a disk can have. ``?n=600``."""

import json

import numpy as np
import streamlit as st

from emoviz.app import disk

EMOTIONS = ("anger", "disgust", "fear", "happiness", "neutral", "sadness")
COLOURS = ("#d55e00", "#8a9a2b", "#7f5aa2", "#e0a100", "#8c8c8c", "#0072b2")


def view(n: int, selected: np.ndarray | None = None, primary: int | None = None) -> disk.DiskView:
    """Six emotions around the disk, some points without a place, some at the very rim, some values missing."""
    random = np.random.default_rng(3)
    emotion = random.integers(0, 6, n)
    angle = emotion * np.pi / 3 + random.normal(0, 0.4, n)
    radius = np.tanh(np.abs(random.normal(1.1, 0.6, n)))
    radius[:: n // 20] = 1 - 10.0 ** -random.uniform(2, 5, len(radius[:: n // 20]))
    xy = (radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)).astype(np.float32)
    xy[5] = np.nan
    conflict = random.random(n)
    conflict[7] = np.nan
    categories = tuple(map(disk.Category, EMOTIONS, COLOURS))
    guess = np.where(random.random(n) < 0.7, emotion, random.integers(-1, 6, n))
    places = 0.72 * np.stack([np.cos(np.arange(6) * np.pi / 3), np.sin(np.arange(6) * np.pi / 3)], 1)
    sides = (
        disk.Side("voice", 0.35, 0.62, "#d55e00"),
        disk.Side("face", -0.66, -0.25, "#0072b2"),
        disk.Side("fused", 0.05, -0.45, "#5f7f33"),
    )
    return disk.DiskView(
        key=f"test {n}",
        xy=xy,
        columns=(
            disk.Column("label", "Perceived emotion", "category", emotion, categories),
            disk.Column("conflict", "Conflict", "number", conflict, range=(0, 1)),
            disk.Column("prediction", "Prediction", "category", guess, categories),
            disk.Column("excess", "Conflict beyond vote noise", "diverging", random.normal(0, 0.3, n)),
            disk.Column(
                "speaker",
                "Speaker",
                "category",
                random.integers(0, 300, n),
                tuple(disk.Category(f"speaker {k}") for k in range(300)),
            ),
        ),
        colour_by="label",
        anchors=tuple(
            disk.Anchor(name, colour, x, y)
            for name, colour, (x, y) in zip(EMOTIONS, COLOURS, places.tolist(), strict=True)
        ),
        constellation=disk.Constellation(
            sides, (disk.Link(0, 1, 0.83), disk.Link(0, 2), disk.Link(1, 2, 0.12)), "1001"
        ),
        selected=selected,
        primary=primary,
        related=(11, 12, 13),
        height=680,
        texts=disk.Texts(caveat="Predictions of what others would perceive, never a readout of what somebody feels."),
    )


def main() -> None:
    st.set_page_config(layout="wide")
    n, remembered = int(st.query_params.get("n", 600)), st.session_state
    heard = remembered.setdefault("heard", [])
    if st.button("choose ten"):
        remembered.selected = np.arange(n) < 10
    event = disk.heard(view(n), "disk")
    if event:
        said = {"kind": event.kind, "mode": event.mode, "row": event.row, "colour_by": event.colour_by}
        if event.mask is not None:
            remembered.selected = event.mask
            said["rows"] = np.flatnonzero(event.mask).tolist()
        if event.row is not None:
            remembered.primary = None if event.row < 0 else event.row
        if event.hidden is not None:
            said |= {"hidden": {name: sorted(codes) for name, codes in event.hidden.items()}, "ranges": event.ranges}
        if event.camera is not None:
            said["camera"] = [event.camera.re, event.camera.im, event.camera.zoom, event.camera.angle]
        heard.append(said)
    disk.show(view(n, remembered.get("selected"), remembered.get("primary")), key="disk")
    st.html(f'<pre id="heard" hidden>{json.dumps(heard)}</pre>')


if __name__ == "__main__":
    main()
