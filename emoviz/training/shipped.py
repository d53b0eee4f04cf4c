"""Train the checkpoints that the project brings along, small enough to be kept with the code.

    python -m emoviz.training.shipped [NAME ...]

``crema-d-votes`` needs the dataset ``crema-d`` in the workspace (``emoviz data get crema-d``).
"""

import argparse
import sys
from dataclasses import dataclass

from emoviz import workspace
from emoviz.data import store
from emoviz.models import zoo
from emoviz.progress import finish
from emoviz.training import crossfit

# Narrow and alone: a tenth of the size of the defaults, at nearly their accuracy.
COMPACT = ("width=24", "members=1", "anchors=16")


@dataclass(frozen=True)
class Shipped:
    """A checkpoint that comes with emoviz.

    Attributes:
        name: of its folder in ``models/``
        dataset: name of the dataset it is trained on
        settings: beside :data:`COMPACT`
    """

    name: str
    dataset: str
    settings: tuple[str, ...] = ()


SHIPPED = (
    Shipped("simulated-tical", "simulated"),
    Shipped("crema-d-votes", "crema-d", ("inputs=fraction+log+count",)),
)


def main() -> None:
    """Train the named ones, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *(shipped.name for shipped in SHIPPED)])
    chosen = parser.parse_args().names
    for shipped in SHIPPED:
        if chosen and shipped.name not in chosen:
            continue
        config = zoo.config_from("tical", (*COMPACT, *shipped.settings))
        work = crossfit.fit(
            store.read(shipped.dataset), config, device="cpu", name=shipped.name, folder=workspace.MODELS / shipped.name
        )
        card = finish(work, lambda line: print(line.message, file=sys.stderr)).card
        for metric in card.metrics:
            print(f"{card.name}: {metric.name} on {metric.on} {metric.value:.4f} [{metric.low:.4f}, {metric.high:.4f}]")


if __name__ == "__main__":
    main()
