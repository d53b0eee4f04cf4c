"""The explanation of one clip on one page, to keep or to hand on: HTML that opens from disk, or PDF.

Sound itself never goes into a report. Pictures of strong moments do if they are handed over; faces in them are
blurred unless somebody decides otherwise.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from emoviz.analysis.clip.explanation import Explanation, Moment, Place, Side, Spread
from emoviz.analysis.clip.sentences import clock
from emoviz.analysis.words import listed
from emoviz.perception.base import Frame, Media, Reading
from emoviz.perception.common import LABELS
from emoviz.perception.media import Clip
from emoviz.plots import clip as chart
from emoviz.plots.html import WHOLE, percent
from emoviz.plots.sheet import HEIGHT, INK, LINE, MUTED, PAPER, WIDTH, Sheet

LEFT, RIGHT = 36.0, WIDTH - 36.0
BOTTOM = HEIGHT - 34.0
COLUMN = 318.0  # width of the left one of two columns
ROW = 13.5  # height of an emotion's row
BAND = 28.0  # height of a modality's band
NAMES = 62.0  # width left of bands for their names
STEPS = 180  # columns of a band; more could not be told apart on paper
STILLS = 3  # pictures of moments
STILL = 74.0  # height of the largest of them
FRAMES = 5.0  # pictures a second among which the one nearest to a moment is taken
SIDE = 640  # pixels of a picture's longer side
MOSAIC = 6  # tiles across a face that shall not be known again
AROUND = 0.3  # of a face's box that is blurred beyond it
CLASH = "#d6455d"


@dataclass(frozen=True)
class Shown:
    """What of a person goes into a report.

    Attributes:
        faces: as they are; ``blurred``, with the whole picture blurred where it is not sure which faces are in it (a
            face that was not found stays as it is); or no pictures at all
        voice: whether the curves of pitch and loudness are drawn
        words: whether what was said is written down
    """

    faces: Literal["shown", "blurred", "left out"] = "blurred"
    voice: bool = True
    words: bool = True


DEFAULT = Shown()


def html(one: Explanation, *, title: str = "", stills: Sequence[Frame] = (), shown: Shown = DEFAULT) -> str:
    """The report as a document that needs no other file and no network.

    Args:
        one: the clip explained
        title: what the clip is called, if it shall be told
        stills: pictures of its moments, see :func:`stills`
        shown: what of a person may be in it
    """
    return _page(one, title, stills, shown).html()


def pdf(one: Explanation, *, title: str = "", stills: Sequence[Frame] = (), shown: Shown = DEFAULT) -> bytes:
    """The report as PDF; arguments as in :func:`html`. Letters beyond Western European ones read ``?`` there."""
    return _page(one, title, stills, shown).pdf()


def write(one: Explanation, target: Path, clip: Path | None = None) -> None:
    """Write the report to a file, ``.pdf`` or HTML, with pictures of the clip in which faces are blurred."""
    frames: tuple[Frame, ...] = ()
    if clip is not None:
        with Clip(clip) as media:
            frames = stills(one, media)
    title = clip.name if clip is not None else ""
    if target.suffix.lower() == ".pdf":
        target.write_bytes(pdf(one, title=title, stills=frames))
    else:
        target.write_text(html(one, title=title, stills=frames), encoding="utf-8")


def stills(one: Explanation, media: Media) -> tuple[Frame, ...]:
    """The pictures nearest to the strongest moments, in order of time; of the middle where there is none."""
    wanted = sorted(moment.time for moment in one.moments[:STILLS]) or [one.seconds / 2]
    nearest: list[Frame | None] = [None] * len(wanted)
    for frame in media.frames(FRAMES):
        for i, time in enumerate(wanted):
            best = nearest[i]
            if best is None or abs(frame.time - time) < abs(best.time - time):
                nearest[i] = frame
        if frame.time > wanted[-1]:
            break
    return tuple(frame for frame in nearest if frame is not None)


def anonymous(frame: Frame, face: Reading | None) -> np.ndarray:
    """A picture in which the faces that were found cannot be known again, ``(H, W, 3)`` uint8.

    All of it is blurred where it is not known which faces are in it.
    """
    boxes = _boxes(frame.time, face)
    height, width = frame.image.shape[:2]
    whole = _mosaic(frame.image, MOSAIC * 2)
    if not boxes:
        return whole
    made = frame.image.copy()
    for left, top, right, bottom in boxes:
        across, down = AROUND * (right - left), AROUND * (bottom - top)
        rows = slice(max(0, int((top - down) * height)), max(1, math.ceil((bottom + down) * height)))
        columns = slice(max(0, int((left - across) * width)), max(1, math.ceil((right + across) * width)))
        if made[rows, columns].size:
            made[rows, columns] = _mosaic(made[rows, columns], MOSAIC)
    return made


def _boxes(time: float, face: Reading | None) -> list[np.ndarray]:
    """Boxes of all faces at a time, as shares of the picture; none where it is not sure that these are all."""
    count = face.trace("faces") if face is not None else None
    if face is None or count is None or not len(count.time):
        return []
    at = int(np.abs(count.time - time).argmin())
    tracks = [trace.values[at] for trace in face.traces if trace.name.split(" ")[0] == "box"]
    found = [box for box in tracks if np.isfinite(box).all()]
    close = abs(count.time[at] - time) <= 1 / FRAMES
    return found if close and len(found) == int(count.values[at]) else []


def _mosaic(picture: np.ndarray, tiles: int) -> np.ndarray:
    """A picture as so many tiles across."""
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (tiles, max(1, round(tiles * height / width))), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)


def _page(one: Explanation, title: str, frames: Sequence[Frame], shown: Shown) -> Sheet:
    sheet = Sheet(f"{title or 'One clip'}: what is conveyed, and where it disagrees")
    y = _head(sheet, one, title)
    top = _heading(sheet, LEFT, y, "What each conveys")
    left = _distributions(sheet, one, top)
    _heading(sheet, LEFT + COLUMN + 22, y, "How far apart")
    right = _pairs(sheet, one, LEFT + COLUMN + 22, top)
    right = _attribution(sheet, one, LEFT + COLUMN + 22, right + 8)
    y = _timeline(sheet, one, max(left, right) + 10, shown)
    y = _moments(sheet, one, frames, y + 10, shown)
    if shown.words:
        room = BOTTOM - (50 if one.place else 0) - y - 20
        y = _said(sheet, one.side("text"), y, int(room // 10.6))
    if one.place is not None:
        y = _place(sheet, one.place, y)
    _notes(sheet, one, y)
    return sheet


def _head(sheet: Sheet, one: Explanation, title: str) -> float:
    sheet.box(0, 0, WIDTH, HEIGHT, PAPER)
    sheet.words(LEFT, 46, title or "One clip", 17, width=RIGHT - LEFT - 110, bold=True)
    sheet.words(RIGHT, 46, f"emoviz · {clock(one.seconds)} min", 8, colour=MUTED, right=True)
    sheet.box(LEFT, 53, RIGHT - LEFT, 0.8, LINE)
    y = sheet.paragraph(LEFT, 68, " ".join(one.sentences), RIGHT - LEFT, 10, most=5)
    if one.changes:
        y = sheet.paragraph(LEFT, y, f"Changed: {listed(one.changes)}.", RIGHT - LEFT, 8, most=2, colour=CLASH)
    return sheet.paragraph(LEFT, y, one.caveat, RIGHT - LEFT, 8, most=2, colour=MUTED) + 10


def _heading(sheet: Sheet, x: float, y: float, said: str) -> float:
    sheet.words(x, y, said, 9.5, bold=True)
    return y + 13


def _distributions(sheet: Sheet, one: Explanation, y: float) -> float:
    """One column a side, one row an emotion; a bar is a share, the line on it its 95 % interval."""
    sides: list[tuple[str, Spread | None]] = [("fused", one.fused)]
    sides += [(side.modality, side.said) for side in one.sides]
    first, wide = LEFT + 54, (COLUMN - 54) / len(sides)
    for i, (side, said) in enumerate(sides):
        x = first + i * wide
        name = chart.name(side) + ("" if said else " (missing)")
        sheet.words(x, y, name, 8, width=wide - 4, bold=True, colour=INK if said else MUTED)
        sheet.box(x, y + 2.5, wide - 8, 1.2, chart.colour(side))
    for k, label in enumerate(LABELS):
        base = y + 14 + k * ROW
        sheet.words(LEFT, base, label, 8, colour=MUTED)
        for i, (_, said) in enumerate(sides):
            if said is not None:
                _bar(sheet, first + i * wide, base, wide - 28, said, k)
    return y + 14 + len(LABELS) * ROW


def _bar(sheet: Sheet, x: float, base: float, width: float, said: Spread, k: int) -> None:
    share, low, high = (float(values[k]) for values in (said.distribution, said.low, said.high))
    sheet.box(x, base - 7, 0.5, 9, LINE)
    sheet.box(x, base - 6, share * width, 7, chart.COLOURS[LABELS[k]])
    if not math.isnan(low):
        sheet.box(x + low * width, base - 2.9, max(0.8, (high - low) * width), 0.8, INK)
    if share >= 0.005:
        strong = share == said.share
        colour = INK if strong else MUTED
        sheet.words(x + width + 16, base, f"{100 * share:.0f}", 7.5, bold=strong, colour=colour, right=True)


def _pairs(sheet: Sheet, one: Explanation, x: float, y: float) -> float:
    """How far every two modalities are apart, with the floor below which that means nothing."""
    if not one.pairs:
        return sheet.paragraph(x, y, "It takes two of face, voice and words to disagree.", RIGHT - x, colour=MUTED)
    track = RIGHT - x - 84
    for pair in one.pairs:
        sheet.words(x, y, f"{chart.name(pair.a)} – {chart.name(pair.b)}", 8, width=60)
        sheet.box(x + 62, y - 6, track, 7, LINE)
        sheet.box(x + 62, y - 6, pair.value * track, 7, CLASH if pair.clear else MUTED)
        if not math.isnan(pair.floor):
            at = x + 62 + pair.floor * track
            sheet.shape([(at, y - 8.5), (at, y + 3.5)], INK, 1.0, dashed=True)
        sheet.words(RIGHT, y, f"{pair.value:.2f}", 8, bold=pair.clear, right=True)
        y += 15
    return sheet.paragraph(
        x, y, "0: the same; 1: nothing in common; up to the dashed line: noise.", RIGHT - x, 7, colour=MUTED
    )


def _attribution(sheet: Sheet, one: Explanation, x: float, y: float) -> float:
    """What every modality adds to the share of the answer."""
    if one.attribution is None:
        return y
    told = one.attribution
    y = _heading(sheet, x, y + 4, f"Who carries “{told.label}”?")
    steps = [("before all", 0.0, told.before, WHOLE, percent(told.before))]
    at = told.before
    for part in told.parts:
        points = f"{100 * part.value:+.0f}".replace("-", "−")
        steps.append((chart.name(part.modality), at, at + part.value, chart.colour(part.modality), points))
        at += part.value
    steps.append(("together", 0.0, told.after, chart.COLOURS[told.label], percent(told.after)))
    track = RIGHT - x - 88
    for name, start, end, colour, number in steps:
        sheet.words(x, y, name, 8, width=58)
        low, high = sorted((min(max(start, 0), 1), min(max(end, 0), 1)))
        sheet.box(x + 62, y - 6, track, 7, "#f2f3f7")
        sheet.box(x + 62 + low * track, y - 6, max(0.8, (high - low) * track), 7, colour)
        sheet.words(RIGHT, y, number, 8, right=True)
        y += 12
    return y


def _timeline(sheet: Sheet, one: Explanation, y: float, shown: Shown) -> float:
    """Every modality's emotions and the conflict between them, on one clock."""
    line, x = one.timeline, LEFT + NAMES
    wide = RIGHT - x
    y = _heading(sheet, LEFT, y, "Second by second")
    if not len(line.time):
        return sheet.paragraph(LEFT, y, "Nothing could be followed over time.", wide, colour=MUTED)
    length = max(one.seconds, float(line.time[-1]), 1e-3)
    columns = np.unique(np.linspace(0, len(line.time) - 1, STEPS).round().astype(int))
    across = x + wide * line.time[columns] / length
    top = y - 4
    for moment in one.moments[:STILLS]:
        if moment.clear:
            start, end = (x + wide * min(time, length) / length for time in (moment.start, moment.end))
            sheet.box(start, top - 2, max(1.5, end - start), (len(line.modalities) + 1) * (BAND + 4), "#fbe9ec")
    for modality, said in zip(line.modalities, line.said, strict=True):
        sheet.words(LEFT, top + BAND / 2 + 3, chart.name(modality), 8, bold=True, colour=chart.colour(modality))
        _band(sheet, across, said[columns], top)
        top += BAND + 4
    sheet.words(LEFT, top + BAND / 2 + 3, "conflict", 8, bold=True)
    sheet.box(x, top + BAND, wide, 0.6, LINE)
    _curve(sheet, across, top + BAND * (1 - line.conflict[columns]), CLASH, 1.2)
    if not math.isnan(line.floor):
        height = top + BAND * (1 - line.floor)
        sheet.shape([(x, height), (RIGHT, height)], MUTED, 0.7, dashed=True)
    top += BAND + 4
    voice = one.side("voice")
    if shown.voice and voice is not None:
        top = _curves(sheet, voice.reading, x, wide / length, top)
    for i in range(6):
        time = length * i / 5
        sheet.words(x + wide * i / 5, top + 7, clock(time), 7, colour=MUTED, right=i == 5)
    at = LEFT
    for label in LABELS:
        sheet.box(at, top + 13, 6, 6, chart.COLOURS[label])
        sheet.words(at + 9, top + 19, label, 7, colour=MUTED)
        at += 52
    return top + 30


