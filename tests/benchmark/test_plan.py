"""A plan says what is compared, and a slip of the pen is told before the first training."""

from pathlib import Path

import pytest

from emoviz.benchmark import plan
from emoviz.errors import BadNameError, ConfigError, UnknownNameError
from tests.benchmark.conftest import PLAN

SHIPPED = sorted((Path(__file__).parents[2] / "benchmarks" / "plans").glob("*.toml"))


def test_a_plan_lists_models_then_ablations_with_the_settings_of_the_whole():
    made = plan.parsed(PLAN | {"models": [{"model": "linear", "set": ["iterations=5"]}], "search": 3}, "other")
    whole, part = made.variants
    assert (made.name, made.seeds, made.search) == ("tried", (0, 1), 3)
    assert (whole.title, whole.of, part.of) == ("Soft logistic regression", "", "Soft logistic regression")
    assert plan.config(made.datasets[0], part).penalty == 10
    assert plan.config(made.datasets[0], part).iterations == 5
    assert made.models == (whole,)


def test_settings_that_were_found_give_way_to_those_of_the_plan():
    made = plan.parsed(PLAN, "tried")
    config = plan.config(made.datasets[0], made.variants[2], ("epochs=30", "lr=0.002"))
    assert (config.epochs, config.lr) == (2, 0.002)


def test_a_claim_is_against_all_other_models_where_it_names_none():
    told = [{"model": "linear"}, {"model": "early", "against": ["prior", "nose alone"], "stratum": "inconsistent"}]
    one, other = plan.parsed(PLAN | {"claims": told}, "tried").claims
    assert one == plan.Claim("Soft logistic regression", ("Mean distribution", "Early fusion", "nose alone"))
    assert other == plan.Claim("Early fusion", ("Mean distribution", "nose alone"), "inconsistent")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_plans_can_be_read(path):
    assert plan.read(path).name == path.stem


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"name": "a b"}, BadNameError, "cannot name a benchmark"),
        ({"models": []}, ConfigError, "needs at least 1 model"),
        ({"datasets": [{"title": "x"}]}, ConfigError, "Dataset 1 of the plan lacks 'name'"),
        ({"datasets": [{"name": "x", "protocol": "guess"}]}, ConfigError, "must be split or folds"),
        ({"datasets": [{"name": "x", "folds": 1}]}, ConfigError, "'folds' of dataset 1 of the plan is 1"),
        ({"datasets": [{"name": "x"}, {"name": "x"}]}, ConfigError, "Give each dataset its own"),
        ({"models": [{"model": "linear"}] * 2}, ConfigError, "Give each model its own"),
        ({"models": [{"model": "genius"}]}, UnknownNameError, "Unknown model 'genius'"),
        ({"models": [{"model": "linear", "set": ["penalty=much"]}]}, ConfigError, "must be a number"),
        ({"models": [{"model": "linear", "sets": []}]}, ConfigError, "unknown entry 'sets'"),
        ({"ablations": [{"of": "tical", "title": "x"}]}, ConfigError, "is no model of the plan"),
        ({"claims": [{"model": "tical"}]}, ConfigError, "A claim is about 'tical', which is no model of the plan"),
        ({"claims": [{"model": "prior", "against": ["mlp"]}]}, ConfigError, "A claim is against 'mlp'"),
        ({"claims": [{"model": "prior", "against": ["prior"]}]}, ConfigError, "before itself"),
        ({"seeds": [1, 1]}, ConfigError, "different whole numbers"),
        ({"seeds": 3}, ConfigError, "'seeds' of the plan is 3"),
        ({"search": True}, ConfigError, "'search' of the plan is True"),
        ({"serach": 4}, ConfigError, "The plan has an unknown entry 'serach'"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(change, error, words):
    with pytest.raises(error, match=words):
        plan.parsed(PLAN | change, "tried")


def test_a_file_that_is_no_toml_is_refused(tmp_path):
    file = tmp_path / "x.toml"
    file.write_text("seeds = [")
    with pytest.raises(ConfigError, match=r"'x.toml' is not a plan"):
        plan.read(file)
