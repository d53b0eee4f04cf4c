"""How long do the measures take on a whole dataset?

    python benchmarks/bench_measures.py

Votes like CREMA-D's (7,442 clips, six labels, about nine votes a side), the conflict of a million samples of three
modalities and seven labels, and the ten nearest of 100,000 points. Findings call all but the last when a dataset is
analysed, a page calls the last when a sample is clicked: a null above 2 s would have to be drawn, the conflict of a
million above 5 s would need a process of its own, neighbours of one sample above 100 ms an index.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from common import report

from emoviz.geometry import knn, poincare
from emoviz.measures import conflict, divergence

REPEATS = 5
SAMPLES, LABELS = 1_000_000, 7


def timed(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median wall time of one call after a warm-up, in seconds."""
    work()
    laps = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        laps.append(time.perf_counter() - start)
    return statistics.median(laps)


def votes(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two sides that mostly show the same, judged by 8 to 11 people each."""
    shown = generator.dirichlet(np.full(6, 0.4), 7442)
    faces = np.where(generator.random((7442, 1)) < 0.5, shown, generator.dirichlet(np.full(6, 0.4), 7442))
    a, b = (generator.multinomial(generator.integers(8, 12, 7442), side) for side in (shown, faces))
    return a.astype(float), b.astype(float)


def main() -> None:
    generator = np.random.default_rng(0)
    voice, face = votes(generator)
    q = generator.dirichlet(np.full(LABELS, 0.5), (3, SAMPLES))
    fused, prior = q.mean(0), np.full(LABELS, 1 / LABELS)
    rows = ["| what | samples | seconds |", "| --- | ---: | ---: |"]
    for what, samples, work in (
        ("vote null, enumerated", 7442, lambda: divergence.vote_null(voice, face)),
        ("vote null, 4,999 deals drawn", 7442, lambda: divergence.vote_null(voice, face, exact_limit=0)),
        ("conflict, distribution targets", SAMPLES, lambda: conflict.conflict(q)),
        ("conflict, class targets", SAMPLES, lambda: conflict.conflict(q, prior=prior, dissent_rate=0.1)),
        ("pairwise", SAMPLES, lambda: conflict.pairwise(q)),
        ("support", SAMPLES, lambda: conflict.support(q)),
        ("types", SAMPLES, lambda: conflict.types(q, fused, 0.3)),
        ("dissenter, class targets", SAMPLES, lambda: conflict.dissenter(q, fused, prior=prior)),
    ):
        rows.append(f"| {what} | {samples:,} | {timed(work):.2f} |")
    for dim in (2, 32):
        points = poincare.expmap0(torch.randn(100_000, dim, generator=torch.Generator().manual_seed(0)) / dim**0.5)
        for queries in (1, 1000):
            seconds = timed(lambda p=points, n=queries: knn.neighbours(p[:n], p, 10))
            rows.append(f"| 10 nearest of {queries:,} among 100,000, {dim} dimensions | {queries:,} | {seconds:.3f} |")
    report("measures", "Measures: how long", rows)


if __name__ == "__main__":
    main()
