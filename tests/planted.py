"""Small datasets from features and labels that a test has planted, and models trained on them."""

import numpy as np
import torch

from emoviz.data import emotions
from emoviz.data.checks import samples_table
from emoviz.data.dataset import FUSED, Annotation, Dataset, Features
from emoviz.models import zoo
from emoviz.models.inputs import Samples, declare
from emoviz.progress import finish
from emoviz.training import loop


def dataset(features: dict[str, np.ndarray], labels, annotation: Annotation, **columns) -> Dataset:
    """Modalities ``(N, F)`` with a fused annotation; ten groups in turn."""
    n = len(next(iter(features.values())))
    return Dataset(
        name="planted",
        title="Planted",
        description="For tests.",
        licence="none",
        source="drawn",
        simulated=True,
        labels=emotions.labels(labels),
        modalities=tuple(features),
        samples=samples_table([f"s{i}" for i in range(n)], group=[f"g{i % 10}" for i in range(n)], **columns),
        annotations={FUSED: annotation},
        features={
            name: Features(x.astype(np.float32), tuple(f"f{i}" for i in range(x.shape[1])), ("a",) * x.shape[1])
            for name, x in features.items()
        },
        content_hash="planted",
    )


def trained(made: Dataset, name: str, *settings: str, rows: np.ndarray | None = None):
    """A model that learned from some rows, all if left out, and the samples it can be asked about."""
    config = zoo.config_from(name, settings)
    samples = Samples(declare(made, config.inputs, config.context), made, np.arange(len(made)), torch.device("cpu"))
    rows = np.arange(len(made)) if rows is None else rows
    held = rows % 10 == 0
    return finish(loop.train(name, config, samples, rows[~held], rows[held], 0)), samples
