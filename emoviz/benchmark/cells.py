"""One training of a benchmark, as a process of its own does it: train, answer, measure what it cost."""

import hashlib
import json
import math
import time
import traceback
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from emoviz.benchmark import facts, plan
from emoviz.benchmark.plan import Data, Variant
from emoviz.benchmark.results import Cell, Point, Relabelled, Trial
from emoviz.data import store
from emoviz.data.dataset import Dataset
from emoviz.errors import EmovizError
from emoviz.measures import conflict, metrics
from emoviz.models.base import EmotionModel, ModelConfig
from emoviz.models.inputs import Inputs, Ordered, Samples, declare
from emoviz.training import loop

VERSION = 2  # grows when cells come to mean something else: those of older versions are run again
BLOCK = 2048
# What the random search draws from: uniform in the logarithm between two numbers, or one of several values.
RATES = (1e-3, 2e-2)
DECAYS = (1e-4, 1e-1)
DROPOUTS = (0.0, 0.1, 0.2, 0.3, 0.5)
WIDTHS = (32, 64, 128)
PENALTIES = (1e-5, 1e-1)
NEIGHBOURS = (3, 5, 10, 20, 40)


@dataclass(frozen=True)
class Order:
    """What a process is asked to do: a training of one part, or one trial of the search for its settings.

    Attributes:
        data: the dataset in the plan
        content_hash: of the dataset that it shall be
        variant: the model
        settings: that were found for it
        tried: how many were
        seed: of weights, order and dropout
        part: which part is tested
        device: ``cpu``, ``cuda`` or ``auto``
    """

    data: Data
    content_hash: str
    variant: Variant
    settings: tuple[str, ...]
    tried: int
    seed: int
    part: int
    device: str

    @property
    def config(self) -> ModelConfig:
        return plan.config(self.data, self.variant, self.settings)

    def key(self, kind: str) -> str:
        """Hash over everything that the outcome depends on."""
        told = [VERSION, kind, self.content_hash, self.data.protocol, self.data.folds_at_once, self.variant.model]
        told += [asdict(self.config), self.seed, self.part]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]


@dataclass(frozen=True, eq=False)
class Done:
    """A cell and what it answered, ``None`` if it failed: see :func:`answered`."""

    cell: Cell
    answers: pa.Table | None


def run(order: Order) -> Done:
    """Train a model and ask it about the groups that it never saw."""
    cell = Cell(
        key=order.key("cell"),
        dataset=order.data.title,
        title=order.variant.title,
        model=order.variant.model,
        seed=order.seed,
        part=order.part,
        status="done",
        settings=changed(order.config),
        tried=order.tried,
    )
    try:
        return _run(order, cell)
    except EmovizError as error:
        return Done(replace(cell, status="failed", reason=str(error)), None)
    except Exception as error:  # a process ends here: its cell carries the reason to whoever reads the table
        traceback.print_exc()
        return Done(replace(cell, status="failed", reason=f"{type(error).__name__}: {error}"), None)


def _run(order: Order, cell: Cell) -> Done:
    config, dataset = order.config, _dataset(order.data.name, order.content_hash)
    part = facts.parts(dataset, order.data)[order.part]
    device = loop.chosen_device(order.device)
    _forget_peak(device)
    samples = _samples(dataset, config, device)
    group = facts.group_names(dataset)[part.train]
    held = loop.held_out(group, config.validation, order.seed)
    began = time.perf_counter()
    training = _Training(order.variant.model, config, samples, part.train[~held], part.train[held], order.seed)
    model = training.finished()
    seconds = time.perf_counter() - began
    known = part.train if config.refit else part.train[~held]
    answers = answered(model, samples, dataset, part.test)
    done = replace(
        cell,
        trained=len(known),
        tested=len(part.test),
        epochs=len(training.curve),
        seen=training.seen,
        seconds=round(seconds, 3),
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        memory=_peak(device),
        curve=tuple(training.curve),
        relabelled=relabelled(model, samples, dataset, known),
    )
    return Done(done, answers)


