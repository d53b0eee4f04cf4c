"""How long does the analysis of a dataset take, and does it grow in proportion?

    python benchmarks/bench_analyze.py        # EMOVIZ_TEST_DATA names the folder with crema-d

CREMA-D must stay under 10 s as a whole process (start, import of the packages, reading, model, picture, Parquet). A
million simulated samples of three modalities show how it grows; were the time per sample to rise, some step would not
be linear.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import report

from emoviz.analysis import findings
from emoviz.data import importers, simulated, store
from emoviz.models import checkpoints
from emoviz.progress import finish

SIZES = (10_000, 100_000, 1_000_000)


def whole_process(dataset: str, model: str | None, out: Path) -> float:
    """Seconds of one ``emoviz analyze`` that finds nothing kept from before."""
    shutil.rmtree(Path(os.environ["EMOVIZ_HOME"]) / "findings", ignore_errors=True)
    start = time.perf_counter()
    extra = ["--model", model] if model else []
    command = [sys.executable, "-m", "emoviz.cli", "analyze", dataset, *extra, "-o", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    lines = ["| dataset | samples | what | seconds | µs a sample |", "| --- | ---: | --- | ---: | ---: |"]
    with tempfile.TemporaryDirectory() as home:
        os.environ["EMOVIZ_HOME"] = home
        data = os.environ.get("EMOVIZ_TEST_DATA")
        if data:
            finish(importers.load(Path(data) / "crema-d", "crema-d"))
            for model in (None, "crema-d-votes"):
                taken = sorted(whole_process("crema-d", model, Path(home) / "out.parquet") for _ in range(3))[1]
                what = "emoviz analyze, whole process, " + ("votes and model" if model else "votes alone")
                lines.append(f"| crema-d | 7,442 | {what} | {taken:.1f} | {1e6 * taken / 7442:.0f} |")
        checkpoint = checkpoints.load("simulated-tical")
        for size in SIZES:
            dataset = store.write(simulated.dataset(seed=1, train=0, test=size), Path(home) / f"d{size}")
            start = time.perf_counter()
            findings.write(findings.analyze(dataset, checkpoint), Path(home) / "out.parquet")
            taken = time.perf_counter() - start
            what = "three modalities, model and picture, written"
            lines.append(f"| simulated | {size:,} | {what} | {taken:.1f} | {1e6 * taken / size:.0f} |")
    report("analyze", "Time of an analysis", lines)


if __name__ == "__main__":
    main()
