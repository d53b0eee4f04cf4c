"""Do four parts that rivals brought do what they are for, on real media?

    EMOVIZ_HOME=WORKSPACE python benchmarks/rivals.py [--seeds 3]

Names of emotions: on GoEmotions, are five emotions that training never saw told apart by their names? If not beyond
chance, `named` would have to go. Simulated raters: on the proving ground with votes, does rater ambiguity find planted
mixtures, and conflict between modalities planted conflicts? If not, mixed labels cannot be told apart by cause. Class
balance: where training has few samples of the rare labels, what do balanced draws give, and cost? The best share is
what to recommend. The workspace holds the datasets `go-emotions` (emoviz data import), `ground` and `ground-votes`
(emoviz data mix, the latter with --target votes).
"""

import argparse
from collections.abc import Iterator

import numpy as np
import torch
from common import report
from sklearn.metrics import f1_score, recall_score, roc_auc_score

from emoviz.data import store
from emoviz.data.dataset import FUSED, Dataset
from emoviz.models import label_vectors, zoo
from emoviz.models.base import Batch, EmotionModel
from emoviz.models.inputs import Samples, declare
from emoviz.progress import finish
from emoviz.training import loop

COMMENTS, LEFT_OUT, DRAWS = 12_000, 5, 6
KEPT = {"disgust": 0.15, "fear": 0.2, "sadness": 0.4, "surprise": 0.2}  # share of training samples that stay


def trained(dataset: Dataset, rows: np.ndarray, seed: int, name: str, *settings: str) -> tuple[EmotionModel, Samples]:
    config = zoo.config_from(name, ("refit=false", *settings))
    samples = Samples(declare(dataset, config.inputs), dataset, np.arange(len(dataset)), torch.device("cpu"))
    group = dataset.samples["group"].to_numpy(str)
    group = np.where(group == "", dataset.samples["sample_id"].to_numpy(str), group)[rows]
    held = loop.held_out(group, config.validation, seed)
    return finish(loop.train(name, config, samples, rows[~held], rows[held], seed)), samples


def blocks(samples: Samples, rows: np.ndarray) -> Iterator[Batch]:
    return (samples.batch(part) for part in torch.from_numpy(rows).split(4096))


def part(dataset: Dataset, split: str) -> np.ndarray:
    return np.flatnonzero(dataset.samples["split"].to_numpy(str) == split)


def cells(rows: list[list[float]]) -> str:
    mean, deviation = np.mean(rows, 0), np.std(rows, 0)
    return " | ".join(f"{m:.3f} ± {d:.3f}" for m, d in zip(mean, deviation, strict=True))


def by_name() -> Iterator[str]:
    dataset = store.read("go-emotions")
    share, names = dataset.distribution(FUSED), np.array(dataset.label_names)
    label, single = share.argmax(1), share.max(1) == 1
    shipped = label_vectors.of

    def words(chosen) -> torch.Tensor:
        return torch.nn.functional.normalize(shipped(chosen)[:, : label_vectors.WORDS])

    def chance(chosen) -> torch.Tensor:
        return torch.stack([torch.randn(92, generator=torch.Generator().manual_seed(hash_of(name))) for name in chosen])

    yield f"Names of emotions: {COMMENTS:,} comments, {LEFT_OUT} of 27 emotions left out, {DRAWS} draws of them."
    yield from ("", "| vectors | mean recall among the unseen |", "| --- | --- |")
    for title, vectors in {"shipped": shipped, "words around the names alone": words, "drawn": chance}.items():
        label_vectors.of = vectors
        found = []
        for seed in range(DRAWS):
            rng = np.random.default_rng(seed)
            unseen = rng.choice(len(names) - 1, LEFT_OUT, replace=False)  # neutral is the last
            train = np.intersect1d(part(dataset, "train"), np.flatnonzero(share[:, unseen].sum(1) == 0))
            test = np.intersect1d(part(dataset, "test"), np.flatnonzero(single & np.isin(label, unseen)))
            train = np.sort(rng.choice(train, COMMENTS, replace=False))
            model, samples = trained(dataset, train, seed, "names", "epochs=6")
            with torch.inference_mode():
                said = torch.cat([model.named(b, tuple(names[unseen])) for b in blocks(samples, test)])
            found.append([recall_score(label[test], unseen[said.argmax(1)], average="macro")])
        yield f"| {title} | {cells(found)} |"
    label_vectors.of = shipped
    yield ""