def attempt(order: Order) -> Trial:
    """How good settings are on validation groups of the training part; the test part is never looked at."""
    trial = Trial(
        key=order.key("trial"),
        dataset=order.data.title,
        title=order.variant.title,
        part=order.part,
        settings=changed(order.config),
        validation=math.inf,
    )
    config, dataset = replace(order.config, refit=False), _dataset(order.data.name, order.content_hash)
    part = facts.parts(dataset, order.data)[order.part]
    samples = _samples(dataset, config, loop.chosen_device(order.device))
    held = loop.held_out(facts.group_names(dataset)[part.train], config.validation, order.seed)
    try:
        model = _Training(
            order.variant.model, config, samples, part.train[~held], part.train[held], order.seed
        ).finished()
    except EmovizError:  # settings with which nothing can be learned are no candidates
        return trial
    with torch.inference_mode():
        batches = Ordered(samples, torch.from_numpy(part.train[held]).to(samples.device), BLOCK)
        wrong = torch.cat([model.validate(model(batch), batch.target) for batch in batches]).double().mean().item()
    return replace(trial, validation=wrong if math.isfinite(wrong) else math.inf)


def drawn(config: ModelConfig, fixed: tuple[str, ...], number: int) -> tuple[str, ...]:
    """Settings of one trial: trial 0 keeps what the plan says, others draw what the plan leaves open.

    Args:
        config: of the model
        fixed: ``field=value`` that the plan sets
        number: of the trial, the seed of its draw
    """
    if number == 0:
        return ()
    generator = np.random.default_rng([number, 11])

    def between(bounds: tuple[float, float]) -> str:
        return f"{math.exp(generator.uniform(*np.log(bounds))):.3g}"

    found = {
        "lr": between(RATES),
        "weight_decay": between(DECAYS),
        "dropout": str(generator.choice(DROPOUTS)),
        "width": str(generator.choice(WIDTHS)),
        "penalty": between(PENALTIES),
        "neighbours": str(generator.choice(NEIGHBOURS)),
    }
    kept = {setting.partition("=")[0] for setting in fixed}
    return tuple(f"{key}={value}" for key, value in found.items() if hasattr(config, key) and key not in kept)


def changed(config: ModelConfig) -> tuple[str, ...]:
    """What differs from a model's defaults, as ``field=value``."""
    defaults = asdict(type(config)())
    return tuple(
        f"{key}={str(value).lower() if isinstance(value, bool) else value}"
        for key, value in asdict(config).items()
        if value != defaults[key]
    )


class _Training:
    """A training that keeps its curve."""

    def __init__(self, name: str, config: Any, samples: Samples, rows: np.ndarray, held: np.ndarray, seed: int):
        self.work = loop.train(name, config, samples, rows, held, seed)
        self.sizes = (len(rows), len(rows) + len(held))  # of an epoch: before and after validation is trained on too
        self.curve: list[Point] = []
        self.seen = 0

    def finished(self) -> EmotionModel:
        """The trained model."""
        last, refitting = 0, False
        while True:
            try:
                report = next(self.work)
            except StopIteration as done:
                return done.value
            refitting, last = refitting or report.epoch <= last, report.epoch
            self.seen += self.sizes[refitting]
            validation = math.nan if refitting else report.validation
            self.curve.append(Point(len(self.curve) + 1, report.train_loss, validation))


