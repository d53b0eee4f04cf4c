"""What a benchmark compares: models, datasets, seeds and parts left out, from a small TOML file.

name = "simulated"
metric = "accuracy"
seeds = [0, 1, 2]

[[datasets]]
name = "simulated"
protocol = "split"

[[models]]
model = "tical"

[[ablations]]
of = "TiCAL-style"
title = "no gates"
set = ["stages=plain"]

[[claims]]
model = "TiCAL-style"
stratum = "inconsistent"
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from emoviz import workspace
from emoviz.errors import ConfigError
from emoviz.models import zoo
from emoviz.models.base import ModelConfig

Protocol = Literal["split", "folds"]
MOST_FOLDS, MOST_REPEATS, MOST_TRIALS, MOST_SEEDS = 100, 100, 200, 100


@dataclass(frozen=True)
class Data:
    """One dataset of a plan, and who is tested in it.

    Attributes:
        name: of the stored dataset
        title: unique in the plan
        protocol: ``split`` tests on the dataset's test split, ``folds`` on every group once, left out of training
        folds: how many, for ``folds``
        repeats: how often the groups are dealt out to folds, for ``folds``
        settings: ``field=value`` for all models on this dataset, such as which features are read
    """

    name: str
    title: str
    protocol: Protocol = "split"
    folds: int = 5
    repeats: int = 1
    settings: tuple[str, ...] = ()

    @property
    def folds_at_once(self) -> int:
        """How many models of one seed it takes to test everybody once."""
        return 1 if self.protocol == "split" else self.folds

    @property
    def parts(self) -> int:
        """How many models of one seed are trained."""
        return 1 if self.protocol == "split" else self.folds * self.repeats


@dataclass(frozen=True)
class Variant:
    """One row of the table: a model with its settings.

    Attributes:
        model: its name in the zoo
        title: unique in the plan
        settings: ``field=value``
        of: title of the model of which this is an ablation, empty for a model itself
    """

    model: str
    title: str
    settings: tuple[str, ...] = ()
    of: str = ""


@dataclass(frozen=True)
class Claim:
    """That a model is ahead of others, stated before anything was measured.

    A claim is tested by its own comparisons alone, so that one about few rivals is proven with fewer people.

    Attributes:
        model: title of the model
        against: titles of its rivals
        stratum: of the tested samples, see :func:`emoviz.benchmark.table.table`
        metric: the plan's where empty
    """

    model: str
    against: tuple[str, ...]
    stratum: str = "all"
    metric: str = ""


@dataclass(frozen=True)
class Plan:
    """A benchmark that can be run.

    Attributes:
        name: of its folder
        title: as shown
        datasets: at least one
        seeds: of everything drawn by chance, one training each
        variants: the models, then the ablations
        search: settings tried for each model, dataset and part on validation groups of the training part, the
            plan's own among them; below 2 nothing is searched
        metric: by which models are compared first
        claims: stated before anything is measured
    """

    name: str
    title: str
    datasets: tuple[Data, ...]
    seeds: tuple[int, ...]
    variants: tuple[Variant, ...]
    search: int
    metric: str
    claims: tuple[Claim, ...] = ()

    @property
    def models(self) -> tuple[Variant, ...]:
        """The models without the ablations."""
        return tuple(variant for variant in self.variants if not variant.of)

    def data(self, title: str) -> Data:
        """The dataset of that title."""
        return next(data for data in self.datasets if data.title == title)

    def variant(self, title: str) -> Variant:
        """The model or ablation of that title."""
        return next(variant for variant in self.variants if variant.title == title)


def read(path: Path) -> Plan:
    """The plan in a file.

    Raises:
        ConfigError: if it is not TOML, or says something that cannot be done
        UnknownNameError: if it names a model that does not exist
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"'{path.name}' is not a plan: {error}. A plan is TOML; see docs/benchmark.md.") from error
    return parsed(raw, path.stem)


def parsed(raw: dict[str, Any], name: str) -> Plan:
    """A plan from what its file says.

    Args:
        raw: the file as nested values
        name: where the plan does not name itself

    Raises:
        ConfigError: for what cannot be done
        UnknownNameError: for a model that does not exist
    """
    top = _Reader("the plan", raw)
    name = workspace.checked_name("benchmark", top.text("name", name))
    datasets = tuple(map(_data, top.tables("datasets", "dataset")))
    models = tuple(map(_model, top.tables("models", "model")))
    titles = {variant.title: variant for variant in models}
    ablations = tuple(_ablation(table, titles) for table in top.tables("ablations", "ablation", least=0))
    plan = Plan(
        name=name,
        title=top.text("title", name),
        datasets=datasets,
        seeds=top.numbers("seeds", (0, 1, 2)),
        variants=(*models, *ablations),
        search=top.number("search", 0, (0, MOST_TRIALS)),
        metric=top.text("metric", ""),
        claims=tuple(_claim(table, titles) for table in top.tables("claims", "claim", least=0)),
    )
    top.nothing_left()
    for kind, named in (("dataset", plan.datasets), ("model", plan.variants)):
        seen: set[str] = set()
        for entry in named:
            if entry.title in seen:
                raise ConfigError(f"Two entries of the plan have the title '{entry.title}'. Give each {kind} its own.")
            seen.add(entry.title)
    for data in plan.datasets:
        for variant in plan.variants:
            config(data, variant)  # a wrong setting is said before the first training, not hours later
    return plan


