"""A joint head for the emotion and how it feels: valence, and arousal where people rated it.

Source: Sharma et al. Unifying the Discrete and Continuous Emotion Labels for Speech Emotion Recognition (arXiv
2210.16642), hierarchical multi-task: the whole's label is read from what is encoded and from the predicted affect.
Valence is what people rated where the samples have a column ``valence``, else the mean of the labels' own; arousal
is in a column ``arousal`` or not learned. Conflict is then told in valence as well as in emotions
(column ``valence_conflict``).
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from emoviz.data.dataset import FUSED
from emoviz.measures import conflict as measure
from emoviz.models.base import Batch, Batches
from emoviz.models.baselines.base import BaselineConfig
from emoviz.models.baselines.early import Early
from emoviz.models.inputs import AFFECT, Inputs


@dataclass(frozen=True)
class ValenceConfig(BaselineConfig):
    """The choices of the joint head.

    Attributes:
        affect: weight of the squared error of valence and arousal; that of each modality counts ``unimodal`` of it
    """

    affect: float = 1.0

    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {**BaselineConfig.BOUNDS, "affect": (0, 100)}


class Valence(Early):
    """Early fusion that says valence and arousal too, of each modality and of the whole."""

    config: ValenceConfig
    valences: Tensor
    least: Tensor
    most: Tensor

    def __init__(self, config: ValenceConfig, inputs: Inputs):
        super().__init__(config, inputs)
        self.feel = nn.ModuleList(nn.Linear(config.width, len(AFFECT)) for _ in range(self.sides + 1))
        self.tell = nn.Linear(len(AFFECT), self.labels, bias=False)
        self.register_buffer("valences", torch.tensor(inputs.valences))
        # The ends of what people used of their scales; both 0 where nobody rated.
        self.register_buffer("least", torch.zeros(len(AFFECT)))
        self.register_buffer("most", torch.zeros(len(AFFECT)))

    @torch.no_grad()
    def prepare(self, batches: Batches) -> None:
        super().prepare(batches)
        rated = torch.cat([batch.affect for batch in batches])
        least, most = rated.nan_to_num(torch.inf).amin(0), rated.nan_to_num(-torch.inf).amax(0)
        self.least.copy_(torch.where(most > least, least, 0))
        self.most.copy_(torch.where(most > least, most, 0))

    @property
    def by_labels(self) -> bool:
        """Whether valence is that of the labels, as nobody rated it."""
        return bool(self.most[0] == self.least[0]) and bool(self.valences.any())

    def felt(self, batch: Batch) -> Tensor:
        """Valence and arousal that people gave, -1 to 1, ``(B, 2)``, NaN where unknown."""
        reach = torch.where(self.most > self.least, self.most - self.least, torch.nan)
        rated = (2 * (batch.affect - self.least) / reach - 1).clamp(-1, 1)
        return torch.stack([batch.target @ self.valences, rated[:, 1]], 1) if self.by_labels else rated

    def affect(self, batch: Batch) -> Tensor:
        """Valence and arousal as predicted, ``(M + 1, B, 2)`` in (-1, 1), the whole last; label-free.

        NaN where a modality is missing, and for valence or arousal that training knew nothing of.
        """
        encoded, present = self.encoded(batch), self.present(batch)
        said = self._said(encoded, self.hidden(encoded, present, batch))
        unlearned = self.most == self.least
        unlearned[0] &= not self.by_labels
        missing = ~torch.cat([present, present.any(0, keepdim=True)])
        return said.masked_fill(missing[..., None] | unlearned, torch.nan)

    def more(self, batch: Batch) -> dict[str, Tensor]:
        told = self.affect(batch)
        sides = zip((*self.inputs.names, FUSED), told, strict=True)
        columns = {f"{name}_{side}": values[:, i] for side, values in sides for i, name in enumerate(AFFECT)}
        return columns | {"valence_conflict": measure.valence_conflict(told[:-1, :, 0])}

    def _said(self, encoded: Tensor, hidden: Tensor) -> Tensor:
        sides = zip(self.feel, [*encoded, hidden], strict=True)
        return torch.stack([layer(x) for layer, x in sides]).tanh()

    def fuse(self, encoded: Tensor, said: Tensor, present: Tensor, batch: Batch) -> Tensor:
        hidden = self.hidden(encoded, present, batch)
        return (self.together[-1](hidden) + self.tell(self.feel[-1](hidden).tanh())).log_softmax(-1)

    def loss(self, batch: Batch) -> Tensor:
        encoded, present, felt = self.encoded(batch), self.present(batch), self.felt(batch)
        wrong = self.wrong(self.answered(encoded, batch), batch)
        apart = (self._said(encoded, self.hidden(encoded, present, batch)) - felt.nan_to_num()).square()
        weight = torch.cat([self.config.unimodal * present, torch.ones_like(present[:1])])[..., None] * ~felt.isnan()
        return wrong + self.config.affect * (apart * weight).sum() / (~felt.isnan()).sum().clamp_min(1)
