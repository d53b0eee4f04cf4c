"""The page of the player's browser tests: an invented clip with everything a clip can have. ``?kind=audio``."""

import json
import tempfile
from pathlib import Path

import numpy as np
import streamlit as st

from emoviz.app import player
from emoviz.data import emotions
from emoviz.perception.common import LABELS
from tests import media

SECONDS = 6.0


def picture(time: float) -> np.ndarray:
    """A disk that walks from left to right over a slow gradient."""
    y, x = np.mgrid[:180, :240]
    drawn = np.stack([40 + x / 3, 60 + y / 3, np.full_like(x, 90.0)], -1)
    drawn[(x - 40 - 160 * time / SECONDS) ** 2 + (y - 90) ** 2 < 900] = (240, 200, 170)
    return drawn.astype(np.uint8)


@st.cache_resource
def clip(kind: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        if kind == "video":
            return media.video(Path(folder) / "a.mp4", SECONDS, size=(240, 180), picture=picture).read_bytes()
        return media.sound(Path(folder) / "a.wav", SECONDS).read_bytes()


def view(kind: str, moments: bool = True) -> player.PlayerView:
    """Face and voice agree, then not, and the voice is silent at the end; words in between."""
    time = np.arange(0, SECONDS + 0.05, 0.1)

    def says(label: str, sure: float) -> np.ndarray:
        shares = np.full(7, (1 - sure) / 6)
        shares[LABELS.index(label)] = sure
        return shares

    turn = 1 / (1 + np.exp(-(time - 2.5) * 4))[:, None]
    face = (1 - turn) * says("neutral", 0.7) + turn * says("happiness", 0.85)
    voice = np.tile(says("sadness", 0.6), (len(time), 1))
    voice[time < 1.5] = says("neutral", 0.55)
    voice[time > 5] = np.nan
    conflict = np.where(time > 5, np.nan, 0.08 + 0.75 * turn[:, 0] * (time > 1.5))
    waves = np.abs(np.sin(time * 9)) * np.sin(time * 2.1) ** 2 * 0.6
    picture = player.Picture(
        *{"video": ("video", "video/mp4"), "audio": ("audio", "audio/wav"), "none": ("none", "")}[kind],
        player.pieces(f"made-{kind}", clip(kind)) if kind != "none" else (),
    )
    return player.PlayerView(
        id=f"clip-{kind}",
        seconds=SECONDS,
        picture=picture,
        labels=tuple(player.Label(one.name, one.colour) for one in emotions.labels(LABELS)),
        bands=(
            player.Band("fused", "Together", time, np.nanmean([face, voice], 0), fused=True),
            player.Band("face", "Face", time, face),
            player.Band("voice", "Voice", time, voice, gap="no speech"),
            player.Band("text", "Words", np.empty(0), np.empty((0, 7)), note="no words were given"),
        ),
        conflict=player.Curve(time, conflict),
        floor=0.3,
        moments=(
            player.Moment(
                *(2.4, 5.0, 3.5, 0.83),
                (player.Says("face", "happiness", "#c58a00"), player.Says("voice", "sadness", "#2f7fc9")),
            ),
            player.Moment(
                *(1.6, 2.1, 1.9, 0.41),
                (player.Says("face", "neutral", "#858b93"), player.Says("voice", "sadness", "#2f7fc9")),
            ),
        )
        if moments
        else (),
        verdict="No clear conflict at any moment.",
        words=tuple(
            player.Word(0.4 + 0.6 * k, 0.95 + 0.6 * k, word, timed=k < 5)
            for k, word in enumerate(["Don't", "forget", "a", "jacket", "<b>when</b>", "you", "leave"])
        ),
        box=player.Curve(
            time,
            np.stack([(10 + 160 * time / 6) / 240, 0 * time + 1 / 3, (70 + 160 * time / 6) / 240, 0 * time + 2 / 3], 1),
        )
        if kind == "video"
        else None,
        waveform=player.Curve(time, np.stack([-waves, waves], 1)) if kind != "none" else None,
        pitch=player.Curve(time, np.where(waves > 0.1, 180 + 60 * np.sin(time * 3), np.nan))
        if kind != "none"
        else None,
    )


def main() -> None:
    st.set_page_config(layout="wide")
    heard = st.session_state.setdefault("heard", [])
    st.title("Player")
    st.text_input("a field")
    kind = st.query_params.get("kind", "video")
    look = player.show(view(kind, moments=not st.toggle("calm")), "player")
    if look:
        heard.append([look.id, round(look.time, 2)])
    st.html(f'<pre id="heard" hidden>{json.dumps(heard)}</pre>')


if __name__ == "__main__":
    main()
