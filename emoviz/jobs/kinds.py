"""The kinds of work that can be a job, and what each needs to know.

An order is a frozen dataclass of plain values, so it can be written down, read back in another
process and run there. Running one is a generator of :class:`~emoviz.progress.Progress` that returns
the name of what it made. Heavy libraries are imported when the work begins, not when it is ordered.
"""

import json
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

from emoviz.errors import ConfigError, JobError
from emoviz.progress import Progress


@dataclass(frozen=True)
class Order:
    """What every kind of work has.

    Attributes:
        takes_turns: whether only one job of such a kind may run at a time, because it fills the machine
    """

    takes_turns: ClassVar[bool] = False

    @property
    def title(self) -> str:
        """As shown in lists."""
        raise NotImplementedError

    def run(self, unfinished: Path | None = None) -> Generator[Progress, None, str]:
        """Do the work.

        Args:
            unfinished: folder where work that can be gone on with later may keep its state

        Returns:
            the name of what was made
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Train(Order):
    """Train a model on a dataset and save a checkpoint.

    Attributes:
        dataset: name of the dataset
        model: name in the zoo
        settings: ``key=value`` pairs for the fields of the model's config
        seed: of everything drawn by chance, 0 to 2**32 - 1
        folds: group-disjoint fold models beside the final one, 0 or at least 2
        device: ``cpu``, ``cuda`` or ``auto``
        name: of the checkpoint; chosen from dataset and model where ``None``

    Raises:
        ConfigError: for a seed or a number of folds that cannot be
    """

    dataset: str
    model: str = "tical"
    settings: tuple[str, ...] = ()
    seed: int = 0
    folds: int = 5
    device: str = "auto"
    name: str | None = None

    takes_turns: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"The seed is {self.seed}; it must lie between 0 and {2**32 - 1}.")
        if self.folds < 0 or self.folds == 1:
            raise ConfigError(f"There cannot be {self.folds} folds: choose 2 or more, or 0 for none.")

    @property
    def title(self) -> str:
        return f"Train {self.model} on {self.dataset}"

    def run(self, unfinished: Path | None = None) -> Generator[Progress, None, str]:
        """Returns the name of the checkpoint."""
        from emoviz.data import store

        yield Progress(None, f"reading {self.dataset}")
        dataset = store.read(self.dataset)
        # After the cheap question whether there is such a dataset: these take seconds.
        from emoviz.models import zoo
        from emoviz.training import crossfit

        config = zoo.config_from(self.model, self.settings)
        checkpoint = yield from crossfit.fit(
            dataset,
            config,
            seed=self.seed,
            folds=self.folds,
            device=self.device,
            name=self.name,
            state=unfinished,
        )
        return checkpoint.card.name


@dataclass(frozen=True)
class Analyze(Order):
    """Compute the findings of a dataset and keep them in the workspace.

    Attributes:
        dataset: name of the dataset
        checkpoint: name of the checkpoint; human columns alone where ``None``
    """

    dataset: str
    checkpoint: str | None = None

    @property
    def title(self) -> str:
        return f"Analyze {self.dataset}" + (f" with {self.checkpoint}" if self.checkpoint else "")

    def run(self, unfinished: Path | None = None) -> Generator[Progress, None, str]:
        """Returns the name of the dataset, whose findings are then in the workspace."""
        from emoviz.data import store

        yield Progress(None, f"reading {self.dataset}")
        dataset = store.read(self.dataset)
        from emoviz.analysis import findings
        from emoviz.models import checkpoints

        checkpoint = None if self.checkpoint is None else checkpoints.load(self.checkpoint)
        yield from findings.kept(dataset, checkpoint)
        return self.dataset


@dataclass(frozen=True)
class Import(Order):
    """Make a dataset of a file or folder.

    Attributes:
        path: absolute path of the file or folder
        name: of the dataset
        format: an importer's name; found out where ``None``
        mapping: absolute path of a mapping file
        media: absolute path of a folder of media
    """

    path: str
    name: str
    format: str | None = None
    mapping: str | None = None
    media: str | None = None

    @property
    def title(self) -> str:
        return f"Import {self.name}"

    def run(self, unfinished: Path | None = None) -> Generator[Progress, None, str]:
        """Returns the name of the dataset; the last lines of progress are the load report."""
        from emoviz.data import importers

        dataset, report = yield from importers.load(
            self.path, self.name, format=self.format, mapping=self.mapping, media=self.media
        )
        for sentence in report.sentences(20):
            yield Progress(1.0, sentence)
        return dataset.name


@dataclass(frozen=True)
class Download(Order):
    """Fetch a public dataset and import it.

    Attributes:
        source: its name, for example ``crema-d``
        base_url: where to fetch it from; its public place where ``None``
    """

    source: str
    base_url: str | None = None

    @property
    def title(self) -> str:
        return f"Download {self.source}"

    def run(self, unfinished: Path | None = None) -> Generator[Progress, None, str]:
        """Returns the name of the dataset."""
        from emoviz.data import download

        dataset = yield from download.get(self.source, base_url=self.base_url)
        return dataset.name


@dataclass(frozen=True)
class Extract(Order):
    """Make a dataset of a folder of clips.

    Attributes:
        folder: absolute path
        name: of the dataset
        jobs: how many clips are read at the same time; chosen where ``None``
    """

    folder: str
    name: str
    jobs: int | None = None

    takes_turns: ClassVar[bool] = True

    @property
    def title(self) -> str:
        return f"Extract {self.name}"

    def run(self, unfinished: Path | None = None) -> Generator[Progress, None, str]:
        """Returns the name of the dataset; the last lines of progress are the report."""
        from emoviz.perception import extract

        dataset, report = yield from extract.extract(Path(self.folder), self.name, jobs=self.jobs)
        for sentence in report.sentences(20):
            yield Progress(1.0, sentence)
        return dataset.name


KINDS: dict[str, type[Order]] = {
    "train": Train,
    "analyze": Analyze,
    "import": Import,
    "download": Download,
    "extract": Extract,
}


def kind_of(order: Order) -> str:
    """The name of an order's kind."""
    return next(name for name, kind in KINDS.items() if type(order) is kind)


def to_json(order: Order) -> str:
    """What an order asks for, as text."""
    return json.dumps(asdict(order))


def from_json(kind: str, text: str) -> Order:
    """Inverse of :func:`to_json`.

    Raises:
        JobError: if nobody understands it
    """
    try:
        fields = {name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(text).items()}
        return KINDS[kind](**fields)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise JobError(
            f"A job of kind '{kind[:80]}' was written by another version of emoviz, or is damaged. "
            "Move jobs.sqlite out of the workspace to start with no jobs."
        ) from error
