"""Where a clip lies among the samples of a dataset, as a checkpoint sees them.

A checkpoint declares the features that it reads. What perception can supply of them it supplies; fractions of
people's votes it can only approximate, by its own distributions; anything else it cannot, and then a sentence
says so and the clip has no place.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch

from emoviz.analysis import findings
from emoviz.analysis.clip.explanation import Near, Place, Prototype, Spot
from emoviz.analysis.clip.fusion import Heard
from emoviz.analysis.clip.sentences import name
from emoviz.analysis.findings import Findings
from emoviz.analysis.reduce import LANDMARKS, DiskMap, distances
from emoviz.analysis.words import listed, percent
from emoviz.data.checks import samples_table
from emoviz.data.dataset import FUSED, Dataset, Features
from emoviz.errors import DatasetError
from emoviz.geometry import knn
from emoviz.models.checkpoints import Checkpoint
from emoviz.models.inputs import ModalityInputs
from emoviz.perception.base import Reading
from emoviz.perception.common import LABELS
from emoviz.perception.extract import summarised
from emoviz.progress import finish
from emoviz.training import crossfit

NEIGHBOURS = 8
RATERS = 9.0  # votes a side that a clip is given where nobody knows how many the dataset's have
SMOOTH = 0.5  # votes added to each emotion before logarithms, as the reader of CREMA-D does


def place(
    heard: Sequence[Heard],
    readings: Mapping[str, Reading],
    fused: np.ndarray | None,
    dataset: Dataset,
    checkpoint: Checkpoint,
) -> Place:
    """The clip's place, or why it has none.

    Args:
        heard: what each modality says
        readings: as perception gave them
        fused: what all of them say, ``(K,)``; ``None`` where nothing could be read
        dataset: whose samples are its neighbours
        checkpoint: whose ball and disk they lie on
    """
    card = checkpoint.card

    def nowhere(why: str) -> Place:
        return Place(dataset.name, card.name, notes=(f"The clip has no place there: {why}",))

    if card.simulated or dataset.simulated:
        return nowhere(f"'{card.name}' learned from simulated numbers, which no camera or microphone supplies.")
    votes = all(_is_votes(modality, card.labels) for modality in card.inputs.modalities)
    if not votes and not all(_is_perceived(modality) for modality in card.inputs.modalities):
        return nowhere(
            f"'{card.name}' reads features that perception does not supply. Train one on clips that emoviz extracted, "
            "or choose one that reads votes."
        )
    by_name = {side.modality: side for side in heard}
    read = [modality for modality in card.inputs.modalities if modality.name in by_name]
    if not read or fused is None:
        return nowhere(f"'{card.name}' reads {listed(card.modalities, 'or')}, and the clip has none of them.")
    if votes and not set(card.labels) <= set(LABELS):
        return nowhere(f"'{card.name}' knows emotions that perception does not tell apart.")
    try:
        there = finish(findings.kept(dataset, checkpoint))
        if votes:
            features = {m.name: _votes(m, readings[m.name], card.labels, dataset) for m in read}
        else:
            features = {m.name: _perceived(m, readings[m.name]) for m in read}
        predicted = crossfit.predict(checkpoint, _sample(features, dataset), device="cpu")
    except DatasetError as error:
        return nowhere(str(error))
    points = dict(zip((*features, FUSED), [*predicted.points, predicted.fused_points], strict=True))
    gone = [k for k, label in enumerate(LABELS) if votes and label not in card.labels]
    lost = float(fused[gone].sum())
    notes = []
    if votes:
        notes.append(
            "Its place is an approximation: the checkpoint reads fractions of people's votes, and what perception "
            "expects people to say stands in for them."
        )
    if gone:
        names = listed([LABELS[k] for k in gone])
        notes.append(f"The checkpoint does not know {names}: {percent(lost)} of the fused answer are left out.")
    if missing := [one for one in card.modalities if one not in by_name]:
        notes.append(f"It also reads the {listed([*map(name, missing)])}, which the clip lacks.")
    if unread := [side.modality for side in heard if side.modality not in card.modalities]:
        notes.append(f"It does not read the {listed([*map(name, unread)])}.")
    return Place(
        dataset=dataset.name,
        checkpoint=card.name,
        spots=_spots(there, points),
        near=_near(there, points[FUSED]),
        prototypes=_prototypes(card.labels, points[FUSED], predicted.prototypes),
        approximate=votes,
        lost=lost,
        notes=tuple(notes),
    )


def _is_votes(modality: ModalityInputs, labels: tuple[str, ...]) -> bool:
    """Whether all that is read of a modality are fractions of votes and what follows from them."""
    known = {f"{group}_{label}" for group in ("fraction", "log") for label in labels} | {"count_votes"}
    return not modality.sequence and set(modality.columns) <= known


def _is_perceived(modality: ModalityInputs) -> bool:
    """Whether all that is read of a modality is what extraction of clips writes."""
    return not modality.sequence and all(
        column in (*LABELS, "quality") or column.startswith("embedding_") for column in modality.columns
    )


def _votes(modality: ModalityInputs, reading: Reading, labels: tuple[str, ...], dataset: Dataset) -> Features:
    """What a reading shows, as if people had voted so."""
    assert reading.distribution is not None  # only what was read is asked
    share = reading.distribution[[LABELS.index(label) for label in labels]]
    share = share / share.sum()
    votes = _raters(dataset, modality.name)
    smooth = share * votes + SMOOTH
    values = dict(zip((f"fraction_{label}" for label in labels), share, strict=True))
    values |= dict(zip((f"log_{label}" for label in labels), np.log(smooth / smooth.sum()), strict=True))
    values["count_votes"] = votes
    row = np.array([[values[column] for column in modality.columns]], np.float32)
    return Features(row, modality.columns, modality.columns)


def _perceived(modality: ModalityInputs, reading: Reading) -> Features:
    """A reading as extraction would write it.

    Raises:
        DatasetError: if the checkpoint reads what another version of the extractor wrote
    """
    row = summarised(reading)
    size = 0 if row is None else len(row) - len(LABELS) - 1
    columns = (*LABELS, *(f"embedding_{k}" for k in range(size)), "quality")
    if row is None or not set(modality.columns) <= set(columns):
        raise DatasetError(f"Its {modality.name} was read by another version of the extractor.")
    place = [columns.index(column) for column in modality.columns]
    return Features(row[None, place], modality.columns, modality.columns)


def _sample(features: dict[str, Features], dataset: Dataset) -> Dataset:
    """The clip as a dataset of one sample."""
    return Dataset(
        name="clip",
        title="",
        description="",
        licence="",
        source="",
        simulated=False,
        labels=dataset.labels,
        modalities=tuple(features),
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
