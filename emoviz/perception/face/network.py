"""The network that reads an emotion distribution from one aligned grey face."""

import numpy as np
import torch
from torch import Tensor, nn

SIDE = 48  # pixels of a face
WIDTHS = (64, 128, 192)
EMBEDDED = WIDTHS[-1]
FLAT = 1 / 255  # deviation, in a scale of 1, below which a picture shows nothing


class _Block(nn.Module):
    """Two convolutions that correct their input."""

    def __init__(self, given: int, made: int):
        super().__init__()
        self.first = nn.Conv2d(given, made, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(made)
        self.second = nn.Conv2d(made, made, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(made)
        self.skip = nn.Conv2d(given, made, 1, bias=False) if given != made else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.relu(self.first_norm(self.first(x)))
        return torch.relu(self.second_norm(self.second(hidden)) + self.skip(x))


class FaceNet(nn.Module):
    """Residual network of 1.2 million weights.

    Args:
        labels: how many emotions it tells apart
    """

    def __init__(self, labels: int):
        super().__init__()
        small, middle, large = WIDTHS
        self.body = nn.Sequential(
            nn.Conv2d(1, small, 5, stride=2, padding=2, bias=False),
            nn.BatchNorm2d(small),
            nn.ReLU(),
            _Block(small, small),
            nn.MaxPool2d(2),
            _Block(small, middle),
            _Block(middle, middle),
            nn.MaxPool2d(2),
            _Block(middle, large),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(large, labels)

    def embedded(self, x: Tensor) -> Tensor:
        """What the emotions are read from; standardised faces ``(B, 1, 48, 48)`` to ``(B, 192)``."""
        return self.body(x.contiguous(memory_format=torch.channels_last))

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``(B, labels)``."""
        return self.head(self.drop(self.embedded(x)))


def laid_out(net: FaceNet) -> FaceNet:
    """The same network with its numbers in the order in which a processor multiplies fastest."""
    for parameter in net.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return net


def standardised(faces: Tensor) -> Tensor:
    """Faces with mean 0 and deviation 1 each, so that light and contrast do not matter; grey in [0, 1]."""
    mean = faces.mean((-2, -1), keepdim=True)
    deviation = faces.std((-2, -1), keepdim=True)
    return (faces - mean) / (deviation.clamp_min(FLAT) + 1e-3)


def tensor(images: np.ndarray) -> Tensor:
    """Grey pictures ``(B, 48, 48)`` uint8 as ``(B, 1, 48, 48)`` in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(images)).float().div(255)[:, None]
