"""The shipped voice model: copies of the network, their common answer, how strange a voice is to them, and why.

Each copy never heard the actors of one of the parts of RAVDESS
(:attr:`~emoviz.data.corpora.ravdess.Voices.folds`), so that it can be asked about them fairly.

Axis letters: W windows, T rows of a window, F bands, L labels.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from emoviz.perception import common, weights
from emoviz.perception.voice.network import Batch, VoiceNetwork, batch, summary
from emoviz.perception.weights import Weights

NAME = "voice"
PATCH = (8, 8)  # rows and bands that are taken away together to see what they say
MOST = 64  # windows at a time
ABOUT = ("centre", "whitening", "reach", "origin", "axes")  # what a copy knows beside its network
STRANGEST = 3.0  # beyond, a sound only counts as that strange


@dataclass(frozen=True, eq=False)
class Heard:
    """What the copies say together.

    Attributes:
        native: ``(W, L)`` calibrated distributions, wider for strange voices
        embedding: ``(W, EMBEDDING)`` float32, what all copies see in one space
        unlike: ``(W,)`` in [0, 1]: 0 for a voice as the training corpus has them, 1 for nothing like them
    """

    native: np.ndarray
    embedding: np.ndarray
    unlike: np.ndarray


class VoiceModel:
    """Copies of the network that answer together.

    Args:
        given: what was trained
        unheard: a part of RAVDESS: only the copies that never heard its actors answer; all where not told
    """

    def __init__(self, given: Weights, unheard: int | None = None):
        card, tensors = given.card, {name: torch.from_numpy(tensor) for name, tensor in given.tensors.items()}
        self.labels = card.labels
        self.version = card.sha256[:16]
        numbers = [k for k, part in enumerate(card.settings["unheard"]) if unheard in (None, part)]  # type: ignore[arg-type]
        self.temperature = torch.tensor(card.settings["temperature"])[numbers]
        self.widening = float(card.settings["widening"])  # type: ignore[arg-type]
        self.copies = [Copy.of(tensors, number, len(card.labels)) for number in numbers]

    @torch.inference_mode()
    def hear(self, mel: np.ndarray, pitch: np.ndarray) -> Heard:
        """What windows convey.

        Args:
            mel: ``(W, T, BANDS)`` in dB
            pitch: ``(W, T)`` in Hz, NaN where unvoiced
        """
        parts = [
            self._heard(batch(*pair))
            for pair in zip(*(torch.from_numpy(x).float().split(MOST) for x in (mel, pitch)), strict=True)
        ]
        native, embedding, unlike = (torch.cat(column) for column in zip(*parts, strict=True))
        return Heard(native.double().numpy(), embedding.numpy(), unlike.double().numpy())

    @torch.inference_mode()
    def evidence(self, mel: np.ndarray, pitch: np.ndarray, label: str) -> np.ndarray:
        """Which parts of a window's sound speak for a common label, and which against it.

        Patch by patch the sound is replaced by its mean level; what the label's logarithmic probability loses
        by that, the patch had given to it.

        Args:
            mel: ``(T, BANDS)`` in dB
            pitch: ``(T,)`` in Hz, NaN where unvoiced
            label: one of :data:`emoviz.perception.common.LABELS`

        Returns:
            ``(T, BANDS)`` in [-1, 1], the strongest patch at -1 or 1; zero where nothing matters
        """
        whole = torch.from_numpy(mel).float()
        rows, bands = (-(-size // patch) for size, patch in zip(whole.shape, PATCH, strict=True))
        hidden = whole.repeat(1 + rows * bands, 1, 1)
        for index in range(rows * bands):
            row, band = index // bands * PATCH[0], index % bands * PATCH[1]
            hidden[1 + index, row : row + PATCH[0], band : band + PATCH[1]] = whole.mean()
        curves = torch.from_numpy(pitch).float().repeat(len(hidden), 1)
        native = torch.cat(
            [self._heard(batch(*pair))[0] for pair in zip(hidden.split(MOST), curves.split(MOST), strict=True)]
        )
        meant = [k for k, name in enumerate(self.labels) if common.COMMON.get(name) == label]
        said = native[:, meant].sum(1).log()
        given = (said[0] - said[1:]).reshape(1, 1, rows, bands)
        smooth = torch.nn.functional.interpolate(given, whole.shape, mode="bilinear")[0, 0]
        return (smooth / smooth.abs().max().clamp_min(1e-6)).double().numpy()

    def _heard(self, windows: Batch) -> tuple[Tensor, Tensor, Tensor]:
        native, embedding, strange = [], [], []
        for copy, temperature in zip(self.copies, self.temperature, strict=True):
            strange.append(copy.strangeness(windows))
            seen = copy.network.embed(windows)
            heat = temperature * (1 + self.widening * strange[-1])
            native.append((copy.network.head(seen) / heat[:, None]).softmax(1))
            embedding.append(copy.shared(seen))
        return torch.stack(native).mean(0), torch.stack(embedding).mean(0), torch.stack(strange).mean(0).clamp(0, 1)


@dataclass(frozen=True, eq=False)
class Copy:
    """One copy of the network and what it knows of the voices it heard.

    Attributes:
        network: itself
        centre: mean of what :func:`~emoviz.perception.voice.network.summary` tells of them, ``(S,)``
        whitening: ``(S, S)``; makes their spread around it 1 in every direction
        reach: distances within which half and nineteen twentieths of unheard actors lie, ``(2,)``
        origin: of its own space, ``(EMBEDDING,)``, which lies at 0 of the one that all copies share
        axes: from its own space into that one, ``(EMBEDDING, EMBEDDING)``
    """

    network: VoiceNetwork
    centre: Tensor
    whitening: Tensor
    reach: Tensor
    origin: Tensor
    axes: Tensor

    @classmethod
    def of(cls, tensors: dict[str, Tensor], number: int, labels: int) -> "Copy":
        """Copy ``number`` of those in ``tensors``."""
        own = {name.partition(".")[2]: tensor for name, tensor in tensors.items() if name.startswith(f"{number}.")}
        network = VoiceNetwork(labels)
        about = {name: own.pop(name) for name in ABOUT}
        network.load_state_dict(own)
        return cls(network.eval(), **about)

    def tensors(self, number: int) -> dict[str, np.ndarray]:
        """The same as copy ``number``, for keeping."""
        about = {name: getattr(self, name) for name in ABOUT}
        return {f"{number}.{name}": tensor.numpy() for name, tensor in (self.network.state_dict() | about).items()}

    def shared(self, seen: Tensor) -> Tensor:
        """What its network sees, ``(B, EMBEDDING)``, in the space that all copies share."""
        return (seen - self.origin) @ self.axes

    def distance(self, windows: Batch) -> Tensor:
        """Mahalanobis distance to the voices it heard, ``(B,)``."""
        return ((summary(windows) - self.centre) @ self.whitening).norm(dim=1)

    def strangeness(self, windows: Batch) -> Tensor:
        """How far beyond the usual reach windows lie, ``(B,)`` in [0, :data:`STRANGEST`].

        1 is as far beyond it as the end of the reach lies from its middle.
        """
        usual, far = self.reach
        return ((self.distance(windows) - far) / (far - usual)).clamp(0, STRANGEST)


def load(unheard: int | None = None) -> VoiceModel:
    """The shipped model, or those of its copies that never heard the actors of a part of RAVDESS.

    Raises:
        CheckpointError: where its files are missing or damaged
    """
    return VoiceModel(weights.load(NAME), unheard)
