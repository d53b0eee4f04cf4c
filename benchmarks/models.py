"""Which model is right where modalities disagree, and which sees that they do?

    python benchmarks/models.py [NAME ...]

Runs plans of ``benchmarks/plans`` (``ground`` where none is named) as ``emoviz benchmark`` does and keeps each table as
``benchmarks/results/models_NAME.md``. The datasets must be in the workspace; what was run before is not run again.
"""

import argparse
import sys
from pathlib import Path

from common import report

from emoviz.benchmark import plan, run
from emoviz.progress import finish

PLANS = Path(__file__).parent / "plans"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=["ground"], metavar="NAME")
    for name in parser.parse_args().names:
        work = run.run(plan.read(PLANS / f"{name}.toml"))
        results = finish(work, lambda line: print(line.message, file=sys.stderr))
        title, *lines = (results.folder / "table.md").read_text().splitlines()
        # One level deeper, since the report has a heading of its own.
        report(
            f"models_{name}",
            title.removeprefix("# "),
            [f"#{line}" if line.startswith("##") else line for line in lines],
        )


if __name__ == "__main__":
    main()
