"""What becomes of models as conflict becomes frequent and raters careless?

    EMOVIZ_HOME=WORKSPACE python benchmarks/curves.py

Runs the plan ``ground-curves``, which says how to make its datasets, and tells accuracy and the AUROC of planted
conflict at each rate. A model that gains most where conflict is frequent would show it as a widening gap to the others;
one that learned to follow careless raters as a fall with the noise. What was run before is not run again.
"""

import sys
from pathlib import Path

import pandas as pd
from common import report

from emoviz.benchmark import plan, run
from emoviz.benchmark.results import TABLE
from emoviz.progress import finish

CURVES = {
    "as conflict becomes frequent (noise .1)": ("conflict .1", "conflict .3, noise .1", "conflict .5"),
    "as raters become careless (conflict .3)": ("noise 0", "conflict .3, noise .1", "noise .3"),
}
TOLD = {
    "accuracy, all samples": ("all", "accuracy"),
    "accuracy, samples with a planted conflict": ("inconsistent", "accuracy"),
    "AUROC of planted conflict": ("all", "auroc"),
    "the dissenter is found": ("all", "dissenter"),
    "labels of single modalities right": ("training", "pseudo"),
    "the whole's label, copied down, right": ("training", "pseudo_copied"),
}


def main() -> None:
    work = run.run(plan.read(Path(__file__).parent / "plans" / "ground-curves.toml"))
    results = finish(work, lambda line: print(line.message, file=sys.stderr))
    table = pd.read_csv(results.folder / TABLE).set_index(["dataset", "title", "stratum", "metric"])
    first = table.iloc[0]
    lines = [
        f"{first.n:,.0f} test samples of {first.groups:.0f} groups for each, mean of {first.seeds:.0f} trainings "
        "[95 % over groups]; labels of single modalities are those of the training part.",
        "",
    ]
    for curve, rates in CURVES.items():
        lines += [f"### {curve[0].upper()}{curve[1:]}", ""]
        for name, (stratum, metric) in TOLD.items():
            lines += [f"| {name} | {' | '.join(rates)} |", f"| --- |{' --- |' * len(rates)}"]
            for title in [variant.title for variant in results.plan.variants]:
                found = [table.loc[(rate, title, stratum, metric)] for rate in rates]
                cells = [f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]" for one in found]
                lines.append(f"| {title} | {' | '.join(cells)} |")
            lines.append("")
    report("curves", "Rates of conflict and of noise on the proving ground", lines)


if __name__ == "__main__":
    main()
