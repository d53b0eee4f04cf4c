"""How the text model was made: GoEmotions, one convex problem, so that every run ends at the same weights.

What occurs in :data:`TrainingConfig.least` training texts or more is counted; a first fit shows which of it
matters, and a second one rests on that alone. Thresholds come from training texts that a fold's model has not
seen, and from the dev part; sharpness from the dev part. The test part is read once, for the card.
"""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import scipy
import torch
from scipy import sparse
from scipy.optimize import minimize_scalar
from sklearn.model_selection import KFold
from torch.nn import functional

from emoviz.data.corpora import go_emotions
from emoviz.data.corpora.go_emotions import Texts
from emoviz.measures import metrics
from emoviz.measures.intervals import Interval, bootstrap
from emoviz.perception import common, weights
from emoviz.perception.text.model import NAME, TextModel, log_shares, weighed
from emoviz.perception.text.words import PIECE, counted, words
from emoviz.progress import Progress, Work

TRAINED_ON = "GoEmotions train (43,410 texts); dev for calibration and thresholds"
LICENCE = "Apache-2.0, as the corpus; the texts are Reddit comments"
LIMITS = (
    "It reads English, as people write it on Reddit; what is said aloud, other languages and other decades are "
    "strange to it.",
    "It counts words and their neighbours. Irony, reference and whatever depends on the situation escape it, and it "
    "follows a denial badly: 'not happy' still reads as joy.",
    "Its labels are what readers would perceive, never what the writer feels.",
    "Grief, pride, relief and nervousness are rare in the corpus: what it says of them rests on few texts.",
)
RESAMPLES = 300
GRID = np.linspace(0.02, 0.9, 89)  # thresholds that are tried, as probabilities
NEIGHBOURS = np.array([1, 2, 3, 2, 1]) / 9  # by which F1 over thresholds is smoothed, so that a lucky one does not win


@dataclass(frozen=True)
class TrainingConfig:
    """How the model is fitted.

    Attributes:
        least: training texts that something must occur in
        kept: how many of these things the model keeps
        decay: weight of the squared weights beside the summed log-loss
        steps: of L-BFGS
        folds: for the thresholds
        seed: of the folds
    """

    least: int = 3
    kept: int = 60_000
    decay: float = 0.5
    steps: int = 40
    folds: int = 5
    seed: int = 0


DEFAULT = TrainingConfig()


@dataclass(frozen=True, eq=False)
class Table:
    """What is counted, and how.

    Attributes:
        names: of what is counted, V of them
        rarity: ``(V,)``
    """

    names: tuple[str, ...]
    rarity: np.ndarray

    def read(self, things: list[Counter[str]]) -> sparse.csr_matrix:
        """Texts as the model weighs them, ``(N, V)`` float32."""
        counts = _counts(things, self.names)
        rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        piece = np.array([name.startswith(PIECE) for name in self.names])
        counts.data = weighed(counts.indices, counts.data, rows, self.rarity, piece).astype(np.float32)
        return counts


def train(folder: Path, into: Path = weights.FOLDER, config: TrainingConfig = DEFAULT) -> Work[weights.Card]:
    """Fit the model on a folder with GoEmotions, measure it and keep it; two minutes on one core.

    Args:
        folder: with the published parts
        into: where the folder of the model shall stand
        config: how

    Returns:
        its card

    Raises:
        DatasetError: where the corpus is missing or not as published
    """
    began = time.monotonic()
    train, dev, test = (go_emotions.read(folder, part) for part in ("train", "dev", "test"))
    model = yield from fitted(train, dev, config)
    yield Progress(0.95, "measuring it on the test part")
    told = measured(TextModel(model), test)
    card = replace(model.card, metrics=told, seconds=round(time.monotonic() - began, 1))
    return weights.save(card, model.tensors, into)


