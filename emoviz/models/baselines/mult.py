"""A cross-modal transformer, MulT-like: each modality reads every other one before it speaks to the whole.

Source: Tsai et al. Multimodal Transformer for Unaligned Multimodal Language Sequences. ACL 2019. An utterance vector
is unfolded into a few tokens; what each modality says alone is read from its tokens before they met others.
"""

from dataclasses import dataclass
from typing import ClassVar, cast

import torch
from torch import nn

from emoviz.models.answering import Answer
from emoviz.models.base import Batch
from emoviz.models.baselines.tokens import Block, Tokened, TokensConfig, mean_of, readable
from emoviz.models.inputs import Inputs


@dataclass(frozen=True)
class MultConfig(TokensConfig):
    """The choices of the cross-modal transformer.

    Attributes:
        layers: of each pair's cross-modal attention
    """

    width: int = 32
    unimodal: float = 1.0
    dropout: float = 0.4
    layers: int = 1
    epochs: int = 30

    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {**TokensConfig.BOUNDS, "layers": (1, 12)}


class Mult(Tokened):
    """Tokens, cross-modal attention for each ordered pair, attention within, and a network over the modalities."""

    config: MultConfig

    def __init__(self, config: MultConfig, inputs: Inputs):
        super().__init__(config, inputs)
        width, others = config.width, self.sides - 1
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

    def answer(self, batch: Batch) -> Answer:
        present = self.present(batch)
        tokens, real = self.tokens(batch)
        said = self.alone(tokens, real, present)
        across, met = iter(self.across), []
        for m, x in enumerate(tokens):
            crossed = []
            for n in (n for n in range(self.sides) if n != m):
                reading = x
                for block in cast(nn.ModuleList, next(across)):
                    reading = block(reading, tokens[n], readable(real[n]))
                crossed.append(reading * present[n][:, None, None])
            joined = x + self.join[m](torch.cat(crossed or [x], -1))
            met.append(mean_of(self.within[m](joined, joined, readable(real[m])), real[m]))
        whole = torch.cat([*met, present.T.to(met[0].dtype), batch.context], -1)
        return Answer(said, self.speak(whole).log_softmax(-1), present, said.amax(-1))
