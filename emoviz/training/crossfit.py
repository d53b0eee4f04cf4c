"""Predictions that are never in-sample: K models that each leave out some groups, and a final one.

:func:`fit` trains them and saves a checkpoint; :func:`predict` asks, for every sample, the model that
has not seen its group. Fold models are trained apart, so each would lie in a frame of its own: after
training they are turned about the origin, an isometry of the ball, to lie on the final model's points
as well as they can. Positions can then be compared across folds.
"""

import dataclasses
import platform
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import GroupKFold

import emoviz
from emoviz import workspace
from emoviz.data.dataset import FUSED, Dataset
from emoviz.errors import DatasetError
from emoviz.measures import conflict, intervals, metrics
from emoviz.models import checkpoints, zoo
from emoviz.models.base import EmotionModel
from emoviz.models.checkpoints import Card, Checkpoint, Metric
from emoviz.models.inputs import Inputs, Samples, check, declare, labelled, truth
from emoviz.progress import Progress, Work
from emoviz.training import loop

FINAL, IN_SAMPLE = -1, -2
BLOCK = 8192  # samples that a model is asked about at a time
MOST_GROUPS = 20_000  # more are not listed in a card
TRAINING = 0.98  # share of the work that is not measuring
ALIGNED_ON = 2000  # samples whose points turn a fold model onto the final one


@dataclass(frozen=True)
class Predictions:
    """What a checkpoint says about samples of a dataset; float64 numpy, modalities and labels in the dataset's order.

    Attributes:
        fold: who predicted each sample, ``(N,)``: a fold model, -1 the final model on a sample it never saw,
            -2 the final model on one it was trained on
        fused: distributions ``(N, K)``; ``None`` for scores
        score: ``(N,)`` where the target is a score, else ``None``
        q: what each modality says alone, ``(M, N, K)``, NaN where missing or not read; K bins for scores
        scores: the same as scores, ``(M, N)``, or ``None``
        typicality: ``(M, N)`` in [0, 1], NaN where missing
        typicality_fused: ``(N,)``
        points: on the unit ball, ``(M, N, D)``, NaN where missing, in one frame for all models
        fused_points: ``(N, D)``
        prototypes: one point per label (bin for scores), ``(K, D)``, of the final model
        conflict: ``(N,)`` in [0, 1], NaN below two modalities
        dissenter: index of a modality, ``(N,)``, -1 where conflict is under the floor of every pair
        prior: how frequent each label is, ``(K,)``
        dissent_rate: how often some modality shows something else than the whole
        floors: of the divergence over ln 2, one per pair of modalities, NaN unknown
        more: what only models of this kind tell, by column name, ``(N,)``
    """

    fold: np.ndarray
    fused: np.ndarray | None
    score: np.ndarray | None
    q: np.ndarray
    scores: np.ndarray | None
    typicality: np.ndarray
    typicality_fused: np.ndarray
    points: np.ndarray
    fused_points: np.ndarray
    prototypes: np.ndarray
    conflict: np.ndarray
    dissenter: np.ndarray
    prior: np.ndarray
    dissent_rate: float
    floors: np.ndarray
    more: dict[str, np.ndarray]


