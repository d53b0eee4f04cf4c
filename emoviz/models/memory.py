"""Labels of each modality that move while training: ``(N, M, K)``, a row for each position in the training samples.

They begin as the label of the whole and are empty before the first look and in a checkpoint, where nobody needs them.
"""

import torch
from torch import Tensor


def begun(rows: Tensor, target: Tensor, sides: int) -> Tensor:
    """A memory that holds each sample's label ``(B, K)`` for every modality, at its place of ``rows`` ``(B,)``."""
    memory = target.new_zeros(int(rows.max()) + 1, sides, target.shape[1])
    memory[rows] = target[:, None]
    return memory


def recalled(memory: Tensor, rows: Tensor, otherwise: Tensor) -> Tensor:
    """Labels of some rows, ``(M, B, K)``; where it does not hold them, those given otherwise."""
    if not len(memory):
        return otherwise
    found = memory[rows.clamp(max=len(memory) - 1)].transpose(0, 1)
    held = (rows < len(memory)) & (found.sum(-1) > 0).all(0)
    return torch.where(held[:, None], found, otherwise)
