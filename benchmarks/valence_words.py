"""Is the valence of an emotion distribution what readers feel? The words model against EmoBank's readers.

    EMOVIZ_TEST_DATA=FOLDER python benchmarks/valence_words.py     (a minute)

Conflict in valence rests on one step: a distribution of emotions becomes the mean of their valences. Here that number
is held against how pleasant readers found 10,062 sentences of other kinds than the model ever saw (it learned from
Reddit's comments). Beside it: a ridge regression that learned from EmoBank's own training part, and how well one half
of a sentence's readers tells the other half. Below a correlation of .2 valence conflict of words would mean little.
"""

import os
from pathlib import Path

import common
import numpy as np
from scipy.stats import spearmanr
from sklearn.linear_model import RidgeCV

from emoviz.data import emotions, hand
from emoviz.data.corpora import emobank
from emoviz.measures import conflict
from emoviz.measures.intervals import bootstrap
from emoviz.perception import common as shared
from emoviz.perception.text import model

MIDDLE = 3
CLEAR = 0.4  # from the middle of readers' scale: sentences of which it can be asked whether they are pleasant


def main() -> None:
    told = emobank.read(Path(os.environ["EMOVIZ_TEST_DATA"]) / "emobank")
    valence = told.means[:, 0] - MIDDLE
    document = np.array([name.split("_")[0] for name in told.ids])
    test = told.split == "test"
    words = model.load()
    native = words.distribution(words.logits(told.texts))
    both = shared.shared(native, words.labels)
    valences = np.array([label.valence for label in emotions.labels(shared.LABELS)])
    said = conflict.felt(both.distribution[None], valences)[0]
    learned = ridge(told, valence)
    first, second = halves(told)

    rows = [
        ("emotions of the words model, mean of their valences", said, valence, np.ones(len(valence), bool)),
        ("- the same, test part", said, valence, test),
        ("ridge regression that learned from EmoBank, test part", learned, valence, test),
        ("half of the readers against the other half, test part", first, second, test),
    ]
    lines = ["| valence | sentences | Pearson | Spearman | sign right |", "|---|---:|---|---|---|"]
    for name, one, other, chosen in rows:
        chosen = chosen & np.isfinite(one) & np.isfinite(other)
        pair, group = np.column_stack([one, other])[chosen], document[chosen]
        clear = np.abs(pair[:, 1]) >= CLEAR
        cells = [
            bootstrap(pair, group, lambda p: np.corrcoef(p.T)[0, 1], resamples=500),
            bootstrap(pair, group, lambda p: spearmanr(p[:, 0], p[:, 1]).statistic, resamples=500),
            bootstrap((pair[clear, 0] > np.median(pair[:, 0])) == (pair[clear, 1] > 0), group[clear], resamples=500),
        ]
        told_ = " | ".join(f"{cell.value:.3f} [{cell.low:.3f}, {cell.high:.3f}]" for cell in cells)
        lines.append(f"| {name} | {chosen.sum():,} | {told_} |")
    common.report(
        "valence_words",
        "Valence of words: emotions that the model reads against what readers felt (EmoBank)",
        [
            *lines,
            "",
            f"Intervals draw documents anew ({len(np.unique(document)):,}). Sign right: of sentences that readers "
            f"put at least {CLEAR} from the middle of their scale from 1 to 5, how many lie on the side of the median "
            "that they should.",
        ],
    )


def ridge(told: emobank.Sentences, valence: np.ndarray) -> np.ndarray:
    """Valence of all sentences by a model that learned from the training part."""
    train = told.split == "train"
    features = hand.words([text for text, one in zip(told.texts, train, strict=True) if one])
    values = features.transform(told.texts)
    return RidgeCV(np.logspace(-2, 3, 11)).fit(values[train], valence[train]).predict(values)


def halves(told: emobank.Sentences) -> tuple[np.ndarray, np.ndarray]:
    """Mean valence by each half of a sentence's readers, dealt by chance; NaN where a half is empty."""
    draw, found = np.random.default_rng(0), np.full((2, len(told.ids)), np.nan)
    for row, counts in enumerate(told.ratings[:, 0]):
        rated = draw.permutation(np.repeat(np.arange(emobank.LOWEST, emobank.HIGHEST + 1), counts))
        if len(rated) > 1:
            found[:, row] = rated[::2].mean() - MIDDLE, rated[1::2].mean() - MIDDLE
    return found[0], found[1]


if __name__ == "__main__":
    main()
