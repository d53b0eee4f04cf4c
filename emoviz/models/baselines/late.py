"""Late fusion: every modality's own answer, put together by a rule with few numbers."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from emoviz.models.answering import TINY
from emoviz.models.base import Batch
from emoviz.models.baselines.base import Baseline, BaselineConfig
from emoviz.models.inputs import Inputs


@dataclass(frozen=True)
class LateConfig(BaselineConfig):
    """The choices of late fusion.

    Attributes:
        rule: ``average`` of the answers, their ``mix`` with a learned weight for each modality, or ``experts``: their
            product over the prior, each with a learned power
    """

    rule: Literal["average", "mix", "experts"] = "experts"
    unimodal: float = 1.0


class Late(Baseline):
    """The modalities never meet before they have answered."""

    config: LateConfig

    def __init__(self, config: LateConfig, inputs: Inputs):
        super().__init__(config, inputs)
        self.weight = nn.Parameter(torch.zeros(self.sides))
        self.power = nn.Parameter(torch.ones(self.sides))

    def fuse(self, encoded: Tensor, said: Tensor, present: Tensor, batch: Batch) -> Tensor:
        prior = self.label_prior
        if self.config.rule == "experts":
            ratio = (said - prior.log()) * (present * self.power[:, None])[..., None]
            return (ratio.sum(0) + prior.log()).log_softmax(-1)
        weight = present.to(said.dtype)
        if self.config.rule == "mix":
            weight = weight * self.weight.softmax(0)[:, None]
        total = weight.sum(0)[:, None]
        mean = (weight[..., None] * said.exp()).sum(0) / total.clamp_min(TINY)
        return (torch.where(total > 0, mean, prior) + TINY).log()
