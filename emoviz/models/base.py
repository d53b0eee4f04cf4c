"""What the rest of emoviz may ask of a model.

Axis letters: B batch, M modalities, T time steps, F features, D ball dimension, K labels. A model
reads :class:`Batch` and gives :class:`Output`; what it gives never depends on ``target``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from emoviz.errors import ConfigError

TargetKind = Literal["class", "distribution", "score"]


@dataclass(frozen=True)
class Batch:
    """A few samples as tensors on one device.

    Attributes:
        features: modality to ``(B, F)``, or ``(B, T, F)`` for sequences; zeros where missing
        steps: modality to ``(B, T)`` bool, which steps are real; sequences only
        present: modality to ``(B,)`` bool
        context: one-hot categories that the fusion may read, ``(B, X)``, X may be 0
        keys: ``(B, M)`` int64; two samples that show the same in a modality have the same key there
        rows: ``(B,)`` int64, positions in the samples that the batch was taken from
        target: ``(B, K)`` distribution (one-hot for classes) or ``(B,)`` score; rows of NaN where unknown
        affect: valence and arousal as people rated them beside the label, in the dataset's units, ``(B, 2)``; a truth
            as the target is, NaN where nobody was asked
    """

    features: dict[str, Tensor]
    steps: dict[str, Tensor]
    present: dict[str, Tensor]
    context: Tensor
    keys: Tensor
    rows: Tensor
    target: Tensor
    affect: Tensor


@dataclass(frozen=True)
class Output:
    """What a model says about a batch, without having seen its labels.

    Attributes:
        fused: distribution ``(B, K)``, or score ``(B,)``
        q: what each modality says alone, ``(M, B, K)``, NaN where missing; a modality that says nothing
            gives the prior
        scores: the same as scores ``(M, B)`` where the target is a score, else ``None``
        points: on the unit ball, ``(M + 1, B, D)``, the fused one last; NaN where missing
        typicality: ``(M + 1, B)`` in [0, 1], the fused one last; NaN where missing
        conflict: ``(B,)`` in [0, 1], NaN below two modalities
    """

    fused: Tensor
    q: Tensor
    scores: Tensor | None
    points: Tensor
    typicality: Tensor
    conflict: Tensor


@dataclass(frozen=True)
class ModelConfig:
    """The choices that every model has; a model's own config adds the rest.

    Attributes:
        inputs: feature groups that are read, joined by ``+``, or ``all``
        context: whether the model may read the dataset's context columns
        dropout: share of activations dropped in training
        epochs: at most
        batch: samples a step; fewer where an epoch would have less than 16 steps
        lr: learning rate at the start, falling to a twentieth along a cosine
        weight_decay: of AdamW
        balance: share of an epoch's samples that are drawn so that every label comes up as often; the others are
            each sample once, as far as there is room; nothing to models that find all they learn in one look
        average: decay per step of the running average of the weights, which is what is validated and kept
        patience: epochs without improvement on the validation groups before training stops
        validation: share of the training groups that stops it
        refit: whether the model is then trained anew on all training groups, for as many epochs as were best
    """

    inputs: str = "all"
    context: bool = True
    dropout: float = 0.2
    epochs: int = 16
    batch: int = 256
    lr: float = 5e-3
    weight_decay: float = 1e-2
    balance: float = 0.0
    average: float = 0.98
    patience: int = 6
    validation: float = 0.15
    refit: bool = True

    # What each number may be: least and most. A model adds its own.
    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {
        "dropout": (0, 0.9),
        "epochs": (1, 10_000),
        "batch": (2, 65_536),
        "lr": (1e-6, 1),
        "weight_decay": (0, 1),
        "balance": (0, 1),
        "average": (0, 0.9999),
        "patience": (1, 10_000),
        "validation": (0.01, 0.5),
    }

    def __post_init__(self):
        for name, (low, high) in self.BOUNDS.items():
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must lie between {low} and {high}.")


class EmotionModel(nn.Module):
    """Maps a :class:`Batch` to an :class:`Output`."""

    def forward(self, batch: Batch) -> Output:
        """Label-free: the same whatever ``batch.target`` holds."""
        raise NotImplementedError

    def prepare(self, batches: "Batches") -> None:
        """Learn what needs no gradient (means, bins, priors) from all training samples, once."""
        raise NotImplementedError

    def loss(self, batch: Batch) -> Tensor:
        """Mean loss of a batch, nats for classes and distributions."""
        raise NotImplementedError

    def validate(self, output: Output, target: Tensor) -> Tensor:
        """How wrong each sample is, ``(B,)``: what early stopping watches, lower is better."""
        raise NotImplementedError

    def complete(self) -> bool:
        """Whether all of it is being trained, so that validation may stop the training."""
        return True

    def pseudo(self, batch: Batch) -> Tensor:
        """What each modality is taken to show given the sample's label: that label copied down, or something better.

        Models with labels of their own for each modality look them up by ``batch.rows``, so these must be positions
        in the samples that trained them. Ask in eval mode.

        Returns:
            ``(M, B, K)``, sums to 1; NaN where the modality is missing or the label unknown
        """
        present = torch.stack(list(batch.present.values()))
        return torch.where(present[..., None], batch.target, torch.nan)

    def more(self, batch: Batch) -> dict[str, Tensor]:
        """Numbers of each sample that only models of this kind give, ``(B,)``, label-free: ask in eval mode.

        Their names are columns of the findings, where they are explained.
        """
        return {}

    def end_epoch(self, epoch: int, batches: "Batches") -> None:
        """Look at all training samples after an epoch (anchors, pseudo labels). Epochs are counted from 1."""

    def finish(self, batches: "Batches") -> None:
        """Look at all training samples once more, when the weights are the final ones."""

    def optimizers(self) -> list[torch.optim.Optimizer]:
        """Fresh optimisers over all parameters."""
        raise NotImplementedError

    def prototypes(self) -> Tensor:
        """One point per label on the unit ball, ``(K, D)``."""
        raise NotImplementedError

    def rotate(self, rotation: Tensor) -> None:
        """Turn every point about the origin by an orthogonal ``(D, D)``; nothing else changes."""
        raise NotImplementedError

    def prior(self) -> Tensor:
        """How often each label is shown, ``(K,)``, sums to 1."""
        raise NotImplementedError

    def dissent_rate(self) -> float:
        """How often some modality shows something else than the whole, in (0, 1)."""
        raise NotImplementedError


class Batches(Iterable[Batch]):
    """All training samples of a model in batches, in order; can be gone through again and again."""

    def __iter__(self) -> Iterator[Batch]:
        """The batches in order."""
        raise NotImplementedError

    def __len__(self) -> int:
        """How many samples."""
        raise NotImplementedError
