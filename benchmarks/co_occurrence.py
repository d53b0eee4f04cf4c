"""Does a model learn which emotions go together without being handed the table?

    EMOVIZ_TEST_DATA=FOLDER python benchmarks/co_occurrence.py [--seeds 5] [--keep RUNS]

FOLDER/goemotions holds GoEmotions as published. MPCL-style is trained on the distributions of the training texts; on
the test texts, whose labels it does not see, what its emotions look to (:meth:`Mpcl.diagnose`), weighted by its
answers, is compared with which labels readers marked together there: Spearman's rank correlation over the 378 pairs,
of counts and of pointwise mutual information, its interval a bootstrap over the test texts. Beside it the training
labels' own table, the product of their marginals, and what the answers alone imply (mean of p p'). If telling pairs
apart did not come near the table, the part would have to go. Its weight and number of epochs, and that emotions are
asked in samples which show them, were chosen on the validation texts. RUNS keeps what was learned; it is not run again.

A second table tells what the co-occurrence is drawn to (:func:`emoviz.models.mpcl.drawn_to`) after few texts and after
many: valence is a part of it for as long as it helps there. Its weight was chosen on the validation texts as well.
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
from scipy.stats import spearmanr

from emoviz.data.dataset import FUSED, Dataset
from emoviz.data.importers import go_emotions
from emoviz.models import zoo
from emoviz.models.inputs import Ordered, Samples, declare
from emoviz.models.mpcl import Mpcl, MpclConfig, drawn_to, signs
from emoviz.progress import finish
from emoviz.training import loop

SETTINGS = ("epochs=5", "batch=256", "weight_decay=0.1", "refit=false")
PRIORS = {
    "learned: pairs, no table": ("prior=pairs", "co_occurrence=3", "epochs=6"),
    "learned: nothing said of pairs": ("prior=none",),
    "drawn to the training table": ("prior=counts",),
    "drawn to the table and to valence": ("prior=valence",),
}
EXPECTED = {
    "counts": MpclConfig(prior="counts"),
    "counts, and others as frequent as they are": MpclConfig(valence_pull=0),
    "counts, and others of one valence": MpclConfig(),
}
TEXTS, DRAWS = (100, 300, 1_000, 3_000, 10_000), 20
RESAMPLES = 200


def learned(dataset: Dataset, settings: tuple[str, ...], seed: int) -> np.ndarray:
    """How often two emotions go together on the test texts after a model, and after its answers, ``(2, K, K)``."""
    config = zoo.config_from("mpcl", (*SETTINGS, *settings))
    samples = Samples(declare(dataset), dataset, np.arange(len(dataset)), torch.device("cpu"))
    split = dataset.samples["split"].to_numpy(str)
    train, held, test = (np.flatnonzero(split == part) for part in ("train", "validation", "test"))
    model = finish(loop.train("mpcl", config, samples, train, held, seed))
    assert isinstance(model, Mpcl)
    asked = Ordered(samples, torch.from_numpy(test))
    with torch.inference_mode():
        answers = torch.cat([model(batch).fused for batch in asked]).double()
        looks = model.diagnose(asked).co_occurrence.double()
    together = answers.mean(0)[:, None] * looks
    return torch.stack([together + together.T, answers.T @ answers / len(answers)]).numpy()


def association(together: np.ndarray, alone: np.ndarray, texts: int) -> np.ndarray:
    """Pointwise mutual information of every pair, ``(K, K)``; half of ``texts`` more, so that no pair is impossible."""
    return np.log(together + 0.5 / texts) - np.log(np.outer(alone, alone) + 1e-12)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="folder of what was learned; what is there is not run again")
    chosen = parser.parse_args()
    folder = os.environ.get("EMOVIZ_TEST_DATA")
    if not folder:
        sys.exit("EMOVIZ_TEST_DATA is not set: it names the folder with real data (goemotions, ...)")
    keep = chosen.keep or Path(tempfile.mkdtemp())
    keep.mkdir(parents=True, exist_ok=True)
    dataset, _ = go_emotions.read(Path(folder) / "goemotions")
    shown = dataset.annotations[FUSED].distribution(len(dataset.labels))
    assert shown is not None
    marked = (shown > 0).astype(float)
    split = dataset.samples["split"].to_numpy(str)
    train, test = marked[split == "train"], marked[split == "test"]
    common, texts = train.mean(0), len(test)
    tables: dict[str, list[np.ndarray]] = {
        "training labels' table": [train.T @ train / len(train)],
        "product of the training marginals": [np.outer(common, common)],
    }
    implied: list[np.ndarray] = []
    for name, settings in PRIORS.items():
        for seed in range(chosen.seeds):
            path = keep / f"{'_'.join(settings)}.{seed}.npy"
            if not path.is_file():
                start = time.process_time()
                np.save(path, learned(dataset, settings, seed))
                print(f"{name}, seed {seed}: {time.process_time() - start:.0f} CPU s", file=sys.stderr, flush=True)
            model, answers = np.load(path)
            tables.setdefault(name, []).append(model)
            if settings == PRIORS["learned: nothing said of pairs"]:
                implied.append(answers)
    tables["the answers alone"] = implied

    pairs = np.triu_indices(len(common), 1)
    draw = np.random.default_rng(0)
    drawn = [test, *(test[draw.integers(0, texts, texts)] for _ in range(RESAMPLES))]
    truth = [(rows.T @ rows / texts, rows.mean(0)) for rows in drawn]

    def agreement(table: np.ndarray, kind: str) -> np.ndarray:
        """Rank correlation with the test table and with each of its resamples."""
        if kind == "counts":
            return np.array([spearmanr(table[pairs], t[pairs]).statistic for t, _ in truth])
        mine = association(table, common, len(train))[pairs]
        return np.array([spearmanr(mine, association(t, a, texts)[pairs]).statistic for t, a in truth])

    lines = [
        f"{len(train):,} training and {texts:,} test texts, 28 labels, 378 pairs of which "
        f"{(truth[0][0][pairs] > 0).sum()} occur in the test part. Spearman's rank correlation with the test labels, "
        "mean over seeds [95 % over test texts; a resample is noisier than the whole, so these lie low]; *share* is of "
        "what the training labels' own table reaches.",
        "",
        "| which emotions go together, after | seeds | counts | share | PMI | share |",
        "| --- | ---: | --- | ---: | --- | ---: |",
    ]
    reached: dict[str, float] = {}
    for name, found in tables.items():
        cells = []
        for kind in ("counts", "PMI"):
            values = np.mean([agreement(table, kind) for table in found], 0)
            reached.setdefault(kind, values[0])
            low, high = np.quantile(values[1:], [0.025, 0.975])
            cells.append(f"{values[0]:.3f} [{low:.3f}, {high:.3f}] | {values[0] / reached[kind]:.0%}")
        lines.append(f"| {name} | {len(found)} | {' | '.join(cells)} |")
    lines += ["", *by_number(shown[split == "train"], signs(declare(dataset).valences), truth[0][0])]
    report("co_occurrence", "Which emotions go together (GoEmotions)", lines)


def by_number(shown: np.ndarray, sign: torch.Tensor, together: np.ndarray) -> list[str]:
    """How well what the co-occurrence is drawn to ranks the pairs of the test texts, after few training texts and all.

    Args:
        shown: distributions of the training texts, ``(N, K)``
        sign: of each emotion's valence, ``(K,)``
        together: how often two emotions go together on the test texts, ``(K, K)``
    """
    pairs = np.triu_indices(shown.shape[1], 1)
    lines = [
        f"What the co-occurrence is drawn to before anything is learned, after few texts and all; mean over {DRAWS} "
        "draws of the texts, by counts.",
        "",
        f"| drawn to | {' | '.join(f'{n:,}' for n in TEXTS)} | all |",
        f"| --- |{' ---: |' * (len(TEXTS) + 1)}",
    ]
    for name, config in EXPECTED.items():
        cells = []
        for texts in (*TEXTS, len(shown)):
            found = []
            for draw in range(DRAWS if texts < len(shown) else 1):
                some = np.random.default_rng(draw).choice(len(shown), texts, replace=False)
                alone = (shown[some].sum(0) + 1) / (texts + shown.shape[1])
                looks = drawn_to(torch.from_numpy(shown[some]), sign, config).numpy()
                table = alone[:, None] * looks + alone * looks.T
                found.append(spearmanr(table[pairs], together[pairs]).statistic)
            cells.append(f"{np.mean(found):.3f}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


if __name__ == "__main__":
    main()
