"""What Self-MM and CMC share: labels of each modality that move while training, and teach its head."""

from abc import abstractmethod

import torch
from torch import Tensor

from emoviz.models.base import Batch, Batches
from emoviz.models.baselines.base import Baseline, BaselineConfig
from emoviz.models.inputs import Inputs
from emoviz.models.memory import begun, recalled


class Moving(Baseline):
    """A baseline with a memory of labels; a rule of its own says where they move.

    The published methods move labels batch by batch with the weights of that moment; here all are moved after an
    epoch, with the averaged weights.
    """

    memory: Tensor

    def __init__(self, config: BaselineConfig, inputs: Inputs):
        super().__init__(config, inputs)
        self.register_buffer("memory", torch.zeros(0, self.sides, self.labels), persistent=False)

    @abstractmethod
    def keep(self, epoch: int) -> Tensor:
        """Weight of the old labels after an epoch counted from 1, broadcast to ``(N, M, K)``."""

    @abstractmethod
    def moved(self, batches: Batches) -> Tensor:
        """Where the labels of all samples are drawn to, ``(N, M, K)``, sums to 1."""

    @torch.no_grad()
    def end_epoch(self, epoch: int, batches: Batches) -> None:
        self.eval()
        rows = torch.cat([batch.rows for batch in batches])
        if not len(self.memory):
            self.memory = begun(rows, torch.cat([batch.target for batch in batches]), self.sides)
        keep = self.keep(epoch)
        self.memory[rows] = keep * self.memory[rows] + (1 - keep) * self.moved(batches)

    def remembered(self, batch: Batch) -> Tensor:
        """The label of each modality as it is now, ``(M, B, K)``; that of the whole where none is remembered."""
        return recalled(self.memory, batch.rows, batch.target.expand(self.sides, -1, -1))

    def pseudo(self, batch: Batch) -> Tensor:
        copied = super().pseudo(batch)
        return torch.where(copied.isnan(), copied, self.remembered(batch))
