"""The network that hears emotions: log-mel pictures and pitch curves of 2.4 seconds, in several small copies.

Level is taken out before anything is learned: the loudest frame of a window is 0 dB and what lies more than
:data:`DEPTH` below it is silence. The microphone is taken out of a second picture beside the first: how far each band
lies above its own mean while something is heard. Copies were trained without different actors; where they
disagree, their mean is wide.

Axis letters: B windows, T rows of a window (:data:`WINDOW`), L labels, E embedding.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from emoviz.perception.voice.features import BANDS, FRAMES

SECONDS = 2.4
WINDOW = round(SECONDS * FRAMES)  # rows
DEPTH = 60.0  # dB between the loudest frame and silence
MIDDLE = 160.0  # Hz; between the voices of men and women
EMBEDDING = 64
LOUD, SHARP = 0.2, 10.0  # rows whose loudest band lies this high in the picture count as heard: 24 dB below the loudest
VOICED, HEIGHT, MOTION = range(3)  # rows of a pitch curve


@dataclass(frozen=True, eq=False)
class Batch:
    """Windows as the network takes them.

    Attributes:
        picture: ``(B, BANDS, T)`` in [-1, 1]: from silence to the level of the loudest frame
        relief: ``(B, BANDS, T)``: the same above each band's own mean while something is heard
        curve: ``(B, 3, T)``: voiced or not, octaves above :data:`MIDDLE`, octaves above the window's own median
    """

    picture: Tensor
    relief: Tensor
    curve: Tensor


def batch(mel: Tensor, pitch: Tensor) -> Batch:
    """Measured windows as the network takes them.

    Args:
        mel: ``(B, T, BANDS)`` in dB
        pitch: ``(B, T)`` in Hz, NaN where unvoiced
    """
    loudest = (mel / 10 * np.log(10)).logsumexp(2).amax(1) * 10 / np.log(10)
    picture = ((mel - loudest[:, None, None]) / DEPTH).clamp(-1, 0) * 2 + 1
    voiced = pitch.isfinite()
    height = (pitch / MIDDLE).log2()
    motion = height - height.nanmedian(1, keepdim=True).values
    curve = torch.stack([voiced.float(), height, motion], 1).nan_to_num()
    heard = ((picture.amax(2) - LOUD) * SHARP).sigmoid()[:, :, None]
    own = (heard * picture).sum(1, keepdim=True) / heard.sum(1, keepdim=True)
    return Batch(picture.transpose(1, 2), (picture - own).transpose(1, 2), curve)


def summary(windows: Batch) -> Tensor:
    """How windows sound as a whole, ``(B, 2 * BANDS + 1)``: mean and spread of each band, share that is voiced."""
    picture, voiced = windows.picture, windows.curve[:, VOICED]
    mean = picture.mean(2)
    spread = (picture - mean[:, :, None]).square().mean(2).sqrt()
    return torch.cat([mean, spread, voiced.mean(1, keepdim=True)], 1)


class VoiceNetwork(nn.Module):
    """One copy: 180,000 weights."""

    def __init__(self, labels: int):
        super().__init__()
        self.picture = nn.Sequential(
            *_block(nn.Conv2d(2, 16, 5, (2, 2), 2, bias=False)),
            *_block(nn.Conv2d(16, 32, 3, (2, 2), 1, bias=False)),
            *_block(nn.Conv2d(32, 64, 3, (2, 1), 1, bias=False)),
            *_block(nn.Conv2d(64, 64, 3, (2, 1), 1, bias=False)),
            nn.Flatten(1, 2),
        )
        self.curve = nn.Sequential(
            *_block(nn.Conv1d(3, 24, 5, 2, 2, bias=False)), *_block(nn.Conv1d(24, 24, 5, 2, 2, bias=False))
        )
        self.joined = nn.Sequential(
            nn.Dropout(0.2), *_block(nn.Conv1d(BANDS // 16 * 64 + 24, 128, 3, padding=1, bias=False))
        )
        self.attention = nn.Conv1d(128, 1, 1)
        self.embedding = nn.Sequential(nn.Dropout(0.4), nn.Linear(256, EMBEDDING), nn.BatchNorm1d(EMBEDDING), nn.ReLU())
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(EMBEDDING, labels))

    @torch.no_grad()
    def blind(self) -> None:
        """Forget how to see the relief: its weights become zero."""
        first = self.picture[0].weight
        assert isinstance(first, Tensor)
        first[:, 1] = 0

    def embed(self, windows: Batch) -> Tensor:
        """What the last layer reads, ``(B, EMBEDDING)``."""
        seen = torch.cat(
            [self.picture(torch.stack([windows.picture, windows.relief], 1)), self.curve(windows.curve)], 1
        )
        steps = self.joined(seen)
        weight = self.attention(steps).softmax(2)
        mean = (weight * steps).sum(2)
        spread = ((weight * (steps - mean[:, :, None]).square()).sum(2) + 1e-5).sqrt()
        return self.embedding(torch.cat([mean, spread], 1))

    def forward(self, windows: Batch) -> Tensor:
        """Logits, ``(B, L)``."""
        return self.head(self.embed(windows))


def _block(convolution: nn.Conv1d | nn.Conv2d) -> tuple[nn.Module, ...]:
    kind = nn.BatchNorm2d if isinstance(convolution, nn.Conv2d) else nn.BatchNorm1d
    return convolution, kind(convolution.out_channels), nn.ReLU()
