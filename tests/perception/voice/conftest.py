import numpy as np
import pytest
import torch

from emoviz.data.corpora import ravdess
from emoviz.perception.voice.model import Copy, VoiceModel
from emoviz.perception.voice.network import EMBEDDING, VoiceNetwork
from emoviz.perception.weights import Card, Weights


def untrained(copies: int = 2) -> Weights:
    """Copies of the network that have heard nobody yet."""
    tensors: dict[str, np.ndarray] = {}
    for number in range(copies):
        torch.manual_seed(number)
        means = torch.randn(len(ravdess.LABELS), EMBEDDING)
        copy = Copy(
            VoiceNetwork(8).eval(), means, torch.eye(EMBEDDING), torch.tensor([5.0, 20.0]), torch.eye(EMBEDDING)
        )
        tensors |= copy.tensors(number)
    settings = {"temperature": [1.0] * copies, "widening": [0.5] * copies, "unheard": [float(k) for k in range(copies)]}
    return Weights(
        Card("voice", "voice", "", ravdess.LABELS, "", "", (), (), 0, "", 0.0, {}, settings, "0" * 64), tensors
    )


@pytest.fixture(scope="session")
def weights() -> Weights:
    return untrained()


@pytest.fixture(scope="session")
def voice_model(weights) -> VoiceModel:
    return VoiceModel(weights)
