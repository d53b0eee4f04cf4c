"""Checkpoints survive the disk, and nothing else passes for one."""

import json
from dataclasses import replace

import pytest
import torch

from emoviz import workspace
from emoviz.errors import BadNameError, CheckpointError, DatasetError, UnknownNameError
from emoviz.models import checkpoints
from emoviz.models.checkpoints import Card, Checkpoint, Metric
from emoviz.models.inputs import declare
from emoviz.models.tical import Tical
from tests import tiny


def made(name="toy", folds=2) -> Checkpoint:
    inputs, config = declare(tiny.dataset()), tiny.config()
    card = Card(
        name=name,
        model="tical",
        dataset="tiny",
        dataset_title="Tiny",
        dataset_hash="abc",
        simulated=True,
        labels=inputs.labels,
        modalities=inputs.names,
        inputs=inputs,
        config=vars(config),
        seed=0,
        folds=folds,
        fold_of={"g0": 0, "g1": 1},
        by_sample=False,
        metrics=(Metric("accuracy", "held-out groups", 0.5, 0.4, 0.6, 60, 6),),
        floors=(0.25,),
        dissent_rate=0.1,
        prior=(0.3, 0.3, 0.4),
        limits=("For tests.",),
        versions={"emoviz": "0"},
        created="2026-11-20T00:00:00+00:00",
        seconds=1.0,
    )
    torch.manual_seed(0)
    return Checkpoint(card, Tical(config, inputs).eval(), tuple(Tical(config, inputs).eval() for _ in range(folds)))


@pytest.fixture
def saved():
    return checkpoints.save(made())


def folder(name="toy"):
    return workspace.place("checkpoints") / name


def test_what_was_saved_is_loaded(saved):
    found = checkpoints.load("toy")
    assert found.card == saved.card
    for one, two in zip((saved.final, *saved.folds), (found.final, *found.folds), strict=True):
        assert all(torch.equal(one.state_dict()[name], value) for name, value in two.state_dict().items())
    assert not found.final.training


def test_the_card_is_read_without_the_weights(saved):
    (folder() / "weights.safetensors").unlink()
    assert checkpoints.card("toy") == saved.card


def test_names_list_what_is_there_and_removing_removes(saved):
    assert "toy" in checkpoints.names()
    checkpoints.remove("toy")
    assert "toy" not in checkpoints.names()
    with pytest.raises(UnknownNameError, match="Unknown checkpoint 'toy'"):
        checkpoints.load("toy")


def test_a_free_name_avoids_what_is_taken(saved):
    assert checkpoints.free_name("toy") == "toy-2"
    assert checkpoints.free_name("other") == "other"
    with pytest.raises(BadNameError):
        checkpoints.free_name("../toy")


def test_what_stands_there_is_not_overwritten_by_chance(saved):
    with pytest.raises(DatasetError, match="exists already"):
        checkpoints.save(made())
    assert checkpoints.save(made(), folder(), replaced=True).card == saved.card


def test_a_renamed_folder_is_the_same_checkpoint_under_its_new_name(saved):
    folder().rename(folder("renamed"))
    assert checkpoints.load("renamed").card == replace(saved.card, name="renamed")


def altered_weights(path):
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)


def altered_labels(path):
    card = json.loads(path.read_text())
    card["labels"] = card["labels"][::-1]
    path.write_text(json.dumps(card))


def missing_field(path):
    card = json.loads(path.read_text())
    del card["config"]
    path.write_text(json.dumps(card))


@pytest.mark.parametrize(
    "file, harm",
    [
        ("weights.safetensors", altered_weights),
        ("weights.safetensors", lambda path: path.write_bytes(path.read_bytes()[:100])),
        ("weights.safetensors", lambda path: path.write_bytes(b"")),
        ("weights.safetensors", lambda path: path.write_bytes(b"\x80\x04cposix\nsystem\n.")),
        ("weights.safetensors", lambda path: path.unlink()),
        ("card.json", altered_labels),
        ("card.json", missing_field),
        ("card.json", lambda path: path.write_text("[]")),
        ("card.json", lambda path: path.write_text("{")),
        ("card.json", lambda path: path.write_text("[" * 100_000)),
        ("card.json", lambda path: path.write_bytes(b"\xff\xfe")),
    ],
)
def test_a_damaged_or_altered_checkpoint_is_refused_in_a_sentence(saved, file, harm):
    harm(folder() / file)
    with pytest.raises(CheckpointError, match=r"Checkpoint 'toy' cannot be used: .*rain it again"):
        checkpoints.load("toy")


def test_weights_of_another_shape_are_refused_even_with_a_true_hash():
    other = made()
    forged = replace(other, final=Tical(tiny.config(width=16), other.card.inputs))
    checkpoints.save(forged)
    with pytest.raises(CheckpointError, match="do not fit its card"):
        checkpoints.load("toy")


@pytest.mark.parametrize("name", ["../toy", "/etc", "", "a" * 300, "Toy"])
def test_names_that_are_paths_find_nothing(saved, name):
    with pytest.raises(UnknownNameError):
        checkpoints.load(name)


def test_what_came_with_emoviz_cannot_be_removed(monkeypatch, tmp_path):
    monkeypatch.setattr(workspace, "MODELS", tmp_path / "models")
    checkpoints.save(made(), tmp_path / "models" / "toy")
    assert "toy" in checkpoints.names()
    with pytest.raises(CheckpointError, match="came with emoviz"):
        checkpoints.remove("toy")
