"""How well is the audio-visual verdict on CREMA-D predicted from the voice-only and the face-only votes?

    EMOVIZ_TEST_DATA=FOLDER python benchmarks/crema_d_fusion.py [--seeds 5] [--keep RUNS]

FOLDER/crema-d holds the published tables. 7,442 clips, five folds by actor (GroupKFold in file order), mean
Jensen-Shannon divergence in bits to the audio-visual vote fractions, accuracy where their mode is unique; a number is
the mean of single models, its interval a bootstrap over the 91 actors. Known numbers of the baselines prove the
protocol. A model that lost to the plain network, or a part whose loss helped, would change its defaults.
The intended emotion and level in a clip's name are no inputs. RUNS keeps predictions; what is there is not run again.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from common import RESULTS, machine, report
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from emoviz.data.dataset import FUSED, Dataset
from emoviz.data.importers import crema_d
from emoviz.measures import intervals, metrics
from emoviz.models import zoo
from emoviz.models.inputs import Samples, declare
from emoviz.progress import finish
from emoviz.training import loop
from emoviz.training.shipped import QUICK, VOTES

RATED = f"{VOTES}+intensity"
TICAL, MPCL = "TiCAL-style", "MPCL-style"
# Name -> model and settings that differ from the defaults.
VARIANTS: dict[str, tuple[str, ...]] = {
    TICAL: ("tical", VOTES, *QUICK),
    f"{TICAL}, a twentieth of the loss KL": ("tical", VOTES, *QUICK, "loss=mix", "mix=0.05"),
    f"{TICAL}, a tenth of the loss KL": ("tical", VOTES, *QUICK, "loss=mix", "mix=0.1"),
    f"{TICAL}, a twentieth KL, four members": ("tical", VOTES, *QUICK, "loss=mix", "mix=0.05", "members=4"),
    f"{TICAL}, intensities too": ("tical", RATED, *QUICK),
    f"{TICAL}, intensities too, a tenth KL": ("tical", RATED, *QUICK, "loss=mix", "mix=0.1"),
    f"{MPCL}, intensities too": ("mpcl", RATED, "loss=jsd"),
    "early fusion, intensities too": ("early", RATED, "loss=jsd"),
    "late fusion by experts, intensities too": ("late", RATED, "loss=jsd"),
}
# Parts of both switched off, turned round or, where they are off, on; three seeds at most.
ABLATIONS: dict[str, tuple[str, ...]] = {
    f"{TICAL}: on the ball": ("tical", VOTES, *QUICK, "geometry=hyperbolic"),
    f"{TICAL}: no typicality": ("tical", VOTES, *QUICK, "typicality_in=none"),
    f"{TICAL}: no pseudo labels": ("tical", VOTES, *QUICK, "pseudo=none"),
    f"{TICAL}: no gates (one stage)": ("tical", VOTES, *QUICK, "stages=plain"),
    f"{TICAL}: stages as phases of training": ("tical", VOTES, *QUICK, "stages=schedule"),
    f"{TICAL}: conflicting clips weigh less": ("tical", VOTES, *QUICK, "weight=down"),
    f"{TICAL}: conflicting clips weigh more": ("tical", VOTES, *QUICK, "weight=up"),
    f"{MPCL}: no memory": ("mpcl", RATED, "loss=jsd", "steps=0"),
}
# Method -> JSD, accuracy as published with the reference protocol.
KNOWN = {
    "voice only": (0.2658, 0.581),
    "face only": (0.1547, 0.790),
    "equal average": (0.1507, 0.800),
    "best linear mix": (0.1357, 0.811),
    "product of experts, powers fitted": (0.1247, 0.819),
    "extra trees": (0.1130, 0.840),
    "soft logistic regression": (0.1111, 0.839),
    "soft logistic regression, with the sentence": (0.1092, 0.843),
    "plain network on the JSD": (0.0987, 0.844),
}


@dataclass(frozen=True)
class Clips:
    """The votes of every clip.

    Attributes:
        voice: fractions ``(N, 6)``
        face: fractions
        seen: fractions of the audio-visual votes, the target
        smooth_voice: fractions of votes + .5
        smooth_face: the same of the face
        sentence: one-hot
        actor: group of each clip
        folds: rows of each fold's test actors
    """

    voice: np.ndarray
    face: np.ndarray
    seen: np.ndarray
    smooth_voice: np.ndarray
    smooth_face: np.ndarray
    sentence: np.ndarray
    actor: np.ndarray
    folds: list[np.ndarray]

    @property
    def plain(self) -> np.ndarray:
        return np.hstack([self.voice, self.face, np.sqrt(self.voice * self.face)])

    @property
    def told(self) -> np.ndarray:
        return np.hstack([self.plain, self.sentence])

    @property
    def rich(self) -> np.ndarray:
        return np.hstack([self.plain, np.log(self.smooth_voice), np.log(self.smooth_face), self.sentence])

    @property
    def differing(self) -> np.ndarray:
        """Clips whose three modes are unique and whose voice and face modes differ, ``(N,)`` bool."""
        voice, face, seen = (metrics.modes(p) for p in (self.voice, self.face, self.seen))
        return (voice >= 0) & (face >= 0) & (seen >= 0) & (voice != face)


def read(dataset: Dataset) -> Clips:
    votes = [np.asarray(dataset.annotations[side].values, float) for side in ("voice", "face", FUSED)]
    voice, face, seen = (_fractions(v) for v in votes)
    smooth = [_fractions(v + 0.5) for v in votes[:2]]
    actor = dataset.samples["group"].to_numpy(str)
    folds = [test for _, test in GroupKFold(5).split(voice, groups=actor)]
    sentence = pd.get_dummies(dataset.samples["sentence"].astype(str)).to_numpy(float)
    return Clips(voice, face, seen, *smooth, sentence, actor, folds)


def _fractions(votes: np.ndarray) -> np.ndarray:
    return votes / votes.sum(1, keepdims=True)


# Baselines: (clips, rows to learn from, rows to answer) -> distributions.


def linear_mix(clips: Clips, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    def wrong(w: float) -> float:
        return metrics.jsd_bits(w * clips.voice[train] + (1 - w) * clips.face[train], clips.seen[train]).mean()

    w = min(np.linspace(0, 1, 101), key=wrong)
    return w * clips.voice[test] + (1 - w) * clips.face[test]


def experts(clips: Clips, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    def product(power: tuple[float, float], rows: np.ndarray) -> np.ndarray:
        return _fractions(clips.smooth_voice[rows] ** power[0] * clips.smooth_face[rows] ** power[1])

    grid = [(a, b) for a in np.arange(0.2, 1.6, 0.1) for b in np.arange(0.2, 1.6, 0.1)]
    best = min(grid, key=lambda power: metrics.jsd_bits(product(power, train), clips.seen[train]).mean())
    return product(best, test)


def trees(clips: Clips, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    forest = ExtraTreesRegressor(300, min_samples_leaf=4, random_state=0)
    return forest.fit(clips.told[train], clips.seen[train]).predict(clips.told[test])


def soft_logistic(x: np.ndarray, y: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Multinomial logistic regression on distributions: every class once a row, weighted by its mass."""
    model = LogisticRegression(max_iter=2000, C=1.0)
    model.fit(np.repeat(x, y.shape[1], 0), np.tile(np.arange(y.shape[1]), len(x)), sample_weight=y.ravel())
    return model.predict_proba(test)


