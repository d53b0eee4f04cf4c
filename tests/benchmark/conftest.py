"""A benchmark that was really run, once for all tests."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emoviz.benchmark import plan, run
from emoviz.benchmark.results import Results
from emoviz.data import store
from emoviz.data.dataset import Dataset
from emoviz.progress import finish
from tests import tiny

PLAN = {
    "name": "tried",
    "title": "Tried",
    "seeds": [0, 1],
    "datasets": [
        {"name": "tiny", "title": "planted", "protocol": "split"},
        {"name": "tiny-votes", "title": "votes", "protocol": "folds", "folds": 3},
    ],
    "models": [
        {"model": "linear"},
        {"model": "prior"},
        {"model": "early", "set": ["epochs=2", "width=8", "patience=1"]},
        {"model": "alone", "title": "nose alone", "set": ["modality=nose"]},
    ],
    "ablations": [{"of": "linear", "title": "hardly any weight", "set": ["penalty=10"]}],
}


def planted(n: int = 160) -> Dataset:
    """Three modalities; in a third of the samples one shows another emotion than the label, as columns say."""
    made = tiny.dataset(n, ("face", "voice", "text"), groups=10, noise=0.3)
    generator = np.random.default_rng(4)
    label = made.annotations["fused"].values
    off = np.where(generator.random(n) < 0.33, generator.integers(0, 3, n), -1)
    shown = np.where(off == np.arange(3)[:, None], (label + 1) % 3, label)
    for m, features in enumerate(made.features.values()):
        like = [generator.choice(np.flatnonzero((label == k) & (off < 0))) for k in shown[m, off == m]]
        features.values[off == m] = features.values[like]
    names = np.array([*made.label_names, ""])
    samples = made.samples.assign(
        split=np.where(np.arange(n) % 10 < 4, "test", "train"),  # ten groups, one after the other
        kind=pd.array(np.where(off >= 0, "dissent", "agree"), "str"),
        planted_dissenter=pd.array(np.array([*made.modalities, ""])[off], "str"),
        **{f"shown_{m}": pd.array(names[k], "str") for m, k in zip(made.modalities, shown, strict=True)},
    )
    return replace(made, name="tiny", samples=samples)


def store_all() -> None:
    """Put the plan's datasets into the workspace."""
    store.write(planted())
    store.write(replace(tiny.dataset(60, target="votes"), name="tiny-votes"))


@pytest.fixture(scope="session")
def ran(tmp_path_factory) -> Results:
    """The plan above, run; one of its models always fails."""
    folder = tmp_path_factory.mktemp("benchmark")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOVIZ_HOME", str(folder / "home"))
        store_all()
        return finish(run.run(plan.parsed(PLAN, "tried"), folder / "tried", jobs=1, device="cpu"))


@pytest.fixture
def stored(own_workspace) -> Path:
    """A workspace that holds the plan's datasets."""
    store_all()
    return own_workspace
