"""What is known of a dataset's samples before any model is asked: who is tested, and what is true of conflict."""

import os
from dataclasses import dataclass, replace
from tempfile import NamedTemporaryFile

import numpy as np
import torch
from sklearn.model_selection import GroupKFold

from emoviz import workspace
from emoviz.benchmark.plan import Data
from emoviz.benchmark.results import About, Reference
from emoviz.data.dataset import Dataset
from emoviz.errors import DatasetError
from emoviz.measures import conflict, metrics
from emoviz.models import zoo
from emoviz.models.answering import DISSENT
from emoviz.models.inputs import Inputs, Ordered, Samples, declare, labelled, truth
from emoviz.perception import observer

# Groups of features that are people's verdicts on one modality: what a model makes of them is no detection.
VOTED = {"fraction", "log", "count", "intensity", "intensity_raw"}
LEAST_GROUPS = 3  # of a training part: one is left out to stop the training


@dataclass(frozen=True, eq=False)
class Part:
    """Who trains and who is tested, as positions in the dataset."""

    train: np.ndarray
    test: np.ndarray


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of the samples of one dataset; rows in the dataset's order.

    Attributes:
        about: the dataset in short
        parts: in the order of the cells' parts
        sample_id: ``(N,)``
        group: ``(N,)``, the sample's own name where unknown
        target: ``(N, K)``; ``(N, 1)`` for scores
        shown: label that each modality truly shows, planted or by people, ``(M, N)``, -1 unknown
        kind: planted relation, ``(N,)``, empty where unknown
        planted: 1 where a conflict was planted, else 0, ``(N,)``, NaN unknown
        planted_dissenter: name of a modality, ``(N,)``, or empty
        reference: conflict whichever model is asked, ``(N,)``, NaN unknown
        observer: evidence of conflict of the best observer, ``(N,)``, NaN unknown
    """

    about: About
    parts: tuple[Part, ...]
    sample_id: np.ndarray
    group: np.ndarray
    target: np.ndarray
    shown: np.ndarray
    kind: np.ndarray
    planted: np.ndarray
    planted_dissenter: np.ndarray
    reference: np.ndarray
    observer: np.ndarray


def gather(dataset: Dataset, data: Data, groups: str = "all") -> Facts:
    """What is known of a dataset.

    Args:
        dataset: as stored
        data: how it is tested
        groups: feature groups that the models read

    Raises:
        DatasetError: if nobody can be tested, or somebody would be trained and tested on
    """
    inputs = declare(dataset, groups)
    known = parts(dataset, data)
    rows = np.unique(np.concatenate([part.test for part in known]))
    planted = _planted(dataset)
    reference, judges = _reference(dataset, inputs, known)
    target = truth(dataset)
    group = group_names(dataset)
    read = {m.name: _groups_read(dataset, m.name, set(m.columns)) for m in inputs.modalities}
    about = About(
        title=data.title,
        name=dataset.name,
        content_hash=dataset.content_hash,
        simulated=dataset.simulated,
        labels=inputs.labels,
        colours=tuple(label.colour for label in dataset.labels),
        modalities=inputs.names,
        target=inputs.target,
        trained=len(np.unique(np.concatenate([part.train for part in known]))),
        tested=len(rows),
        groups=len(np.unique(group[rows])),
        planted=len(np.unique(planted[rows][~np.isnan(planted[rows])])) > 1,
        reference=judges,
        detects=not any(found & VOTED for found in read.values()),
    )
    return Facts(
        about=about,
        parts=known,
        sample_id=dataset.samples["sample_id"].astype(str).to_numpy(object),
        group=group,
        target=target.reshape(len(dataset), -1),
        shown=shown(dataset, inputs.names),
        kind=_column(dataset, "kind") if about.planted else np.full(len(dataset), "", object),
        planted=planted,
        planted_dissenter=_column(dataset, "planted_dissenter"),
        reference=reference,
        observer=_observer(dataset),
    )


def parts(dataset: Dataset, data: Data) -> tuple[Part, ...]:
    """Who trains and who is tested in each part; never one group in both.

    Raises:
        DatasetError: if nobody can be tested, or the dataset's own split has a group on both sides
    """
    present = np.any([features.present() for features in dataset.features.values()], axis=0)
    usable = labelled(dataset) & present
    group = group_names(dataset)
    if data.protocol == "split":
        test = dataset.samples["split"].astype(str).to_numpy() == "test"
        found = [Part(np.flatnonzero(usable & ~test), np.flatnonzero(usable & test))]
        if not len(found[0].test):
            raise DatasetError(
                f"Dataset '{dataset.name}' has no labelled samples in a test split. "
                'Test it by folds: protocol = "folds".'
            )
    else:
        rows = np.flatnonzero(usable)
        if len(np.unique(group[rows])) < data.folds:
            raise DatasetError(
                f"Dataset '{dataset.name}' has {len(np.unique(group[rows]))} groups, too few for {data.folds} folds. "
                "Choose fewer folds."
            )
        found = [
            Part(rows[train], rows[test])
            for repeat in range(data.repeats)
            for train, test in GroupKFold(data.folds).split(rows, groups=_dealt(group[rows], repeat))
        ]
    for part in found:
        _check(dataset, group, part)
    return tuple(found)


def _dealt(group: np.ndarray, repeat: int) -> np.ndarray:
    """Numbers of the groups: in the order of their names first, shuffled in each repeat."""
    names, member = np.unique(group, return_inverse=True)
    order = np.arange(len(names)) if repeat == 0 else np.random.default_rng([repeat, 7]).permutation(len(names))
    return order[member]


def _check(dataset: Dataset, group: np.ndarray, part: Part) -> None:
    leaked = np.intersect1d(group[part.train], group[part.test])
    if len(leaked):
        raise DatasetError(
            f"Group '{leaked[0]}' of dataset '{dataset.name}' is in its training part and in its test split, as are "
            f"{len(leaked)} of the {len(np.unique(group[part.test]))} tested groups: a model could know them by heart. "
            'Mend the split, or test by folds, which keep groups apart: protocol = "folds".'
        )
    if len(np.unique(group[part.train])) < LEAST_GROUPS:
        raise DatasetError(
            f"Dataset '{dataset.name}' leaves {len(np.unique(group[part.train]))} groups to train on; at least "
            f"{LEAST_GROUPS} are needed. Choose more folds, or import more speakers."
        )


def group_names(dataset: Dataset) -> np.ndarray:
    """Group of each sample, ``(N,)``; the sample's own name where unknown."""
    group = dataset.samples["group"].astype(str).to_numpy(object)
    return np.where(group == "", dataset.samples["sample_id"].astype(str).to_numpy(object), group).astype(str)


