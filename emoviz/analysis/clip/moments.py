"""A clip second by second: everything on one clock, and the moments that stand out."""

from collections.abc import Sequence

import numpy as np
from scipy.signal import find_peaks

from emoviz.analysis.clip.explanation import Moment, Saying, Timeline
from emoviz.analysis.clip.fusion import Constants, Heard
from emoviz.measures import conflict
from emoviz.perception.base import Windows
from emoviz.perception.common import LABELS

STEP = 0.1  # seconds
STEPS = 3000  # at most: a longer clip has longer steps
APART = 1.0  # seconds between two peaks
PROMINENT = 0.05  # by how much a peak stands above the valleys beside it
MOST = 12


def timeline(constants: Constants, seconds: float, sides: Sequence[Heard], windows: Sequence[Windows]) -> Timeline:
    """Everything on one clock.

    Args:
        constants: what was fitted
        seconds: how long the clip is
        sides: the modalities that have windows
        windows: of each of them
    """
    time = np.arange(0, max(seconds, STEP), max(STEP, seconds / STEPS))
    said = np.empty((len(sides), len(time), len(LABELS)))
    for m, (side, shown) in enumerate(zip(sides, windows, strict=True)):
        said[m] = _along(time, shown, side.along)
    names = tuple(side.modality for side in sides)
    fused = constants.fused(said) if len(sides) else np.full((len(time), len(LABELS)), np.nan)
    fused[np.isnan(said).all((0, 2))] = np.nan
    apart = constants.conflict(said) if len(sides) > 1 else np.full(len(time), np.nan)
    return Timeline(time, names, said, fused, apart, constants.floor(names))


def _along(time: np.ndarray, windows: Windows, along: np.ndarray) -> np.ndarray:
    """Windows at each time, ``(T, K)``: the nearer its middle the more a window counts; NaN where there is none."""
    total, weight = np.zeros((len(time), along.shape[1])), np.zeros(len(time))
    for start, end, said in zip(windows.start, windows.end, along, strict=True):
        here = slice(*np.searchsorted(time, [start, end]))
        near = 1.02 - np.abs(2 * (time[here] - start) / max(end - start, 1e-9) - 1)
        total[here] += near[:, None] * said
        weight[here] += near
    return np.divide(total, weight[:, None], out=np.full_like(total, np.nan), where=weight[:, None] > 0)


def moments(constants: Constants, line: Timeline) -> tuple[Moment, ...]:
    """The stretches in which modalities differ most, the strongest first; none of them shares time with another.

    Where nothing is above the floor it is the strongest one alone, and not ``clear``.
    """
    known = ~np.isnan(line.conflict)
    if not known.any():
        return ()
    floor = _floors(constants, line)
    values = np.where(known, line.conflict, 0.0)
    step = line.time[1] - line.time[0] if len(line.time) > 1 else STEP
    edged = np.concatenate([[0], values, [0]])  # or a peak at the end would be none
    peaks = find_peaks(edged, prominence=PROMINENT, distance=max(1, round(APART / step)))[0] - 1
    peaks = np.array([_plateau(values, peak) for peak in peaks], int)
    clear = peaks[values[peaks] > floor[peaks]] if len(peaks) else peaks
    chosen = clear if len(clear) else np.array([values.argmax()])
    found: list[Moment] = []
    free = known.copy()
    for peak in chosen[np.argsort(-values[chosen], kind="stable")]:
        if free[peak] and len(found) < MOST:  # a lower peak of a stretch that was told belongs to it
            rows = _stretch(values, free, floor, int(peak))
            free[rows] = False
            found.append(_moment(line, values, floor, int(peak), rows, float(step)))
    return tuple(found)


def _floors(constants: Constants, line: Timeline) -> np.ndarray:
    """Floor of the modalities that have a window there, ``(T,)``; NaN where nobody measured it."""
    there = ~np.isnan(line.said[..., 0])
    found = np.full(len(line.time), np.nan)
    for which in np.unique(there.T, axis=0):
        names = [name for name, one in zip(line.modalities, which, strict=True) if one]
        found[(which == there.T).all(1)] = constants.floor(names)
    return found


def _plateau(values: np.ndarray, peak: int) -> int:
    """The first of equal neighbours."""
    while peak > 0 and values[peak - 1] == values[peak]:
        peak -= 1
    return int(peak)


def _stretch(values: np.ndarray, free: np.ndarray, floor: np.ndarray, peak: int) -> slice:
    """Rows around a peak in which more than half of what stands above the floor (or above nothing) is left."""
    top = values[peak]
    inside = free & (values >= ((top + floor[peak]) / 2 if top > floor[peak] else top / 2))
    first = last = peak
    while first > 0 and inside[first - 1]:
        first -= 1
    while last + 1 < len(values) and inside[last + 1]:
        last += 1
    return slice(first, last + 1)


def _moment(line: Timeline, values: np.ndarray, floor: np.ndarray, peak: int, rows: slice, step: float) -> Moment:
    here = line.said[:, peak]
    there = np.flatnonzero(~np.isnan(here[:, 0]))
    apart = conflict.pair_values(here[there][:, None])[:, 0]
    a, b = (line.modalities[there[i]] for i in conflict.pairs(len(there))[int(apart.argmax())])
    says = tuple(Saying(line.modalities[m], LABELS[int(here[m].argmax())], float(here[m].max())) for m in there)
    start, end = float(line.time[rows.start]), float(line.time[rows.stop - 1] + step)
    return Moment(start, end, float(line.time[peak]), float(values[peak]), a, b, says, bool(values[peak] > floor[peak]))