@torch.inference_mode()
def answered(model: EmotionModel, samples: Samples, dataset: Dataset, rows: np.ndarray) -> pa.Table:
    """What a model says about some samples, one row each, in float32.

    Columns: ``sample_id``, ``fused`` (K), ``said`` (M times K), ``conflict``, ``dissenter`` (a modality or empty).

    Args:
        model: in eval mode
        samples: of all rows of the dataset
        dataset: whose samples they are
        rows: positions ``(n,)``
    """
    outputs = [model(batch) for batch in Ordered(samples, torch.from_numpy(rows).to(samples.device), BLOCK)]
    scored = samples.inputs.target == "score"
    fused = torch.cat([output.fused for output in outputs]).double().cpu().numpy().reshape(len(rows), -1)
    q = torch.cat([output.q for output in outputs], 1).double().cpu().numpy()
    said = (
        q if not scored else torch.cat([o.scores for o in outputs if o.scores is not None], 1)[..., None].cpu().numpy()
    )
    apart = torch.cat([output.conflict for output in outputs]).double().cpu().numpy()
    names = np.array([*samples.inputs.names, ""], object)
    prior = model.prior().double().cpu().numpy()
    whole = q.mean(0) if scored else fused
    dissenter = conflict.dissenter(q, whole, prior=None if samples.inputs.target == "distribution" else prior)
    return pa.table(
        {
            "sample_id": pa.array(dataset.samples["sample_id"].astype(str).to_numpy(object)[rows], pa.string()),
            "fused": lists(fused),
            "said": lists(_coarse(said.swapaxes(0, 1).reshape(len(rows), -1))),
            "conflict": pa.array(apart.astype(np.float32)),
            "dissenter": pa.array(names[dissenter], pa.string()),
        }
    )


def _coarse(values: np.ndarray) -> np.ndarray:
    """Numbers to four digits, which a file holds in half the space."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded = ((bits.astype(np.uint64) + (1 << 9)) >> 10 << 10).astype(np.uint32)
    return np.where(np.isfinite(values), rounded.view(np.float32), values)


def lists(values: np.ndarray) -> pa.Array:
    """Rows as lists of float32."""
    flat = np.ascontiguousarray(values, np.float32).ravel()
    return pa.ListArray.from_arrays(np.arange(len(values) + 1, dtype=np.int32) * values.shape[1], flat)


@torch.inference_mode()
def relabelled(model: EmotionModel, samples: Samples, dataset: Dataset, rows: np.ndarray) -> tuple[Relabelled, ...]:
    """How right a model's labels of single modalities are, group by group; empty where what they show is unknown."""
    truth = facts.shown(dataset, samples.inputs.names)[:, rows]
    if samples.inputs.target == "score" or (truth < 0).all():
        return ()
    batches = Ordered(samples, torch.from_numpy(rows).to(samples.device), BLOCK)
    pseudo = torch.cat([model.pseudo(batch) for batch in batches], 1).double().cpu().numpy()
    taken = np.stack([metrics.modes(np.nan_to_num(side, nan=0.0)) for side in pseudo])
    label = metrics.modes(samples.target[torch.from_numpy(rows)].double().cpu().numpy())
    known = (truth >= 0) & (taken >= 0) & (label >= 0)
    right, off, moved = taken == truth, truth != label, taken != label
    group = facts.group_names(dataset)[rows]
    names, member = np.unique(group, return_inverse=True)
    flags = (known, known & right, known & off, known & off & right, known & moved, known & moved & right)
    counts = [np.bincount(member, weights=flag.sum(0), minlength=len(names)).astype(int).tolist() for flag in flags]
    return tuple(Relabelled(str(name), *each) for name, each in zip(names, zip(*counts, strict=True), strict=True))


def _samples(dataset: Dataset, config: ModelConfig, device: torch.device) -> Samples:
    inputs = declare(dataset, config.inputs, config.context)
    return _kept_samples(dataset.name, dataset.content_hash, inputs, device)


@lru_cache(maxsize=2)
def _dataset(name: str, content_hash: str) -> Dataset:
    dataset = store.read(name)
    if dataset.content_hash != content_hash:
        raise EmovizError(f"Dataset '{name}' was changed while the benchmark ran. Run it again.")
    return dataset


@lru_cache(maxsize=2)
def _kept_samples(name: str, content_hash: str, inputs: Inputs, device: torch.device) -> Samples:
    dataset = _dataset(name, content_hash)
    return Samples(inputs, dataset, np.arange(len(dataset)), device)


def _forget_peak(device: torch.device) -> None:
    """Let the most memory of this process be counted from now on."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    reset = Path("/proc/self/clear_refs")
    if reset.exists():  # Linux: 5 resets the peak
        reset.write_text("5")


def _peak(device: torch.device) -> int:
    """Most memory of this process, or of the GPU, in bytes; 0 where the system does not say."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated()
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)
