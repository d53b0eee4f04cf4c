"""One clip explained: from the readings of its modalities to everything that is said about it."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from emoviz.analysis.clip import fusion, moments, place
from emoviz.analysis.clip.attribution import attribution
from emoviz.analysis.clip.counterfactual import Change, changed, fingerprint, length
from emoviz.analysis.clip.explanation import NAN, Explanation, Pair, Side
from emoviz.analysis.clip.fusion import Constants, Heard
from emoviz.analysis.clip.sentences import name, sentences
from emoviz.data.dataset import Dataset
from emoviz.measures import conflict
from emoviz.models.checkpoints import Checkpoint
from emoviz.perception import common
from emoviz.perception.base import Reading
from emoviz.perception.common import LABELS
from emoviz.perception.pipeline import Perceived

MISFIT = (
    "The model that reads the {name} is another than the one that fusion was fitted to: answer, conflict and floor may "
    "be off. `python -m emoviz.analysis.clip.fitting` fits it again."
)


def explain(
    perceived: Perceived,
    *,
    changes: Sequence[Change] = (),
    dataset: Dataset | None = None,
    checkpoint: Checkpoint | None = None,
    constants: Constants | None = None,
) -> Explanation:
    """Explain one clip, also one that is still being read. The same readings give the same explanation.

    Args:
        perceived: what perception made of it
        changes: what shall be otherwise in it
        dataset: among whose samples it shall be placed
        checkpoint: whose disk that is; both or neither
        constants: how modalities are fused; the shipped ones where not given

    Raises:
        UnknownNameError: if a change speaks of a modality that the clip does not know
        CheckpointError: if the shipped constants are missing or damaged
    """
    constants = constants or fusion.shipped()
    parent = fingerprint(perceived) if changes else ""
    clip = changed(perceived, changes)
    shown = [reading for reading in clip.readings.values() if reading.windows is not None and len(reading.windows)]
    heard = tuple(fusion.heard(constants, reading.modality, reading.windows) for reading in shown if reading.windows)
    by_name = {side.modality: side for side in heard}
    sides = tuple(_side(reading, by_name.get(reading.modality)) for reading in clip.readings.values())
    said = np.array([side.whole for side in heard]).reshape(-1, 1, len(LABELS))
    draws = np.array([side.draws for side in heard]).reshape(len(heard), -1 if heard else 0, len(LABELS))
    varies = any(side.varies for side in heard)
    fused = attributed = None
    apart = low = high = floor = NAN
    dissenter = ""
    if heard:
        fused = fusion.spread(constants.fused(said)[0], constants.fused(draws), varies)
        attributed = attribution(constants, heard)
    if fused is not None and len(heard) > 1:
        apart = float(constants.conflict(said)[0])
        low, high = fusion.interval(constants.conflict(draws)) if varies else (NAN, NAN)
        matched = constants.floor([side.modality for side in heard])
        floor = max(matched, *(fusion.noise(constants, side, constants.conflict) for side in heard))
        alone = int(constants.dissenter(said, fused.distribution[None])[0])
        dissenter = heard[alone].modality if alone >= 0 and apart > floor else ""
    line = moments.timeline(constants, length(clip), heard, [reading.windows for reading in shown if reading.windows])
    found = moments.moments(constants, line)
    return Explanation(
        seconds=length(clip),
        sides=sides,
        fused=fused,
        conflict=apart,
        low=float(low),
        high=float(high),
        floor=floor,
        pairs=tuple(_pair(constants, a, b) for a, b in combinations(heard, 2)),
        dissenter=dissenter,
        timeline=line,
        moments=found,
        attribution=attributed,
        sentences=sentences(sides, fused, attributed, apart, floor, dissenter, found),
        place=None
        if dataset is None or checkpoint is None
        else place.place(heard, clip.readings, None if fused is None else fused.distribution, dataset, checkpoint),
        changes=tuple(map(str, changes)),
        parent=parent,
        notes=(*clip.notes, *(MISFIT.format(name=name(m)) for m in constants.misfits() if m in by_name)),
    )


def _side(reading: Reading, heard: Heard | None) -> Side:
    if heard is None or reading.windows is None or reading.native is None:
        return Side(reading, None, np.empty((0, len(LABELS))))
    return Side(
        reading,
        fusion.spread(heard.whole, heard.draws, heard.varies),
        heard.along,
        float(common.shared(reading.native, reading.windows.labels).outside),
        heard.quality,
        heard.weight,
    )


def _pair(constants: Constants, a: Heard, b: Heard) -> Pair:
    def apart(q: np.ndarray) -> np.ndarray:
        return conflict.pair_values(q)[0]

    value = float(apart(np.stack([a.whole, b.whole])[:, None])[0])
    varies = a.varies or b.varies
    low, high = fusion.interval(apart(np.stack([a.draws, b.draws]))) if varies else (NAN, NAN)
    matched = constants.pair_floor(a.modality, b.modality)
    floor = max(matched, *(fusion.noise(constants, side, apart) for side in (a, b)))
    return Pair(a.modality, b.modality, value, float(low), float(high), floor)
