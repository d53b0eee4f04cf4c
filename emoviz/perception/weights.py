"""Weights of a perception model with the card that says what they are: ``models/perception/NAME``.

Like checkpoints: numbers alone, never unpickled, refused where the hash in the card does not fit.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as tensors_from
from safetensors.numpy import save as tensors_to

from emoviz import workspace
from emoviz.errors import CheckpointError

FOLDER = workspace.MODELS / "perception"
CARD, WEIGHTS = "card.json", "weights.safetensors"
Settings = Mapping[str, float | str | bool | list[float] | list[str]]


@dataclass(frozen=True)
class Metric:
    """One measured number.

    Attributes:
        name: of the number, for example ``accuracy``
        on: what it was measured on, for example ``FER+ test without copies``
        value: the number
        low: lower end of its 95 % interval
        high: upper end
        n: how many items it rests on
    """

    name: str
    on: str
    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Card:
    """What a perception model is, how it was made and how far to trust it.

    Attributes:
        name: of its folder
        modality: ``face``, ``voice`` or ``text``; empty for what stands above them
        title: one line for people
        labels: what it distinguishes, in the order of its outputs
        data: what it was trained on, with version
        licence: what the training data allow
        metrics: measured numbers
        limits: what it must not be used for, in sentences
        seed: of the training
        created: UTC, ISO 8601
        seconds: that training took
        versions: of what it was made with
        settings: whatever the model needs to know beside its weights
        sha256: over the weights and everything above
    """

    name: str
    modality: str
    title: str
    labels: tuple[str, ...]
    data: str
    licence: str
    metrics: tuple[Metric, ...]
    limits: tuple[str, ...]
    seed: int
    created: str
    seconds: float
    versions: dict[str, str]
    settings: Settings = field(default_factory=dict)
    sha256: str = ""


@dataclass(frozen=True, eq=False)
class Weights:
    """A card and the numbers it speaks of."""

    card: Card
    tensors: dict[str, np.ndarray]


def save(card: Card, tensors: Mapping[str, np.ndarray], folder: Path = FOLDER) -> Card:
    """Write weights and card, replacing those of the same name only when all is written.

    Returns:
        the card with its hash
    """
    data = tensors_to({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()})
    card = replace(card, sha256=_digest(card, data))
    with workspace.staged(folder / workspace.checked_name("perception model", card.name), replace=True) as staged:
        (staged / WEIGHTS).write_bytes(data)
        (staged / CARD).write_text(json.dumps(dataclasses.asdict(card), indent=1) + "\n", encoding="utf-8")
    return card


def load(name: str, folder: Path = FOLDER) -> Weights:
    """Read weights and card.

    Raises:
        CheckpointError: where they are missing, damaged or do not belong together
    """
    told = card(name, folder)
    with _blamed(name):
        data = (folder / name / WEIGHTS).read_bytes()
        tensors = tensors_from(data)
    if told.sha256 != _digest(told, data):
        raise CheckpointError(name, "its card and weights were altered. Restore them from the project.")
    return Weights(told, tensors)


def card(name: str, folder: Path = FOLDER) -> Card:
    """Read a card alone.

    Raises:
        CheckpointError: where it is missing or damaged
    """
    with _blamed(name):
        told = json.loads((folder / name / CARD).read_text(encoding="utf-8"))
        told["metrics"] = tuple(Metric(**metric) for metric in told["metrics"])
        return Card(**told | {"labels": tuple(told["labels"]), "limits": tuple(told["limits"])})


@contextmanager
def _blamed(name: str) -> Iterator[None]:
    """What fails in reading a model, said of that model."""
    try:
        yield
    except OSError as error:
        raise CheckpointError(name, "its files are missing. `emoviz perception train` makes them again.") from error
    except (KeyError, TypeError, ValueError, SafetensorError) as error:
        raise CheckpointError(name, "its card or weights are damaged. Restore them from the project.") from error


def _digest(card: Card, data: bytes) -> str:
    """SHA-256 over the weights and over everything the card says."""
    told = json.dumps(dataclasses.asdict(replace(card, sha256="")), sort_keys=True)
    return hashlib.sha256(hashlib.sha256(data).digest() + told.encode()).hexdigest()