def hash_of(name: str) -> int:
    return sum(ord(letter) * 31**i for i, letter in enumerate(name)) % 2**31


def why_mixed(seeds: int) -> Iterator[str]:
    dataset = store.read("ground-votes")
    test = part(dataset, "test")
    kind = dataset.samples["kind"].to_numpy(str)[test]
    groups = {"agree": kind == "agree", "mixture": kind == "mixture", "conflict": np.isin(kind, ("dissent", "differ"))}
    pairs = (("mixture", "agree"), ("conflict", "agree"), ("conflict", "mixture"))
    yield f"Simulated raters: AUROC of a score for the first kind against the second, {seeds} seeds."
    yield from ("", "| inputs | score | " + " | ".join(f"{a}, {b}" for a, b in pairs) + " |", "| --- " * 5 + "|")
    for inputs in ("embedding", "hand"):
        found: dict[str, list[list[float]]] = {}
        for seed in range(seeds):
            model, samples = trained(dataset, part(dataset, "train"), seed, "raters", f"inputs={inputs}")
            with torch.inference_mode():
                doubts = [model.doubts(b) for b in blocks(samples, test)]
                fused = torch.cat([model(b).fused for b in blocks(samples, test)])
            scores = {
                "ambiguity of raters": torch.cat([d.ambiguity for d in doubts]),
                "conflict of modalities": torch.cat([d.conflict for d in doubts]),
                "entropy of the answer": torch.special.entr(fused).sum(1),
            }
            for title, score in scores.items():
                row = [auroc(score.numpy(), groups[a], groups[b]) for a, b in pairs]
                found.setdefault(title, []).append(row)
        yield from (f"| {inputs} | {title} | {cells(rows)} |" for title, rows in found.items())
    yield ""


def auroc(score: np.ndarray, yes: np.ndarray, no: np.ndarray) -> float:
    return float(roc_auc_score(yes[yes | no], score[yes | no]))


def balance(seeds: int) -> Iterator[str]:
    dataset = store.read("ground")
    label = np.asarray(dataset.annotations[FUSED].values)
    stay = np.array([KEPT.get(name, 1.0) for name in dataset.label_names])
    train, test = part(dataset, "train"), part(dataset, "test")
    rare = train[np.random.default_rng(0).random(len(train)) < stay[label[train]]]
    yield f"Class balance: hand features, {len(rare):,} training samples with rare labels thinned, {seeds} seeds."
    yield from ("", "| model | balance | accuracy | mean recall | macro F1 |", "| --- " * 5 + "|")
    for name in ("early", "tical"):
        for share in (0.0, 0.5, 1.0):
            found = []
            for seed in range(seeds):
                model, samples = trained(dataset, rare, seed, name, "inputs=hand", f"balance={share}")
                with torch.inference_mode():
                    said = torch.cat([model(b).fused for b in blocks(samples, test)]).argmax(1).numpy()
                recall, f1 = (measure(label[test], said, average="macro") for measure in (recall_score, f1_score))
                found.append([(said == label[test]).mean(), recall, f1])
            yield f"| {name} | {share:g} | {cells(found)} |"
    yield ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    lines = ["Mean ± deviation over seeds or draws; test groups were never trained on.", ""]
    report("rivals", "Names, raters, balance", [*lines, *by_name(), *why_mixed(seeds), *balance(seeds)])


if __name__ == "__main__":
    main()
