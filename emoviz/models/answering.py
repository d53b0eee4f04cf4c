"""Models that answer in distributions and have no ball of their own: everything shown follows from their answers.

A side's place on the ball is the mean direction of the emotions it names, longer the surer it is; the
prototypes are the directions themselves. MPCL-style and all baselines are of this kind.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from emoviz.errors import ConfigError
from emoviz.geometry import poincare
from emoviz.measures import conflict as measure
from emoviz.measures import divergence
from emoviz.models.base import Batch, Batches, EmotionModel, ModelConfig, Output
from emoviz.models.inputs import Inputs
from emoviz.models.space import spread_out

TINY = 1e-7
DISSENT = 0.1  # how often a modality is taken to show something else, where a model learns no rate of its own


@dataclass(frozen=True)
class AnsweringConfig(ModelConfig):
    """The choices of models that answer in distributions.

    Attributes:
        loss: for distributions: ``kl``, ``jsd`` or ``mix``
        mix: share of ``kl`` in ``mix``
        ball_dim: dimension of the ball on which samples are shown
    """

    loss: Literal["kl", "jsd", "mix"] = "kl"
    mix: float = 0.1
    ball_dim: int = 8

    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {**ModelConfig.BOUNDS, "mix": (0, 1), "ball_dim": (2, 256)}


class Answering(EmotionModel):
    """A model of which only ``answer`` and its losses are its own."""

    config: AnsweringConfig
    label_prior: Tensor
    frame: Tensor

    def __init__(self, config: AnsweringConfig, inputs: Inputs):
        super().__init__()
        if inputs.target == "score":
            raise ConfigError(
                "This model learns emotion distributions and classes, and this dataset has scores. Train 'tical' on it."
            )
        self.config, self.inputs = config, inputs
        self.sides, self.labels = len(inputs.modalities), len(inputs.labels)
        self.register_buffer("label_prior", torch.full((self.labels,), 1 / self.labels))
        self.register_buffer("frame", spread_out(self.labels, config.ball_dim))

    @torch.no_grad()
    def prepare(self, batches: Batches) -> None:
        target = torch.cat([batch.target for batch in batches])
        # One imagined sample per label: a label that training never saw must not become impossible.
        self.label_prior.copy_((target.sum(0) + 1) / (len(target) + self.labels))

    @abstractmethod
    def answer(self, batch: Batch) -> "Answer":
        """What each modality and the whole say, never looking at the labels."""

    def forward(self, batch: Batch) -> Output:
        answer = self.answer(batch)
        missing = ~answer.present
        typical = answer.typicality.masked_fill(missing, torch.nan)
        points = poincare.expmap0(torch.cat([answer.said, answer.fused.exp()[None]]) @ self.frame)
        nowhere = torch.cat([missing, missing.all(0, keepdim=True)])
        return Output(
            fused=answer.fused.exp(),
            q=answer.said.masked_fill(missing[..., None], torch.nan),
            scores=None,
            points=points.masked_fill(nowhere[..., None], torch.nan),
            typicality=torch.cat([typical, typical.nanmean(0, keepdim=True)]),
            conflict=self.conflict(answer),
        )

    def present(self, batch: Batch) -> Tensor:
        """Which modalities are there, ``(M, B)`` bool."""
        return torch.stack([batch.present[name] for name in self.inputs.names])

    def conflict(self, answer: "Answer") -> Tensor:
        """Conflict of what the modalities say, ``(B,)``, NaN below two."""
        said = torch.where(answer.present[..., None], answer.said, torch.nan)
        if self.inputs.target == "distribution":
            return measure.conflict(said)
        return measure.conflict(said, prior=self.label_prior, dissent_rate=self.dissent_rate())

    def task(self, answer: Tensor, target: Tensor) -> Tensor:
        """How wrong answers (log probabilities, ``(..., B, K)``) are, ``(..., B)``, nats."""
        if self.inputs.target == "class":
            return -(target * answer).sum(-1)
        share = {"jsd": 0.0, "kl": 1.0, "mix": self.config.mix}[self.config.loss]
        apart = torch.zeros_like(answer[..., 0])
        if share > 0:
            apart = apart + share * divergence.kl(target, answer.exp().clamp_min(TINY))
        if share < 1:
            apart = apart + (1 - share) * divergence.jsd(answer.exp(), target)
        return apart

    def validate(self, output: Output, target: Tensor) -> Tensor:
        return self.task((output.fused + TINY).log(), target)

    def optimizers(self) -> list[torch.optim.Optimizer]:
        parameters = list(self.parameters())
        config = self.config
        return [torch.optim.AdamW(parameters, lr=config.lr, weight_decay=config.weight_decay)] if parameters else []

    def prototypes(self) -> Tensor:
        return poincare.expmap0(self.frame)

    @torch.no_grad()
    def rotate(self, rotation: Tensor) -> None:
        self.frame.copy_(self.frame @ rotation.T)

    def prior(self) -> Tensor:
        return self.label_prior

    def dissent_rate(self) -> float:
        return DISSENT


@dataclass(frozen=True)
class Answer:
    """What a model says about a batch.

    Attributes:
        said: by each modality, ``(M, B, K)``; anything where missing
        fused: log probabilities, ``(B, K)``
        present: ``(M, B)`` bool
        typicality: ``(M, B)`` in [0, 1]
    """

    said: Tensor
    fused: Tensor
    present: Tensor
    typicality: Tensor