def _band(sheet: Sheet, across: np.ndarray, said: np.ndarray, top: float) -> None:
    """Shares over time, one on the other, as one shape an emotion and stretch without a gap."""
    height = BAND * np.concatenate([np.zeros((len(said), 1)), said.cumsum(1)], 1)
    for run in _runs(np.isfinite(said).all(1)):
        x = across[run]
        if len(x) == 1:
            x = np.array([x[0] - 0.5, x[0] + 0.5])
        for k, label in enumerate(LABELS):
            lower, upper = (np.broadcast_to(height[run, i], len(x)) for i in (k, k + 1))
            if (upper - lower).max() > 0.05:
                outline = [*zip(x, top + BAND - upper, strict=True)]
                outline += [*zip(x[::-1], top + BAND - lower[::-1], strict=True)]
                sheet.shape([(float(a), float(b)) for a, b in outline], chart.COLOURS[label])


def _curve(sheet: Sheet, x: np.ndarray, y: np.ndarray, colour: str, stroke: float) -> None:
    for run in _runs(np.isfinite(y)):
        sheet.shape([(float(a), float(b)) for a, b in zip(x[run], y[run], strict=True)], colour, stroke)


def _curves(sheet: Sheet, voice: Reading, x: float, scale: float, top: float) -> float:
    """Pitch and loudness, each over its own range."""
    for name, colour in (("pitch", "#8a5fb5"), ("energy", "#7f8494")):
        trace = voice.trace(name)
        if trace is None or not np.isfinite(trace.values).any():
            continue
        chosen = np.unique(np.linspace(0, len(trace.time) - 1, 4 * STEPS).round().astype(int))
        low, high = np.nanquantile(trace.values, [0.02, 0.98])
        height = ((trace.values[chosen] - low) / max(high - low, 1e-6)).clip(0, 1)
        sheet.words(LEFT, top + BAND / 2, {"energy": "loudness"}.get(name, name), 8, bold=True, colour=colour)
        sheet.words(
            LEFT, top + BAND / 2 + 8, f"{low:.0f} to {high:.0f} {trace.unit}", 6.5, width=NAMES - 2, colour=MUTED
        )
        _curve(sheet, x + scale * trace.time[chosen], top + (BAND - 4) * (1 - height) + 2, colour, 0.8)
        top += BAND + 2
    return top