def fit(
    dataset: Dataset,
    config: Any,
    *,
    seed: int = 0,
    folds: int = 5,
    device: str = "auto",
    name: str | None = None,
    folder: Path | None = None,
    state: Path | None = None,
) -> Work[Checkpoint]:
    """Train K fold models and a final one, measure them on held-out groups, and save the checkpoint.

    Samples of the test split are never trained on. Groups go to folds in file order
    (:class:`sklearn.model_selection.GroupKFold`); where no group is known each sample is its own.

    Args:
        dataset: with features and a fused annotation
        config: of a model of the zoo
        seed: of everything drawn by chance
        folds: fold models, 0 for none or at least 2
        device: ``cpu``, ``cuda`` or ``auto``
        name: of the checkpoint; made from dataset and model where ``None``
        folder: where it shall stand, replacing what does; its place in the workspace where ``None``
        state: folder that keeps the state of unfinished training, gone on from if it exists and removed at the end

    Returns:
        the saved checkpoint

    Raises:
        DatasetError: if there is nothing to learn from, or too few groups
        ConfigError: for a setting that does not fit
        DivergedError: when a loss is not finite
    """
    began = time.perf_counter()
    model_name = zoo.name_of(config)
    name = (
        checkpoints.free_name(f"{dataset.name[:48]}-{model_name}")
        if name is None
        else workspace.checked_name("checkpoint", name)
    )
    if folder is None and name in checkpoints.names():
        raise DatasetError(f"A checkpoint '{name}' exists already. Choose another --name, or remove it first.")
    where = loop.chosen_device(device)
    inputs = declare(dataset, config.inputs, config.context)
    rows = _trainable(dataset)
    groups, by_sample = _groups(dataset)
    if len(np.unique(groups[rows])) < max(folds + 1, 3):
        raise DatasetError(
            f"Dataset '{dataset.name}' has {len(np.unique(groups[rows]))} groups to train on; {folds} folds need at "
            f"least {max(folds + 1, 3)}. Choose fewer folds (--folds), or import more speakers."
        )
    fold_of_row = _folds(groups[rows], folds)
    yield Progress(0.0, f"reading {len(rows):,} samples")
    samples = Samples(inputs, dataset, rows, where)
    models: list[EmotionModel] = []
    for fold in (*range(folds), None):
        kept = np.flatnonzero(fold_of_row != fold) if fold is not None else np.arange(len(rows))
        held = loop.held_out(groups[rows][kept], config.validation, seed)
        training = loop.train(
            model_name, config, samples, kept[~held], kept[held], seed, state and state / f"{fold}.safetensors"
        )
        title = "final model" if fold is None else f"fold {fold + 1} of {folds}"
        share = TRAINING / (folds + 1)
        models.append((yield from _reported(training, config, share * len(models), share, title)))
    *fold_models, final = models
    for model in fold_models:
        _turn(model, final, samples)
    card = _card(dataset, config, model_name, name, inputs, seed, final)
    if by_sample:
        apart = "No speakers were known, so each sample was its own group: numbers for new people may be lower."
        card = replace(card, limits=(*card.limits, apart))
    card = replace(card, folds=folds, by_sample=by_sample, fold_of=_listed(groups[rows], fold_of_row))
    checkpoint = Checkpoint(card, final, tuple(fold_models))
    yield Progress(0.99, "measuring on held-out groups")
    predicted = predict(checkpoint, dataset, device=device)
    card = replace(
        card,
        metrics=_measured(dataset, predicted, groups),
        floors=_floors(dataset, predicted),
        seconds=round(time.perf_counter() - began, 1),
    )
    saved = checkpoints.save(
        replace(checkpoint, card=card).to(torch.device("cpu")), folder, replaced=folder is not None
    )
    if state is not None:
        for left in state.glob("*.safetensors*"):  # also what a kill in the midst of writing left
            left.unlink()
        state.rmdir()
    yield Progress(1.0, f"saved as {name}")
    return saved


