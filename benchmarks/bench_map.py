"""How much of a model's ball does the picture lose, by our map, tangent PCA and UMAP on the hyperboloid?

    python benchmarks/bench_map.py        # EMOVIZ_TEST_DATA names the folder with crema-d

Distortion is the root of the squared error of geodesic distances between 500 drawn points over the squared distances;
"ten nearest kept" is the share of each point's ten nearest in the ball that are among its ten nearest on the disk.
If tangent PCA ever loses less, it becomes the map: it is simpler.
"""

import os
import time
from pathlib import Path

import numpy as np
from common import report
from umap import UMAP

import emoviz
from emoviz.analysis import reduce
from emoviz.data import store
from emoviz.data.importers import crema_d
from emoviz.models import checkpoints
from emoviz.training import crossfit

SEEDS = (0, 1, 2)


def lost(ball: np.ndarray, disk: np.ndarray, rows: np.ndarray) -> tuple[float, float]:
    true, shown = reduce.distances(ball[rows], ball[rows]), reduce.distances(disk[rows], disk[rows])
    near, drawn = true.argsort(1)[:, 1:11], shown.argsort(1)[:, 1:11]
    kept = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(near, drawn, strict=True)])
    return float(np.sqrt(np.square(shown - true).sum() / np.square(true).sum())), float(kept)


def hyperboloid_umap(points: np.ndarray, seed: int) -> np.ndarray:
    tangents = np.arctanh(np.linalg.norm(points, axis=1, keepdims=True)) * points
    x, y = UMAP(output_metric="hyperboloid", init="pca", random_state=seed, n_jobs=1).fit_transform(tangents).T
    t = np.sqrt(1 + x * x + y * y)
    return np.column_stack([x / (1 + t), y / (1 + t)])


MAPS = {
    "landmarks (ours)": lambda points, seed: reduce.fit(points, seed=seed).place(points).xy,
    "tangent PCA": lambda points, seed: reduce.tangent_pca(points),
    "UMAP, hyperboloid": hyperboloid_umap,
}


def worlds():
    yield "simulated", store.read("simulated"), checkpoints.load("simulated-tical")
    data = os.environ.get("EMOVIZ_TEST_DATA")
    if data:
        yield "crema-d", crema_d.read(Path(data) / "crema-d")[0], checkpoints.load("crema-d-votes")


def main() -> None:
    rows = ["| points of | map | distortion | ten nearest kept | seconds |", "| --- | --- | ---: | ---: | ---: |"]
    for name, dataset, checkpoint in worlds():
        points = crossfit.predict(checkpoint, dataset).fused_points
        drawn = np.random.default_rng(0).permutation(len(points))[:500]
        for title, make in MAPS.items():
            start = time.perf_counter()
            figures = [lost(points, make(points, seed), drawn) for seed in SEEDS]
            seconds = (time.perf_counter() - start) / len(SEEDS)
            distortion, kept = np.array(figures).T
            rows.append(
                f"| {name} ({len(points):,}) | {title} | {distortion.mean():.3f} ± {distortion.std(ddof=1):.3f} "
                f"| {kept.mean():.2f} | {seconds:.1f} |"
            )
    report("map", f"Distortion of the picture (emoviz {emoviz.__version__}, seeds {SEEDS})", rows)


if __name__ == "__main__":
    main()
