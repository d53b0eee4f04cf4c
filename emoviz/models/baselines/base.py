"""The shape that baselines share: an encoder and a head for each modality, and a fusion that is their own."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from emoviz.models.answering import TINY, Answer, Answering, AnsweringConfig
from emoviz.models.base import Batch, Batches
from emoviz.models.encoders import Encoder, SequenceEncoder, SequenceKind, Standardise, VectorEncoder, standardise
from emoviz.models.inputs import Inputs, ModalityInputs


@dataclass(frozen=True)
class BaselineConfig(AnsweringConfig):
    """The choices of baselines that encode each modality.

    Attributes:
        width: size of the vectors between encoders and fusion
        sequence: how sequences are read, ``gru`` or ``transformer``
        unimodal: weight of the loss of each modality's own head
    """

    width: int = 64
    sequence: SequenceKind = "gru"
    unimodal: float = 0.5

    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {
        **AnsweringConfig.BOUNDS,
        "width": (4, 1024),
        "unimodal": (0, 100),
    }


def encoder_of(modality: ModalityInputs, width: int, dropout: float, sequence: SequenceKind) -> Encoder:
    """What reads one modality: a linear map and a small network, or a network over the steps of a sequence."""
    if modality.sequence:
        return SequenceEncoder(len(modality.columns), width, dropout, 1, sequence)
    return VectorEncoder(len(modality.columns), width, dropout, 1, True)


def heard(logs: Tensor, target: Tensor, present: Tensor) -> Tensor:
    """Mean cross-entropy of what the modalities that are there say.

    Args:
        logs: log probabilities, ``(M, B, K)``
        target: of all modalities ``(B, K)``, or of each ``(M, B, K)``
        present: ``(M, B)``, bool or weights

    Returns:
        a number, nats
    """
    return -((target * logs).sum(-1) * present).sum() / present.sum().clamp_min(1)


class Baseline(Answering):
    """Encoders and heads; a baseline adds how the whole follows from them."""

    config: BaselineConfig

    def __init__(self, config: BaselineConfig, inputs: Inputs):
        super().__init__(config, inputs)
        self.encoders = nn.ModuleList(
            encoder_of(m, config.width, config.dropout, config.sequence) for m in inputs.modalities
        )
        self.heads = nn.ModuleList(nn.Linear(config.width, self.labels) for _ in inputs.modalities)

    @torch.no_grad()
    def prepare(self, batches: Batches) -> None:
        super().prepare(batches)
        standardise(self.inputs.modalities, [e.standardise for e in cast("list[Encoder]", self.encoders)], batches)

    def encoded(self, batch: Batch) -> Tensor:
        """One vector for each modality, ``(M, B, W)``, zeros where missing."""
        encoded = torch.stack(
            [
                encoder(batch.features[name], batch.steps.get(name))[0]
                for name, encoder in zip(self.inputs.names, self.encoders, strict=True)
            ]
        )
        return encoded * self.present(batch)[..., None]

    def answer(self, batch: Batch) -> Answer:
        return self.answered(self.encoded(batch), batch)

    def answered(self, encoded: Tensor, batch: Batch) -> Answer:
        """What follows from the encoded modalities, ``(M, B, W)``."""
        present = self.present(batch)
        said = torch.where(present[..., None], self.logits(encoded).log_softmax(-1), self.label_prior.log())
        return Answer(said.exp(), self.fuse(encoded, said, present, batch), present, said.exp().amax(-1))

    def logits(self, encoded: Tensor) -> Tensor:
        """What each modality's head says of its vectors, ``(M, B, W)`` to ``(M, B, K)``."""
        return torch.stack([head(x) for head, x in zip(self.heads, encoded, strict=True)])

    @abstractmethod
    def fuse(self, encoded: Tensor, said: Tensor, present: Tensor, batch: Batch) -> Tensor:
        """The whole's log probabilities.

        Args:
            encoded: ``(M, B, W)``, zeros where missing
            said: log probabilities of each modality's head, ``(M, B, K)``, the prior's where missing
            present: ``(M, B)`` bool
            batch: where context stands

        Returns:
            ``(B, K)``
        """

    def loss(self, batch: Batch) -> Tensor:
        return self.wrong(self.answer(batch), batch)

    def wrong(self, answer: Answer, batch: Batch) -> Tensor:
        """Loss of the whole's answer and, at its weight, of each modality's."""
        total = self.task(answer.fused, batch.target).mean()
        if self.config.unimodal:
            total = total + self.config.unimodal * heard((answer.said + TINY).log(), batch.target, answer.present)
        return total


class Fitted(Answering):
    """Baselines whose numbers are found at once, from all training samples as plain vectors."""

    def __init__(self, config: AnsweringConfig, inputs: Inputs):
        super().__init__(config, inputs)
        self.standardisers = nn.ModuleList(Standardise(len(m.columns)) for m in inputs.modalities)
        self.width = sum(len(m.columns) for m in inputs.modalities) + inputs.context_size

    @torch.no_grad()
    def prepare(self, batches: Batches) -> None:
        super().prepare(batches)
        self.scale(batches)
        vectors = torch.cat([self.vectors(batch) for batch in batches])
        self.fit(vectors, torch.cat([batch.target for batch in batches]))

    def scale(self, batches: Batches) -> None:
        """Learn what makes features comparable."""
        standardise(self.inputs.modalities, cast("list[Standardise]", self.standardisers), batches)

    def vectors(self, batch: Batch) -> Tensor:
        """Every sample as one vector ``(B, F)``: modalities beside each other (sequences by their mean), context."""
        parts = []
        for name, standardised in zip(self.inputs.names, self.standardisers, strict=True):
            x = standardised(batch.features[name])
            if name in batch.steps:
                real = batch.steps[name][..., None]
                x = (x * real).sum(1) / real.sum(1).clamp_min(1)
            parts.append(x * batch.present[name][:, None])
        return torch.cat([*parts, batch.context], 1)

    @abstractmethod
    def fit(self, x: Tensor, target: Tensor) -> None:
        """Learn from all training samples, ``(N, F)`` and ``(N, K)``."""

    @abstractmethod
    def predict(self, x: Tensor) -> Tensor:
        """Log probabilities ``(B, K)`` of vectors ``(B, F)``."""

    def answer(self, batch: Batch) -> Answer:
        """A modality alone says what the whole would be if nothing else were known of the sample."""
        present = self.present(batch)
        alone = []
        for name in self.inputs.names:
            others = {m: p if m == name else torch.zeros_like(p) for m, p in batch.present.items()}
            alone.append(self.predict(self.vectors(replace(batch, present=others))).exp())
        said = torch.where(present[..., None], torch.stack(alone), self.label_prior)
        return Answer(said, self.predict(self.vectors(batch)), present, said.amax(-1))

    def loss(self, batch: Batch) -> Tensor:
        return self.task(self.answer(batch).fused, batch.target).mean()