def predict(
    checkpoint: Checkpoint, dataset: Dataset, *, device: str = "auto", rows: np.ndarray | None = None
) -> Predictions:
    """What a checkpoint says about a dataset, by models that have not seen the samples' groups.

    Args:
        checkpoint: its models are moved to the device
        dataset: any that has what the checkpoint reads; a missing modality is masked
        device: ``cpu``, ``cuda`` or ``auto``
        rows: positions of the samples to ask about, all where ``None``

    Raises:
        DatasetError: if the dataset does not have what the checkpoint reads
    """
    card = checkpoint.card
    check(card.inputs, dataset, card.name)
    rows = np.arange(len(dataset)) if rows is None else np.asarray(rows)
    checkpoint = checkpoint.to(loop.chosen_device(device))
    fold = _who(card, dataset)[rows]
    place = [card.modalities.index(m) if m in card.modalities else len(card.modalities) for m in dataset.modalities]
    answers = _Answers.empty(card, len(rows), checkpoint.final.prototypes().shape)
    for who in np.unique(fold):
        model = checkpoint.folds[who] if who >= 0 else checkpoint.final
        for chosen in np.array_split(np.flatnonzero(fold == who), np.ceil((fold == who).sum() / BLOCK)):
            answers.ask(model, card.inputs, dataset, rows, chosen)
    # One more row for modalities that the checkpoint has never heard of.
    q, typicality, points = (
        np.concatenate([a, np.full_like(a[:1], np.nan)])[place]
        for a in (answers.q, answers.typicality[:-1], answers.points[:-1])
    )
    prior = checkpoint.final.prior().double().cpu().numpy()
    floors = _pairwise_floors(card, dataset)
    scored = card.inputs.target == "score"
    return Predictions(
        fold=fold,
        fused=None if scored else answers.fused,
        score=answers.fused if scored else None,
        q=q,
        scores=np.concatenate([answers.scores, np.full_like(answers.scores[:1], np.nan)])[place] if scored else None,
        typicality=typicality,
        typicality_fused=answers.typicality[-1],
        points=points,
        fused_points=answers.points[-1],
        prototypes=checkpoint.final.prototypes().double().cpu().numpy(),
        conflict=answers.conflict,
        dissenter=_dissenter(card, q, None if scored else answers.fused, prior, floors),
        prior=prior,
        dissent_rate=card.dissent_rate,
        floors=floors,
        more=answers.more,
    )


@dataclass
class _Answers:
    """Arrays that are filled block by block, modalities in the order of the card."""

    fused: np.ndarray
    q: np.ndarray
    scores: np.ndarray
    points: np.ndarray
    typicality: np.ndarray
    conflict: np.ndarray
    more: dict[str, np.ndarray] = field(init=False, default_factory=dict)

    @classmethod
    def empty(cls, card: Card, n: int, prototypes: torch.Size) -> "_Answers":
        labels, dimension = prototypes
        m = len(card.modalities)
        fused = (n,) if card.inputs.target == "score" else (n, labels)
        shapes = (fused, (m, n, labels), (m, n), (m + 1, n, dimension), (m + 1, n), (n,))
        return cls(*(np.full(shape, np.nan) for shape in shapes))

    @torch.inference_mode()
    def ask(self, model: EmotionModel, inputs: Inputs, dataset: Dataset, rows: np.ndarray, chosen: np.ndarray) -> None:
        samples = Samples(inputs, dataset, rows[chosen], model.prior().device)
        batch = samples.batch(torch.arange(len(chosen), device=samples.device))
        output = model(batch)
        self.fused[chosen] = output.fused.double().cpu().numpy()
        self.conflict[chosen] = output.conflict.double().cpu().numpy()
        for mine, theirs in ((self.q, output.q), (self.points, output.points), (self.typicality, output.typicality)):
            mine[:, chosen] = theirs.double().cpu().numpy()
        if output.scores is not None:
            self.scores[:, chosen] = output.scores.double().cpu().numpy()
        for name, values in model.more(batch).items():
            known = self.more.setdefault(name, np.full(len(rows), np.nan))
            known[chosen] = values.double().cpu().numpy()


def _trainable(dataset: Dataset) -> np.ndarray:
    """Positions of labelled samples outside the test split with something to read, ``(n,)``."""
    if FUSED not in dataset.annotations:
        return np.zeros(0, int)  # declare() says what is missing
    anything = np.any([dataset.features[m].present() for m in dataset.features], axis=0)
    rows = np.flatnonzero(labelled(dataset) & anything & (dataset.samples["split"].astype(str).to_numpy() != "test"))
    if len(rows) < 8:
        raise DatasetError(
            f"Dataset '{dataset.name}' has {len(rows)} labelled samples outside its test split; "
            "at least 8 are needed to train."
        )
    return rows


def _groups(dataset: Dataset) -> tuple[np.ndarray, bool]:
    """Group of every sample, ``(N,)`` text, and whether each sample had to be its own."""
    groups = dataset.samples["group"].astype(str).to_numpy(object)
    unknown = groups == ""
    names = np.where(unknown, dataset.samples["sample_id"].astype(str).to_numpy(object), groups).astype(str)
    return names, bool(unknown.all())


