r"""Self-MM, an adaptation to classes and distributions: labels of modalities from distances to class centres.

Source: Yu, Xu, Yuan, Wu. Learning Modality-Specific Representations with Self-Supervised Multi-Task Learning for
Multimodal Sentiment Analysis. AAAI 2021. There a label is one score :math:`z` with a centre of positive and one of
negative samples; here each label is such a score, :math:`z = 2y - 1`, with a centre of the samples that show it and
one of all others, and the scores are put back to a distribution.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from emoviz.models.answering import TINY
from emoviz.models.base import Batch, Batches
from emoviz.models.baselines.base import BaselineConfig
from emoviz.models.baselines.early import Early
from emoviz.models.baselines.moving import Moving


@dataclass(frozen=True)
class SelfMmConfig(BaselineConfig):
    """The choices of Self-MM; all are those of baselines that encode each modality."""

    unimodal: float = 1.0


def centres(features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Means of the samples that show each label and of those that do not.

    Args:
        features: ``(N, W)``
        labels: how far each shows each label, ``(N, K)`` in [0, 1]; rows of zeros are left out

    Returns:
        two ``(K, W)``
    """
    there = labels.sum(1, keepdim=True) > 0
    return tuple(share.T @ features / share.sum(0)[:, None].clamp_min(TINY) for share in (labels, (1 - labels) * there))


def nearness(features: Tensor, shown: Tensor, others: Tensor) -> Tensor:
    """Relative distance to the centres of each label, ``(N, W)`` to ``(N, K)``: positive where nearer to its own."""
    own, rest = torch.cdist(features, shown), torch.cdist(features, others)
    return (rest - own) / (own + TINY)


def drawn(label: Tensor, alone: Tensor, whole: Tensor) -> Tensor:
    r"""Where a modality's label is drawn to, :math:`z_s = (\alpha_s z / \alpha_m + z + \alpha_s - \alpha_m) / 2`.

    Args:
        label: of the whole, ``(N, K)``
        alone: nearness of the modality, ``(N, K)``
        whole: nearness of the fused features, ``(N, K)``

    Returns:
        ``(N, K)``, sums to 1
    """
    z = 2 * label - 1
    ratio = alone / torch.where(whole.abs() < TINY, TINY, whole)
    score = ((ratio * z + z + alone - whole) / 2).clamp(-1, 1)
    share = (score + 1) / 2 + TINY
    return share / share.sum(1, keepdim=True)


class SelfMm(Moving, Early):
    """Early fusion whose heads are taught moved labels, the more the farther they moved."""

    config: SelfMmConfig

    def keep(self, epoch: int) -> Tensor:
        """``(n - 1) / (n + 1)`` for the epoch n that now begins: the first moves no label."""
        return torch.tensor(epoch / (epoch + 2), device=self.memory.device)

    def moved(self, batches: Batches) -> Tensor:
        encoded, whole, target, labels, present = [], [], [], [], []
        for batch in batches:
            x = self.encoded(batch)
            encoded.append(x)
            whole.append(self.hidden(x, self.present(batch), batch))
            target.append(batch.target)
            labels.append(self.remembered(batch))
            present.append(self.present(batch))
        label, sides, there = torch.cat(target), torch.cat(labels, 1), torch.cat(present, 1)[..., None]
        fused = torch.cat(whole)
        near = nearness(fused, *centres(fused, label))
        new = [
            drawn(label, nearness(x, *centres(x, known * seen)), near)
            for x, known, seen in zip(torch.cat(encoded, 1), sides, there, strict=True)
        ]
        return torch.where(there, torch.stack(new), label).transpose(0, 1)

    def loss(self, batch: Batch) -> Tensor:
        answer = self.answer(batch)
        labels = self.remembered(batch)
        weight = torch.tanh((labels - batch.target).abs().sum(-1)) * answer.present
        each = -(labels * (answer.said + TINY).log()).sum(-1)
        alone = (weight * each).sum() / answer.present.sum().clamp_min(1)
        return self.task(answer.fused, batch.target).mean() + self.config.unimodal * alone
