"""The emotion-name scorer: what a modality shows, held against what the names of the emotions mean.

Source: Dai et al. Modality-Transferable Emotion Embeddings for Low-Resource Multimodal Emotion Recognition. AACL
2020. Each modality's state is mapped to where the names lie, and its inner product with a name's vector is the score
of that emotion. The vectors (:mod:`emoviz.models.label_vectors`) never change, so that any emotion with a name can be
asked for, one that training never saw too. Context is not read: a category has no name among the emotions.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from emoviz.models import label_vectors
from emoviz.models.answering import TINY
from emoviz.models.base import Batch, Batches
from emoviz.models.baselines.base import Baseline, BaselineConfig, heard
from emoviz.models.inputs import Inputs


@dataclass(frozen=True)
class NamesConfig(BaselineConfig):
    """The choices of the emotion-name scorer: those of every baseline."""


class Names(Baseline):
    """Encoders, a map of each modality to the space of names, and a weight for each modality."""

    vectors: Tensor
    shown: Tensor

    def __init__(self, config: NamesConfig, inputs: Inputs):
        super().__init__(config, inputs)
        self.register_buffer("vectors", label_vectors.of(inputs.labels))
        self.register_buffer("shown", torch.ones(self.labels, dtype=torch.bool))
        self.heads = nn.ModuleList(
            nn.Linear(config.width, self.vectors.shape[1], bias=False) for _ in inputs.modalities
        )
        self.weight = nn.Parameter(torch.ones(self.sides))

    @torch.no_grad()
    def prepare(self, batches: Batches) -> None:
        super().prepare(batches)
        # An emotion that training never shows must not be learned to be never right.
        self.shown.copy_(torch.stack([batch.target.sum(0) for batch in batches]).sum(0) > 0)

    def logits(self, encoded: Tensor) -> Tensor:
        return self.scores(encoded, self.vectors)

    def scores(self, encoded: Tensor, vectors: Tensor) -> Tensor:
        """Inner products of each modality's state ``(M, B, W)`` with names' vectors ``(L, D)``, ``(M, B, L)``."""
        return torch.stack([head(x) for head, x in zip(self.heads, encoded, strict=True)]) @ vectors.T

    def named(self, batch: Batch, names: tuple[str, ...]) -> Tensor:
        """Which of any L emotion names the whole shows, by their vectors alone: distribution ``(B, L)``.

        Raises:
            ConfigError: for a name that has no vector
        """
        vectors = label_vectors.of(names).to(self.vectors.device)
        return self.weighed(self.scores(self.encoded(batch), vectors), self.present(batch)).exp()

    def weighed(self, scores: Tensor, present: Tensor) -> Tensor:
        """Scores ``(M, B, L)`` of the modalities that are there, added: log probabilities ``(B, L)``."""
        return (scores * (present * self.weight[:, None])[..., None]).sum(0).log_softmax(-1)

    def fuse(self, encoded: Tensor, said: Tensor, present: Tensor, batch: Batch) -> Tensor:
        # What a modality says is its scores less their normaliser, which adds the same to all emotions.
        return self.weighed(said, present)

    def loss(self, batch: Batch) -> Tensor:
        answer = self.answer(batch)
        hidden = ~self.shown
        fused = answer.fused.masked_fill(hidden, -torch.inf).log_softmax(-1).masked_fill(hidden, 0)
        said = (answer.said + TINY).log().masked_fill(hidden, -torch.inf).log_softmax(-1).masked_fill(hidden, 0)
        total = self.task(fused, batch.target).mean()
        return total + self.config.unimodal * heard(said, batch.target, answer.present)