def network(x: np.ndarray, y: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
    """A plain two-layer network trained on the divergence itself, stopped by 15 % of its rows."""
    torch.manual_seed(seed)
    order = torch.randperm(len(x))
    inputs, target, asked = (torch.tensor(a, dtype=torch.float32) for a in (x, y, test))
    mean, deviation = inputs.mean(0), inputs.std(0).clamp_min(1e-3)
    inputs, asked = (inputs - mean) / deviation, (asked - mean) / deviation
    held, rest = order[: len(order) * 15 // 100], order[len(order) * 15 // 100 :]
    model = torch.nn.Sequential(
        torch.nn.Linear(inputs.shape[1], 128),
        torch.nn.GELU(),
        torch.nn.Dropout(0.2),
        torch.nn.Linear(128, 64),
        torch.nn.GELU(),
        torch.nn.Linear(64, target.shape[1]),
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)

    def loss(rows: torch.Tensor) -> torch.Tensor:
        p, q = target[rows], model(inputs[rows]).softmax(1)
        m = (p + q) / 2
        return (torch.xlogy(p, p) + torch.xlogy(q, q) - 2 * torch.xlogy(m, m)).sum(1).mean() / 2

    best, kept, wait = np.inf, model.state_dict(), 0
    for _ in range(120):
        model.train()
        for rows in rest[torch.randperm(len(rest))].split(128):
            optimizer.zero_grad()
            loss(rows).backward()
            optimizer.step()
        model.eval()
        with torch.inference_mode():
            now = loss(held).item()
        if now < best:
            best, kept, wait = now, {name: value.clone() for name, value in model.state_dict().items()}, 0
        elif (wait := wait + 1) >= 15:
            break
    model.load_state_dict(kept)
    with torch.inference_mode():
        return model(asked).softmax(1).double().numpy()


def crossed(clips: Clips, answer: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """Every clip answered by what was learned from the other folds' actors, ``(N, 6)``."""
    out = np.full_like(clips.seen, np.nan)
    everything = np.arange(len(clips.seen))
    for test in clips.folds:
        out[test] = answer(np.setdiff1d(everything, test), test)
    return out


def trained(dataset: Dataset, clips: Clips, model_settings: tuple[str, ...], seed: int) -> np.ndarray:
    """Cross-fitted answers of one model a fold."""
    model_name, *settings = model_settings
    config = zoo.config_from(model_name, settings)
    samples = Samples(
        declare(dataset, config.inputs, config.context), dataset, np.arange(len(dataset)), torch.device("cpu")
    )

    def answer(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        held = loop.held_out(clips.actor[train], config.validation, seed)
        model = finish(loop.train(model_name, config, samples, train[~held], train[held], seed))
        with torch.inference_mode():
            return model(samples.batch(torch.from_numpy(test))).fused.double().numpy()

    return crossed(clips, answer)


@dataclass(frozen=True)
class Row:
    """One line of the table: means over single models.

    Attributes:
        method: its name
        models: how many seeds
        jsd: bits, with its interval over actors
        accuracy: with its interval
        on_face: mean mass on the face's mode where voice and face differ
        on_voice: the same on the voice's
        quarters: JSD in each quarter of the clips by human conflict, from least to most
        averaged: JSD of the mean of the seeds' answers
    """

    method: str
    models: int
    jsd: intervals.Interval
    accuracy: intervals.Interval
    on_face: intervals.Interval
    on_voice: intervals.Interval
    quarters: tuple[float, ...]
    averaged: float


def judged(method: str, answers: list[np.ndarray], clips: Clips) -> Row:
    jsd = np.mean([metrics.jsd_bits(p, clips.seen) for p in answers], 0)
    hits = np.mean([metrics.hits(metrics.modes(clips.seen), p.argmax(1)) for p in answers], 0)
    mean = np.mean(answers, 0)
    apart, rows = metrics.jsd_bits(clips.voice, clips.face), np.arange(len(mean))
    quarter = np.argsort(np.argsort(apart, kind="stable")) * 4 // len(apart)
    masses = [np.where(clips.differing, mean[rows, p.argmax(1)], np.nan) for p in (clips.face, clips.voice)]
    return Row(
        method,
        len(answers),
        *(intervals.bootstrap(values, clips.actor) for values in (jsd, hits, *masses)),
        tuple(float(jsd[quarter == i].mean()) for i in range(4)),
        float(metrics.jsd_bits(mean, clips.seen).mean()),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="folder of predictions; what is there is not run again")
    parser.add_argument("--only-run", action="store_true", help="write no report")
    chosen = parser.parse_args()
    folder = os.environ.get("EMOVIZ_TEST_DATA")
    if not folder:
        sys.exit("EMOVIZ_TEST_DATA is not set: it names the folder with real data (crema-d, ...)")
    dataset, _ = crema_d.read(Path(folder) / "crema-d")
    clips = read(dataset)
    keep = chosen.keep or Path(tempfile.mkdtemp())
    keep.mkdir(parents=True, exist_ok=True)

    def kept(name: str, seed: int, work: Callable[[], np.ndarray]) -> np.ndarray:
        path = keep / f"{''.join(c if c.isalnum() else '_' for c in name)}.{seed}.npy"
        if not path.is_file():
            start = time.process_time()
            np.save(path, work())
            print(f"{name}, seed {seed}: {time.process_time() - start:.0f} CPU s", file=sys.stderr, flush=True)
        return np.load(path)

    def soft(x: np.ndarray) -> Callable[[], np.ndarray]:
        return lambda: crossed(clips, lambda train, test: soft_logistic(x[train], clips.seen[train], x[test]))

    answers: dict[str, list[np.ndarray]] = {
        "voice only": [clips.voice],
        "face only": [clips.face],
        "equal average": [(clips.voice + clips.face) / 2],
    }
    for name, work in {
        "best linear mix": lambda: crossed(clips, lambda *rows: linear_mix(clips, *rows)),
        "product of experts, powers fitted": lambda: crossed(clips, lambda *rows: experts(clips, *rows)),
        "extra trees": lambda: crossed(clips, lambda *rows: trees(clips, *rows)),
        "soft logistic regression": soft(clips.plain),
        "soft logistic regression, with the sentence": soft(clips.told),
    }.items():
        answers[name] = [kept(name, 0, work)]

    def plain(seed: int) -> np.ndarray:
        rich, seen = clips.rich, clips.seen
        return crossed(clips, lambda train, test: network(rich[train], seen[train], rich[test], seed))

    seeds = range(chosen.seeds)
    network_name = "plain network on the JSD"
    answers[network_name] = [kept(network_name, seed, lambda seed=seed: plain(seed)) for seed in seeds]
    for name, settings in (*VARIANTS.items(), *ABLATIONS.items()):
        answers[name] = [
            kept(name, seed, lambda settings=settings, seed=seed: trained(dataset, clips, settings, seed))
            for seed in (seeds if name in VARIANTS else seeds[:3])
        ]
    if not chosen.only_run:
        write([judged(name, found, clips) for name, found in answers.items()], judged("people", [clips.seen], clips))


def write(rows: list[Row], people: Row) -> None:
    lines = [
        "Mean Jensen-Shannon divergence (bits) to the audio-visual votes, accuracy, and mass on the face's and the "
        f"voice's mode in the {people.on_face.n:,} clips where they differ; means of single models, [95 % over 91 "
        "actors]. *Known* is what the same protocol gave before.",
        "",
        "| method | seeds | JSD | known | accuracy | known | on face's mode | on voice's | JSD of the seeds' mean |",
        "| --- | ---: | --- | ---: | --- | ---: | --- | --- | ---: |",
    ]
    for row in (*rows, people):
        jsd, accuracy = (f"{v:g}" for v in KNOWN[row.method]) if row.method in KNOWN else ("", "")
        lines.append(
            f"| {row.method} | {row.models} | {row.jsd} | {jsd} | {row.accuracy} | {accuracy} | {row.on_face} "
            f"| {row.on_voice} | {row.averaged:.4f} |"
        )
    lines += ["", "JSD by quarter of the clips, from least to most human conflict between voice and face:", ""]
    lines += ["| method | least | second | third | most |", "| --- | ---: | ---: | ---: | ---: |"]
    lines += [f"| {row.method} | {' | '.join(f'{v:.4f}' for v in row.quarters)} |" for row in rows]
    report("crema_d_fusion", "Human fusion on CREMA-D", lines)
    values = {"machine": machine(), "rows": [asdict(row) for row in (*rows, people)]}
    (RESULTS / "crema_d_fusion.json").write_text(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    main()
