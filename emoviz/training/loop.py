"""Training as a stream of epoch reports, resumable to the bit.

:func:`train` is a generator: it trains an epoch, yields what happened and goes on when asked. Who
consumes it decides about progress bars and stopping. With a place for its state it writes there after
each epoch, and a later call with the same arguments goes on from there as if nothing had happened.
"""

import copy
import math
import os
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import geoopt
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from emoviz.errors import ConfigError, DivergedError
from emoviz.models.base import EmotionModel, ModelConfig
from emoviz.models.inputs import Ordered, Samples
from emoviz.models.zoo import MODELS

# The rate falls to this share of its start.
LAST_RATE = 0.05
# A later epoch that is this little worse than the best is preferred: validation on a few groups is noisy, and weights
# at the end of the schedule are the settled ones.
SLACK = 0.01
# A small dataset gets smaller batches, so that an epoch has at least this many steps.
LEAST_STEPS = 16


@dataclass(frozen=True)
class EpochReport:
    """One line of a training's progress.

    Attributes:
        epoch: counted from 1
        train_loss: mean over the training samples, in the loss's own units
        validation: mean over the held-out samples, what early stopping watches; the lowest while refitting
        best: the lowest validation so far
    """

    epoch: int
    train_loss: float
    validation: float
    best: float


def chosen_device(name: str) -> torch.device:
    """``cpu``, ``cuda``, or what ``auto`` finds.

    Raises:
        ConfigError: for another name, or cuda where there is none
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name not in ("cpu", "cuda"):
        raise ConfigError(f"device is '{name}'; it must be cpu, cuda or auto.")
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device is cuda, but no CUDA device is to be seen here. Use cpu or auto.")
    return torch.device(name)


def held_out(groups: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Which samples stop the training: whole groups, about a share of all samples, at least one group.

    Args:
        groups: ``(n,)`` names; at least two different ones
        share: of the samples
        seed: of the choice of groups

    Returns:
        ``(n,)`` bool
    """
    names, sizes = np.unique(groups, return_counts=True)
    order = np.random.default_rng([seed, 3]).permutation(len(names))
    filled = np.cumsum(sizes[order])
    count = int(np.clip(np.searchsorted(filled, share * len(groups)) + 1, 1, len(names) - 1))
    return np.isin(groups, names[order[:count]])


def train(
    name: str,
    config: ModelConfig,
    samples: Samples,
    rows: np.ndarray,
    held: np.ndarray,
    seed: int,
    state: Path | None = None,
) -> Generator[EpochReport, None, EmotionModel]:
    """Train a fresh model.

    Args:
        name: of the model
        config: its choices
        samples: everything that rows point into
        rows: positions of the training samples, ``(n,)``
        held: positions of the samples that stop the training, of other groups, ``(h,)``; with
            ``config.refit`` they are then trained on too, for as many epochs as were best without them
        seed: of weights, order and dropout
        state: file that keeps the state after each epoch; gone on from if it exists

    Yields:
        a report after each epoch

    Returns:
        the model of the best epoch, in eval mode

    Raises:
        ConfigError: for class balance where the target is a score
        DivergedError: when a loss is not finite
    """
    run = _Run(name, config, samples, rows, held, seed)
    if state is not None and state.is_file():
        run = run.restored(load_file(state))
    while True:
        if run.over and config.refit and not run.refitting:
            run = run.refit()
        if run.over:
            return run.best_model()
        report = run.epoch_done()
        if state is not None:
            _write(run.tensors(), state)
        yield report


