"""Who disagrees in clips mixed from real faces, voices and texts? Found as well as these models' soft scores allow?

    EMOVIZ_TEST_DATA=FOLDER python benchmarks/mixed_clips.py [--seeds 3]

Clips of emoviz.perception.mix: one emotion in all modalities, or (one clip in four) another one in one of them; three
in ten lack a modality. Test items are unseen faces of FER+, actors of RAVDESS that neither the answering copies nor the
constants know, and GoEmotions' test. References: confidence alone, plain Jensen-Shannon divergence, and the best of
three observers fitted on other planted clips. Intervals draw single faces, texts and actors anew, 3 seeds pooled.
Falling behind plain divergence, or more than .03 behind the observer, would change how conflict is computed.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from common import report

from emoviz.analysis.clip import fitting, fusion
from emoviz.measures import conflict, metrics
from emoviz.perception import mix, observer
from emoviz.perception.common import LABELS
from emoviz.perception.mix import Items, Mixed
from emoviz.progress import finish

CLIPS, FITTED = 6000, 40_000  # of each seed for judging; for the observers
DRAWS = 200
Score = dict[str, np.ndarray]


def raw(items: Sequence[Items], clips: Mixed) -> np.ndarray:
    """Distributions as the models give them, ``(M, N, K)``, NaN where missing."""
    return np.stack(
        [
            np.where(rows[:, None] >= 0, one.distribution[rows], np.nan)
            for one, rows in zip(items, clips.rows, strict=True)
        ]
    )


def features(items: Sequence[Items], clips: Mixed) -> np.ndarray:
    """All that an observer may use: soft scores in the models' own labels, products of the common ones, quality."""
    q = np.nan_to_num(raw(items, clips), nan=1 / len(LABELS))
    parts = [q[a] * q[b] for a, b in conflict.pairs(len(q))]
    for one, rows in zip(items, clips.rows, strict=True):
        there = rows[:, None] >= 0
        parts += [
            np.where(there, np.log(np.maximum(one.native[rows], 1e-4)), 0),
            np.where(there, one.quality[rows][:, None], 0),
            there.astype(float),
        ]
    pairs = conflict.pair_values(raw(items, clips))
    return np.hstack([*parts, np.nan_to_num(pairs.T)])


def observers(items: Sequence[Items], prior: np.ndarray) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Classifiers of planted conflict, fitted on mixed clips of the fitting part."""
    clips = mix.mixed(items, FITTED, prior, seed=99)
    x, y = features(items, clips), clips.conflicting
    fitted = {name: made().fit(x, y) for name, made in observer.FAMILIES.items()}
    return {name: lambda x, model=model: model.predict_proba(x)[:, 1] for name, model in fitted.items()}


def scores(constants: fusion.Constants, items: Sequence[Items], clips: Mixed, fitted: dict) -> Score:
    """Conflict by every method, ``(N,)`` each."""
    q = raw(items, clips)
    said = fitting.said(constants, items, clips)
    x = features(items, clips)
    return {
        "emoviz": constants.conflict(said),
        "confidence alone, of each": 1 - np.nanmean(q.max(2), 0),
        "confidence alone, of their mean": 1 - np.nanmean(q, 0).max(1),
        "plain divergence": conflict.conflict(q),
        "- divergence on equal terms": conflict.conflict(said),
        "- evidence without the fitted terms": conflict.evidence(q, constants.prior).value,
        **{f"observer, {name}": told(x) for name, told in fitted.items()},
    }


def drawn(items: Sequence[Items], clips: Mixed, draw: np.random.Generator) -> np.ndarray:
    """How much each mixed clip counts when faces, actors and texts are drawn anew, ``(N,)``."""
    weight = np.ones(clips.rows.shape[1])
    for one, rows in zip(items, clips.rows, strict=True):
        groups, member = np.unique(one.group, return_inverse=True)
        often = np.bincount(draw.integers(0, len(groups), len(groups)), minlength=len(groups))
        weight *= np.where(rows >= 0, often[member[rows]], 1)
    return weight


def auroc(truth: np.ndarray, score: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Area under the ROC curve, of weighted samples too."""
    if weight is None:
        return metrics.auroc(truth, score)
    order = np.argsort(score, kind="stable")
    up, down = (weight * truth)[order], (weight * ~truth)[order]
    below = np.cumsum(down) - down / 2
    return float((up @ below) / (up.sum() * down.sum()))