def shown(dataset: Dataset, modalities: tuple[str, ...]) -> np.ndarray:
    """The label that each modality truly shows, ``(M, N)``, -1 unknown.

    What was planted (``shown_{modality}``) where the dataset says so, else what most people said of it alone.
    """
    place = {name: k for k, name in enumerate(dataset.label_names)}
    out = np.full((len(modalities), len(dataset)), -1)
    for m, modality in enumerate(modalities):
        told = dataset.distribution(modality)
        if f"shown_{modality}" in dataset.samples:
            out[m] = [place.get(name, -1) for name in _column(dataset, f"shown_{modality}").tolist()]
        elif told is not None:
            out[m] = metrics.modes(told)
    return out


def _column(dataset: Dataset, name: str) -> np.ndarray:
    """A column of words, empty where the dataset has none."""
    if name not in dataset.samples:
        return np.full(len(dataset), "", object)
    return dataset.samples[name].astype(str).to_numpy(object)


def _planted(dataset: Dataset) -> np.ndarray:
    if "planted_conflict" in dataset.samples:
        return dataset.samples["planted_conflict"].to_numpy(float)
    if "planted_dissenter" in dataset.samples:
        return (_column(dataset, "planted_dissenter") != "").astype(float)
    return np.full(len(dataset), np.nan)


def _observer(dataset: Dataset) -> np.ndarray:
    """The best observer's evidence of conflict, ``(N,)``; NaN where the dataset holds no soft scores to observe.

    Fitting it takes a minute, so that what it says is kept in the workspace.
    """
    soft = all("distribution" in features.groups for features in dataset.features.values())
    if not (soft and "planted_conflict" in dataset.samples and (dataset.samples["split"] == "train").any()):
        return np.full(len(dataset), np.nan)
    kept = workspace.place("observed") / f"{dataset.content_hash}.npy"
    if not kept.is_file():
        with NamedTemporaryFile(dir=kept.parent, delete=False) as file:
            np.save(file, observer.observer(dataset).conflict, allow_pickle=False)
        os.replace(file.name, kept)
    return np.load(kept, allow_pickle=False)


def _groups_read(dataset: Dataset, modality: str, columns: set[str]) -> set[str]:
    features = dataset.features[modality]
    return {group for column, group in zip(features.columns, features.groups, strict=True) if column in columns}


def _reference(dataset: Dataset, inputs: Inputs, known: tuple[Part, ...]) -> tuple[np.ndarray, Reference]:
    """How much the modalities of each sample disagree, ``(N,)``, and by whom."""
    judged = [name for name in inputs.names if name in dataset.annotations]
    if len(judged) > 1 and all(dataset.annotations[name].kind == "score" for name in judged):
        values = np.stack([np.asarray(dataset.annotations[name].values, float) for name in judged])
        return np.mean([np.abs(values[a] - values[b]) for a, b in conflict.pairs(len(judged))], 0), "people"
    told = [dataset.distribution(name) for name in judged]
    sides = [side for side in told if side is not None]
    if len(sides) > 1:
        return conflict.conflict(np.stack(sides)), "people"
    if inputs.target == "score" or len(inputs.modalities) < 2:
        return np.full(len(dataset), np.nan), "none"
    return _heads(dataset, inputs, known), "heads"


def _heads(dataset: Dataset, inputs: Inputs, known: tuple[Part, ...]) -> np.ndarray:
    """Conflict of plain linear models of one modality each, that never saw the sample's group, ``(N,)``."""
    out = np.full(len(dataset), np.nan)
    everything = np.arange(len(dataset))
    alone = [replace(inputs, modalities=(modality,), context=()) for modality in inputs.modalities]
    samples = [Samples(one, dataset, everything, torch.device("cpu")) for one in alone]
    entry = zoo.entry("linear")
    for part in known:
        if not np.isnan(out[part.test]).all():
            continue  # a repeat: everybody has been judged
        said = []
        for one, rows in zip(alone, samples, strict=True):
            head = entry.model(entry.config(), one).eval()
            head.prepare(Ordered(rows, torch.from_numpy(part.train)))
            with torch.inference_mode():
                said.append(torch.cat([head(b).q[0] for b in Ordered(rows, torch.from_numpy(part.test))]))
        q = torch.stack(said).double().numpy()
        if inputs.target == "distribution":
            out[part.test] = conflict.conflict(q)
        else:
            prior = np.maximum(truth(dataset)[part.train].mean(0), 1e-6)
            out[part.test] = conflict.conflict(q, prior=prior / prior.sum(), dissent_rate=DISSENT)
    return out
