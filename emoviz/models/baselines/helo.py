"""HeLo, mended: two groups of modalities brought together by optimal transport, and labels that know each other.

Source: HeLo (arXiv 2507.06821), written from a description of its method, not from its code: the modalities of the
first group (in the paper signals of the body) read each other; entropic Gromov-Wasserstein transport carries the
second group's tokens over to them, by how alike tokens are within each group; one transformer layer reads all of
them; each label's embedding looks for itself there, and how labels' embeddings lie to each other is drawn to how
labels occur together.

Mended, each with a test: label embeddings are parameters (its code draws them anew in every pass and never trains
them); keys are dropped in training only; embeddings are normalised over their width, not over the labels; what labels
are drawn to is their co-occurrence over all training samples, with ones on its diagonal as a cosine has (one sample's
own product of shares has rank one); every sample counts in validation and metrics (not the first of each batch);
logarithms of zero shares are finite; and groups, subjects or trials, never stand on both sides of a split, which
:mod:`emoviz.training` sees to for all models. What each modality says alone is ours: HeLo says it of the whole only.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from emoviz.errors import ConfigError
from emoviz.models.answering import Answer
from emoviz.models.base import Batch, Batches
from emoviz.models.baselines.tokens import HEADS, Block, Tokened, TokensConfig, readable
from emoviz.models.inputs import Inputs
from emoviz.models.transport import carried, distances, plan

BODY = ("eeg", "ecg", "eda", "emg", "eog", "gsr", "ppg", "bvp", "resp", "temp")


@dataclass(frozen=True)
class HeloConfig(TokensConfig):
    """The choices of HeLo.

    Attributes:
        first: modalities of the first group, joined by ``+``; empty for signals of the body, or else the first half
        blur: weight of the transport plan's entropy, as a share of the range of costs
        correlation: weight of the squared error between labels' cosines and their co-occurrence
    """

    tokens: int = 4
    first: str = ""
    blur: float = 0.05
    correlation: float = 1.0

    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {
        **TokensConfig.BOUNDS,
        "blur": (1e-3, 10),
        "correlation": (0, 100),
    }


class Helo(Tokened):
    """Tokens, transport between two groups, one shared layer, and labels that look for themselves."""

    config: HeloConfig
    together: Tensor

    def __init__(self, config: HeloConfig, inputs: Inputs):
        super().__init__(config, inputs)
        self.first = _first(config.first, inputs.names)
        self.within, self.shared = Block(config.width, 0.0), Block(config.width, 0.0)
        self.embedding = nn.Parameter(torch.randn(self.labels, config.width))
        self.before = nn.LayerNorm(config.width)
        self.look = nn.MultiheadAttention(config.width, HEADS, batch_first=True)
        self.speak = nn.Linear(config.width, 1)
        self.owe = nn.Parameter(torch.zeros(inputs.context_size, self.labels))
        self.register_buffer("together", torch.eye(self.labels))

    @torch.no_grad()
    def prepare(self, batches: Batches) -> None:
        super().prepare(batches)
        product = torch.stack([batch.target.T @ batch.target for batch in batches]).sum(0)
        norm = product.diagonal().sqrt()
        blind = torch.eye(self.labels, device=norm.device)
        self.together.copy_(product / (norm[:, None] * norm).clamp_min(1e-12) * (1 - blind) + blind)

    def correlation(self) -> Tensor:
        """How alike the labels' embeddings are, cosines ``(K, K)``."""
        straight = nn.functional.normalize(self.embedding, dim=-1)
        return straight @ straight.T

    def answer(self, batch: Batch) -> Answer:
        present = self.present(batch)
        tokens, real = self.tokens(batch)
        said = self.alone(tokens, real, present)
        ours, here = _group(tokens, real, self.first)
        theirs, there = _group(tokens, real, [m for m in range(self.sides) if m not in self.first])
        ours = self.within(ours, ours, readable(self._kept(here)))
        both = here.any(1, keepdim=True) & there.any(1, keepdim=True)
        way = plan(distances(ours, here), distances(theirs, there), here, there, self.config.blur)
        # Where there is nowhere to carry them to, the second group's tokens stay as they are.
        every = torch.cat([ours, carried(theirs, way), theirs], 1)
        seen = torch.cat([here, here & both, there & ~both], 1)
        every = self.shared(every, every, readable(self._kept(seen)))
        queries = self.before(self.correlation() @ self.embedding).expand(len(every), -1, -1)
        missed = ~readable(self._kept(seen))
        found, _ = self.look(queries, every, every, key_padding_mask=missed, need_weights=False)
        heard = self.speak(queries + found).squeeze(-1) * seen.any(1, keepdim=True)
        fused = (self.label_prior.log() + heard + batch.context @ self.owe).log_softmax(-1)
        return Answer(said, fused, present, said.amax(-1))

    def _kept(self, real: Tensor) -> Tensor:
        """DropKey: keys that attention may read, some of them hidden in training."""
        if not self.training or not self.config.dropout:
            return real
        kept = real & (torch.rand(real.shape, device=real.device) >= self.config.dropout)
        return torch.where(kept.any(1, keepdim=True), kept, real)

    def loss(self, batch: Batch) -> Tensor:
        apart = (self.correlation() - self.together).square().mean()
        return super().loss(batch) + self.config.correlation * apart


def _first(chosen: str, names: tuple[str, ...]) -> list[int]:
    """Positions of the first group's modalities."""
    wanted = [name.strip() for name in chosen.split("+") if name.strip()]
    if unknown := [name for name in wanted if name not in names]:
        raise ConfigError(f"first names modality '{unknown[0]}', which is none of {', '.join(names)}.")
    wanted = wanted or [name for name in names if name in BODY] or list(names[: math.ceil(len(names) / 2)])
    return [names.index(name) for name in wanted]


def _group(tokens: list[Tensor], real: list[Tensor], members: list[int]) -> tuple[Tensor, Tensor]:
    """Tokens of some modalities beside each other; one that is not real where there are none."""
    if not members:
        return tokens[0][:, :1] * 0, torch.zeros_like(real[0][:, :1])
    return torch.cat([tokens[m] for m in members], 1), torch.cat([real[m] for m in members], 1)
