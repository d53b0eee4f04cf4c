"""The shape of rivals that work on tokens: each modality is cut into some, and is heard alone by their mean."""

from dataclasses import dataclass
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from emoviz.errors import ConfigError
from emoviz.models.answering import TINY, Answering
from emoviz.models.base import Batch, Batches
from emoviz.models.baselines.base import BaselineConfig, heard
from emoviz.models.encoders import places, standardise
from emoviz.models.inputs import Inputs
from emoviz.models.mpcl import Tokeniser

HEADS = 4


@dataclass(frozen=True)
class TokensConfig(BaselineConfig):
    """The choices of rivals that work on tokens.

    Attributes:
        tokens: into how many tokens an utterance vector is unfolded; a sequence has one a step
    """

    tokens: int = 2
    lr: float = 2e-3

    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {**BaselineConfig.BOUNDS, "tokens": (1, 64)}

    def __post_init__(self):
        super().__post_init__()
        if self.width % HEADS:
            raise ConfigError(f"width is {self.width}; it must be a multiple of {HEADS}.")


class Block(nn.Module):
    """One layer of a transformer in which tokens ``(B, T, W)`` read other tokens ``(B, S, W)``, or themselves."""

    def __init__(self, width: int, dropout: float):
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, HEADS, dropout, batch_first=True)
        self.forth = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(2 * width, width)
        )
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, other: Tensor, real: Tensor) -> Tensor:
        """``real`` says which of the other tokens there are, ``(B, S)`` bool, at least one in each row."""
        keys = self.before(other)
        read, _ = self.attention(self.before(x), keys, keys, key_padding_mask=~real, need_weights=False)
        x = x + self.drop(read)
        return x + self.drop(self.forth(self.between(x)))


class Tokened(Answering):
    """Tokens and heads; a model adds how the whole follows from them."""

    config: TokensConfig

    def __init__(self, config: TokensConfig, inputs: Inputs):
        super().__init__(config, inputs)
        self.tokenisers = nn.ModuleList(
            Tokeniser(len(m.columns), config.width, config.tokens, m.sequence) for m in inputs.modalities
        )
        self.heads = nn.ModuleList(nn.Linear(config.width, self.labels) for _ in inputs.modalities)

    @torch.no_grad()
    def prepare(self, batches: Batches) -> None:
        super().prepare(batches)
        standardise(self.inputs.modalities, [t.standardise for t in cast("list[Tokeniser]", self.tokenisers)], batches)

    def tokens(self, batch: Batch) -> tuple[list[Tensor], list[Tensor]]:
        """Tokens of each modality ``(B, T, W)``, zeros where missing, and which are real ``(B, T)`` bool."""
        tokens, real = [], []
        for name, tokeniser in zip(self.inputs.names, self.tokenisers, strict=True):
            x, known = tokeniser(batch.features[name], batch.steps.get(name))
            known = known & batch.present[name][:, None]
            x = (x + places(x) if name in batch.steps else x) * known[..., None]
            tokens.append(x)
            real.append(known)
        return tokens, real

    def alone(self, tokens: list[Tensor], real: list[Tensor], present: Tensor) -> Tensor:
        """What each modality says before its tokens met others, ``(M, B, K)``, the prior where missing."""
        own = [mean_of(x, r) for x, r in zip(tokens, real, strict=True)]
        logits = torch.stack([head(x) for head, x in zip(self.heads, own, strict=True)])
        return torch.where(present[..., None], logits.softmax(-1), self.label_prior)

    def loss(self, batch: Batch) -> Tensor:
        answer = self.answer(batch)
        alone = heard((answer.said + TINY).log(), batch.target, answer.present)
        return self.task(answer.fused, batch.target).mean() + self.config.unimodal * alone


def readable(real: Tensor) -> Tensor:
    """Where nothing is real, everything: attention must have something to read, zeros that are masked afterwards."""
    return real | ~real.any(1, keepdim=True)


def mean_of(tokens: Tensor, real: Tensor) -> Tensor:
    """Mean of the real tokens, ``(B, T, W)`` to ``(B, W)``; zeros where there are none."""
    return (tokens * real[..., None]).sum(1) / real.sum(1, keepdim=True).clamp_min(1)
