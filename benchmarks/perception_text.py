"""How well does the shipped text model say what readers mark in a text, and is it as sure as it may be?

    EMOVIZ_TEST_DATA=... python benchmarks/perception_text.py [--again SEED ...]     (a minute; two more for each seed)

GoEmotions, its published test part: macro F1 over 28 labels beside published numbers, calibration of the distribution
that clips get, the same without texts that stand in the training part too, and other seeds where asked for.
Below .41 macro F1 or above .05 ECE the model has to change; above 5 ms a sentence it could not be read at once.
"""

import argparse
import os
import statistics
import time
from pathlib import Path

import common
import numpy as np

from emoviz.data.corpora import go_emotions
from emoviz.data.corpora.go_emotions import Texts
from emoviz.perception import common as ground
from emoviz.perception import weights
from emoviz.perception.text.model import TextModel
from emoviz.perception.training import text
from emoviz.progress import finish

BINS = np.array([0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
TIMED = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--again", type=int, nargs="*", default=[], metavar="SEED", help="train with these seeds too")
    chosen = parser.parse_args()
    folder = Path(os.environ["EMOVIZ_TEST_DATA"]) / "goemotions"
    train, dev, test = (go_emotions.read(folder, part) for part in ("train", "dev", "test"))
    began = time.perf_counter()
    model = TextModel(weights.load("text"))
    loading = time.perf_counter() - began
    seen = set(train.texts)
    fresh = test.rows(np.array([one not in seen for one in test.texts]))
    whole = text.measured(model, test)
    common.report(
        "perception_text",
        "Words: GoEmotions test part, 28 labels",
        [
            f"Weights of {model.card.created}; intervals draw texts anew. Published on the same parts: "
            "biLSTM .41, BERT .46 macro F1 (Demszky et al. 2020).",
            "",
            f"| | all {len(test):,} | {len(fresh):,} that are not in the training part |",
            "|---|---|---|",
            *(
                f"| {a.name} | {_interval(a)} | {_interval(b)} |"
                for a, b in zip(whole, text.measured(model, fresh), strict=True)
            ),
            "",
            "The problem is convex; a seed draws no more than the folds of the thresholds. Macro F1 with other seeds: "
            + (", ".join(f"{one:.4f}" for one in _again(chosen.again, train, dev, test)) or "not measured this time")
            + ".",
            "",
            "How often the likeliest of the 7 common labels is right, by how likely it is said to be:",
            "",
            *_reliability(model, test),
            "",
            "F1 of each label, and how many of the test texts carry it:",
            "",
            *_labels(model, test),
            "",
            f"Loading takes {1e3 * loading:.0f} ms, a text {_pace(model, test):.2f} ms (median of {TIMED}).",
        ],
    )


def _interval(one: weights.Metric) -> str:
    return f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]"


def _again(seeds: list[int], train: Texts, dev: Texts, test: Texts) -> list[float]:
    """Macro F1 of models with other seeds."""
    made = (TextModel(finish(text.fitted(train, dev, text.TrainingConfig(seed=seed)))) for seed in seeds)
    return [text.measured(model, test)[0].value for model in made]


def _reliability(model: TextModel, test: Texts) -> list[str]:
    ours = ground.shared(model.distribution(model.logits(test.texts)), model.labels).distribution
    theirs = ground.shared(test.distribution, model.labels).distribution
    clear = theirs.max(1) == 1
    said, right = ours[clear].max(1), ours[clear].argmax(1) == theirs[clear].argmax(1)
    place = np.digitize(said, BINS[1:-1])
    rows = [
        f"| {BINS[i]:.1f} to {BINS[i + 1]:.1f} | {(place == i).sum():,} | {said[place == i].mean():.3f} "
        f"| {right[place == i].mean():.3f} |"
        for i in np.unique(place)
    ]
    return ["| said | texts | mean | right |", "|---|---|---|---|", *rows]


def _labels(model: TextModel, test: Texts) -> list[str]:
    predicted = model.marked(model.logits(test.texts))
    f1 = 2 * (predicted & test.marked).sum(0) / (predicted.sum(0) + test.marked.sum(0)).clip(1)
    count = test.marked.sum(0)
    return [", ".join(f"{model.labels[k]} {f1[k]:.2f} ({count[k]:,})" for k in np.argsort(-f1)) + "."]


def _pace(model: TextModel, test: Texts) -> float:
    """Milliseconds a text."""
    laps = []
    for one in test.texts[:TIMED]:
        began = time.perf_counter()
        model.distribution(model.parts(one).logits)
        laps.append(time.perf_counter() - began)
    return 1e3 * statistics.median(laps)


if __name__ == "__main__":
    main()
