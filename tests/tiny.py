"""Tiny datasets and configs that models train on in a second."""

from typing import Literal

import numpy as np
import pandas as pd

from emoviz.data.checks import samples_table
from emoviz.data.dataset import FUSED, Annotation, Dataset, Features, Label
from emoviz.models.tical import TicalConfig

LABELS = tuple(Label(name, colour) for name, colour in (("anger", "#d55e00"), ("joy", "#e69f00"), ("calm", "#0072b2")))
QUICK = {"epochs": 3, "width": 8, "members": 2, "ball_dim": 3, "anchors": 6, "batch": 16, "lr": 0.01}


def config(**changes) -> TicalConfig:
    return TicalConfig(**{**QUICK, **changes})


def dataset(
    n: int = 60,
    modalities: tuple[str, ...] = ("face", "voice"),
    target: Literal["label", "votes", "distribution", "score"] = "label",
    missing: float = 0.0,
    sequences: tuple[str, ...] = (),
    groups: int = 6,
    split: bool = False,
    seed: int = 0,
    noise: float = 0.5,
) -> Dataset:
    """Modalities that show the label's own direction, plus noise; some features missing, some sequences."""
    generator = np.random.default_rng(seed)
    label = generator.integers(0, 3, n)
    features = {}
    for m, name in enumerate(modalities):
        directions = np.random.default_rng([7, m]).normal(size=(3, 4))
        absent = generator.random(n) < missing
        absent[: min(n, 12)] = False
        if name in sequences:
            lengths = np.where(absent, 0, generator.integers(1, 6, n))
            steps = np.repeat(label, lengths)
            values = directions[steps] + noise * generator.normal(size=(len(steps), 4))
            offsets = np.concatenate([[0], np.cumsum(lengths)])
        else:
            values = directions[label] + noise * generator.normal(size=(n, 4))
            values[absent] = np.nan
            offsets = None
        columns = tuple(f"f{i}" for i in range(4))
        features[name] = Features(values.astype(np.float32), columns, ("a", "a", "b", "b"), offsets)
    samples = samples_table(
        [f"s{i}" for i in range(n)],
        group=[f"g{i % groups}" for i in range(n)] if groups else [""] * n,
        split=np.where(np.arange(n) % 5 == 0, "test", "train") if split else [""] * n,
        place=pd.array(np.where(np.arange(n) % 2, "inside", "outside"), "str"),
    )
    votes = np.eye(3)[label] * 6 + generator.integers(0, 3, (n, 3))
    annotation = {
        "label": Annotation("label", label),
        "votes": Annotation("votes", votes),
        "distribution": Annotation("distribution", votes / votes.sum(1, keepdims=True)),
        "score": Annotation("score", label - 1.0 + 0.1 * generator.normal(size=n)),
    }[target]
    return Dataset(
        name="tiny",
        title="Tiny",
        description="For tests.",
        licence="none",
        source="drawn",
        simulated=True,
        labels=LABELS,
        modalities=modalities,
        samples=samples,
        annotations={FUSED: annotation},
        features=features,
        context=("place",),
        content_hash=f"tiny-{seed}-{n}",
    )
