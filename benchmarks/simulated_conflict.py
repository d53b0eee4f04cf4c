"""Where the truth is known: does a model find planted conflicts, and does its answer survive them?

    python benchmarks/simulated_conflict.py [--worlds 5] [--keep RUNS]

Worlds of emoviz.data.simulated, probe .75 and .90, 4,000 training samples (fused label only, never what was planted)
and 6,000 to judge. Scores: AUROC of conflict against clean and silent samples, and power where both clean and silent
ones are flagged in at most 5 %. Answers: accuracy by what was planted. Picture: how many samples lie on the disk among
others of their emotion. The exact observer is the ceiling. A part of the TiCAL-style model without which these numbers
rise would change its defaults. RUNS keeps what was run.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from common import RESULTS, machine, report
from scipy.stats import t as student
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.neural_network import MLPClassifier

from emoviz.analysis import reduce
from emoviz.data import simulated
from emoviz.data.dataset import Dataset
from emoviz.measures import conflict, metrics
from emoviz.models import zoo
from emoviz.models.inputs import Samples, declare
from emoviz.progress import finish
from emoviz.training import loop
from emoviz.training.shipped import QUICK

TRAIN, TEST = 4000, 6000
NEIGHBOURS = 5
TICAL = "TiCAL-style"
# Name -> settings that differ from the defaults.
VARIANTS: dict[str, tuple[str, ...]] = {
    TICAL: (),
    "- typicality a diagnostic only": ("typicality_in=none",),
    "- typicality in the gates too": ("gate_typicality=true",),
    "- typicality by prototype, temper": ("typicality=prototype",),
    "- typicality by prototype, weight": ("typicality=prototype", "typicality_in=weight"),
    "- pseudo labels by memory": ("pseudo=memory",),
    "- no pseudo labels": ("pseudo=none",),
    "- on the ball": ("geometry=hyperbolic",),
    "- no pull towards prototypes": ("hyperbolic=0",),
    "- no gates": ("stages=plain",),
    "- no consensus": ("consensus=false",),
    "- learned quickly, as votes are": QUICK,
}


@dataclass(frozen=True)
class Judged:
    """What one method does in one world; NaN where it gives no such thing.

    Attributes:
        auroc: of its conflict score against clean and silent samples
        power: share of conflicts flagged where clean and silent samples are flagged in at most 5 %
        named: share of the conflicts in which the planted dissenter is named
        clean: accuracy of the fused answer on clean samples
        conflicting: on conflicting ones
        silent: on those with a silent modality
        picture: share of test samples of whose five nearest neighbours on the disk most show the same emotion
    """

    auroc: float = np.nan
    power: float = np.nan
    named: float = np.nan
    clean: float = np.nan
    conflicting: float = np.nan
    silent: float = np.nan
    picture: float = np.nan


@dataclass(frozen=True)
class World:
    """One world's samples and truth, the test samples apart.

    Attributes:
        dataset: all samples
        means: of the classes, ``(M, K, F)``
        x: features ``(M, N, F)``
        emotion: ``(N,)``
        kind: of the test samples, ``(TEST,)``
        off: which modality is off in them
    """

    dataset: Dataset
    means: np.ndarray
    x: np.ndarray
    emotion: np.ndarray
    kind: np.ndarray
    off: np.ndarray

    def judge(
        self,
        score: np.ndarray | None = None,
        answer: np.ndarray | None = None,
        dissenter: np.ndarray | None = None,
        points: np.ndarray | None = None,
    ) -> Judged:
        """A conflict score, a fused answer and a named dissenter of the test samples, each ``(TEST,)`` or missing.

        Points of the fused side lie in the ball, ``(TEST, D)``.
        """
        clean, conflicting, silent = (self.kind == k for k in range(3))
        found: dict[str, float] = {}
        if score is not None:
            threshold = max(np.quantile(score[clean], 0.95), np.quantile(score[silent], 0.95))
            found |= {
                "auroc": metrics.auroc(conflicting, score),
                "power": float((score[conflicting] > threshold).mean()),
            }
        if answer is not None:
            right = answer == self.emotion[TRAIN:]
            kinds = {"clean": clean, "conflicting": conflicting, "silent": silent}
            found |= {name: float(right[which].mean()) for name, which in kinds.items()}
        if dissenter is not None:
            found["named"] = float((dissenter == self.off)[conflicting].mean())
        if points is not None:
            xy = reduce.fit(points).place(points).xy
            near = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(xy).kneighbors(return_distance=False)
            same = self.emotion[TRAIN:][near] == self.emotion[TRAIN:, None]
            found["picture"] = float((same.sum(1) > NEIGHBOURS / 2).mean())
        return Judged(**found)


def world(seed: int, probe: float) -> World:
    means = simulated.world(seed, probe)
    drawn = simulated.draw(means, TRAIN + TEST, seed)
    dataset = simulated.dataset(seed, probe, TRAIN, TEST)
    return World(dataset, means, drawn.features, drawn.emotion, drawn.kind[TRAIN:], drawn.off[TRAIN:])


def observer(world: World) -> Judged:
    seen = simulated.observe(world.x[:, TRAIN:], world.means)
    return world.judge(seen.evidence, seen.emotion)


def heads(world: World) -> np.ndarray:
    """Each modality's own logistic regression, ``(M, TEST, K)``."""
    fitted = (LogisticRegression(max_iter=1000).fit(x[:TRAIN], world.emotion[:TRAIN]) for x in world.x)
    return np.stack([head.predict_proba(x[TRAIN:]) for head, x in zip(fitted, world.x, strict=True)])


