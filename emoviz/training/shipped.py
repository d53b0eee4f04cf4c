"""Train the checkpoints that the project brings along, small enough to be kept with the code.

    python -m emoviz.training.shipped [NAME ...]

Those named after ``crema-d`` need the dataset of that name in the workspace (``emoviz data get crema-d``), those named
after ``ground`` the proving ground (``emoviz data mix --name ground --corpora FOLDER``).
"""

import argparse
import sys
from dataclasses import dataclass

from emoviz import workspace
from emoviz.data import store
from emoviz.models import zoo
from emoviz.progress import finish
from emoviz.training import crossfit

# Narrow: a tenth of the size of the defaults, at nearly their accuracy. And on the ball, which changes no number: the
# disk then shows the distances that the model itself goes by.
COMPACT = {"tical": ("width=24", "members=1", "anchors=16", "geometry=hyperbolic"), "mpcl": ("width=24",)}
VOTES = "inputs=fraction+log+count"
# Votes are few numbers: TiCAL-style learns them as well in fewer and larger steps, in half the time.
QUICK = ("lr=0.005", "epochs=16", "beta=4")
READ = "inputs=embedding+distribution"


@dataclass(frozen=True)
class Shipped:
    """A checkpoint that comes with emoviz.

    Attributes:
        name: of its folder in ``models/``
        dataset: name of the dataset it is trained on
        model: of the zoo
        settings: beside :data:`COMPACT`
    """

    name: str
    dataset: str
    model: str = "tical"
    settings: tuple[str, ...] = ()


SHIPPED = (
    Shipped("simulated-tical", "simulated"),
    Shipped("crema-d-votes", "crema-d", settings=(VOTES, *QUICK)),
    Shipped("crema-d-votes-mpcl", "crema-d", "mpcl", (VOTES, "loss=jsd")),
    Shipped("ground", "ground", settings=(READ,)),
    Shipped("ground-mpcl", "ground", "mpcl", (READ,)),
)


def main() -> None:
    """Train the named ones, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *(shipped.name for shipped in SHIPPED)])
    chosen = parser.parse_args().names
    for shipped in SHIPPED:
        if chosen and shipped.name not in chosen:
            continue
        config = zoo.config_from(shipped.model, (*COMPACT[shipped.model], *shipped.settings))
        work = crossfit.fit(
            store.read(shipped.dataset), config, device="cpu", name=shipped.name, folder=workspace.MODELS / shipped.name
        )
        card = finish(work, lambda line: print(line.message, file=sys.stderr)).card
        for metric in card.metrics:
            print(f"{card.name}: {metric.name} on {metric.on} {metric.value:.4f} [{metric.low:.4f}, {metric.high:.4f}]")


if __name__ == "__main__":
    main()