def _runs(told: np.ndarray) -> list[slice]:
    """Stretches in which something is told."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], told.astype(int), [0]])))
    return [slice(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _moments(sheet: Sheet, one: Explanation, frames: Sequence[Frame], y: float, shown: Shown) -> float:
    """The strongest moments in words, with pictures of them where they may be shown."""
    if frames and shown.faces != "left out":
        y = _stills(sheet, one, frames[:STILLS], y, shown)
    if one.moments:
        y = _heading(sheet, LEFT, y + 2, "Strongest moments")
        for moment in one.moments[:STILLS]:
            sheet.words(LEFT, y, _moment(moment), 8, width=RIGHT - LEFT)
            y += 11
        y += 4
    return y


def _stills(sheet: Sheet, one: Explanation, frames: Iterable[Frame], y: float, shown: Shown) -> float:
    face, x = one.side("face"), LEFT
    for frame in frames:
        picture = frame.image if shown.faces == "shown" else anonymous(frame, face.reading if face else None)
        height, width = picture.shape[:2]
        shrink = SIDE / max(height, width)
        if shrink < 1:
            size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        _, file = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 82])
        scale = min(STILL / height, (RIGHT - LEFT) / STILLS / width)
        at = clock(frame.time)
        sheet.picture(x, y, width * scale, height * scale, file.tobytes(), f"the picture at {at}")
        sheet.words(x, y + STILL + 8, at, 7, colour=MUTED)
        x += (RIGHT - LEFT) / STILLS
    return y + STILL + 24


def _moment(moment: Moment) -> str:
    says = listed([f"{chart.name(one.modality)} {one.label} ({percent(one.share)})" for one in moment.says])
    sure = "" if moment.clear else "; noise may explain it"
    return f"{clock(moment.start)} to {clock(moment.end)}: {says}; conflict {moment.conflict:.2f}{sure}."


def _said(sheet: Sheet, text: Side | None, y: float, most: int) -> float:
    """The transcript, as much of it as there is room for."""
    if text is None or not text.reading.cues or most < 1:
        return y
    y = _heading(sheet, LEFT, y + 2, "What is said")
    said = "  ".join(
        f"[{clock(cue.start)}] {cue.text}" if math.isfinite(cue.start) else cue.text for cue in text.reading.cues
    )
    return sheet.paragraph(LEFT, y, said, RIGHT - LEFT, most=most) + 4


def _place(sheet: Sheet, place: Place, y: float) -> float:
    """Where the clip lies among the samples of a dataset, in a line or two."""
    if y > BOTTOM - 30:
        return y
    near = listed([f"{one.sample_id} ({one.label or 'no label'})" for one in place.near[:3]])
    prototypes = listed([one.label for one in place.prototypes[:2]])
    told = [f"Nearest samples: {near}." if near else "", f"Nearest prototypes: {prototypes}." if prototypes else ""]
    y = _heading(sheet, LEFT, y + 2, f"Among the samples of {place.dataset}")
    said = " ".join(filter(None, [*told, *place.notes]))
    return sheet.paragraph(LEFT, y, said, RIGHT - LEFT, most=max(1, int((BOTTOM - y) // 11))) + 4


def _notes(sheet: Sheet, one: Explanation, y: float) -> None:
    """Why something is missing and what to keep in mind, at the foot of the page."""
    reasons = [f"{chart.name(side.modality)}: {side.reading.reason}" for side in one.sides if side.reading.reason]
    room = int((HEIGHT - 14 - max(y, BOTTOM - 24)) // 9)
    if room > 0:
        said, top = " ".join([*reasons, *one.notes]), HEIGHT - 12 - 9 * (room - 1)
        sheet.paragraph(LEFT, top, said, RIGHT - LEFT, 6.8, most=room, colour=MUTED)