@contextmanager
def _one_thread() -> Iterator[None]:
    """Networks this small gain little from a second thread, and lose tenfold where another process wants its core."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Run:
    """A training between two epochs."""

    def __init__(self, name: str, config: ModelConfig, samples: Samples, rows: np.ndarray, held: np.ndarray, seed: int):
        self.name, self.config, self.samples, self.seed = name, config, samples, seed
        self.refitting, self.last = False, config.epochs
        device = samples.device
        self.rows, self.held = torch.from_numpy(rows).to(device), torch.from_numpy(held).to(device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.model = MODELS[name].model(config, samples.inputs).to(device)
            self.random = torch.get_rng_state()
        self.shuffle = torch.Generator().manual_seed(seed)
        if config.balance:
            self.chance = _balanced(samples, self.rows)
        self.model.prepare(Ordered(samples, self.rows))
        self.average = copy.deepcopy(self.model)
        self.optimizers = self.model.optimizers()
        self.epoch, self.best, self.best_epoch, self.kept_epoch, self.steps = 0, math.inf, 0, 0, 0
        self.kept = self._weights()

    @property
    def over(self) -> bool:
        if not self.optimizers:  # everything it can learn was found in one look
            return True
        return self.epoch >= self.last or (not self.refitting and self.epoch - self.best_epoch >= self.config.patience)

    def refit(self) -> "_Run":
        """The same training with the held-out groups in it, for as many epochs as were best without them."""
        rows = torch.cat([self.rows, self.held]).sort().values.cpu().numpy()
        run = _Run(self.name, self.config, self.samples, rows, self.held.cpu().numpy(), self.seed)
        run.refitting, run.last, run.best = True, self.kept_epoch, self.best
        return run

    def epoch_done(self) -> EpochReport:
        """Train one epoch."""
        # Other torch code may run between two epochs: the state of dropout's generator is this run's own.
        with torch.random.fork_rng(devices=[]), _one_thread():
            torch.set_rng_state(self.random)
            train_loss = self._pass()
            self.random = torch.get_rng_state()
        self.epoch += 1
        self.average.end_epoch(self.epoch, Ordered(self.samples, self.rows))
        for mine, theirs in zip(self.model.buffers(), self.average.buffers(), strict=True):
            if mine.shape != theirs.shape:
                mine.resize_(theirs.shape)
            mine.copy_(theirs)
        if self.refitting:
            if self.over:
                self.kept = self._weights()
            return EpochReport(self.epoch, train_loss, self.best, self.best)
        validation = self._validated()
        if not self.average.complete():
            self.best_epoch = self.kept_epoch = self.epoch
            self.kept = self._weights()
            return EpochReport(self.epoch, train_loss, validation, self.best)
        if validation < self.best:
            self.best, self.best_epoch = validation, self.epoch
        if validation <= self.best + SLACK * abs(self.best):
            self.kept_epoch, self.kept = self.epoch, self._weights()
        return EpochReport(self.epoch, train_loss, validation, self.best)

    def _pass(self) -> float:
        self.model.train()
        progress = min(self.epoch / self.config.epochs, 1)
        rate = self.config.lr * (LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * progress)) / 2)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
        total = 0.0
        size = max(2, min(self.config.batch, len(self.rows) // LEAST_STEPS))
        for step, rows in enumerate(self._order().split(size)):
            for optimizer in self.optimizers:
                optimizer.zero_grad()
            loss = self.model.loss(self.samples.batch(rows))
            if not math.isfinite(value := loss.item()):
                raise DivergedError(self.epoch + 1, step)
            loss.backward()
            for optimizer in self.optimizers:
                optimizer.step()
            total += value * len(rows)
            self.steps += 1
            self._follow()
        return total / len(self.rows)

    def _order(self) -> Tensor:
        """The rows of an epoch: each once, less a share that makes room for draws in which all labels are alike."""
        order = torch.randperm(len(self.rows), generator=self.shuffle)
        if drawn := round(self.config.balance * len(order)):
            extra = torch.multinomial(self.chance, drawn, replacement=True, generator=self.shuffle)
            order = torch.cat([extra, order[drawn:]])[torch.randperm(len(order), generator=self.shuffle)]
        return self.rows[order.to(self.rows.device)]

    @torch.no_grad()
    def _follow(self) -> None:
        """Let the running average of the weights follow a step; young averages follow faster."""
        decay = min(self.config.average, (1 + self.steps) / (10 + self.steps))
        torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1 - decay)

    @torch.inference_mode()
    def _validated(self) -> float:
        self.average.eval()
        losses = [
            self.average.validate(self.average(batch), batch.target) for batch in Ordered(self.samples, self.held)
        ]
        return torch.cat(losses).double().mean().item()

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.clone() for name, value in self.average.state_dict().items()}

    def best_model(self) -> EmotionModel:
        """The averaged model as it was after its best epoch."""
        self.average.load_state_dict(self.kept)
        self.average.finish(Ordered(self.samples, self.rows))
        return self.average.eval()

    # To and from plain tensors.

    def tensors(self) -> dict[str, Tensor]:
        """Everything that the next epoch depends on."""
        out = {f"kept/{name}": value for name, value in self.kept.items()}
        for prefix, model in (("model", self.model), ("average", self.average)):
            out |= {f"{prefix}/{name}": value for name, value in _all_tensors(model)}
        for i, optimizer in enumerate(self.optimizers):
            for parameter, entries in optimizer.state_dict()["state"].items():
                out |= {f"optimizer{i}/{parameter}/{name}": torch.as_tensor(value) for name, value in entries.items()}
        out["counters"] = torch.tensor(
            [self.epoch, self.best_epoch, self.kept_epoch, self.steps, self.last, self.refitting]
        )
        out["best"] = torch.tensor(self.best, dtype=torch.float64)
        out["random"], out["shuffle"] = self.random, self.shuffle.get_state()
        # Tensors that share storage cannot be written as they are.
        return {name: value.detach().clone().contiguous() for name, value in out.items()}

    def restored(self, tensors: dict[str, Tensor]) -> "_Run":
        """The run as it was where :meth:`tensors` was called."""
        *_, refitting = tensors["counters"].tolist()
        run = self.refit() if refitting else self
        run._take(tensors)
        return run

    @torch.no_grad()
    def _take(self, tensors: dict[str, Tensor]) -> None:
        self.epoch, self.best_epoch, self.kept_epoch, self.steps, self.last, _ = tensors["counters"].tolist()
        self.best = tensors["best"].item()
        self.random = tensors["random"]
        self.shuffle.set_state(tensors["shuffle"])
        self.kept = {name: tensors[f"kept/{name}"].to(self.samples.device) for name in self.kept}
        for prefix, model in (("model", self.model), ("average", self.average)):
            for name, value in _all_tensors(model):
                stored = tensors[f"{prefix}/{name}"]
                if value.shape != stored.shape:  # the memory of labels is empty before the first epoch
                    value.resize_(stored.shape)
                value.copy_(stored)
        for i, optimizer in enumerate(self.optimizers):
            state = optimizer.state_dict()
            prefix = f"optimizer{i}/"
            for key in (key for key in tensors if key.startswith(prefix)):
                parameter, name = key.removeprefix(prefix).split("/", 1)
                state["state"].setdefault(int(parameter), {})[name] = tensors[key]
            optimizer.load_state_dict(state)
            if isinstance(optimizer, geoopt.optim.RiemannianAdam):
                # It counts its steps in a plain number; loading makes that a float32, which rounds otherwise.
                for entries in optimizer.state.values():
                    entries["step"] = int(entries["step"])


def _balanced(samples: Samples, rows: Tensor) -> Tensor:
    """How often to draw each row so that the labels come up alike, ``(n,)`` on the CPU, up to a factor.

    Class balance after CBERL (arXiv 2312.06337), by drawing. Rows with a distribution are drawn as often as the labels
    in it are rare, which makes labels alike where each row has one and nearly so elsewhere.
    """
    if samples.inputs.target == "score":
        raise ConfigError("balance draws labels alike, and this dataset has scores. Leave it at 0.")
    target = samples.target[rows].cpu()
    return (target / target.sum(0).clamp_min(1e-12)).sum(1)


def _all_tensors(model: EmotionModel) -> list[tuple[str, Tensor]]:
    return [*model.named_parameters(), *model.named_buffers()]


def _write(tensors: dict[str, Tensor], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    save_file(tensors, name)
    os.replace(name, path)
