r"""Self-MM, an adaptation to classes and distributions: labels of modalities from distances to class centres.

Source: Yu, Xu, Yuan, Wu. Learning Modality-Specific Representations with Self-Supervised Multi-Task Learning for
Multimodal Sentiment Analysis. AAAI 2021. There a label is one score with a centre of positive and one of negative
samples, and moves by how much nearer the modality lies to one of them than the whole does. Here there is a centre
for each label, and its mass moves in the same way.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from emoviz.models.answering import TINY
from emoviz.models.base import Batch, Batches
from emoviz.models.baselines.base import BaselineConfig
from emoviz.models.baselines.early import Early
from emoviz.models.baselines.moving import Moving
from emoviz.models.inputs import Inputs


@dataclass(frozen=True)
class SelfMmConfig(BaselineConfig):
    """The choices of Self-MM.

    Attributes:
        unimodal: weight of the loss of each modality's own head, times how far its label has moved
    """

    unimodal: float = 1.0
    epochs: int = 40
    lr: float = 1e-3


def nearness(features: Tensor, labels: Tensor) -> Tensor:
    r"""How near each sample lies to the centre of each label.

    The softmax of the relative distance :math:`(\bar d - d_k) / d_k`, with the distance :math:`d_k` to the centre of a
    label and its mean over labels, in units of half its mean size: the whole is clustered more tightly than a modality,
    and their distances would not compare.

    Args:
        features: ``(N, W)``
        labels: how far each sample shows each label, ``(N, K)``; rows of zeros are no part of any centre

    Returns:
        ``(N, K)``, sums to 1
    """
    centres = labels.T @ features / labels.sum(0)[:, None].clamp_min(TINY)
    gap = torch.cdist(features, centres)
    relative = (gap.mean(1, keepdim=True) - gap) / (gap + TINY)
    return (2 * relative / relative.abs().mean().clamp_min(TINY)).softmax(1)


def drawn(label: Tensor, alone: Tensor, whole: Tensor) -> Tensor:
    """Where a modality's label is drawn to: the whole's label, and what the modality is nearer to than the whole is.

    Args:
        label: of the whole, ``(N, K)``
        alone: nearness of the modality, ``(N, K)``
        whole: nearness of the whole, ``(N, K)``

    Returns:
        ``(N, K)``, sums to 1
    """
    moved = (label + alone - whole).clamp_min(0)
    return moved / moved.sum(1, keepdim=True)


class SelfMm(Moving, Early):
    """Early fusion whose heads are taught moved labels, the more the farther they moved."""

    config: SelfMmConfig
    epoch: Tensor

    def __init__(self, config: SelfMmConfig, inputs: Inputs):
        super().__init__(config, inputs)
        self.register_buffer("epoch", torch.zeros((), dtype=torch.int64), persistent=False)

    def complete(self) -> bool:
        """Not in the first epoch, which teaches no head."""
        return int(self.epoch) > 1

    def end_epoch(self, epoch: int, batches: Batches) -> None:
        super().end_epoch(epoch, batches)
        self.epoch.fill_(epoch)

    def keep(self, epoch: int) -> Tensor:
        """``(n - 1) / (n + 1)`` for the epoch n that now begins: the first moves no label."""
        return torch.tensor(epoch / (epoch + 2), device=self.memory.device)

    def moved(self, batches: Batches) -> Tensor:
        x = torch.cat([self.encoded(batch) for batch in batches], 1)
        whole = torch.cat([self.hidden(self.encoded(batch), self.present(batch), batch) for batch in batches])
        labels = torch.cat([self.remembered(batch) for batch in batches], 1)
        present = torch.cat([self.present(batch) for batch in batches], 1)[..., None]
        label = torch.cat([batch.target for batch in batches])
        near = nearness(whole, label)
        new = [drawn(label, nearness(*side), near) for side in zip(x, labels * present, strict=True)]
        return torch.where(present, torch.stack(new), label).transpose(0, 1)

    def loss(self, batch: Batch) -> Tensor:
        answer = self.answer(batch)
        labels = self.remembered(batch)
        weight = torch.tanh((labels - batch.target).abs().sum(-1)) * answer.present
        each = -(labels * (answer.said + TINY).log()).sum(-1)
        alone = (weight * each).sum() / answer.present.sum().clamp_min(1)
        return self.task(answer.fused, batch.target).mean() + self.config.unimodal * alone
