"""A workspace as the app's tests need it: datasets of every kind, one of them with a checkpoint, and a benchmark."""

import os
from pathlib import Path

import numpy as np

from emoviz.data import store
from emoviz.data.checks import samples_table
from emoviz.data.dataset import FUSED, Annotation, Dataset, Label
from emoviz.training import crossfit
from tests import measured, tiny

LABELS = (Label("anger", "#d6410b", -0.7), Label("joy", "#c58a00", 0.9), Label("calm", "#2f7fc9", 0.2))
CHECKPOINT = "simulated-tiny"


def voted(name: str = "voted", n: int = 120, raters: int = 12, seed: int = 5) -> Dataset:
    """People's votes on voice, face and both; every third sample is a planted conflict that the face wins."""
    draw = np.random.default_rng(seed)
    voice = draw.integers(0, 3, n)
    face = np.where(np.arange(n) % 3 == 0, (voice + 1) % 3, voice)
    votes = {
        side: np.stack([draw.multinomial(raters, 0.06 + 0.82 * np.eye(3)[k]) for k in shown])
        for side, shown in (("voice", voice), ("face", face), (FUSED, face))
    }
    texts = ["=cmd|' /C calc'!A0", "<img src=x onerror=alert(1)>", "**not bold**", "", "a plain sentence"]
    return Dataset(
        name=name,
        title="Voted",
        description="Invented votes.",
        licence="CC0",
        source="tests",
        simulated=True,
        labels=LABELS,
        modalities=("voice", "face"),
        samples=samples_table(
            [f"s-{i:03d}" for i in range(n)],
            group=[f"{i % 12}" for i in range(n)],
            split=["test" if i % 4 == 0 else "train" for i in range(n)],
            flag=["bad sound" if i == 7 else "" for i in range(n)],
            text=[texts[i % 5] for i in range(n)],
        ),
        annotations={side: Annotation("votes", found.astype(float)) for side, found in votes.items()},
    )


def furnish(home: Path) -> None:
    """Fill the workspace that ``EMOVIZ_HOME`` shall name."""
    before = os.environ.get("EMOVIZ_HOME")
    os.environ["EMOVIZ_HOME"] = str(home)
    try:
        store.write(voted())
        measured.write(home / "benchmarks" / "made")
        simulated = store.read("simulated")
        for _ in crossfit.fit(simulated, tiny.config(), folds=2, device="cpu", name=CHECKPOINT):
            pass
    finally:
        if before is None:
            del os.environ["EMOVIZ_HOME"]
        else:
            os.environ["EMOVIZ_HOME"] = before
