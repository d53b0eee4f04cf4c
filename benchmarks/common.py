"""What every benchmark says beside its numbers, and where it writes them."""

import os
import platform
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("torch", "numpy", "scikit-learn", "streamlit", "plotly")


def machine() -> str:
    """Where and with what a number was measured, in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"Python {platform.python_version()}, {packages}"
    )


def report(name: str, title: str, lines: Iterable[str]) -> None:
    """Print a section and keep it as ``benchmarks/results/<name>.md``."""
    text = "\n".join([f"## {title}", "", machine(), "", *lines, ""])
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text)
    print(text)
