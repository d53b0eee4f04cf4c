"""Simulated raters: several readers of one sample who need not agree, matched to the votes that people gave.

Source: Yang et al. Seeking Subjectivity in Visual Emotion Distribution Learning (SAMNet). IEEE TIP 2022. Every rater
has a memory of affects, which colours what it reads; the votes have no names on them, so that each step finds the
best assignment of raters to votes (Kuhn, 1955). Labels and distributions are dealt out as votes.

A mixed label has two causes that look alike: what is shown leaves raters room (they differ over one modality), or
modalities show different things (raters agree on each). :meth:`Raters.doubts` tells the two apart.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn

from emoviz.measures.divergence import entropy
from emoviz.models.answering import TINY
from emoviz.models.base import Batch
from emoviz.models.baselines.base import BaselineConfig
from emoviz.models.baselines.early import Early
from emoviz.models.inputs import Inputs


@dataclass(frozen=True)
class RatersConfig(BaselineConfig):
    """The choices of simulated raters.

    Attributes:
        raters: how many
        slots: of each rater's memory
        matching: weight of the loss of raters against the votes that they are matched to
    """

    raters: int = 8
    slots: int = 8
    matching: float = 0.5

    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {
        **BaselineConfig.BOUNDS,
        "raters": (2, 64),
        "slots": (1, 256),
        "matching": (0, 100),
    }


@dataclass(frozen=True)
class Doubts:
    """Why a sample's label is mixed; ``total = ambiguity + conflict``, all in nats, ``(B,)``, NaN below two modalities.

    Attributes:
        ambiguity: how far raters differ over one modality, mean over the modalities
        conflict: how far the modalities differ, once raters are averaged
        total: how far all answers differ, of all raters to all modalities
    """

    ambiguity: Tensor
    conflict: Tensor
    total: Tensor


class Raters(Early):
    """Encoders, one reading for each modality and the whole, and raters that colour it."""

    config: RatersConfig

    def __init__(self, config: RatersConfig, inputs: Inputs):
        super().__init__(config, inputs)
        self.memory = nn.Parameter(torch.randn(config.raters, config.slots, config.width))
        self.colour = nn.Linear(config.width, self.labels, bias=False)

    def opinions(self, x: Tensor, head: nn.Module) -> Tensor:
        """Log probabilities of every rater for vectors ``(B, W)``, ``(R, B, K)``."""
        likeness = (x @ self.memory.transpose(1, 2) / x.shape[1] ** 0.5).softmax(-1)  # (R, B, S)
        return (head(x) + self.colour(likeness @ self.memory)).log_softmax(-1)

    def alone(self, encoded: Tensor) -> Tensor:
        """What every rater says of each modality ``(M, B, W)``: log probabilities ``(M, R, B, K)``."""
        return torch.stack([self.opinions(x, head) for x, head in zip(encoded, self.heads, strict=True)])

    def logits(self, encoded: Tensor) -> Tensor:
        return _mean(self.alone(encoded))

    def together_all(self, encoded: Tensor, batch: Batch) -> Tensor:
        """What every rater says of the whole, ``(R, B, K)``."""
        return self.opinions(self.hidden(encoded, self.present(batch), batch), self.together[-1])

    def fuse(self, encoded: Tensor, said: Tensor, present: Tensor, batch: Batch) -> Tensor:
        return _mean(self.together_all(encoded, batch)[None])[0]

    def doubts(self, batch: Batch) -> Doubts:
        """Ambiguity and conflict of each sample, label-free: ask in eval mode."""
        present, said = self.present(batch), self.alone(self.encoded(batch)).exp()
        there = present / present.sum(0).clamp_min(1)
        each = said.mean(1)  # (M, B, K)
        whole = entropy((each * there[..., None]).sum(0))
        conflict = whole - (entropy(each) * there).sum(0)
        ambiguity = ((entropy(each) - entropy(said).mean(1)) * there).sum(0)
        known = torch.where(present.sum(0) > 1, 0.0, torch.nan)
        return Doubts(ambiguity + known, conflict + known, ambiguity + conflict + known)

    def more(self, batch: Batch) -> dict[str, Tensor]:
        doubts = self.doubts(batch)
        return {"rater_ambiguity": doubts.ambiguity, "rater_conflict": doubts.conflict}

    def loss(self, batch: Batch) -> Tensor:
        config, target, encoded = self.config, batch.target, self.encoded(batch)
        votes, present = dealt(target, config.raters), self.present(batch)
        whole, alone = self.together_all(encoded, batch), self.alone(encoded)
        total = self.task(_mean(whole[None])[0], target).mean() + config.matching * matched(whole, votes).mean()
        if config.unimodal:
            each = -(target * _mean(alone)).sum(-1)
            each = each + config.matching * torch.stack([matched(said, votes) for said in alone])
            total = total + config.unimodal * (each * present).sum() / present.sum().clamp_min(1)
        return total


def dealt(target: Tensor, raters: int) -> Tensor:
    """Distributions ``(B, K)`` as votes: whole numbers of raters by largest remainders, ``(B, R)`` label indices."""
    share = target * raters
    count = share.floor()
    left = (raters - count.sum(1)).long()
    # The order of remainders, as ranks: the first `left` of them get one vote more.
    rank = (count - share).argsort(dim=1, stable=True).argsort(1)
    upto = (count + (rank < left[:, None])).cumsum(1)
    vote = torch.arange(raters, device=target.device).expand(len(target), -1).to(upto.dtype)
    return torch.searchsorted(upto, vote.contiguous(), right=True).clamp(max=target.shape[1] - 1)


def matched(said: Tensor, votes: Tensor) -> Tensor:
    """How wrong raters are about the votes that suit them best, mean over raters, ``(B,)`` nats.

    Args:
        said: log probabilities, ``(R, B, K)``
        votes: label indices ``(B, R)``, in any order
    """
    cost = -said.permute(1, 0, 2).gather(2, votes[:, None].expand(-1, len(said), -1))  # (B, R, votes)
    best = np.stack([linear_sum_assignment(one)[1] for one in cost.detach().cpu().numpy()])
    return cost.gather(2, torch.from_numpy(best).to(cost.device)[..., None]).squeeze(2).mean(1)


def _mean(said: Tensor) -> Tensor:
    """Logarithm of the raters' mean, ``(M, R, B, K)`` to ``(M, B, K)``."""
    return (said.exp().mean(1) + TINY).log()
