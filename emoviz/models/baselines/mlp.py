"""A plain network over everything beside each other, as if there were no modalities."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from emoviz.models.answering import AnsweringConfig
from emoviz.models.base import Batch
from emoviz.models.baselines.base import Fitted
from emoviz.models.inputs import Inputs


@dataclass(frozen=True)
class MlpConfig(AnsweringConfig):
    """The choices of the plain network.

    Attributes:
        hidden: size of each of its two layers
    """

    hidden: int = 128
    epochs: int = 30
    lr: float = 1e-3

    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {**AnsweringConfig.BOUNDS, "hidden": (4, 4096)}


class Mlp(Fitted):
    """Standardised vectors and context through two layers; what is missing is at its mean."""

    config: MlpConfig

    def __init__(self, config: MlpConfig, inputs: Inputs):
        super().__init__(config, inputs)
        self.network = nn.Sequential(
            nn.Linear(self.width, config.hidden),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.hidden, config.hidden),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.hidden, self.labels),
        )

    def fit(self, x: Tensor, target: Tensor) -> None:
        """Nothing at once: it learns by its gradient."""

    def predict(self, x: Tensor) -> Tensor:
        return self.network(x).log_softmax(-1)

    def loss(self, batch: Batch) -> Tensor:
        return self.task(self.predict(self.vectors(batch)), batch.target).mean()