def independent_jsd(world: World) -> Judged:
    return world.judge(conflict.conflict(heads(world)))


def independent_evidence(world: World) -> Judged:
    q = heads(world)
    prior = np.full(q.shape[2], 1 / q.shape[2])
    answer = np.log(np.maximum(q, 1e-12)).sum(0).argmax(1)
    named = conflict.dissenter(q, q.mean(0), prior=prior)
    return world.judge(conflict.evidence(q, prior).value, answer, named)


def early(model: Callable[[int], object]) -> Callable[[World], Judged]:
    def run(world: World) -> Judged:
        flat = world.x.transpose(1, 0, 2).reshape(TRAIN + TEST, -1)
        fitted = model(0).fit(flat[:TRAIN], world.emotion[:TRAIN])
        return world.judge(answer=fitted.predict(flat[TRAIN:]))

    return run


def tical(settings: tuple[str, ...], seed: int) -> Callable[[World], Judged]:
    def run(world: World) -> Judged:
        config = zoo.config_from("tical", settings)
        everything = np.arange(TRAIN + TEST)
        samples = Samples(declare(world.dataset), world.dataset, everything, torch.device("cpu"))
        rows = everything[:TRAIN]
        held = loop.held_out(rows.astype(str), config.validation, seed)
        model = finish(loop.train("tical", config, samples, rows[~held], rows[held], seed))
        with torch.inference_mode():
            output = model(samples.batch(torch.arange(TRAIN, TRAIN + TEST)))
        q, fused = output.q.double().numpy(), output.fused.double().numpy()
        named = conflict.dissenter(q, fused, prior=model.prior().double().numpy())
        points = output.points[-1].double().numpy()
        return world.judge(output.conflict.double().numpy(), fused.argmax(1), named, points)

    return run


def methods(seed: int) -> dict[str, Callable[[World], Judged]]:
    return {
        "exact observer": observer,
        "independent heads, JSD": independent_jsd,
        "independent heads, leave-one-out evidence, product": independent_evidence,
        "early fusion, logistic regression": early(lambda _: LogisticRegression(max_iter=1000)),
        "early fusion, MLP": early(
            lambda _: MLPClassifier((128,), early_stopping=True, alpha=1e-2, random_state=0, max_iter=300)
        ),
        **{name: tical(settings, seed) for name, settings in VARIANTS.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="folder of results; what is there is not run again")
    parser.add_argument("--only-run", action="store_true", help="write no report")
    chosen = parser.parse_args()
    keep = chosen.keep or Path(tempfile.mkdtemp())
    keep.mkdir(parents=True, exist_ok=True)
    found: dict[float, dict[str, list[Judged]]] = {0.75: {}, 0.90: {}}
    for seed in range(chosen.worlds):
        for probe, table in found.items():
            drawn = world(seed, probe)
            for name, run in methods(seed).items():
                path = keep / f"{''.join(c if c.isalnum() else '_' for c in name)}.{probe:g}.{seed}.json"
                if not path.is_file():
                    start = time.process_time()
                    path.write_text(json.dumps(asdict(run(drawn))))
                    print(f"{probe}, {name}, world {seed}: {time.process_time() - start:.0f} CPU s", file=sys.stderr)
                table.setdefault(name, []).append(Judged(**json.loads(path.read_text())))
    if not chosen.only_run:
        write(found)


def shown(values: list[float]) -> str:
    """Mean over worlds with its 95 % interval (Student)."""
    if np.isnan(values).any():
        return ""
    half = student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5 if len(values) > 1 else 0
    return f"{np.mean(values):.3f} ± {half:.3f}"


def write(found: dict[float, dict[str, list[Judged]]]) -> None:
    fields = ("auroc", "power", "named", "clean", "conflicting", "silent", "picture")
    lines = []
    for probe, table in found.items():
        lines += [
            f"Probe {probe:.2f}; one seed a world, mean ± 95 % over worlds.",
            "",
            "| method | worlds | AUROC | power, both <= 5 % | dissenter | clean | conflicting | silent | on the disk |",
            "| --- | ---: | --- | --- | --- | --- | --- | --- | --- |",
        ]
        for name, rows in table.items():
            cells = " | ".join(shown([getattr(row, field) for row in rows]) for field in fields)
            lines.append(f"| {name} | {len(rows)} | {cells} |")
        lines.append("")
    report("simulated_conflict", "Simulated conflict: planted truth", lines[:-1])
    values = {
        f"{probe:.2f}": {name: [asdict(row) for row in rows] for name, rows in table.items()}
        for probe, table in found.items()
    }
    (RESULTS / "simulated_conflict.json").write_text(
        json.dumps({"machine": machine(), "worlds": values}, indent=1) + "\n"
    )


if __name__ == "__main__":
    main()
