"""Soft multinomial logistic regression, found by a quasi-Newton method.

With distributions as targets this is SA-BFGS (Geng. Label Distribution Learning. IEEE TKDE 2016): the
maximum entropy model under the Kullback-Leibler divergence, optimised by BFGS.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from emoviz.models.answering import AnsweringConfig
from emoviz.models.baselines.base import Fitted
from emoviz.models.inputs import Inputs


@dataclass(frozen=True)
class LinearConfig(AnsweringConfig):
    """The choices of a linear model.

    Attributes:
        penalty: weight of half the squared weights, per training sample
        iterations: of the quasi-Newton method, at most
    """

    penalty: float = 1e-4
    iterations: int = 600

    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {
        **AnsweringConfig.BOUNDS,
        "penalty": (0, 100),
        "iterations": (1, 100_000),
    }


class Linear(Fitted):
    """Linear in the features, softmax over the labels."""

    config: LinearConfig
    weight: Tensor

    def __init__(self, config: LinearConfig, inputs: Inputs):
        super().__init__(config, inputs)
        self.register_buffer("weight", torch.zeros(self.width + 1, self.labels))

    def fit(self, x: Tensor, target: Tensor) -> None:
        rows, y = _with_one(x).double().cpu().numpy(), target.double().cpu().numpy()
        keep = np.ones((rows.shape[1], 1)) * self.config.penalty
        keep[-1] = 0  # the intercept is free

        def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
            weight = flat.reshape(-1, self.labels)
            logits = rows @ weight
            logs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
            slope = rows.T @ (np.exp(logs) - y) / len(y) + keep * weight
            return float(-(y * logs).sum() / len(y) + (keep * weight**2).sum() / 2), slope.ravel()

        start = np.zeros(self.weight.numel())
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": self.config.iterations})
        self.weight.copy_(torch.from_numpy(found.x.reshape(-1, self.labels)))

    def predict(self, x: Tensor) -> Tensor:
        return (_with_one(x) @ self.weight).log_softmax(-1)


def _with_one(x: Tensor) -> Tensor:
    return torch.cat([x, torch.ones_like(x[:, :1])], 1)
