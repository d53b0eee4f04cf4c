"""AA-kNN: the mean distribution of the nearest training samples.

Source: Geng. Label Distribution Learning. IEEE TKDE 2016, which measures the straight line between features as
they are. Features of several modalities have scales of their own, so here they are standardised first.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from emoviz.models.answering import TINY, AnsweringConfig
from emoviz.models.base import Batches
from emoviz.models.baselines.base import Fitted
from emoviz.models.inputs import Inputs


@dataclass(frozen=True)
class NearestConfig(AnsweringConfig):
    """The choices of AA-kNN.

    Attributes:
        neighbours: how many
        standardised: whether every feature has the same say, or features count as they are
    """

    neighbours: int = 5
    standardised: bool = True

    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {**AnsweringConfig.BOUNDS, "neighbours": (1, 10_000)}


class Nearest(Fitted):
    """It keeps all training samples."""

    config: NearestConfig
    known: Tensor
    shown: Tensor

    def __init__(self, config: NearestConfig, inputs: Inputs):
        super().__init__(config, inputs)
        self.register_buffer("known", torch.zeros(0, self.width))
        self.register_buffer("shown", torch.zeros(0, self.labels))

    def scale(self, batches: Batches) -> None:
        if self.config.standardised:
            super().scale(batches)

    def fit(self, x: Tensor, target: Tensor) -> None:
        self.known, self.shown = x, target

    def predict(self, x: Tensor) -> Tensor:
        # Two identical samples are 0 apart, which the expanded square would miss by rounding.
        apart = torch.cdist(x, self.known, compute_mode="donot_use_mm_for_euclid_dist")
        near = apart.topk(min(self.config.neighbours, len(self.known)), largest=False).indices
        return (self.shown[near].mean(1) + TINY).log().log_softmax(-1)

    def _load_from_state_dict(self, state_dict, prefix, *args):
        # How many samples there are is known from the checkpoint only.
        for name in ("known", "shown"):
            if prefix + name in state_dict:
                setattr(self, name, torch.zeros_like(state_dict[prefix + name]))
        super()._load_from_state_dict(state_dict, prefix, *args)
