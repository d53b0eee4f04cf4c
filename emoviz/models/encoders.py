"""From the features of one modality to a vector.

Every encoder standardises its features with the mean and deviation of its own training samples.
"""

import math
from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor, nn

from emoviz.models.base import Batch
from emoviz.models.inputs import ModalityInputs

SequenceKind = Literal["gru", "transformer"]


class Linears(nn.Module):
    """E linear layers side by side, each with weights of its own, ``(E or 1, B, in)`` to ``(E, B, out)``."""

    def __init__(self, count: int, inputs: int, outputs: int, scale: float = 1.0):
        super().__init__()
        bound = scale / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(count, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(count, 1, outputs).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        return torch.matmul(x, self.weight) + self.bias


class Standardise(nn.Module):
    """Features with mean 0 and deviation 1 over the training samples, ``(..., F)`` to ``(..., F)``."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: int):
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("deviation", torch.ones(features))

    def fit(self, blocks: Iterable[Tensor]) -> None:
        """Take mean and deviation over blocks ``(n, F)`` of rows that are present."""
        count, total, squares = 0, torch.zeros_like(self.mean).double(), torch.zeros_like(self.mean).double()
        for block in blocks:
            block = block.double()
            count, total, squares = count + len(block), total + block.sum(0), squares + block.square().sum(0)
        if not count:
            return
        mean = total / count
        self.mean.copy_(mean)
        # Nearly constant features are left as they are: dividing would only blow up their noise.
        deviation = (squares / count - mean.square()).clamp_min(0).sqrt()
        self.deviation.copy_(torch.where(deviation > 1e-3 * (1 + mean.abs()), deviation, torch.ones_like(deviation)))

    def forward(self, x: Tensor) -> Tensor:
        # An outlier of a new dataset may not drown everything else.
        return ((x - self.mean) / self.deviation).clamp(-10, 10)


def standardise(
    modalities: Iterable[ModalityInputs], standardisers: Iterable[Standardise], batches: Iterable[Batch]
) -> None:
    """Take each modality's means and deviations from the training samples that have it."""
    for modality, standardiser in zip(modalities, standardisers, strict=True):
        name = modality.name
        which = "steps" if modality.sequence else "present"
        standardiser.fit(batch.features[name][getattr(batch, which)[name]] for batch in batches)


class Encoder(nn.Module):
    """Features of one modality to ``(E, B, width)``, one vector for each of E members.

    ``steps`` says which steps of a sequence are real.
    """

    standardise: Standardise

    def forward(self, x: Tensor, steps: Tensor | None) -> Tensor:
        raise NotImplementedError


class VectorEncoder(Encoder):
    """Utterance vectors ``(B, F)``: a linear map for each member, and with ``bent`` what a small network adds to it."""

    def __init__(self, features: int, width: int, dropout: float, members: int, bent: bool):
        super().__init__()
        self.standardise = Standardise(features)
        self.linear = Linears(members, features, width)
        self.bend = (
            nn.Sequential(
                Linears(members, features, width), nn.GELU(), nn.Dropout(dropout), Linears(members, width, width)
            )
            if bent
            else None
        )

    def forward(self, x: Tensor, steps: Tensor | None) -> Tensor:
        x = self.standardise(x)[None]
        return self.linear(x) if self.bend is None else self.linear(x) + self.bend(x)


class SequenceEncoder(Encoder):
    """Sequences ``(B, T, F)``: convolution over time, GRU or transformer, attention pooling; all members share it."""

    def __init__(self, features: int, width: int, dropout: float, members: int, kind: SequenceKind):
        super().__init__()
        self.members = members
        self.standardise = Standardise(features)
        self.convolution = nn.Conv1d(features, width, 3, padding=1)
        self.kind = kind
        self.mix: nn.Module
        if kind == "gru":
            self.mix = nn.GRU(width, width // 2, batch_first=True, bidirectional=True)
        else:
            layer = nn.TransformerEncoderLayer(width, 4, 2 * width, dropout, "gelu", batch_first=True, norm_first=True)
            self.mix = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.attention = nn.Linear(width, 1)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, steps: Tensor | None) -> Tensor:
        if steps is None:
            raise ValueError("a sequence encoder needs to know which steps are real")
        real = steps | ~steps.any(1, keepdim=True)  # a missing sequence attends to its zeros and is masked later
        x = self.standardise(x) * steps[..., None]
        x = nn.functional.gelu(self.convolution(x.transpose(1, 2)).transpose(1, 2)) * steps[..., None]
        if self.kind == "gru":
            lengths = real.sum(1).cpu()
            packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            x, _ = nn.utils.rnn.pad_packed_sequence(self.mix(packed)[0], batch_first=True, total_length=steps.shape[1])
        else:
            x = self.mix(x + places(x), src_key_padding_mask=~real)
        weight = self.attention(x).squeeze(-1).masked_fill(~real, float("-inf")).softmax(1)
        pooled = (weight[..., None] * x).sum(1)
        return self.drop(pooled.expand(self.members, *pooled.shape))


def places(x: Tensor) -> Tensor:
    """Sines and cosines that tell a transformer the order of its steps, ``(T, width)``."""
    width = x.shape[2]
    rate = torch.exp(torch.arange(0, width, 2, device=x.device) * (-9.2 / width))
    angle = torch.arange(x.shape[1], device=x.device)[:, None] * rate
    return torch.stack([angle.sin(), angle.cos()], 2).flatten(1)[:, :width]
