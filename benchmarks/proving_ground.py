"""How hard is the proving ground: how well can single modalities be told, conflicts be found, raters be followed?

    EMOVIZ_TEST_DATA=FOLDER python benchmarks/proving_ground.py [--seeds 3]

Samples of emoviz.perception.ground, 20,000 a seed, judged on its test groups (8 actors with pictures and texts of their
own). Intervals draw these groups anew, all seeds pooled. Simple scores that come near the best observer leave no room
for models; an observer near 1 or near .5 would make the ground useless. Both would change how relations are planted.
"""

import argparse
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
from common import report
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emoviz.data.dataset import Dataset
from emoviz.measures import conflict, intervals, metrics
from emoviz.perception import ground, observer, pools
from emoviz.perception.common import LABELS
from emoviz.progress import finish

RATES, NOISES = (0.1, 0.3, 0.5), (0.0, 0.1, 0.3)
PROBED = 6000  # training samples of a probe
RESAMPLES = 200


def interval(told: np.ndarray, groups: np.ndarray, statistic=None) -> str:
    found = intervals.bootstrap(told, groups, statistic, resamples=RESAMPLES)
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def auroc(rows: np.ndarray) -> float:
    return metrics.auroc(rows[:, 0] > 0, rows[:, 1])


def probes(made: list[Dataset]) -> list[str]:
    """What a modality shows, by logistic regression on its features alone."""
    lines = ["| what a modality shows | embedding | distribution | hand |", "| --- | --- | --- | --- |"]
    for modality in made[0].modalities:
        cells = []
        for group in ("embedding", "distribution", "hand"):
            right, groups = [], []
            for dataset in made:
                features, samples = dataset.features[modality], dataset.samples
                shown = samples[f"shown_{modality}"].to_numpy()
                train = (samples["split"] == "train").to_numpy()
                x = np.asarray(features.values[:, np.array(features.groups) == group])
                fit = np.flatnonzero(train & (shown != ""))[:PROBED]
                judged = np.flatnonzero(~train & (shown != ""))
                probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300)).fit(
                    x[fit], shown[fit]
                )
                right.append(probe.predict(x[judged]) == shown[judged])
                groups.append(samples["group"].to_numpy()[judged])
            cells.append(interval(np.concatenate(right).astype(float), np.concatenate(groups)))
        lines.append(f"| {modality} | {' | '.join(cells)} |")
    return lines


def found(made: dict[float, list[Dataset]]) -> list[str]:
    """How well planted conflict is found, and who dissents."""
    rates = list(made)
    rows: dict[str, list[str]] = {}
    for rate in rates:
        parts = [scored(dataset) for dataset in made[rate]]
        table = pd.concat(parts)
        groups = table["group"].to_numpy()
        for name in ("the best observer", "evidence", "plain divergence", "confidence alone"):
            values = table[["planted", name]].to_numpy(float)
            rows.setdefault(f"{name}, AUROC", []).append(interval(values, groups, auroc))
        for kind in ("agree", "silent", "mixture"):
            if not (table["kind"] == kind).any():
                continue
            some = (table["kind"] == kind).to_numpy() | table["planted"].to_numpy(bool)
            values = table[["planted", "the best observer"]].to_numpy(float)[some]
            rows.setdefault(f"- the best observer, against {kind} alone", []).append(
                interval(values, groups[some], auroc)
            )
        lone = table["off"].to_numpy() >= 0
        for name in ("observer", "evidence"):
            told = (table[f"dissenter, {name}"] == table["off"]).to_numpy(float)[lone]
            rows.setdefault(f"which one dissents, {name}", []).append(interval(told, groups[lone]))
    return [
        f"| conflict rate | {' | '.join(f'{rate:g}' for rate in rates)} |",
        "| --- | " + " | ".join("---" for _ in rates) + " |",
        *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()),
    ]


def scored(dataset: Dataset) -> pd.DataFrame:
    """Test samples with every score of conflict and every answer to who dissents."""
    samples, q = dataset.samples, observer.said(dataset)
    seen = observer.observer(dataset)
    if dataset.label_names == pools.VALENCES:
        q = q @ pools.valence_of(LABELS)
        q /= q.sum(-1, keepdims=True)
    train = (samples["split"] == "train").to_numpy()
    prior = np.bincount(dataset.annotations["fused"].values[train], minlength=q.shape[2]) / train.sum()
    mean = np.nanmean(q, 0)
    place = {name: number for number, name in enumerate(dataset.modalities)}
    table = pd.DataFrame(
        {
            "group": samples["group"],
            "kind": samples["kind"],
            "planted": samples["planted_conflict"],
            "off": samples["planted_dissenter"].map(place).fillna(-1).astype(int),
            "the best observer": seen.conflict,
            "evidence": conflict.evidence(q, prior).value,
            "plain divergence": conflict.conflict(q),
            "confidence alone": 1 - mean.max(1),
            "dissenter, observer": seen.dissenter,
            "dissenter, evidence": conflict.dissenter(q, mean, prior=prior),
        }
    )
    return table[~train]


def followed(made: dict[float, list[Dataset]]) -> list[str]:
    """How often the label of the whole is what a modality shows, by relation, and what noise does to it."""
    lines = [
        "| the label is what is shown by the | " + " | ".join(f"noise {noise:g}" for noise in made) + " |",
        "| --- | " + " | ".join("---" for _ in made) + " |",
    ]
    for kind, planted in (("agree", ""), *(("dissent", modality) for modality in ground.MODALITIES), ("differ", "")):
        for modality in ground.MODALITIES:
            cells = []
            for datasets in made.values():
                told, groups = [], []
                for dataset in datasets:
                    samples = dataset.samples
                    rows = ((samples["kind"] == kind) & (samples["planted_dissenter"] == planted)).to_numpy()
                    label = np.array(dataset.label_names)[dataset.annotations["fused"].values]
                    told.append((label == samples[f"shown_{modality}"].to_numpy())[rows])
                    groups.append(samples["group"].to_numpy()[rows])
                cells.append(interval(np.concatenate(told).astype(float), np.concatenate(groups)))
            who = f", the {planted} dissents" if planted else ""
            lines.append(f"| {modality}, {kind}{who} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    chosen = parser.parse_args()
    folder = Path(os.environ["EMOVIZ_TEST_DATA"])
    lines = [f"{chosen.seeds} seeds of {ground.Plan.n:,} samples."]
    for asked in get_args(pools.Asked):
        items = finish(pools.pools(folder, asked), lambda line: print(line.message, file=sys.stderr))
        mixed = partial(ground.mixed, items, ground.frequent(folder, asked))
        plans = [ground.Plan(seed=seed, asked=asked) for seed in range(chosen.seeds)]
        noisy = {n: [mixed(replace(plan, noise=n)) for plan in plans] for n in NOISES}
        count = ", ".join(f"{len(pool):,} {pool.modality}" for pool in items)
        lines += [
            *("", f"### What is asked: {asked}", "", f"Items: {count}."),
            *("", *probes([mixed(plan) for plan in plans])),
            *("", *found({r: [mixed(replace(plan, conflict_rate=r)) for plan in plans] for r in RATES})),
            *("", *followed(noisy)),
        ]
    report("proving_ground", "The proving ground: how hard it is", lines)


if __name__ == "__main__":
    main()
