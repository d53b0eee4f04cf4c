"""The models emoviz can build, by name, and how their settings are read from words."""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from emoviz.errors import ConfigError, UnknownNameError
from emoviz.models.answering import AnsweringConfig
from emoviz.models.base import EmotionModel, ModelConfig
from emoviz.models.baselines.alone import Alone, AloneConfig
from emoviz.models.baselines.base import BaselineConfig
from emoviz.models.baselines.cmc import Cmc, CmcConfig
from emoviz.models.baselines.dmd import Dmd, DmdConfig
from emoviz.models.baselines.early import Early
from emoviz.models.baselines.helo import Helo, HeloConfig
from emoviz.models.baselines.knn import Nearest, NearestConfig
from emoviz.models.baselines.late import Late, LateConfig
from emoviz.models.baselines.linear import Linear, LinearConfig
from emoviz.models.baselines.mlp import Mlp, MlpConfig
from emoviz.models.baselines.mult import Mult, MultConfig
from emoviz.models.baselines.names import Names, NamesConfig
from emoviz.models.baselines.prior import Prior
from emoviz.models.baselines.raters import Raters, RatersConfig
from emoviz.models.baselines.self_mm import SelfMm, SelfMmConfig
from emoviz.models.baselines.valence import Valence, ValenceConfig
from emoviz.models.inputs import Inputs
from emoviz.models.mpcl import Mpcl, MpclConfig
from emoviz.models.tical import Tical, TicalConfig


@dataclass(frozen=True)
class Entry:
    """One model of the zoo.

    Attributes:
        title: as shown
        config: frozen dataclass with every choice
        model: built from a config and inputs
    """

    title: str
    config: type[ModelConfig]
    model: Callable[[Any, Inputs], EmotionModel]


MODELS: dict[str, Entry] = {
    "tical": Entry("TiCAL-style", TicalConfig, Tical),
    "mpcl": Entry("MPCL-style", MpclConfig, Mpcl),
    "early": Entry("Early fusion", BaselineConfig, Early),
    "mlp": Entry("Network over everything (MLP)", MlpConfig, Mlp),
    "alone": Entry("One modality alone", AloneConfig, Alone),
    "mult": Entry("Cross-modal transformer (MulT-like)", MultConfig, Mult),
    "dmd": Entry("DMD-lite", DmdConfig, Dmd),
    "self-mm": Entry("Self-MM, an adaptation", SelfMmConfig, SelfMm),
    "cmc": Entry("CMC, an adaptation", CmcConfig, Cmc),
    "helo": Entry("HeLo, mended", HeloConfig, Helo),
    "names": Entry("Names of emotions", NamesConfig, Names),
    "raters": Entry("Simulated raters (after SAMNet)", RatersConfig, Raters),
    "valence": Entry("Emotion and valence together", ValenceConfig, Valence),
    "late": Entry("Late fusion", LateConfig, Late),
    "linear": Entry("Soft logistic regression", LinearConfig, Linear),
    "knn": Entry("Nearest samples (AA-kNN)", NearestConfig, Nearest),
    "prior": Entry("Mean distribution", AnsweringConfig, Prior),
}


def entry(name: str) -> Entry:
    """The model of that name.

    Raises:
        UnknownNameError: if there is none
    """
    if name not in MODELS:
        raise UnknownNameError("model", name, MODELS)
    return MODELS[name]


def name_of(config: ModelConfig) -> str:
    """The name of the model that a config belongs to."""
    return next(name for name, known in MODELS.items() if type(config) is known.config)


def config_from(name: str, pairs: Iterable[str] = ()) -> ModelConfig:
    """A model's config with some fields set, as ``--set`` gives them.

    Args:
        name: of the model
        pairs: ``field=value``; text as it is, ``true`` or ``false``, numbers

    Raises:
        UnknownNameError: if there is no such model
        ConfigError: for an unknown field or a value it does not accept
    """
    kind = entry(name).config
    fields = {field.name: field for field in dataclasses.fields(kind)}
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise ConfigError(f"'{pair}' is no setting: write it as field=value, for example lr=0.001.")
        if key not in fields:
            raise ConfigError(f"Model '{name}' has no setting '{key}'. Settings: {', '.join(sorted(fields))}.")
        values[key] = _parsed(key, fields[key].type, text.strip())
    return kind(**values)


def config_of(name: str, values: dict[str, Any]) -> ModelConfig:
    """A config from the values that a card stores; the inverse of ``dataclasses.asdict``.

    Raises:
        ConfigError: for an unknown field or a value it does not accept
    """
    kind = entry(name).config
    fields = {field.name: field for field in dataclasses.fields(kind)}
    if unknown := set(values) - set(fields):
        raise ConfigError(
            f"Model '{name}' has no setting '{sorted(unknown)[0]}'. Settings: {', '.join(sorted(fields))}."
        )
    return kind(**{key: _parsed(key, fields[key].type, str(value)) for key, value in values.items()})


def _parsed(key: str, kind: Any, text: str) -> Any:
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        for choice in choices:
            if text == str(choice):
                return choice
        raise ConfigError(f"{key} is '{text}'; it must be one of {', '.join(map(str, choices))}.")
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise ConfigError(f"{key} is '{text}'; it must be true or false.")
        return text.lower() == "true"
    if kind is str:
        return text
    try:
        return kind(text)
    except ValueError:
        raise ConfigError(f"{key} is '{text}'; it must be {'a whole number' if kind is int else 'a number'}.") from None
