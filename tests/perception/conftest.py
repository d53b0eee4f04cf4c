import numpy as np
import pytest
import torch

from emoviz.data.corpora import ravdess
from emoviz.perception.voice.features import BANDS
from emoviz.perception.voice.model import Copy, VoiceModel
from emoviz.perception.voice.network import EMBEDDING, VoiceNetwork
from emoviz.perception.weights import Card, Weights


def untrained(copies: int = 2) -> Weights:
    """Copies of the network that have heard nobody yet."""
    tensors: dict[str, np.ndarray] = {}
    for number in range(copies):
        torch.manual_seed(number)
        network, size = VoiceNetwork(8).eval(), 2 * BANDS + 1
        reach, origin = torch.tensor([8.0, 16.0]), torch.zeros(EMBEDDING)
        copy = Copy(network, torch.zeros(size), torch.eye(size), reach, origin, torch.eye(EMBEDDING))
        tensors |= copy.tensors(number)
    settings = {"temperature": [1.0] * copies, "widening": 0.5, "unheard": [float(k) for k in range(copies)]}
    return Weights(
        Card("voice", "voice", "", ravdess.LABELS, "", "", (), (), 0, "", 0.0, {}, settings, "0" * 64), tensors
    )


@pytest.fixture(scope="session")
def voice_weights() -> Weights:
    return untrained()


@pytest.fixture(scope="session")
def voice_model(voice_weights) -> VoiceModel:
    return VoiceModel(voice_weights)
