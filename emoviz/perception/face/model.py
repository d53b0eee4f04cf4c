"""The face model: calibrated distributions, how surely it is a whole face, and what in a face speaks for a label.

Axis letters: N faces, L labels, E embedding.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import expit, logit
from torch import Tensor

from emoviz.perception import common, weights
from emoviz.perception.face import network
from emoviz.perception.face.network import SIDE, FaceNet
from emoviz.perception.weights import Weights

NAME = "face"
MOST = 64  # faces at a time
PATCH, STRIDE = 12, 4  # pixels that are covered together to see what they say, and from one patch to the next

MOST_SURE = 1 - 1e-9  # share of a label
LEAST = 1e-2  # change of a logarithmic probability that counts as one


@dataclass(frozen=True, eq=False)
class Seen:
    """What the model makes of faces.

    Attributes:
        native: ``(N, L)`` calibrated distributions
        embedding: ``(N, E)`` float32
        whole: ``(N,)`` in [0, 1]: how likely this is a whole face, not a covered, cut off or soft one, or none
    """

    native: np.ndarray
    embedding: np.ndarray
    whole: np.ndarray


class FaceModel:
    """The network with its calibration.

    Args:
        given: what was trained
    """

    def __init__(self, given: Weights):
        card = given.card
        self.labels = card.labels
        self.version = card.sha256[:16]
        tensors = {name: torch.from_numpy(tensor).float() for name, tensor in given.tensors.items()}
        self._bias, self._temperature = tensors.pop("bias"), tensors.pop("temperature")
        self._slopes, self._offset = tensors.pop("whole").tensor_split([network.EMBEDDED])
        self._majority = tensors.pop("majority").double().numpy()
        self.net = network.laid_out(FaceNet(len(self.labels))).eval()
        self.net.load_state_dict(tensors, strict=False)  # counters of batches are not kept

    @torch.inference_mode()
    def look(self, faces: np.ndarray) -> Seen:
        """What grey faces ``(N, 48, 48)`` uint8 convey, each averaged with its mirror image."""
        if not len(faces):
            return Seen(np.empty((0, len(self.labels))), np.empty((0, network.EMBEDDED), np.float32), np.empty(0))
        native, embedding, whole = [], [], []
        for part in network.tensor(faces).split(MOST):
            x = network.standardised(part)
            both = self.net.embedded(torch.cat([x, x.flip(-1)])).unflatten(0, (2, -1))
            native.append(self._distribution(self.net.head(both).mean(0)))
            embedding.append(both.mean(0))
            whole.append((both.mean(0) @ self._slopes + self._offset).sigmoid())
        return Seen(torch.cat(native).numpy(), torch.cat(embedding).numpy(), torch.cat(whole).double().numpy())

    def majority(self, native: np.ndarray) -> np.ndarray:
        """How likely most people would choose the label that is likeliest in a distribution, ``(N,)`` in [0, 1].

        A distribution tells shares of people: where two thirds choose a label, it is almost surely what most of
        them choose. A line through the log odds of that share, fitted on validation votes [P99].

        Args:
            native: ``(N, L)`` as :meth:`look` gives them

        References:
            [P99] Platt. Probabilistic outputs for support vector machines. Advances in Large Margin Classifiers 1999.
        """
        slope, offset = self._majority
        return expit(slope * odds(native) + offset)

    @torch.inference_mode()
    def evidence(self, face: np.ndarray, label: str) -> np.ndarray:
        """Which parts of a face speak for a common label, and which against it.

        Patch by patch the face is replaced by a very soft copy of itself; what the label's logarithmic
        probability loses by that, the patch had given to it.

        Args:
            face: ``(48, 48)`` uint8
            label: one of :data:`emoviz.perception.common.LABELS`

        Returns:
            ``(48, 48)`` in [-1, 1], the strongest place at -1 or 1; zero where nothing matters
        """
        whole = network.tensor(face[None])
        soft = torch.nn.functional.avg_pool2d(whole, 25, 1, 12, count_include_pad=False).mul(255).round().div(255)
        covers = _covers()
        hidden = torch.where(covers[:, None], soft, whole)
        meant = [k for k, name in enumerate(self.labels) if common.COMMON.get(name) == label]
        logits = torch.cat([self.net(network.standardised(part)) for part in torch.cat([whole, hidden]).split(MOST)])
        said = self._distribution(logits)[:, meant].sum(1).log()
        given = (said[0] - said[1:])[:, None, None] * covers
        mean = given.sum(0) / covers.sum(0)
        return (mean / mean.abs().max().clamp_min(LEAST)).numpy()

    def _distribution(self, logits: Tensor) -> Tensor:
        return ((logits.double() + self._bias) / self._temperature).softmax(1)


def odds(native: np.ndarray) -> np.ndarray:
    """Log odds of the largest share of distributions ``(N, L)``, ``(N,)``, finite where one is all there is."""
    return logit(native.max(1).clip(max=MOST_SURE))


def load() -> FaceModel:
    """The shipped model.

    Raises:
        CheckpointError: where its files are missing or damaged
    """
    return FaceModel(weights.load(NAME))


def _covers() -> Tensor:
    """Where each patch lies, ``(P, 48, 48)`` bool; together they cover the face."""
    starts = range(0, SIDE - PATCH + 1, STRIDE)
    covers = torch.zeros(len(starts) ** 2, SIDE, SIDE, dtype=torch.bool)
    for index, (top, left) in enumerate((top, left) for top in starts for left in starts):
        covers[index, top : top + PATCH, left : left + PATCH] = True
    return covers
