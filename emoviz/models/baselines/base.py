"""The shape that baselines share: an encoder and a head for each modality, and a fusion that is their own."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from emoviz.models.answering import TINY, Answer, Answering, AnsweringConfig
from emoviz.models.base import Batch, Batches
from emoviz.models.encoders import Encoder, SequenceEncoder, SequenceKind, Standardise, VectorEncoder, standardise
from emoviz.models.inputs import Inputs


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


class Baseline(Answering):
    """Encoders and heads; a baseline adds how the whole follows from them."""

    config: BaselineConfig

    def __init__(self, config: BaselineConfig, inputs: Inputs):
        super().__init__(config, inputs)
        self.encoders = nn.ModuleList(
            SequenceEncoder(len(m.columns), config.width, config.dropout, 1, config.sequence)
            if m.sequence
            else VectorEncoder(len(m.columns), config.width, config.dropout, 1, True)
            for m in inputs.modalities
        )
        self.heads = nn.ModuleList(nn.Linear(config.width, self.labels) for _ in inputs.modalities)

    @torch.no_grad()
    def prepare(self, batches: Batches) -> None:
        super().prepare(batches)
        standardise(self.inputs.modalities, [e.standardise for e in cast("list[Encoder]", self.encoders)], batches)

    def answer(self, batch: Batch) -> Answer:
        present = self.present(batch)
        encoded = torch.stack(
            [
                encoder(batch.features[name], batch.steps.get(name))[0]
                for name, encoder in zip(self.inputs.names, self.encoders, strict=True)
            ]
        )
        encoded = encoded * present[..., None]
        logits = torch.stack([head(x) for head, x in zip(self.heads, encoded, strict=True)])
        said = torch.where(present[..., None], logits.log_softmax(-1), self.label_prior.log())
        return Answer(said.exp(), self.fuse(encoded, said, present, batch), present, said.exp().amax(-1))

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
        answer = self.answer(batch)
        total = self.task(answer.fused, batch.target).mean()
        if self.config.unimodal:
            each = -(batch.target * (answer.said + TINY).log()).sum(-1) * answer.present
            total = total + self.config.unimodal * each.sum() / answer.present.sum().clamp_min(1)
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
        standardise(self.inputs.modalities, cast("list[Standardise]", self.standardisers), batches)
        vectors = torch.cat([self.vectors(batch) for batch in batches])
        self.fit(vectors, torch.cat([batch.target for batch in batches]))

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
            hidden = Batch(batch.features, batch.steps, others, batch.context, batch.keys, batch.rows, batch.target)
            alone.append(self.predict(self.vectors(hidden)).exp())
        said = torch.where(present[..., None], torch.stack(alone), self.label_prior)
        return Answer(said, self.predict(self.vectors(batch)), present, said.amax(-1))

    def loss(self, batch: Batch) -> Tensor:
        return self.task(self.answer(batch).fused, batch.target).mean()
