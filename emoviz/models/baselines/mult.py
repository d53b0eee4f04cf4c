"""A cross-modal transformer, MulT-like: each modality reads every other one before it speaks to the whole.

Source: Tsai et al. Multimodal Transformer for Unaligned Multimodal Language Sequences. ACL 2019. An utterance vector
is unfolded into a few tokens; what each modality says alone is read from its tokens before they met others.
"""

from dataclasses import dataclass
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from emoviz.errors import ConfigError
from emoviz.models.answering import TINY, Answer, Answering
from emoviz.models.base import Batch, Batches
from emoviz.models.baselines.base import BaselineConfig, heard
from emoviz.models.encoders import places, standardise
from emoviz.models.inputs import Inputs
from emoviz.models.mpcl import Tokeniser

HEADS = 4


@dataclass(frozen=True)
class MultConfig(BaselineConfig):
    """The choices of the cross-modal transformer.

    Attributes:
        tokens: into how many tokens an utterance vector is unfolded; a sequence has one a step
        layers: of each pair's cross-modal attention
    """

    tokens: int = 2
    layers: int = 1
    lr: float = 2e-3

    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {**BaselineConfig.BOUNDS, "tokens": (1, 64), "layers": (1, 12)}

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


class Mult(Answering):
    """Tokens, cross-modal attention for each ordered pair, attention within, and a network over the modalities."""

    config: MultConfig

    def __init__(self, config: MultConfig, inputs: Inputs):
        super().__init__(config, inputs)
        width, others = config.width, self.sides - 1
        self.tokenisers = nn.ModuleList(
            Tokeniser(len(m.columns), width, config.tokens, m.sequence) for m in inputs.modalities
        )
        self.heads = nn.ModuleList(nn.Linear(width, self.labels) for _ in inputs.modalities)
        self.across = nn.ModuleList(
            nn.ModuleList(Block(width, config.dropout) for _ in range(config.layers))
            for _ in range(self.sides * others)
        )
        self.join = nn.ModuleList(nn.Linear(max(1, others) * width, width) for _ in inputs.modalities)
        self.within = nn.ModuleList(Block(width, config.dropout) for _ in inputs.modalities)
        self.speak = nn.Sequential(
            nn.Linear(self.sides * (width + 1) + inputs.context_size, width),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(width, self.labels),
        )

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

    def answer(self, batch: Batch) -> Answer:
        present = self.present(batch)
        tokens, real = self.tokens(batch)
        own = [_mean(x, r) for x, r in zip(tokens, real, strict=True)]
        logits = torch.stack([head(x) for head, x in zip(self.heads, own, strict=True)])
        said = torch.where(present[..., None], logits.softmax(-1), self.label_prior)
        # Attention must have something to read: a missing modality shows its zeros, and is masked afterwards.
        readable = [r | ~r.any(1, keepdim=True) for r in real]
        across, met = iter(self.across), []
        for m, x in enumerate(tokens):
            crossed = []
            for n in (n for n in range(self.sides) if n != m):
                reading = x
                for block in cast(nn.ModuleList, next(across)):
                    reading = block(reading, tokens[n], readable[n])
                crossed.append(reading * present[n][:, None, None])
            joined = x + self.join[m](torch.cat(crossed or [x], -1))
            met.append(_mean(self.within[m](joined, joined, readable[m]), real[m]))
        whole = torch.cat([*met, present.T.to(met[0].dtype), batch.context], -1)
        return Answer(said, self.speak(whole).log_softmax(-1), present, said.amax(-1))

    def loss(self, batch: Batch) -> Tensor:
        answer = self.answer(batch)
        alone = heard((answer.said + TINY).log(), batch.target, answer.present)
        return self.task(answer.fused, batch.target).mean() + self.config.unimodal * alone


def _mean(tokens: Tensor, real: Tensor) -> Tensor:
    """Mean of the real tokens, ``(B, T, W)`` to ``(B, W)``; zeros where there are none."""
    return (tokens * real[..., None]).sum(1) / real.sum(1, keepdim=True).clamp_min(1)