def fitted(train: Texts, dev: Texts, config: TrainingConfig) -> Work[weights.Weights]:
    """The model of some texts, calibrated on others; not measured yet."""
    yield Progress(0.0, "counting words")
    things, held = (_things(part.texts) for part in (train, dev))
    table = _table(things, config.least)
    yield Progress(0.2, "finding what matters")
    matrix = table.read(things)
    matters = np.linalg.norm(_fit(matrix, train.marked, config)[:-1], axis=1) * np.sqrt(np.diff(matrix.tocsc().indptr))
    table = _part(table, np.sort(np.argsort(-matters, kind="stable")[: config.kept]))
    matrix, found = table.read(things), table.read(held)
    yield Progress(0.4, "fitting what is kept")
    solution = _fit(matrix, train.marked, config)
    unseen = np.zeros(train.marked.shape)
    for number, (rest, fold) in enumerate(KFold(config.folds, shuffle=True, random_state=config.seed).split(matrix)):
        yield Progress(0.5 + 0.45 * number / config.folds, f"finding thresholds, fold {number + 1} of {config.folds}")
        unseen[fold] = _logits(matrix[fold], _fit(matrix[rest], train.marked[rest], config))
    logits = _logits(found, solution)
    thresholds = _thresholds(np.concatenate([unseen, logits]), np.concatenate([train.marked, dev.marked]))
    card = weights.Card(
        name=NAME,
        modality="text",
        title="Words to the 28 labels of GoEmotions: a linear model whose reasons are its computation",
        labels=go_emotions.LABELS,
        data=TRAINED_ON,
        licence=LICENCE,
        metrics=(),
        limits=LIMITS,
        seed=config.seed,
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        seconds=0.0,
        versions={name: version(name) for name in ("numpy", "scipy", "torch")},
        settings={"sharpness": _sharpness(logits, dev.distribution), "decay": config.decay, "least": config.least},
    )
    tensors = {
        "vocabulary": np.frombuffer("\n".join(table.names).encode(), np.uint8),
        "rarity": table.rarity.astype(np.float16),
        "weights": solution[:-1].astype(np.float16),
        "constant": solution[-1].astype(np.float32),
        "thresholds": thresholds.astype(np.float32),
    }
    return weights.Weights(card, tensors)


def measured(model: TextModel, test: Texts, on: str = "GoEmotions test") -> tuple[weights.Metric, ...]:
    """How good a model is on texts that it has not seen."""
    logits = model.logits(test.texts)
    shares = model.distribution(logits)
    ours = common.shared(shares, model.labels).distribution
    theirs = common.shared(test.distribution, model.labels).distribution
    agreed = np.where(theirs.max(1) == 1, theirs.argmax(1), -1)
    both = np.concatenate([test.marked, model.marked(logits)], 1)
    values = {
        "macro F1, 28 labels": bootstrap(both, statistic=_macro_f1, resamples=RESAMPLES),
        "accuracy, one label marked": bootstrap(metrics.hits(test.single, shares.argmax(1))),
        "ECE, one label marked": _calibration(test.single, shares),
        "accuracy, 7 common labels": bootstrap(metrics.hits(agreed, ours.argmax(1))),
        "macro recall, 7 common labels": bootstrap(
            np.stack([agreed, ours.argmax(1)], 1)[agreed >= 0],
            statistic=lambda rows: metrics.uar(*rows.T),
            resamples=RESAMPLES,
        ),
        "ECE, 7 common labels": _calibration(agreed, ours),
    }
    return tuple(
        weights.Metric(name, on, round(one.value, 4), round(one.low, 4), round(one.high, 4), one.n)
        for name, one in values.items()
    )


def _calibration(truth: np.ndarray, shares: np.ndarray) -> Interval:
    """How far the largest share is from how often it is right; rows are that share and whether it was wrong."""
    rows = np.stack([shares.max(1), shares.argmax(1) != truth], 1)[truth >= 0]
    return bootstrap(rows, statistic=lambda some: metrics.ece(some[:, 1].astype(int), some[:, :1]), resamples=RESAMPLES)