def _folds(groups: np.ndarray, folds: int) -> np.ndarray:
    """Fold of each sample, ``(n,)``; 0 everywhere without folds."""
    out = np.zeros(len(groups), int)
    if folds:
        for fold, (_, held) in enumerate(GroupKFold(folds).split(groups, groups=groups)):
            out[held] = fold
    return out


def _listed(groups: np.ndarray, fold: np.ndarray) -> dict[str, int]:
    return dict(zip(groups.tolist(), fold.tolist(), strict=True))


def _who(card: Card, dataset: Dataset) -> np.ndarray:
    """Which model predicts each sample, ``(N,)``."""
    groups, _ = _groups(dataset)
    known = np.array([card.fold_of.get(group, FINAL) for group in groups.tolist()], int)
    if not card.folds:
        known[known >= 0] = IN_SAMPLE
    if card.dataset_hash == dataset.content_hash:
        known[dataset.samples["split"].astype(str).to_numpy() == "test"] = FINAL
    return known


def _reported(training: Any, config: Any, start: float, share: float, title: str) -> Work[EmotionModel]:
    """A training's epochs as progress; gives the model."""
    phases, phase, epoch = 1 + config.refit, 0, 0
    while True:
        try:
            report = next(training)
        except StopIteration as done:
            return done.value
        if report.epoch <= epoch:
            phase, title = 1, f"{title} on all groups"  # it counts its epochs anew
        epoch = report.epoch
        done_of_it = (phase + epoch / config.epochs) / phases
        yield Progress(start + share * done_of_it, f"{title}, epoch {epoch}: validation {report.validation:.4f}")


@torch.inference_mode()
def _turn(model: EmotionModel, final: EmotionModel, samples: Samples) -> None:
    """Turn a fold model about the origin so that its points lie on the final model's (orthogonal Procrustes)."""
    rows = torch.linspace(0, len(samples) - 1, min(ALIGNED_ON, len(samples)), device=samples.device).long()
    batch = samples.batch(rows)
    mine, theirs = (m(batch).points.double().flatten(0, 1) for m in (model, final))
    both = ~(mine + theirs).isnan().any(1)
    u, _, v = torch.linalg.svd(theirs[both].T @ mine[both])
    model.rotate((u @ v).to(batch.context.dtype))


def _card(dataset: Dataset, config: Any, model: str, name: str, inputs: Inputs, seed: int, final: EmotionModel) -> Card:
    limits = [
        "It predicts what others would perceive, never what somebody feels.",
        "It knows only the people, labels and recording conditions of its dataset.",
    ]
    if dataset.simulated:
        limits.insert(0, "Trained on simulated numbers: it says nothing about real people.")
    return Card(
        name=name,
        model=model,
        dataset=dataset.name,
        dataset_title=dataset.title,
        dataset_hash=dataset.content_hash,
        simulated=dataset.simulated,
        labels=inputs.labels,
        modalities=inputs.names,
        inputs=inputs,
        config=dataclasses.asdict(config),
        seed=seed,
        folds=0,
        fold_of={},
        by_sample=False,
        metrics=(),
        floors=(float("nan"),) * len(conflict.pairs(len(inputs.names))),
        dissent_rate=final.dissent_rate(),
        prior=tuple(final.prior().double().tolist()),
        limits=tuple(limits),
        versions={"emoviz": emoviz.__version__, "torch": torch.__version__, "python": platform.python_version()},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=0.0,
    )


def _measured(dataset: Dataset, predicted: Predictions, groups: np.ndarray) -> tuple[Metric, ...]:
    """How good predictions are on samples that their model never saw, with intervals over groups."""
    known = truth(dataset)
    found = []
    for on, chosen in (("held-out groups", predicted.fold >= 0), ("test split", predicted.fold == FINAL)):
        chosen = chosen & labelled(dataset)
        if chosen.any():
            values = _per_sample(known, predicted, chosen)
            for name, each in values.items():
                i = intervals.bootstrap(each, groups[chosen])
                found.append(Metric(name, on, i.value, i.low, i.high, i.n, i.groups))
    return tuple(found)


