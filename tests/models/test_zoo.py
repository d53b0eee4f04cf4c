"""Settings as words."""

import dataclasses

import pytest

from emoviz.errors import ConfigError, UnknownNameError
from emoviz.models import zoo
from emoviz.models.tical import TicalConfig


def test_settings_are_read_as_their_fields_declare():
    config = zoo.config_from("tical", ["lr=0.001", "epochs=7", "context=false", "geometry=hyperbolic", "score_bins=7"])
    assert (config.lr, config.epochs, config.context, config.geometry, config.score_bins) == (
        0.001,
        7,
        False,
        "hyperbolic",
        7,
    )


@pytest.mark.parametrize(
    "pair, hint",
    [
        ("lr", "field=value"),
        ("speed=3", "Settings: anchor_share"),
        ("lr=fast", "a number"),
        ("epochs=2.5", "a whole number"),
        ("context=maybe", "true or false"),
        ("pseudo=loud", "auto, noise, memory, none"),
        ("lr=7", "between"),
        ("lr=nan", "between"),
    ],
)
def test_a_wrong_setting_is_answered_with_what_is_accepted(pair, hint):
    with pytest.raises(ConfigError, match=hint):
        zoo.config_from("tical", [pair])


def test_an_unknown_model_is_answered_with_the_known_ones():
    with pytest.raises(UnknownNameError, match="tical"):
        zoo.config_from("tickle")


def test_a_config_survives_its_card():
    config = TicalConfig(lr=1e-4, stages="schedule")
    assert zoo.config_of("tical", dataclasses.asdict(config)) == config


@pytest.mark.parametrize("name", zoo.MODELS)
def test_every_field_has_its_sentence(name):
    config = zoo.entry(name).config
    documented = "".join(kind.__doc__ for kind in config.__mro__[:-1])
    assert all(f"        {field.name}: " in documented for field in dataclasses.fields(config))