def _macro_f1(both: np.ndarray) -> float:
    """Mean F1 over labels of marked and predicted side by side, ``(N, 2L)`` bool."""
    marked, predicted = np.split(both, 2, 1)
    return float(np.mean(2 * (marked & predicted).sum(0) / (marked.sum(0) + predicted.sum(0)).clip(1)))


def _things(texts: Iterable[str]) -> list[Counter[str]]:
    """How often each text holds each thing."""
    return [Counter(name for name, _ in counted(words(text))) for text in texts]


def _table(things: list[Counter[str]], least: int) -> Table:
    """Everything that occurs often enough, with how rare it is."""
    holding = Counter(name for each in things for name in each)
    names = tuple(sorted(name for name, texts in holding.items() if texts >= least))
    texts = np.array([holding[name] for name in names])
    return Table(names, (np.log((1 + len(things)) / (1 + texts)) + 1).astype(np.float32))


def _part(table: Table, chosen: np.ndarray) -> Table:
    return Table(tuple(table.names[i] for i in chosen), table.rarity[chosen])


def _counts(things: list[Counter[str]], names: tuple[str, ...]) -> sparse.csr_matrix:
    columns = {name: column for column, name in enumerate(names)}
    index: list[int] = []
    counts: list[int] = []
    ends = [0]
    for each in things:
        for name, count in each.items():
            if name in columns:
                index.append(columns[name])
                counts.append(count)
        ends.append(len(index))
    return sparse.csr_matrix((np.array(counts, np.float32), index, ends), shape=(len(things), len(names)))


def _fit(matrix: sparse.csr_matrix, marked: np.ndarray, config: TrainingConfig) -> np.ndarray:
    """Weights of L logistic regressions, ``(V, L)``, and their constants as a last row, float32."""
    truth = torch.from_numpy(marked.astype(np.float32))
    turned = matrix.T.tocsr()
    rates = truth.mean(0).clamp(1e-6, 1 - 1e-6)
    solution = torch.zeros(matrix.shape[1] + 1, truth.shape[1])
    solution[-1] = rates.logit()
    solution.requires_grad_()
    solver = torch.optim.LBFGS(
        [solution], max_iter=config.steps, history_size=8, tolerance_grad=1e-6, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        now = solution.detach().numpy()
        logits = torch.from_numpy(_logits(matrix, now))
        off = (logits.sigmoid() - truth).numpy()
        solution.grad = torch.from_numpy(
            np.concatenate([turned @ off + config.decay * now[:-1], off.sum(0, keepdims=True)])
        )
        misfit = functional.binary_cross_entropy_with_logits(logits, truth, reduction="sum")
        return misfit + config.decay / 2 * solution.detach()[:-1].square().sum()

    solver.step(loss)
    return solution.detach().numpy()


def _logits(matrix: sparse.csr_matrix, solution: np.ndarray) -> np.ndarray:
    return matrix @ solution[:-1] + solution[-1]


def _thresholds(logits: np.ndarray, marked: np.ndarray) -> np.ndarray:
    """Log-odds from which on a label counts as marked, those with the best F1, ``(L,)``."""
    probabilities = scipy.special.expit(logits)
    scores = []
    for threshold in GRID:
        predicted = probabilities >= threshold
        scores.append(2 * (predicted & marked).sum(0) / (predicted.sum(0) + marked.sum(0)).clip(1))
    smooth = scipy.ndimage.convolve1d(np.array(scores), NEIGHBOURS, axis=0, mode="constant")
    return scipy.special.logit(GRID[smooth.argmax(0)])


def _sharpness(logits: np.ndarray, truth: np.ndarray) -> float:
    """The exponent at which cross-entropy with the truth, ``(N, L)``, is least."""
    found = minimize_scalar(lambda sharpness: -(truth * log_shares(logits, sharpness)).sum(), bounds=(0.1, 10))
    return round(float(found.x), 4)
