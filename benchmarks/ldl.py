"""How close do predicted emotion distributions come on the two face benchmarks of label distribution learning?

    EMOVIZ_TEST_DATA=FOLDER python benchmarks/ldl.py [--keep RUNS] [--data SJAFFE SBU_3DFE]

FOLDER/ldl holds both as .mat files. Ten times tenfold cross-validation over pictures (neither set says who is seen),
six metrics, each a mean over 100 test parts. AA-kNN and SA-BFGS are ours, trained on the same parts; for s-JAFFE the
published numbers stand beside them. Settings were compared by cross-validation inside one training part
(:data:`SETTINGS`), for MPCL-style and its rivals alike, and then kept for all parts. Differences are tested by the
t-test for repeated cross-validation (Nadeau & Bengio. Inference for the Generalization Error. Machine Learning 2003),
corrected after Holm over six metrics and all rivals. A rival that is ahead would be the one to use for such data. RUNS
keeps predictions; what is there is not run again.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from common import report
from scipy import stats
from sklearn.model_selection import RepeatedKFold

from emoviz.data.dataset import FUSED, Dataset
from emoviz.data.importers import ldl
from emoviz.measures import metrics
from emoviz.models import zoo
from emoviz.models.inputs import Samples, declare
from emoviz.progress import finish
from emoviz.training import loop

# Name of a metric -> whether less is better, function of truth and prediction.
SIX = {
    "Chebyshev": (True, metrics.chebyshev),
    "Clark": (True, metrics.clark),
    "Canberra": (True, metrics.canberra),
    "KL": (True, metrics.kl),
    "cosine": (False, metrics.cosine),
    "intersection": (False, metrics.intersection),
}
MPCL = "MPCL-style"
# Data -> method -> model and settings.
AS_PUBLISHED = {
    "mean distribution": ("prior",),
    "AA-kNN": ("knn", "standardised=false"),
    "SA-BFGS": ("linear", "penalty=0"),
}
SETTINGS = {
    "SJAFFE": {
        **AS_PUBLISHED,
        "AA-kNN, tuned": ("knn", "neighbours=3"),
        "SA-BFGS, tuned": ("linear", "penalty=0.03"),
        MPCL: ("mpcl", "dropout=0.4", "weight_decay=0.5", "temperature=0.3", "loss=jsd"),
    },
    "SBU_3DFE": {
        **AS_PUBLISHED,
        "AA-kNN, tuned": ("knn", "standardised=false", "neighbours=12"),
        "SA-BFGS, tuned": ("linear", "penalty=0.003"),
        MPCL: ("mpcl", "dropout=0.4", "weight_decay=0.5", "temperature=0.3", "loss=jsd"),
    },
}
PUBLISHED = {
    "SJAFFE": {
        "mean distribution": (0.119, 0.424, 0.885, 0.073, 0.932, 0.849),
        "AA-kNN": (0.098, 0.349, 0.716, 0.053, 0.950, 0.877),
        "SA-BFGS": (0.092, 0.361, 0.735, 0.051, 0.954, 0.878),
    },
    "SBU_3DFE": {},
}


def predicted(dataset: Dataset, settings: tuple[str, ...], parts: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Answers to every picture in every repetition, ``(10, N, K)``."""
    config = zoo.config_from(settings[0], settings[1:])
    samples = Samples(declare(dataset), dataset, np.arange(len(dataset)), torch.device("cpu"))
    out = np.full((len(parts) // 10, len(dataset), len(dataset.labels)), np.nan)
    for number, (train, test) in enumerate(parts):
        held = np.zeros(len(train), bool)
        held[np.random.default_rng(number).permutation(len(train))[: int(config.validation * len(train))]] = True
        model = finish(loop.train(settings[0], config, samples, train[~held], train[held], number))
        with torch.inference_mode():
            out[number // 10, test] = model(samples.batch(torch.from_numpy(test))).fused.double().numpy()
    return out


def compared(ours: np.ndarray, theirs: np.ndarray, share: float) -> float:
    """Two-sided p-value of a difference over the parts of repeated cross-validation.

    Args:
        ours: one value a part, ``(100,)``
        theirs: the same of the other
        share: test pictures over training pictures
    """
    apart = ours - theirs
    spread = np.sqrt((1 / len(apart) + share) * apart.var(ddof=1))
    return float(2 * stats.t.sf(abs(apart.mean()) / spread, len(apart) - 1))


def holm(p: np.ndarray) -> np.ndarray:
    """p-values corrected for how many there are, ``(n,)``."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)).clip(max=1)
    out = np.empty_like(stepped)
    out[order] = stepped
    return out


def section(name: str, dataset: Dataset, keep: Path) -> list[str]:
    """The table of one data set."""
    truth = dataset.annotations[FUSED].distribution(len(dataset.labels))
    assert truth is not None
    parts = list(RepeatedKFold(n_splits=10, n_repeats=10, random_state=0).split(truth))
    scores: dict[str, np.ndarray] = {}
    for method, settings in SETTINGS[name].items():
        path = keep / f"{name}-{'_'.join(settings)}.npy"
        if not path.is_file():
            start = time.process_time()
            np.save(path, predicted(dataset, settings, parts))
            print(f"{name}, {method}: {time.process_time() - start:.0f} CPU s", file=sys.stderr, flush=True)
        answers = np.load(path)
        scores[method] = np.array(
            [
                [measure(truth[test], answers[i // 10, test]).mean() for i, (_, test) in enumerate(parts)]
                for _, measure in SIX.values()
            ]
        )
    rivals = [method for method in scores if method != MPCL]
    share = 1 / 9
    raw = np.array([[compared(scores[MPCL][m], scores[r][m], share) for m in range(6)] for r in rivals])
    p = holm(raw.ravel()).reshape(raw.shape)
    lines = [f"### {dataset.title}: {len(dataset):,} pictures", ""]
    lines += ["| method | " + " | ".join(f"{n} {'↓' if less else '↑'}" for n, (less, _) in SIX.items()) + " |"]
    lines += ["| --- |" + " ---: |" * 6]
    for method, values in scores.items():
        cells = []
        for m, (less, _) in enumerate(SIX.values()):
            cell = f"{values[m].mean():.4f} ± {values[m].std(ddof=1):.4f}"
            if method != MPCL and p[rivals.index(method), m] < 0.05:
                ahead = (values[m].mean() < scores[MPCL][m].mean()) == less
                cell += " +" if ahead else " -"
            cells.append(cell)
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    for method, values in PUBLISHED[name].items():
        lines.append(f"| {method}, published | " + " | ".join(f"{v:.3f}" for v in values) + " |")
    lines.append("")
    for r, rival in enumerate(rivals):
        better = [
            (scores[MPCL][m].mean() < scores[rival][m].mean()) == less for m, (less, _) in enumerate(SIX.values())
        ]
        proven = sum(b and q < 0.05 for b, q in zip(better, p[r], strict=True))
        lines.append(f"- {MPCL} against {rival}: better on {sum(better)} of 6, beyond chance on {proven}.")
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="folder of predictions; what is there is not run again")
    parser.add_argument("--data", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    chosen = parser.parse_args()
    folder = os.environ.get("EMOVIZ_TEST_DATA")
    if not folder:
        sys.exit("EMOVIZ_TEST_DATA is not set: it names the folder with real data (ldl, ...)")
    keep = chosen.keep or Path(tempfile.mkdtemp())
    keep.mkdir(parents=True, exist_ok=True)
    lines = [
        "Ten times tenfold cross-validation; mean ± deviation over the 100 test parts; + and - mark what is better and "
        f"worse than {MPCL} beyond chance (Nadeau-Bengio t-test, Holm over all of a table). Settings by "
        "cross-validation inside one training part: "
        + "; ".join(f"{MPCL} on {n}: {' '.join(s[MPCL][1:])}" for n, s in SETTINGS.items())
        + ".",
        "",
    ]
    for name in chosen.data:
        dataset, _ = ldl.read(Path(folder) / "ldl" / f"{name}.mat")
        lines += section(name, dataset, keep)
    report("ldl", "Emotion distributions of faces", lines)


if __name__ == "__main__":
    main()
