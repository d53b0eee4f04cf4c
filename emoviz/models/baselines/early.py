"""Early fusion: a network over all modalities' vectors beside each other."""

import torch
from torch import Tensor, nn

from emoviz.models.base import Batch
from emoviz.models.baselines.base import Baseline, BaselineConfig
from emoviz.models.inputs import Inputs


class Early(Baseline):
    """Encoded modalities and context, concatenated, through two layers."""

    def __init__(self, config: BaselineConfig, inputs: Inputs):
        super().__init__(config, inputs)
        self.together = nn.Sequential(
            nn.Linear(self.sides * config.width + self.sides + inputs.context_size, config.width),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.width, self.labels),
        )

    def hidden(self, encoded: Tensor, present: Tensor, batch: Batch) -> Tensor:
        """The whole as one vector, ``(B, W)``."""
        beside = encoded.transpose(0, 1).flatten(1)
        return self.together[:-1](torch.cat([beside, present.T.to(beside.dtype), batch.context], 1))

    def fuse(self, encoded: Tensor, said: Tensor, present: Tensor, batch: Batch) -> Tensor:
        return self.together[-1](self.hidden(encoded, present, batch)).log_softmax(-1)
