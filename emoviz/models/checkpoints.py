"""Checkpoints: a folder with a card that says what it is, and weights that are only numbers.

``card.json`` and ``weights.safetensors`` lie in the workspace, or in ``models/`` where the project
brings them along. The card's hash covers both files, so an altered one is refused; nothing is ever
unpickled. Weights are named ``final/...`` and ``fold0/...``.
"""

import dataclasses
import hashlib
import json
import types
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import torch
from safetensors import SafetensorError
from safetensors.torch import load as tensors_from
from safetensors.torch import save as tensors_to

from emoviz import workspace
from emoviz.errors import CheckpointError, ConfigError, UnknownNameError
from emoviz.models import zoo
from emoviz.models.base import EmotionModel
from emoviz.models.inputs import Inputs

CARD, WEIGHTS = "card.json", "weights.safetensors"
LARGEST_CARD = 16_000_000  # bytes


@dataclass(frozen=True)
class Metric:
    """One measured number of a card.

    Attributes:
        name: of the number, for example ``accuracy``
        on: what it was measured on: ``held-out groups`` (predictions of the fold models) or ``test split``
        value: the number
        low: lower end of its 95 % interval
        high: upper end
        n: samples
        groups: independent groups (speakers) among them
    """

    name: str
    on: str
    value: float
    low: float
    high: float
    n: int
    groups: int


@dataclass(frozen=True)
class Card:
    """What a checkpoint is, how it was made and how far to trust it.

    Attributes:
        name: of its folder
        model: name in the zoo
        dataset: name of the dataset it was trained on
        dataset_title: as shown
        dataset_hash: content hash of that dataset
        simulated: whether it has never seen a person
        labels: names, in the order of every K axis
        modalities: names, in the order of every M axis
        inputs: what it reads
        config: every choice of the model and its training
        seed: of everything drawn by chance
        folds: how many fold models it carries beside the final one
        fold_of: group to the fold model that never saw it; the value is 0 for all where there are no folds
        by_sample: whether groups were unknown, so that each sample is its own group
        metrics: measured numbers with intervals
        floors: divergence over ln 2 that 5 % of the agreeing held-out samples exceed, per pair; NaN unknown
        dissent_rate: how often some modality shows something else than the whole
        prior: how frequent each label (or score bin) is
        limits: what it must not be used for, in sentences
        versions: of what it was made with
        created: UTC, ISO 8601
        seconds: that training took
        sha256: over the weights and everything above
    """

    name: str
    model: str
    dataset: str
    dataset_title: str
    dataset_hash: str
    simulated: bool
    labels: tuple[str, ...]
    modalities: tuple[str, ...]
    inputs: Inputs
    config: dict[str, Any]
    seed: int
    folds: int
    fold_of: dict[str, int]
    by_sample: bool
    metrics: tuple[Metric, ...]
    floors: tuple[float, ...]
    dissent_rate: float
    prior: tuple[float, ...]
    limits: tuple[str, ...]
    versions: dict[str, str]
    created: str
    seconds: float
    sha256: str = ""

    @property
    def title(self) -> str:
        """As shown in a list."""
        return f"{self.name} ({zoo.entry(self.model).title} on {self.dataset_title})"


@dataclass(frozen=True)
class Checkpoint:
    """A card with its models, on the CPU and in eval mode.

    Attributes:
        card: what it is
        final: trained on everything but the test split
        folds: each trained without one fold of the groups
    """

    card: Card
    final: EmotionModel
    folds: tuple[EmotionModel, ...] = field(default=())

    def to(self, device: torch.device) -> "Checkpoint":
        """The same on another device; the models themselves are moved."""
        return replace(self, final=self.final.to(device), folds=tuple(model.to(device) for model in self.folds))


def names() -> list[str]:
    """Checkpoints of the workspace and those that the project brings along, sorted."""
    return sorted(
        {
            path.parent.name
            for root in _roots()
            for path in root.glob(f"*/{CARD}")
            if not path.parent.name.startswith(".")
        }
    )


def free_name(wanted: str) -> str:
    """The wanted name, or with the first number behind it that nobody uses."""
    taken = set(names())
    wanted = workspace.checked_name("checkpoint", wanted)
    return next(name for name in (wanted, *(f"{wanted[:60]}-{i}" for i in range(2, 10_000))) if name not in taken)


def card(name: str) -> Card:
    """The card alone, without reading the weights.

    Raises:
        UnknownNameError: if there is no such checkpoint
        CheckpointError: if its card cannot be read
    """
    return _read_card(_folder(name))


