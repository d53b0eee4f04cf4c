"""How well planted conflict can be found from what models say of each modality, and nothing else.

The observer is fitted on samples whose truth it was told, and judged on others: no method that reads the same soft
scores and learns without that truth can be expected to do better. It is the best of three families, chosen on the
training groups alone.

Axis letters: M modalities, N samples, K labels, F features.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emoviz.data.dataset import Dataset
from emoviz.errors import DatasetError
from emoviz.measures import conflict, metrics

FOLDS = 4
LEAST = 1e-4  # of a distribution, before its logarithm
FAMILIES: dict[str, Callable[[], Any]] = {
    "logistic regression": lambda: make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500)),
    "boosted trees": lambda: HistGradientBoostingClassifier(max_iter=200, learning_rate=0.06, random_state=0),
    "network": lambda: make_pipeline(
        StandardScaler(), MLPClassifier((64,), alpha=1e-2, early_stopping=True, max_iter=200, random_state=0)
    ),
}


@dataclass(frozen=True, eq=False)
class Observed:
    """What the observer says of every sample of a dataset; of training samples without having seen their group.

    Attributes:
        conflict: chance of a planted conflict, ``(N,)``
        dissenter: the modality most likely to stand alone, ``(N,)`` index; -1 where fewer than two are there
        family: which kind of classifier was best on the training groups
        auroc: of each family on the training groups
    """

    conflict: np.ndarray
    dissenter: np.ndarray
    family: str
    auroc: dict[str, float]


def observer(dataset: Dataset) -> Observed:
    """The best observer of a dataset's soft scores.

    Args:
        dataset: a proving ground: features in the group ``distribution``, the columns ``planted_conflict``,
            ``planted_dissenter`` and ``group``, training and test split

    Raises:
        DatasetError: where the dataset says nothing of what was planted
    """
    samples = dataset.samples
    if "planted_conflict" not in samples or not (samples["split"] == "train").any():
        raise DatasetError(
            f"Dataset '{dataset.name}' has no planted conflicts in a training split. Make one: emoviz data mix"
        )
    q = said(dataset)
    x = features(q)
    planted = samples["planted_conflict"].to_numpy(bool)
    named = samples["planted_dissenter"].astype(str).to_numpy()
    off = np.array([dataset.modalities.index(name) if name else -1 for name in named])
    train = (samples["split"] == "train").to_numpy()
    group = samples["group"].astype(str).to_numpy()
    folds = GroupKFold(min(FOLDS, len(np.unique(group[train]))))
    held = {
        name: cross_val_predict(made(), x[train], planted[train], groups=group[train], cv=folds, method="predict_proba")
        for name, made in FAMILIES.items()
    }
    auroc = {name: metrics.auroc(planted[train], p[:, 1]) for name, p in held.items()}
    best = max(auroc, key=lambda name: auroc[name])
    chance = np.empty(len(x))
    chance[train] = held[best][:, 1]
    chance[~train] = FAMILIES[best]().fit(x[train], planted[train]).predict_proba(x[~train])[:, 1]
    return Observed(chance, _dissenter(best, x, q, off, train, group, folds), best, auroc)


def said(dataset: Dataset) -> np.ndarray:
    """What the perception models say of each modality, ``(M, N, K)``, NaN where missing."""
    found = []
    for modality in dataset.modalities:
        given = dataset.features[modality]
        chosen = np.asarray(given.values[:, np.array(given.groups) == "distribution"], float)
        p = np.exp(chosen)
        found.append(p / p.sum(1, keepdims=True))
    return np.stack(found)


def features(q: np.ndarray) -> np.ndarray:
    """Everything that soft scores ``(M, N, K)`` tell about conflict: ``(N, F)``.

    Logarithms, products and divergences of every pair, and what is there.
    """
    there = ~np.isnan(q[..., 0])
    known = np.nan_to_num(q, nan=1 / q.shape[2])
    parts = [known[a] * known[b] for a, b in conflict.pairs(len(q))]
    parts += [np.where(there[m][:, None], np.log(np.maximum(known[m], LEAST)), 0) for m in range(len(q))]
    return np.hstack([*parts, there.T.astype(float), np.nan_to_num(conflict.pair_values(q).T)])


def _dissenter(
    family: str, x: np.ndarray, q: np.ndarray, off: np.ndarray, train: np.ndarray, group: np.ndarray, folds: GroupKFold
) -> np.ndarray:
    """Which modality stands alone, told apart on the training samples in which one does."""

    def chance(rows: np.ndarray, judged: np.ndarray) -> np.ndarray:
        made = FAMILIES[family]().fit(x[rows], off[rows])
        told = np.zeros((len(judged), len(q)))
        told[:, made.classes_] = made.predict_proba(x[judged])
        return told

    known, of_train = off >= 0, np.flatnonzero(train)
    told = np.zeros((len(x), len(q)))
    told[~train] = chance(of_train[known[of_train]], np.flatnonzero(~train))
    for fit, held in folds.split(of_train, groups=group[train]):
        rows = of_train[fit]
        told[of_train[held]] = chance(rows[known[rows]], of_train[held])
    there = ~np.isnan(q[..., 0]).T
    return np.where(there.sum(1) > 1, np.where(there, told, -1).argmax(1), -1)
