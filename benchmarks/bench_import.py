"""Is all of CREMA-D imported, do its votes say what is known of them, and how long does importing take?

    EMOVIZ_TEST_DATA=FOLDER python benchmarks/bench_import.py

FOLDER/crema-d holds the published tables. The known numbers are those of the published votes; one that differs means
that a row was lost or read wrongly. Tables of invented votes show how time grows: an import above a minute for a
million rows would have to read in pieces, reading a stored dataset of 100,000 samples above 150 ms would cost every
page its aim.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from common import report

from emoviz.data import importers, store
from emoviz.data.dataset import FUSED, Dataset
from emoviz.measures import divergence, intervals
from emoviz.progress import finish

ROWS = (10_000, 100_000, 1_000_000)
EMOTIONS = ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")
SIDES = ("face", "voice", "text")


def seconds(work: Callable[[], object], repeats: int = 1) -> float:
    """Median wall time of one call."""
    laps = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        laps.append(time.perf_counter() - start)
    return median(laps)


def invented(rows: int, path: Path) -> None:
    """A table with nine votes on each of three sides."""
    rng = np.random.default_rng(0)
    columns = {"id": [f"sample-{i:07d}" for i in range(rows)], "speaker": [f"p{i % 500}" for i in range(rows)]}
    for side in SIDES:
        votes = rng.multinomial(9, np.full(len(EMOTIONS), 1 / len(EMOTIONS)), rows)
        columns |= {f"{side}_{emotion}": votes[:, i] for i, emotion in enumerate(EMOTIONS)}
    pd.DataFrame(columns).to_csv(path, index=False)


def known_numbers(dataset: Dataset) -> list[str]:
    """What the votes say beside what is known of them."""
    votes = {side: dataset.annotations[side].values for side in ("voice", "face", FUSED)}
    actor = dataset.samples["group"].to_numpy()
    null = divergence.vote_null(votes["voice"], votes["face"], permutations=4999)
    q = divergence.benjamini_hochberg(null.p)
    mode = {side: v.argmax(1) for side, v in votes.items()}
    unique = {side: (v == v.max(1, keepdims=True)).sum(1) == 1 for side, v in votes.items()}
    both = unique["voice"] & unique["face"]
    differ = both & (mode["voice"] != mode["face"])
    clear = differ & unique[FUSED]
    face, voice = (mode[FUSED] == mode[side] for side in ("face", "voice"))

    def mean(values: np.ndarray, rows: np.ndarray | slice = slice(None)) -> str:
        found = intervals.bootstrap(values[rows].astype(float), actor[rows])
        return f"{found.value:.4f} [{found.low:.4f}, {found.high:.4f}]"

    return [
        "| what | known | here [95 %, actors redrawn] |",
        "| --- | ---: | ---: |",
        f"| clips | 7,442 | {len(dataset):,} |",
        f"| flagged as bad | 4 | {(dataset.samples['flag'] != '').sum()} |",
        f"| mean voice-face JSD, bits | .326 +- .001 | {mean(null.observed)} |",
        f"| mean of its permutation null, bits | .147 +- .002 | {mean(null.expected)} |",
        f"| clips with unique voice and face modes | 6,383 | {both.sum():,} |",
        f"| of these, modes differ | 3,023 | {differ.sum():,} |",
        f"| of these, unique audio-visual mode too | 2,794 | {clear.sum():,} |",
        f"| ... it follows the face | .675 | {mean(face, clear)} |",
        f"| ... it follows the voice | .196 | {mean(voice, clear)} |",
        f"| ... it follows neither | .128 | {mean(~face & ~voice, clear)} |",
        f"| share of clips with p < .05 | .371 | {mean(null.p < 0.05)} |",
        f"| share of clips in conflict, Benjamini-Hochberg 5 % | .245 +- .005 | {mean(q <= 0.05)} |",
    ]


def main() -> None:
    folder = Path(os.environ.get("EMOVIZ_TEST_DATA", ".")) / "crema-d"
    if not (folder / "tabulatedVotes.csv").is_file():
        sys.exit(f"'{folder}' has no tabulatedVotes.csv. Set EMOVIZ_TEST_DATA to the folder that holds crema-d.")
    with tempfile.TemporaryDirectory() as home:
        os.environ["EMOVIZ_HOME"] = home
        took = seconds(lambda: finish(importers.load(folder, "crema-d")))
        rows = [
            "| table | rows | import, s | stored, MB | read, s | light look, ms |",
            "| --- | ---: | ---: | ---: | ---: | ---: |",
            row("CREMA-D", "crema-d", took),
        ]
        for count in ROWS:
            table = Path(home) / "table.csv"
            invented(count, table)
            took = seconds(lambda table=table: finish(importers.load(table, "invented")))
            rows.append(row("invented votes, CSV", "invented", took))
            store.remove("invented")
        report("import", "Import", [*known_numbers(store.read("crema-d")), "", *rows])


def row(title: str, name: str, took: float) -> str:
    """How long importing took, and what reading it again takes."""
    told = store.info(name)
    size = sum(path.stat().st_size for path in told.folder.rglob("*") if path.is_file()) / 1e6
    again, light = seconds(lambda: store.read(name), 5), seconds(lambda: store.info(name), 5)
    return f"| {title} | {told.samples:,} | {took:.2f} | {size:.1f} | {again:.3f} | {1000 * light:.1f} |"


if __name__ == "__main__":
    main()
