"""One training: what its outcome depends on, and what it answers."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from emoviz.benchmark import cells
from emoviz.benchmark.cells import Order
from emoviz.benchmark.plan import Data, Variant
from emoviz.models import zoo
from emoviz.models.inputs import Samples, declare
from emoviz.progress import finish
from emoviz.training import loop
from tests import tiny
from tests.benchmark.conftest import planted

ORDER = Order(Data("tiny", "a title"), "hash", Variant("early", "mine", ("epochs=2", "width=8")), (), 0, 0, 0, "cpu")


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"data": Data("tiny", "another title")}, True),
        ({"variant": Variant("early", "yours", ("width=8", "epochs=2"))}, True),
        ({"device": "cuda"}, True),
        ({"settings": ("lr=0.005",)}, True),  # the default
        ({"settings": ("lr=0.006",)}, False),
        ({"content_hash": "other"}, False),
        ({"data": Data("tiny", "a title", "folds")}, False),
        ({"seed": 1}, False),
        ({"part": 1}, False),
        ({"variant": Variant("mult", "mine", ("epochs=2", "width=8"))}, False),
    ],
)
def test_a_key_stands_for_all_that_an_outcome_depends_on(change, same):
    assert (replace(ORDER, **change).key("cell") == ORDER.key("cell")) is same
    assert ORDER.key("cell") != ORDER.key("trial")


def test_trials_vary_what_the_plan_leaves_open():
    config = zoo.config_from("early")
    assert cells.drawn(config, (), 0) == ()
    drawn = [cells.drawn(config, ("width=8",), number) for number in range(1, 20)]
    assert len(set(drawn)) == 19
    for settings in drawn:
        found = zoo.config_from("early", settings)
        assert cells.RATES[0] <= found.lr <= cells.RATES[1]
        assert cells.DECAYS[0] <= found.weight_decay <= cells.DECAYS[1]
        assert found.dropout in cells.DROPOUTS
        assert found.width == 64
    assert not any("width" in setting for setting in cells.drawn(zoo.config_from("prior"), (), 1))


@pytest.mark.parametrize(
    "name, field, among", [("linear", "penalty", cells.PENALTIES), ("knn", "neighbours", cells.NEIGHBOURS)]
)
def test_models_without_a_rate_are_searched_too(name, field, among):
    found = {getattr(zoo.config_from(name, cells.drawn(zoo.config_from(name), (), n)), field) for n in range(1, 20)}
    assert len(found) > 3
    assert min(among) <= min(found) and max(found) <= max(among)


def test_what_differs_from_the_defaults_can_be_set_again():
    config = zoo.config_from("tical", ("consensus=false", "lr=0.002", "stages=plain"))
    assert cells.changed(config) == ("lr=0.002", "stages=plain", "consensus=false")
    assert zoo.config_from("tical", cells.changed(config)) == config


@pytest.fixture(scope="module")
def trained():
    dataset = planted()
    samples = Samples(declare(dataset), dataset, np.arange(len(dataset)), torch.device("cpu"))
    config = zoo.config_from("early", ("epochs=2", "width=8"))
    rows = np.arange(len(dataset))
    return finish(loop.train("early", config, samples, rows[32:], rows[:32], 0)), samples, dataset


@pytest.mark.parametrize("block", [1, 7, 2048])
def test_answers_do_not_depend_on_how_many_are_asked_together(trained, monkeypatch, block):
    rows = np.arange(40)
    whole = cells.answered(*trained, rows).to_pandas()
    monkeypatch.setattr(cells, "BLOCK", block)
    found = cells.answered(*trained, rows[::-1].copy()).to_pandas()[::-1].reset_index(drop=True)
    assert (found["sample_id"] == whole["sample_id"]).all()
    for column in ("fused", "said"):
        np.testing.assert_allclose(np.stack(found[column]), np.stack(whole[column]), rtol=5e-4, atol=1e-6)
    np.testing.assert_allclose(found["conflict"], whole["conflict"], rtol=1e-4, atol=1e-5)
    assert (found["dissenter"] == whole["dissenter"]).all()


def test_a_dissenter_is_a_modality_or_nobody(trained):
    found = cells.answered(*trained, np.arange(100)).to_pandas()
    assert set(found["dissenter"]) <= {"face", "voice", "text", ""}
    assert np.stack(found["said"]).shape == (100, 9)


def test_copied_labels_are_counted_group_by_group(trained):
    model, samples, dataset = trained
    rows = np.arange(60)
    found = cells.relabelled(model, samples, dataset, rows)
    dissents = (dataset.samples["kind"].iloc[:60] == "dissent").to_numpy()
    assert [counts.group for counts in found] == sorted({f"g{i}" for i in range(10)})
    assert sum(counts.n for counts in found) == 180
    assert sum(counts.off for counts in found) == dissents.sum()
    assert sum(counts.right for counts in found) == 180 - dissents.sum()
    assert sum(counts.moved + counts.off_right for counts in found) == 0


def test_labels_that_move_are_counted(trained, monkeypatch):
    model, samples, dataset = trained
    everything = np.arange(len(dataset))
    truth = np.eye(3)[
        np.stack([dataset.samples[f"shown_{m}"].map(dataset.label_names.index) for m in dataset.modalities])
    ]
    told = torch.from_numpy(truth)
    monkeypatch.setattr(type(model), "pseudo", lambda self, batch: told[:, batch.rows])
    found = cells.relabelled(model, samples, dataset, everything)
    off = sum(counts.off for counts in found)
    assert off > 30
    assert sum(counts.right for counts in found) == 3 * len(dataset)
    assert off == sum(counts.moved for counts in found) == sum(counts.moved_right for counts in found)


def test_nothing_is_counted_where_nobody_knows_what_a_modality_shows():
    dataset = tiny.dataset(60)
    samples = Samples(declare(dataset), dataset, np.arange(60), torch.device("cpu"))
    model = zoo.entry("prior").model(zoo.config_from("prior"), samples.inputs)
    assert cells.relabelled(model, samples, dataset, np.arange(60)) == ()


def test_a_number_is_kept_to_four_digits():
    values = np.array([0.0, 1.0, 1 / 3, 1e-7, np.nan, 0.99999], np.float32)
    np.testing.assert_allclose(cells._coarse(values), values, rtol=1.3e-4)
    assert cells._coarse(values)[1] == 1
