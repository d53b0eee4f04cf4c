"""Run every benchmark, or the named ones, and gather benchmarks/results/*.md in benchmarks/RESULTS.md.

    python benchmarks/run.py [--gather] [NAME ...]

``--gather`` only gathers what was measured before.
"""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
HEAD = """# Results

What was measured, by which script, on which machine; `make bench` measures it again. Intervals are 95 % unless a table
says otherwise; accuracy is always on groups (speakers) that training never saw. Timings are medians on an otherwise
quiet machine, but for what models cost in whole benchmarks: there two or three trained beside each other. What got
worse or missed its aim stands in the tables like everything else.
"""


def scripts() -> list[Path]:
    return sorted(path for path in HERE.glob("*.py") if path.stem not in ("common", "run"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="scripts without their ending")
    parser.add_argument("--gather", action="store_true", help="only gather what was measured before")
    chosen = parser.parse_args()
    if not chosen.gather:
        for script in scripts():
            if not chosen.names or script.stem in chosen.names:
                print(f"# {script.name}", flush=True)
                subprocess.run([sys.executable, str(script)], check=True)
    parts = [path.read_text().rstrip() for path in sorted((HERE / "results").glob("*.md"))]
    (HERE / "RESULTS.md").write_text("\n\n".join([HEAD.rstrip(), *parts]) + "\n")


if __name__ == "__main__":
    main()