def _per_sample(known: np.ndarray, predicted: Predictions, chosen: np.ndarray) -> dict[str, np.ndarray]:
    if predicted.fused is None:
        return {"mean absolute error": np.abs(known[chosen] - np.asarray(predicted.score)[chosen])}
    people, fused = known[chosen], predicted.fused[chosen]
    hits = metrics.hits(metrics.modes(people), fused.argmax(1))
    if (people.max(1) == 1).all():
        return {"accuracy": hits, "log loss, nats": -np.log(np.maximum((people * fused).sum(1), metrics.EPS))}
    return {"Jensen-Shannon divergence, bits": metrics.jsd_bits(people, fused), "accuracy": hits}


def _floors(dataset: Dataset, predicted: Predictions) -> tuple[float, ...]:
    """The 95 % quantile of each pair's divergence on unseen samples whose two sides show the same.

    Where people judged both modalities alone, these are the samples whose two modes agree. Elsewhere each sample counts
    by the chance that both show what the label says: a model that misreads one of them must not seem to see conflict.
    """
    read = [i for i, m in enumerate(dataset.modalities) if m in dataset.features]
    whole = _modes(dataset, FUSED, predicted)
    rate = predicted.dissent_rate / max(len(read), 1)
    unseen = predicted.fold >= FINAL
    out = []
    for a, b in conflict.pairs(len(read)):
        sides = [dataset.modalities[read[i]] for i in (a, b)]
        told = [_modes(dataset, side, predicted) if side in dataset.annotations else None for side in sides]
        if told[0] is not None and told[1] is not None:
            agree = (told[0] == told[1]) & (told[0] >= 0)
        else:
            of_label = [
                mode == whole if mode is not None else _showing(predicted.q[read[i]], whole, rate)
                for mode, i in zip(told, (a, b), strict=True)
            ]
            agree = of_label[0] * of_label[1] * (whole >= 0)
        out.append(conflict.floors(predicted.q[[read[a], read[b]]], agree * unseen)[0])
    return tuple(float(value) for value in out)


def _showing(q: np.ndarray, label: np.ndarray, rate: float) -> np.ndarray:
    """Chance that a modality shows the label of the whole, ``(N,)``, by Bayes' rule; 0 where it is missing.

    Args:
        q: what it says alone, ``(N, K)``
        label: index, ``(N,)``
        rate: how often it shows something else, which then is any other label
    """
    said = np.nan_to_num(np.take_along_axis(q, np.maximum(label, 0)[:, None], 1)[:, 0])
    own, other = (1 - rate) * said, rate / max(q.shape[1] - 1, 1) * (1 - said)
    return own / np.maximum(own + other, 1e-12)


def _modes(dataset: Dataset, side: str, predicted: Predictions) -> np.ndarray:
    distribution = dataset.distribution(side)
    if distribution is None:  # scores: the fused answer's own bins are the best there is
        return predicted.q.mean(0).argmax(1)
    return metrics.modes(distribution)


def _pairwise_floors(card: Card, dataset: Dataset) -> np.ndarray:
    """The card's floors in the dataset's order of pairs, NaN for pairs it does not know."""
    known = {
        frozenset((card.modalities[a], card.modalities[b])): card.floors[i]
        for i, (a, b) in enumerate(conflict.pairs(len(card.modalities)))
    }
    return np.array(
        [
            known.get(frozenset((dataset.modalities[a], dataset.modalities[b])), np.nan)
            for a, b in conflict.pairs(len(dataset.modalities))
        ]
    )


def _dissenter(
    card: Card, q: np.ndarray, fused: np.ndarray | None, prior: np.ndarray, floors: np.ndarray
) -> np.ndarray:
    """Who stands alone where some pair is beyond its floor, ``(N,)``, -1 elsewhere."""
    if len(q) < 2:
        return np.full(q.shape[1], -1)
    differs = (conflict.pair_values(q) > floors[:, None]).any(0)
    # A score has no distribution of its own: between two modalities the mean of both decides, and ties.
    whole = np.nan_to_num(q).sum(0) / np.maximum((~np.isnan(q)).sum(0), 1) if fused is None else fused
    return conflict.dissenter(q, whole, prior=None if card.inputs.target == "distribution" else prior, differs=differs)
