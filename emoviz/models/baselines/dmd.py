"""DMD-lite: modalities decoupled into what they share and what is their own, and graph distillation within each part.

Source: Li, Wang, Cui. Decoupled Multimodal Distilling for Emotion Recognition. CVPR 2023, and its public code. Lite:
a modality is one vector here, so that its convolutions are linear maps and its transformers one attention over the
modalities. As published, every term learns the one label of the whole: the flaw that TiCAL names.
"""

from dataclasses import dataclass
from itertools import permutations
from typing import ClassVar

import torch
from torch import Tensor, nn

from emoviz.models.answering import Answer
from emoviz.models.base import Batch
from emoviz.models.baselines.base import Baseline, BaselineConfig, heard
from emoviz.models.encoders import Linears
from emoviz.models.inputs import Inputs

MARGIN = 0.2  # how much more alike shared parts of one label must be than those of two


@dataclass(frozen=True)
class DmdConfig(BaselineConfig):
    """The choices of DMD-lite.

    Attributes:
        distil: weight of the distillation along the edges between modalities
        decouple: weight of reconstruction, and a tenth of it of what keeps the parts apart
    """

    unimodal: float = 1.0
    epochs: int = 30
    lr: float = 1e-3
    distil: float = 0.05
    decouple: float = 0.1

    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {**BaselineConfig.BOUNDS, "distil": (0, 9), "decouple": (0, 9)}


class Graph(nn.Module):
    """Distillation between modalities: every ordered pair is an edge with a learned weight; all weights sum to 1."""

    def __init__(self, sides: int, width: int, labels: int):
        super().__init__()
        edges = list(permutations(range(sides), 2))
        self.source, self.drain = [a for a, _ in edges], [b for _, b in edges]
        self.node = nn.Linear(width + labels, width)
        self.edge = nn.Linear(2 * width, 1)

    def forward(self, logits: Tensor, parts: Tensor, present: Tensor) -> Tensor:
        """Mean distance along the edges: of what the drain says, ``(M, B, K)``, to what the source says."""
        source, drain = self.source, self.drain
        if not source:
            return logits.new_zeros(())
        node = self.node(torch.cat([logits, parts], -1).detach())
        there = present[source] & present[drain]
        score = self.edge(torch.cat([node[source], node[drain]], -1)).squeeze(-1).masked_fill(~there, -1e4)
        weight = score.softmax(0) * there
        apart = (logits[drain] - logits[source].detach()).abs().mean(-1)
        # Weights are kept near even ones, as published, or an edge that costs nothing would take all.
        even = there / there.sum(0).clamp_min(1)
        return (((weight + even) * apart).sum(0) + (weight - even).square().sum(0)).mean()


class Dmd(Baseline):
    """Parts, decoders, answers. A modality alone is heard by its shared part: own ones have read each other before."""

    config: DmdConfig

    def __init__(self, config: DmdConfig, inputs: Inputs):
        super().__init__(config, inputs)
        width, sides = config.width, self.sides
        self.share = nn.Linear(width, width)  # one map for all modalities: what they share lies in one space
        self.own, self.decode = Linears(sides, width, width), Linears(sides, 2 * width, width)
        self.attention = nn.MultiheadAttention(width, 1, config.dropout)
        self.own_heads = Linears(sides, width, self.labels)
        self.shared_head = nn.Linear(sides * width, self.labels)
        self.same, self.different = (Graph(sides, width, self.labels) for _ in range(2))
        self.together = nn.Sequential(
            nn.Linear(2 * sides * width + sides + inputs.context_size, width),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(width, self.labels),
        )

    def parts(self, batch: Batch) -> "Parts":
        """Everything known of a batch without its labels."""
        present, encoded = self.present(batch), self.encoded(batch)
        shared, own = self.share(encoded) * present[..., None], self.own(encoded) * present[..., None]
        blind = ~present.T & present.T.any(1, keepdim=True)  # a sample with nothing reads its zeros
        heard_of = self.attention(own, own, own, key_padding_mask=blind, need_weights=False)[0]
        read = (own + heard_of) * present[..., None]
        heads = torch.stack([head(x) for head, x in zip(self.heads, shared, strict=True)])
        beside = [x.transpose(0, 1).flatten(1) for x in (shared, read)]
        whole = torch.cat([*beside, present.T.to(own.dtype), batch.context], 1)
        return Parts(encoded, shared, own, read, heads, self.own_heads(read), self.together(whole), present)

    def answer(self, batch: Batch) -> Answer:
        parts = self.parts(batch)
        said = torch.where(parts.present[..., None], parts.shared_says.softmax(-1), self.label_prior)
        return Answer(said, parts.whole_says.log_softmax(-1), parts.present, said.amax(-1))

    def reconstructed(self, parts: "Parts") -> Tensor:
        """Encoded modalities as the decoders make them from both parts, ``(M, B, W)``."""
        return self.decode(torch.cat([parts.own, parts.shared], -1))

    def loss(self, batch: Batch) -> Tensor:
        config, parts, target, present = self.config, self.parts(batch), batch.target, self.present(batch)
        total = self.task(parts.whole_says.log_softmax(-1), target).mean()
        together = self.shared_head(parts.shared.transpose(0, 1).flatten(1)).log_softmax(-1)
        alone = sum(heard(says.log_softmax(-1), target, present) for says in (parts.shared_says, parts.own_says))
        total = total + config.unimodal * (alone + self.task(together, target).mean())
        if config.distil:
            apart = self.same(parts.shared_says, parts.shared, present)
            total = total + config.distil * (apart + self.different(parts.own_says, parts.read, present))
        if config.decouple:
            made = self.reconstructed(parts)
            missed = (made - parts.encoded).square().mean(-1) + (self.own(made) - parts.own).square().mean(-1)
            overlap = nn.functional.cosine_similarity(parts.shared, parts.own, dim=-1).clamp_min(0)
            kept = (missed + 0.1 * overlap) * present
            closer = closeness(parts.shared, target, present)
            total = total + config.decouple * (kept.sum() / present.sum().clamp_min(1) + 0.1 * closer)
        return total


@dataclass(frozen=True)
class Parts:
    """Inside DMD-lite: a batch in parts, and logits of what each of them says."""

    encoded: Tensor  # (M, B, W), zeros where missing, as all below
    shared: Tensor  # (M, B, W), the same space for all modalities
    own: Tensor  # (M, B, W)
    read: Tensor  # (M, B, W), own parts that have read each other
    shared_says: Tensor  # (M, B, K)
    own_says: Tensor  # (M, B, K)
    whole_says: Tensor  # (B, K)
    present: Tensor  # (M, B)


def closeness(shared: Tensor, target: Tensor, present: Tensor) -> Tensor:
    """Mean hinge by which shared parts ``(M, B, W)`` of one label are not more alike than those of different labels."""
    x, label = nn.functional.normalize(shared[present], dim=-1), target.expand(len(shared), -1, -1)[present]
    other = 1 - torch.eye(len(x), device=x.device)
    alike, same = x @ x.T, label @ label.T * other
    different = other - same
    near, far = ((alike * w).sum(1) / w.sum(1).clamp_min(1e-7) for w in (same, different))
    both = (same.sum(1) > 0) & (different.sum(1) > 0)
    return ((MARGIN - near + far).clamp_min(0) * both).sum() / both.sum().clamp_min(1)