def shown(value: float, draws: np.ndarray) -> str:
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def pooled(clips: list[Mixed]) -> Mixed:
    return Mixed(
        np.concatenate([one.rows for one in clips], 1),
        np.concatenate([one.emotion for one in clips]),
        np.concatenate([one.off for one in clips]),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    chosen = parser.parse_args()
    folder = Path(os.environ["EMOVIZ_TEST_DATA"])
    fit, test = (
        finish(mix.items(folder, part), lambda line: print(line.message, file=sys.stderr)) for part in ("fit", "test")
    )
    constants = fusion.load()
    fitted = observers(fit, constants.prior)
    clips = pooled([mix.mixed(test, CLIPS, constants.prior, seed) for seed in range(chosen.seeds)])
    lines = told(constants, test, clips, fitted)
    report("mixed_clips", "Mixed clips: planted conflict between real faces, voices and texts", lines)


def told(constants: fusion.Constants, items: Sequence[Items], clips: Mixed, fitted: dict) -> list[str]:
    """Tables of everything."""
    draw = np.random.default_rng(0)
    weights = [drawn(items, clips, draw) for _ in range(DRAWS)]
    names = [one.modality for one in items]
    there = clips.present
    groups = {"all": np.full(there.shape[1], True), "nothing missing": there.all(0)}
    groups |= {f"no {name}": ~there[m] for m, name in enumerate(names)}
    found = scores(constants, items, clips, fitted)
    truth = clips.conflicting
    lines = [
        f"{there.shape[1]:,} clips; items: {', '.join(f'{len(one):,} {one.modality}' for one in items)}.",
        "",
        f"AUROC of planted conflict | {' | '.join(groups)}",
        "| ".join(["---"] * (1 + len(groups))),
    ]
    lines[2:] = [f"| {line} |" for line in lines[2:]]
    for name, score in found.items():
        cells = [
            shown(
                auroc(truth[which], score[which]),
                np.array([auroc(truth[which], score[which], weight[which]) for weight in weights]),
            )
            for which in groups.values()
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += ["", *behind(found, truth, weights), "", *decisions(constants, items, clips, weights)]
    return lines


def behind(found: Score, truth: np.ndarray, weights: list[np.ndarray]) -> list[str]:
    """How far emoviz is from each reference, with the interval of the difference."""
    best = max((name for name in found if name.startswith("observer")), key=lambda name: auroc(truth, found[name]))
    lines = ["| emoviz minus | difference of AUROC |", "| --- | --- |"]
    for name in (*(name for name in found if name.startswith("confidence")), "plain divergence", best):
        draws = np.array([auroc(truth, found["emoviz"], w) - auroc(truth, found[name], w) for w in weights])
        lines.append(f"| {name} | {shown(auroc(truth, found['emoviz']) - auroc(truth, found[name]), draws)} |")
    return lines


def decisions(
    constants: fusion.Constants, items: Sequence[Items], clips: Mixed, weights: list[np.ndarray]
) -> list[str]:
    """What is decided: alarms, who dissents, the fused answer, and whether the chance told is one."""
    said = fitting.said(constants, items, clips)
    chance, fused = constants.conflict(said), constants.fused(said)
    names = [one.modality for one in items]
    floor = np.array(
        [constants.floor([n for n, one in zip(names, which, strict=True) if one]) for which in clips.present.T]
    )
    clear, full = chance > floor, clips.present.all(0)
    named = constants.dissenter(said, fused)
    answer = fused.argmax(1)
    off = clips.conflicting
    plain = replace(constants, dissent_rate=0.0).fused(said).argmax(1)
    mean = np.nan_to_num(np.nanmean(raw(items, clips), 0)).argmax(1)

    def share(told: np.ndarray, which: np.ndarray) -> str:
        draws = [np.average(told[which], weights=w[which]) if w[which].sum() else np.nan for w in weights]
        return f"{shown(float(told[which].mean()), np.array(draws))}, n {which.sum():,}"

    edges = np.quantile(chance, np.linspace(0, 1, 16)[1:-1])
    bins = np.digitize(chance, edges)
    gap = sum(abs(chance[bins == b].mean() - off[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins))
    rows = [
        ("agreeing clips called a clear conflict (wanted: .05)", share(clear, ~off)),
        ("conflicting clips called a clear conflict", share(clear, off)),
        ("- of those with nothing missing", share(clear, off & full)),
        ("dissenter right, nothing missing, all conflicting", share(named == clips.off, off & full)),
        ("dissenter right, nothing missing, clear conflicts", share(named == clips.off, off & full & clear)),
        *(
            (f"- where it is the {name}", share(named == clips.off, full & (clips.off == m)))
            for m, name in enumerate(names)
        ),
        ("fused answer right, agreeing clips", share(answer == clips.emotion, ~off)),
        ("fused answer is the majority's, conflicting, nothing missing", share(answer == clips.emotion, off & full)),
        ("- by the plain product", share(plain == clips.emotion, off & full)),
        ("- by the mean of the distributions", share(mean == clips.emotion, off & full)),
        ("agreeing clips, by the plain product", share(plain == clips.emotion, ~off)),
        ("agreeing clips, by the mean of the distributions", share(mean == clips.emotion, ~off)),
    ]
    return [
        "| decision | share |",
        "| --- | --- |",
        *(f"| {name} | {value} |" for name, value in rows),
        "",
        f"The conflict as a chance: expected calibration error {gap:.3f} (15 bins of equal size).",
    ]


if __name__ == "__main__":
    main()
