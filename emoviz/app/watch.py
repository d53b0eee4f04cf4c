"""An explanation as the clip player shows it."""

import numpy as np

from emoviz.analysis.clip.explanation import Explanation, Moment
from emoviz.app import player
from emoviz.data import emotions
from emoviz.perception.base import Reading
from emoviz.perception.common import LABELS
from emoviz.plots import clip as chart

TITLES = {"fused": "Together", "face": "Face", "voice": "Voice", "text": "Words"}
EMOTIONS = tuple(player.Label(one.name, one.colour) for one in emotions.labels(LABELS))
GAPS = {"face": "no face", "voice": "no speech", "text": "no words"}
EMPTY = np.empty(0)


def view(clip_id: str, one: Explanation, picture: player.Picture, left_out: tuple[str, ...] = ()) -> player.PlayerView:
    """Everything the player shows of a clip.

    Args:
        clip_id: of the clip
        one: its explanation, also of what has been read so far
        picture: the clip itself
        left_out: modalities that somebody muted, which stay in sight
    """
    line = one.timeline
    readings = {side.modality: side.reading for side in one.sides}
    voice, face = readings.get("voice"), readings.get("face")
    return player.PlayerView(
        id=clip_id,
        seconds=one.seconds,
        picture=picture,
        labels=EMOTIONS,
        bands=(
            player.Band("fused", TITLES["fused"], line.time, line.fused, gap="", fused=True),
            *(_band(one, side.modality, side.reading, left_out) for side in one.sides),
        ),
        conflict=player.Curve(line.time, line.conflict) if np.isfinite(line.conflict).any() else None,
        floor=line.floor,
        moments=tuple(map(_moment, shown_moments(one))),
        verdict="No moment stands out from the noise."
        if np.isfinite(line.conflict).any()
        else "There is nothing to compare: fewer than two of face, voice and words could be read at the same time.",
        words=_words(readings.get("text")),
        box=_curve(face, "box"),
        waveform=_curve(voice, "waveform"),
        pitch=_curve(voice, "pitch"),
        reading=any(reading.status == "reading" for reading in readings.values()),
    )


def shown_moments(one: Explanation) -> tuple[Moment, ...]:
    """The moments that mean something."""
    return tuple(moment for moment in one.moments if moment.clear)


def _band(one: Explanation, name: str, reading: Reading, left_out: tuple[str, ...]) -> player.Band:
    line, side = one.timeline, one.side(name)
    assert side is not None
    known = name in line.modalities
    return player.Band(
        name,
        TITLES.get(name, name),
        line.time if known else EMPTY,
        line.said[line.modalities.index(name)] if known else np.empty((0, len(LABELS))),
        note="left out" if name in left_out else chart.why_missing(side).split(". ")[0],
        gap=GAPS.get(name, "nothing"),
    )


def _moment(moment: Moment) -> player.Moment:
    says = tuple(
        player.Says(chart.name(said.modality), said.label, chart.COLOURS[said.label])
        for said in moment.says
        if said.modality in (moment.a, moment.b)
    )
    return player.Moment(moment.start, moment.end, moment.time, moment.conflict, says)


def _words(reading: Reading | None) -> tuple[player.Word, ...]:
    """Sentences where they are said; where nobody knows, where their windows were put."""
    if reading is None or reading.windows is None or len(reading.cues) != len(reading.windows):
        return ()
    timed = [bool(np.isfinite([cue.start, cue.end]).all()) for cue in reading.cues]
    return tuple(
        player.Word(float(start), float(end), cue.text, known)
        for cue, start, end, known in zip(reading.cues, reading.windows.start, reading.windows.end, timed, strict=True)
    )


def _curve(reading: Reading | None, name: str) -> player.Curve | None:
    trace = reading.trace(name) if reading is not None else None
    return None if trace is None or not len(trace.time) else player.Curve(trace.time, trace.values)
