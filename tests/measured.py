"""A benchmark as it would have been written, its answers drawn: better models are right more often."""

from pathlib import Path

import numpy as np
import pandas as pd

from emoviz.benchmark import plan, results
from emoviz.benchmark.results import About, Cell, Point, Relabelled, Results
from emoviz.data import store

PLAN = {
    "title": "Made up",
    "metric": "accuracy",
    "seeds": [0, 1],
    "datasets": [{"name": "simulated"}, {"name": "gone", "title": "scores of nobody"}],
    "models": [{"model": "tical"}, {"model": "late"}, {"model": "prior"}],
    "ablations": [{"of": "tical", "title": "no gates", "set": ["stages=plain"]}],
    "claims": [{"model": "tical", "against": ["prior"]}, {"model": "late", "stratum": "inconsistent"}],
}
SKILL = (2.4, 1.6, 0.2, 2.2)  # of the models and the ablation, in the order of the plan
FAILED = "The loss is not finite."


def write(folder: Path, raw: dict = PLAN, seed: int = 0) -> Results:
    """Write a benchmark of the shipped simulated dataset and of scores that are stored nowhere."""
    made = plan.parsed(raw, folder.name)
    folder.mkdir(parents=True)
    draw = np.random.default_rng(seed)
    frames, abouts, cells = [], [], []
    for data in made.datasets:
        about, frame = _votes(data.title) if data.name == "simulated" else _scores(data.title)
        abouts.append(about)
        for variant, skill in zip(made.variants, SKILL, strict=True):
            for number in made.seeds:
                failed = data.name == "gone" and variant.model == "late"
                cells.append(_cell(about, variant, number, failed, skill))
                if not failed:
                    frames.append(
                        _answers(about, frame, skill, draw).assign(
                            title=variant.title, model=variant.model, seed=number, part=0
                        )
                    )
    pd.concat(frames, ignore_index=True).to_parquet(folder / results.PREDICTIONS, index=False)
    made_up = Results(
        name=folder.name,
        folder=folder,
        plan=made,
        datasets=tuple(abouts),
        cells=tuple(cells),
        trials=(),
        machine="a machine",
        versions="emoviz 0",
        created="2026-01-01T00:00:00+00:00",
    )
    results.write(made_up)
    return results.load(folder)


def _cell(about: About, variant: plan.Variant, seed: int, failed: bool, skill: float) -> Cell:
    told = {"dataset": about.title, "title": variant.title, "model": variant.model, "seed": seed, "part": 0}
    key = f"{about.name}-{variant.title}-{seed}"
    if failed:
        return Cell(key, **told, status="failed", reason=FAILED)
    curve = tuple(Point(e, 2 / e, 1 / e + 0.1 / skill + 0.01 * seed) for e in range(1, 9))
    groups = tuple(Relabelled(f"g{g}", 40, 30 - seed, 10, 5, 6, 4) for g in range(6))
    return Cell(
        key, **told, status="done", settings=variant.settings, trained=800, tested=about.tested, epochs=8, seen=6400,
        seconds=4 * skill, parameters=int(1000 * skill), memory=10**8, curve=curve if variant.model == "tical" else (),
        relabelled=groups if about.planted else (),
    )  # fmt: skip


def _votes(title: str) -> tuple[About, pd.DataFrame]:
    dataset = store.read("simulated")
    tested = (dataset.samples["split"].astype(str) == "test").to_numpy()
    samples = dataset.samples[tested].reset_index(drop=True)
    target = dataset.distribution("fused")[tested]
    about = About(
        title, dataset.name, dataset.content_hash, True, tuple(label.name for label in dataset.labels),
        tuple(label.colour for label in dataset.labels), dataset.modalities, "label", int((~tested).sum()),
        int(tested.sum()), samples["group"].nunique(), True, "heads", True,
    )  # fmt: skip
    planted = (samples["kind"] == "conflict").to_numpy()
    draw = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "dataset": title,
            "sample_id": samples["sample_id"].astype(str),
            "group": samples["group"].astype(str),
            "target": list(target),
            "shown": [[int(row.argmax())] * 3 for row in target],
            "kind": samples["kind"].astype(str),
            "planted_conflict": planted.astype(float),
            "planted_dissenter": samples["planted_dissenter"].astype(str),
            "reference": 0.6 * planted + 0.4 * draw.random(len(samples)),
            "observer": 2.0 * planted + draw.normal(size=len(samples)),
        }
    )
    return about, frame


def _scores(title: str, n: int = 90) -> tuple[About, pd.DataFrame]:
    about = About(
        title, "gone", "0" * 64, False, ("negative", "positive"), ("#d55e00", "#0072b2"), ("voice", "text"), "score",
        200, n, n, False, "none", False,
    )  # fmt: skip
    frame = pd.DataFrame(
        {
            "dataset": title,
            "sample_id": [f"x{i}" for i in range(n)],
            "group": [f"x{i}" for i in range(n)],
            "target": [[6 * i / n - 3] for i in range(n)],
            "shown": [[-1, -1]] * n,
            "kind": "",
            "planted_conflict": np.nan,
            "planted_dissenter": "",
            "reference": np.nan,
            "observer": np.nan,
        }
    )
    return about, frame


def _answers(about: About, frame: pd.DataFrame, skill: float, draw: np.random.Generator) -> pd.DataFrame:
    target, n, m = np.stack(frame["target"].to_list()), len(frame), len(about.modalities)
    planted = np.nan_to_num(frame["planted_conflict"].to_numpy())
    if about.target == "score":
        fused = target + draw.normal(size=target.shape) / skill
        said = np.repeat(fused, m, axis=1)
    else:
        strength = skill * (1 - 0.4 * planted)[:, None, None]
        drawn = np.exp(strength * target[:, None] * 2 + draw.normal(size=(n, m + 1, target.shape[1])))
        drawn /= drawn.sum(2, keepdims=True)
        fused, said = drawn[:, 0], drawn[:, 1:].reshape(n, -1)
    return frame.assign(
        fused=list(fused),
        said=list(said),
        conflict=np.clip(0.3 * planted * skill / 2 + 0.5 * draw.random(n), 0, 1),
        dissenter=[about.modalities[i] for i in draw.integers(0, m, n)],
    )
