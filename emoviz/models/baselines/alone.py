"""One modality alone: what a table needs to say what the others bring."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from emoviz.errors import UnknownNameError
from emoviz.models.answering import Answer, Answering, AnsweringConfig
from emoviz.models.base import Batch, Batches
from emoviz.models.baselines.base import encoder_of
from emoviz.models.encoders import SequenceKind, standardise
from emoviz.models.inputs import Inputs


@dataclass(frozen=True)
class AloneConfig(AnsweringConfig):
    """The choices of a model that reads one modality.

    Attributes:
        modality: which one; the first that the dataset has features of if left empty
        width: size of the vector between encoder and head
        sequence: how sequences are read, ``gru`` or ``transformer``
    """

    modality: str = ""
    width: int = 64
    sequence: SequenceKind = "gru"

    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {**AnsweringConfig.BOUNDS, "width": (4, 1024)}


class Alone(Answering):
    """Its modality's answer is the answer; all others say what the prior says, and context is not read.

    Raises:
        UnknownNameError: if there is no such modality
    """

    config: AloneConfig

    def __init__(self, config: AloneConfig, inputs: Inputs):
        super().__init__(config, inputs)
        name = config.modality or inputs.names[0]
        if name not in inputs.names:
            raise UnknownNameError("modality", name, inputs.names)
        self.place = inputs.names.index(name)
        self.encoder = encoder_of(inputs.modalities[self.place], config.width, config.dropout, config.sequence)
        self.head = nn.Linear(config.width, self.labels)

    @torch.no_grad()
    def prepare(self, batches: Batches) -> None:
        super().prepare(batches)
        standardise([self.inputs.modalities[self.place]], [self.encoder.standardise], batches)

    def answer(self, batch: Batch) -> Answer:
        name, present = self.inputs.names[self.place], self.present(batch)
        logits = self.head(self.encoder(batch.features[name], batch.steps.get(name))[0])
        fused = torch.where(present[self.place][:, None], logits.log_softmax(-1), self.label_prior.log())
        silent = self.label_prior.expand_as(fused)
        said = torch.stack([fused.exp() if place == self.place else silent for place in range(self.sides)])
        return Answer(said, fused, present, said.amax(-1))

    def loss(self, batch: Batch) -> Tensor:
        answer = self.answer(batch)
        there = answer.present[self.place]
        return (self.task(answer.fused, batch.target) * there).sum() / there.sum().clamp_min(1)
