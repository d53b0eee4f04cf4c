"""How long does a page take to run again with 100,000 samples?

    python benchmarks/bench_pages.py

Every gesture that is not answered in the browser runs a page again. Above 150 ms a click is felt to be slow: then
something of the page belongs in a cache, or in a fragment. Two datasets of 100,000 samples: people's votes on voice,
face and both, and three modalities of the simulated world seen by a model. The time is that of the page's script with
everything it hands to the browser, without a browser; the first run of a page, which fills the caches, is not counted.
"""

import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from common import report
from streamlit.testing.v1 import AppTest

from emoviz.analysis import findings
from emoviz.data import simulated, store
from emoviz.models import checkpoints
from emoviz.progress import finish
from emoviz.training import crossfit
from emoviz.workspace import ROOT
from tests import tiny
from tests.furnished import voted

SAMPLES = 100_000
REPEATS = 15
PAGES = ("overview", "conflicts", "disk", "datasets")


def furnish() -> dict[str, dict[str, str]]:
    """Store both datasets with their findings; name to the address that shows them."""
    people = store.write(replace(voted("people", SAMPLES, raters=9), title="People"))
    world = replace(simulated.dataset(train=400, test=SAMPLES - 400), name="world")
    seen = store.write(world)
    checkpoint = finish(crossfit.fit(store.read("simulated"), tiny.config(), folds=0, device="cpu", name="tiny"))
    for dataset, model in ((people, None), (seen, checkpoints.load(checkpoint.card.name))):
        start = time.perf_counter()
        finish(findings.kept(dataset, model))
        print(f"findings of {dataset.name}: {time.perf_counter() - start:.1f} s", flush=True)
    return {
        "people's votes, 2 modalities": {"dataset": "people"},
        "a model, 3 modalities": {"dataset": "world", "model": "tiny", "by": "model"},
    }


def opened(page: str, query: dict[str, str]) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    app.switch_page(f"pages/{page}.py")
    app.run()
    assert not app.exception, app.exception[0].value
    return app


def milliseconds(work: Callable[[], object]) -> float:
    """Median wall time of one call after one that warms up."""
    work()
    laps = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        laps.append(time.perf_counter() - start)
    return 1e3 * median(laps)


def main() -> None:
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as home:
        os.environ["EMOVIZ_HOME"] = home
        lines = ["| data | gesture | ms |", "|---|---|---:|"]
        for title, query in furnish().items():
            for page in PAGES:
                lines.append(f"| {title} | {page}, run again | {milliseconds(opened(page, query).run):.0f} |")
            walked = opened("conflicts", query)
            lines.append(
                f"| {title} | conflicts, next sample | "
                f"{milliseconds(lambda app=walked: app.button('conflicts.next').click().run()):.0f} |"
            )
            words = iter(f"{k:03d}" for k in range(REPEATS + 1))
            found = opened("conflicts", query)
            lines.append(
                f"| {title} | conflicts, another search | "
                f"{milliseconds(lambda app=found, w=words: app.text_input('filters.text').input(next(w)).run()):.0f} |"
            )
    report("pages", f"Pages with {SAMPLES:,} samples: milliseconds to run again (aim: 150)", lines)


if __name__ == "__main__":
    main()
