r"""CMC, an adaptation to any labels: pseudo labels from the heads' own answers, and a fusion that seeks consensus.

Source: Zhong et al. Calibrating Multimodal Consensus for Emotion Recognition. arXiv 2510.20256, and its public code.
There the modalities are trained alone first and their labels kept for the fusion; here both learn at once, and the
contrast between features by polarity is left out, since labels have none in general.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from emoviz.models.answering import TINY
from emoviz.models.base import Batch, Batches
from emoviz.models.baselines.base import BaselineConfig, heard
from emoviz.models.baselines.moving import Moving
from emoviz.models.inputs import Inputs


@dataclass(frozen=True)
class CmcConfig(BaselineConfig):
    """The choices of CMC.

    Attributes:
        momentum: weight of the old labels after the first epoch
        momentum_text: the same for a modality called text
        gamma: how fast that weight rises towards 1, a power of the epoch
        temperature: of the softmax over how alike modalities are
    """

    unimodal: float = 1.0
    epochs: int = 40
    lr: float = 1e-3
    momentum: float = 0.99
    momentum_text: float = 0.8
    gamma: float = 0.5
    temperature: float = 0.5

    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {
        **BaselineConfig.BOUNDS,
        "momentum": (0, 0.9999),
        "momentum_text": (0, 0.9999),
        "gamma": (0, 10),
        "temperature": (0.01, 100),
    }


def drawn(label: Tensor, said: Tensor) -> Tensor:
    r"""Where a label is drawn to: towards what the head names, the nearer its answer is to that than to the label.

    .. math:: (1 - \alpha) y + \alpha r, \quad \alpha = \frac{|p - y| - |p - r|}{|p - y| + |p - r|}

    with the answer :math:`p` and the one-hot :math:`r` of its largest.

    Args:
        label: ``(..., K)``
        said: ``(..., K)``

    Returns:
        ``(..., K)``; the label itself where the answer lies nearer to it
    """
    named = nn.functional.one_hot(said.argmax(-1), said.shape[-1]).to(said.dtype)
    own, other = ((said - y).norm(dim=-1, keepdim=True) for y in (label, named))
    share = ((own - other) / (own + other).clamp_min(TINY)).clamp_min(0)
    return (1 - share) * label + share * named


class Expert(nn.Module):
    """From the direction of a modality's vector to logits, ``(B, W)`` to ``(B, K)``."""

    def __init__(self, width: int, labels: int, dropout: float):
        super().__init__()
        self.bend = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, width))
        self.out = nn.Linear(width, labels)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.normalize(x, dim=-1) * x.shape[-1] ** 0.5
        return self.out(x + self.bend(x))


class Cmc(Moving):
    """Modalities are mixed by how alike they are, without parameters; a router weighs what their experts then say."""

    config: CmcConfig

    def __init__(self, config: CmcConfig, inputs: Inputs):
        super().__init__(config, inputs)
        self.heads = nn.ModuleList(Expert(config.width, self.labels, config.dropout) for _ in inputs.modalities)
        self.router = nn.Linear(config.width + inputs.context_size, self.sides)

    def fuse(self, encoded: Tensor, said: Tensor, present: Tensor, batch: Batch) -> Tensor:
        alike = nn.functional.normalize(encoded, dim=-1).transpose(0, 1)  # (B, M, W)
        score = (alike @ alike.transpose(1, 2) / self.config.temperature).masked_fill(~present.T[:, None], -1e4)
        mixed = (score.softmax(-1) @ alike).transpose(0, 1) * present[..., None]
        logits = torch.stack([head(x) for head, x in zip(self.heads, mixed, strict=True)])
        gate = self.router(torch.cat([mixed.sum(0), batch.context], -1)).T.masked_fill(~present, -1e4).softmax(0)
        return (gate[..., None] * logits).sum(0).log_softmax(-1)

    def keep(self, epoch: int) -> Tensor:
        """``1 - (1 - m) / epoch^gamma``, of each modality, ``(M, 1)``."""
        config = self.config
        start = [config.momentum_text if name == "text" else config.momentum for name in self.inputs.names]
        return 1 - (1 - torch.tensor(start, device=self.memory.device)[:, None]) / epoch**config.gamma

    def hardened(self, labels: Tensor) -> Tensor:
        """Labels as they teach: of classes the largest alone, as published; distributions as they are."""
        if self.inputs.target == "distribution":
            return labels
        return nn.functional.one_hot(labels.argmax(-1), self.labels).to(labels.dtype)

    def moved(self, batches: Batches) -> Tensor:
        new = []
        for batch in batches:
            answer, labels = self.answer(batch), self.hardened(self.remembered(batch))
            new.append(torch.where(answer.present[..., None], drawn(labels, answer.said), labels))
        return torch.cat(new, 1).transpose(0, 1)

    def loss(self, batch: Batch) -> Tensor:
        answer = self.answer(batch)
        alone = heard((answer.said + TINY).log(), self.hardened(self.remembered(batch)), answer.present)
        return self.task(answer.fused, batch.target).mean() + self.config.unimodal * alone
