"""Where a clip lies among the samples of a dataset, as a checkpoint sees them.

A checkpoint declares the features that it reads. What perception can supply of them it supplies; fractions of
people's votes it can only approximate, by its own distributions; anything else it cannot, and then a sentence
says so and the clip has no place.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from emoviz.analysis import findings
from emoviz.analysis.clip.explanation import Near, Place, Prototype, Spot, Spread
from emoviz.analysis.clip.fusion import Heard
from emoviz.analysis.findings import Findings
from emoviz.analysis.reduce import LANDMARKS, DiskMap, distances
from emoviz.analysis.words import listed, percent
from emoviz.data.checks import samples_table
from emoviz.data.dataset import FUSED, Dataset, Features
from emoviz.errors import DatasetError
from emoviz.geometry import knn
from emoviz.models.checkpoints import Checkpoint
from emoviz.models.inputs import ModalityInputs
from emoviz.perception.common import LABELS
from emoviz.progress import finish
from emoviz.training import crossfit

NEIGHBOURS = 8
RATERS = 9.0  # votes a side that a clip is given where nobody knows how many the dataset's have
SMOOTH = 0.5  # votes added to each emotion before logarithms, as the reader of CREMA-D does


def place(heard: Sequence[Heard], fused: Spread | None, dataset: Dataset, checkpoint: Checkpoint) -> Place:
    """The clip's place, or why it has none.

    Args:
        heard: what each modality says
        fused: and all of them
        dataset: whose samples are its neighbours
        checkpoint: whose ball and disk they lie on
    """
    card = checkpoint.card
    nowhere = Place(dataset.name, card.name)
    if card.simulated or dataset.simulated:
        why = f"'{card.name}' learned from simulated numbers, which no camera or microphone supplies: no place there."
        return _told(nowhere, why)
    strange = [m.name for m in card.inputs.modalities if m.sequence or not _votes(m, card.labels)]
    if strange:
        why = (
            f"'{card.name}' reads features of the {listed(strange)} that perception does not supply, so the clip has "
            "no place there. A checkpoint that reads fractions of votes could place it."
        )
        return _told(nowhere, why)
    by_name = {side.modality: side for side in heard}
    read = [m for m in card.inputs.modalities if m.name in by_name]
    if not read or fused is None:
        wanted = listed([m.name for m in card.inputs.modalities], "or")
        return _told(nowhere, f"'{card.name}' reads {wanted}, and the clip has none of them: no place there.")
    known = [LABELS.index(label) for label in card.labels if label in LABELS]
    if len(known) < len(card.labels):
        return _told(nowhere, f"'{card.name}' knows emotions that perception does not tell apart: no place there.")
    lost = 1 - float(fused.distribution[known].sum())
    try:
        there = finish(findings.kept(dataset, checkpoint))
    except DatasetError as error:
        return _told(nowhere, str(error))
    row = _row(read, by_name, known, dataset)
    predicted = crossfit.predict(checkpoint, row, device="cpu")
    points = dict(zip((*row.modalities, FUSED), [*predicted.points, predicted.fused_points], strict=True))
    notes = [
        "It is placed by approximation: the checkpoint reads fractions of people's votes, and what perception "
        "expects people to say stands in their place."
    ]
    gone = [label for label in LABELS if label not in card.labels]
    if gone:
        notes.append(
            f"It does not know {listed(gone)}, which has {percent(lost)} of the fused answer; that is left out."
        )
    missing = [m.name for m in card.inputs.modalities if m.name not in by_name]
    if missing:
        notes.append(f"It also reads the {listed(missing)}, which the clip lacks.")
    unread = [side.modality for side in heard if side.modality not in {m.name for m in read}]
    if unread:
        notes.append(f"It does not read the {listed(unread)}.")
    return Place(
        dataset=dataset.name,
        checkpoint=card.name,
        spots=_spots(there, points),
        near=_near(there, points[FUSED]),
        prototypes=_prototypes(card.labels, points[FUSED], predicted.prototypes),
        approximate=True,
        lost=lost,
        notes=tuple(notes),
    )


def _told(nowhere: Place, why: str) -> Place:
    return Place(nowhere.dataset, nowhere.checkpoint, notes=(why,))


def _votes(modality: ModalityInputs, labels: tuple[str, ...]) -> bool:
    """Whether all that is read of a modality are fractions of votes and what follows from them."""
    known = {f"{group}_{label}" for group in ("fraction", "log") for label in labels} | {"count_votes"}
    return set(modality.columns) <= known


def _row(read: Sequence[ModalityInputs], by_name: dict[str, Heard], known: list[int], dataset: Dataset) -> Dataset:
    """The clip as a dataset of one sample, with predicted distributions in the place of votes."""
    features = {}
    for modality in read:
        share, labels = by_name[modality.name].whole[known], dataset.label_names
        share = share / share.sum()
        votes = _raters(dataset, modality.name)
        smooth = share * votes + SMOOTH
        values = dict(zip((f"fraction_{label}" for label in labels), share, strict=True))
        values |= dict(zip((f"log_{label}" for label in labels), np.log(smooth / smooth.sum()), strict=True))
        values["count_votes"] = votes
        row = np.array([[values[column] for column in modality.columns]], np.float32)
        features[modality.name] = Features(row, modality.columns, modality.columns)
    return Dataset(
        name="clip",
        title="",
        description="",
        licence="",
        source="",
        simulated=False,
        labels=dataset.labels,
        modalities=tuple(modality.name for modality in read),
        samples=samples_table(["clip"]),
        features=features,
    )


def _raters(dataset: Dataset, modality: str) -> float:
    """How many people usually judged a modality of a sample."""
    annotation = dataset.annotations.get(modality)
    if annotation is None or annotation.kind != "votes":
        return RATERS
    return float(np.nanmedian(annotation.values.sum(1)))


def _spots(there: Findings, points: dict[str, np.ndarray]) -> tuple[Spot, ...]:
    """The clip's constellation on the disk that shows the dataset: by its distances to samples that lie there."""
    if there.points is None or "x_fused" not in there.table:
        return ()
    xy = there.table[["x_fused", "y_fused"]].to_numpy(float)
    known = np.flatnonzero(~np.isnan(xy).any(1) & ~np.isnan(there.points).any(1))
    chosen = known[np.sort(np.random.default_rng(0).permutation(len(known))[: 2 * LANDMARKS])]
    disk = DiskMap(np.asarray(there.points[chosen], float), xy[chosen, 0] + 1j * xy[chosen, 1])
    spots = []
    for side, point in points.items():
        placed = disk.place(point)
        if not np.isnan(placed.xy).any():
            x, y = placed.xy[0]
            spots.append(Spot(side, float(x), float(y), float(placed.distortion[0])))
    return tuple(spots)


def _near(there: Findings, point: np.ndarray) -> tuple[Near, ...]:
    if there.points is None:
        return ()
    known = np.flatnonzero(~np.isnan(there.points).any(1))
    indices, lengths = knn.neighbours(
        torch.as_tensor(point), torch.as_tensor(np.asarray(there.points[known], float)), NEIGHBOURS
    )
    return tuple(
        Near(
            row,
            str(there.table["sample_id"].iat[row]),
            float(distance),
            _word(there.table, "label", row),
            _word(there.table, "text", row),
        )
        for row, distance in zip(known[indices[0].numpy()].tolist(), lengths[0].tolist(), strict=True)
    )


def _word(table: pd.DataFrame, column: str, row: int) -> str:
    value = table[column].iat[row] if column in table else ""
    return value if isinstance(value, str) else ""


def _prototypes(labels: tuple[str, ...], point: np.ndarray, prototypes: np.ndarray) -> tuple[Prototype, ...]:
    far = distances(point, prototypes)[0]
    return tuple(Prototype(labels[k], float(far[k])) for k in np.argsort(far, kind="stable"))