def config(data: Data, variant: Variant, settings: tuple[str, ...] = ()) -> ModelConfig:
    """The config with which a model is trained on a dataset; later settings win: found ones, dataset's, model's."""
    return zoo.config_from(variant.model, (*settings, *data.settings, *variant.settings))


def _data(table: "_Reader") -> Data:
    name = table.text("name")
    protocol = table.text("protocol", "split")
    if protocol not in get_args(Protocol):
        raise ConfigError(f"The protocol of dataset '{name}' is '{protocol}'; it must be split or folds.")
    found = Data(
        name=name,
        title=table.text("title", name),
        protocol="split" if protocol == "split" else "folds",
        folds=table.number("folds", 5, (2, MOST_FOLDS)),
        repeats=table.number("repeats", 1, (1, MOST_REPEATS)),
        settings=table.texts("set"),
    )
    table.nothing_left()
    return found


def _model(table: "_Reader") -> Variant:
    model = table.text("model")
    found = Variant(model, table.text("title", zoo.entry(model).title), table.texts("set"))
    table.nothing_left()
    return found


def _ablation(table: "_Reader", models: dict[str, Variant]) -> Variant:
    whole = _named("An ablation is of", table.text("of"), models)
    found = Variant(whole.model, table.text("title"), (*whole.settings, *table.texts("set")), whole.title)
    table.nothing_left()
    return found


def _claim(table: "_Reader", models: dict[str, Variant]) -> Claim:
    model = _named("A claim is about", table.text("model"), models)
    against = tuple(_named("A claim is against", rival, models).title for rival in table.texts("against"))
    rivals = against or tuple(title for title in models if title != model.title)
    if model.title in rivals or not rivals:
        raise ConfigError(f"A claim puts '{model.title}' before itself; name other models of the plan in 'against'.")
    found = Claim(model.title, rivals, table.text("stratum", "all"), table.text("metric", ""))
    table.nothing_left()
    return found


def _named(words: str, name: str, models: dict[str, Variant]) -> Variant:
    """The model of that title, or the first of that name."""
    found = models.get(name) or next((variant for variant in models.values() if variant.model == name), None)
    if found is None:
        raise ConfigError(f"{words} '{name}', which is no model of the plan. Models: {', '.join(models)}.")
    return found


class _Reader:
    """Takes the entries of one table of the file, and complains in sentences."""

    def __init__(self, where: str, raw: dict[str, Any]):
        self.where, self.raw = where, dict(raw)

    def _take(self, key: str, default: Any, kind: type, words: str) -> Any:
        if key not in self.raw and default is None:
            raise ConfigError(f"{self.where[0].upper()}{self.where[1:]} lacks '{key}'; it must be {words}.")
        value = self.raw.pop(key, default)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ConfigError(f"'{key}' of {self.where} is {value!r:.80}; it must be {words}.")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        return self._take(key, default, str, "text")

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._take(key, [], list, "a list of texts")
        if not all(isinstance(entry, str) for entry in value):
            raise ConfigError(f"'{key}' of {self.where} must be a list of texts, such as [\"lr=0.001\"].")
        return tuple(value)

    def number(self, key: str, default: int, bounds: tuple[int, int]) -> int:
        words = f"a whole number from {bounds[0]} to {bounds[1]}"
        value = self._take(key, default, int, words)
        if not bounds[0] <= value <= bounds[1]:
            raise ConfigError(f"'{key}' of {self.where} is {value}; it must be {words}.")
        return value

    def numbers(self, key: str, default: tuple[int, ...]) -> tuple[int, ...]:
        value = self._take(key, list(default), list, "a list of whole numbers")
        sound = all(isinstance(entry, int) and 0 <= entry < 2**32 for entry in value)
        if not (sound and 0 < len(value) <= MOST_SEEDS and len(set(value)) == len(value)):
            raise ConfigError(f"'{key}' of {self.where} must be 1 to {MOST_SEEDS} different whole numbers from 0.")
        return tuple(value)

    def tables(self, key: str, one: str, least: int = 1) -> "list[_Reader]":
        value = self._take(key, [], list, f"tables, each beginning with [[{key}]]")
        if len(value) < least or not all(isinstance(entry, dict) for entry in value):
            raise ConfigError(f"The plan needs at least {least} {one}: a table that begins with [[{key}]].")
        return [_Reader(f"{one} {i + 1} of the plan", entry) for i, entry in enumerate(value)]

    def nothing_left(self) -> None:
        """Complain of what was not asked for: a slip of the pen must not go unnoticed."""
        if self.raw:
            raise ConfigError(f"{self.where[0].upper()}{self.where[1:]} has an unknown entry '{sorted(self.raw)[0]}'.")