def load(name: str | Path) -> Checkpoint:
    """A checkpoint with its models, on the CPU, in eval mode.

    Args:
        name: in the workspace or of the project, or the path of a folder

    Raises:
        UnknownNameError: if there is no such checkpoint
        CheckpointError: if its files are damaged, altered, or made by something else
    """
    folder = _folder(name)
    found = _read_card(folder)
    try:
        weights = (folder / WEIGHTS).read_bytes()
    except OSError:
        raise CheckpointError(
            found.name, f"{WEIGHTS} is missing. Remove it with 'emoviz models remove {found.name}' and train it again."
        ) from None
    if _digest(found, weights) != found.sha256:
        raise CheckpointError(
            found.name,
            "its files are not the ones that were written: the hash differs. "
            f"Remove it with 'emoviz models remove {found.name}' and train it again.",
        )
    try:
        tensors = tensors_from(weights)
        config = zoo.config_of(found.model, found.config)
        final, *folds = (
            _built(found, config, tensors, prefix) for prefix in ("final/", *(f"fold{i}/" for i in range(found.folds)))
        )
    except (SafetensorError, RuntimeError, KeyError, ConfigError, UnknownNameError) as error:
        raise CheckpointError(
            found.name,
            f"its weights do not fit its card ({str(error).splitlines()[0][:200]}). "
            "Train it again with this version of emoviz.",
        ) from error
    return Checkpoint(found, final, tuple(folds))


def save(checkpoint: Checkpoint, folder: Path | None = None, *, replaced: bool = False) -> Checkpoint:
    """Write a checkpoint, all of it or nothing.

    Args:
        checkpoint: with a card whose name is free
        folder: where it shall stand; its name's place in the workspace where ``None``
        replaced: whether one that stands there may go

    Returns:
        the same with its hash

    Raises:
        DatasetError: if something stands there already
    """
    folder = folder or workspace.place("checkpoints") / workspace.checked_name("checkpoint", checkpoint.card.name)
    tensors: dict[str, torch.Tensor] = {}
    for prefix, model in (
        ("final/", checkpoint.final),
        *((f"fold{i}/", model) for i, model in enumerate(checkpoint.folds)),
    ):
        tensors |= {prefix + name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    weights = tensors_to(tensors)
    signed = replace(checkpoint.card, sha256=_digest(checkpoint.card, weights))
    with workspace.staged(folder, replace=replaced) as staging:
        (staging / WEIGHTS).write_bytes(weights)
        (staging / CARD).write_text(json.dumps(dataclasses.asdict(signed), indent=1) + "\n", encoding="utf-8")
    return replace(checkpoint, card=signed)


def remove(name: str) -> None:
    """Delete a checkpoint from the workspace.

    Raises:
        UnknownNameError: if there is none of that name
        CheckpointError: if it belongs to the project
    """
    folder = _folder(name)
    if folder.parent != workspace.place("checkpoints"):
        raise CheckpointError(name, "it came with emoviz and cannot be removed.")
    workspace.discard(folder)


def _roots() -> tuple[Path, Path]:
    return workspace.place("checkpoints"), workspace.MODELS


def _folder(name: str | Path) -> Path:
    if isinstance(name, Path):
        if not (name / CARD).is_file():
            raise CheckpointError(name.name, f"{name} has no {CARD}.")
        return name
    for root in _roots():
        if workspace.NAME.fullmatch(name) and (root / name / CARD).is_file():
            return root / name
    raise UnknownNameError("checkpoint", name[:80], names())


def _read_card(folder: Path) -> Card:
    path = folder / CARD
    try:
        if path.stat().st_size > LARGEST_CARD:
            raise ValueError("it is too large")
        found = _as(Card, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise CheckpointError(
            folder.name, f"its card cannot be read ({str(error)[:200]}). Remove the folder {folder} and train it again."
        ) from error
    return replace(found, name=folder.name)


def _as(kind: Any, value: Any) -> Any:
    """JSON as the type that a card's field declares.

    Raises:
        TypeError: where it is something else
        KeyError: where a field is missing
    """
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        if not isinstance(value, dict):
            raise TypeError(f"a {kind.__name__} is expected")
        hints = get_type_hints(kind)
        return kind(**{name: _as(hint, value[name]) for name, hint in hints.items()})
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple:
        if not isinstance(value, list):
            raise TypeError("a list is expected")
        return tuple(_as(inner[0], entry) for entry in value)
    if origin is dict:
        if not isinstance(value, dict):
            raise TypeError("an object is expected")
        return {key: _as(inner[1], entry) for key, entry in value.items()}
    if origin is Literal:
        if value not in inner:
            raise TypeError(f"one of {inner} is expected")
        return value
    if kind is Any:
        return value
    if kind is float and type(value) is int:
        return float(value)
    if isinstance(kind, types.UnionType) or type(value) is not kind:
        raise TypeError(f"a {getattr(kind, '__name__', kind)} is expected where {str(value)[:40]!r} stands")
    return value


def _digest(described: Card, weights: bytes) -> str:
    """Over the card without name and hash, and the weights."""
    said = dataclasses.asdict(replace(described, name="", sha256=""))
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode() + weights).hexdigest()


def _built(described: Card, config: Any, tensors: dict[str, torch.Tensor], prefix: str) -> EmotionModel:
    model = zoo.entry(described.model).model(config, described.inputs)
    model.load_state_dict(
        {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    )
    return model.eval()
