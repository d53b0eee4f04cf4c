"""``emoviz explain``, of words alone: what needs a clip is tested with the clip's own parts."""

import json

import pytest

from emoviz import cli


@pytest.fixture
def words(tmp_path):
    path = tmp_path / "said.txt"
    path.write_text("I am so happy that you came! I love it.")
    return path


def test_words_are_explained_and_everything_is_written(words, tmp_path, capsys):
    assert cli.run(["explain", str(words), "--json", str(tmp_path / "out.json")]) == 0
    told = json.loads((tmp_path / "out.json").read_text())
    assert told["prediction"] == "happiness"
    assert told["conflict"] is None and told["dissenter"] is None
    assert told["modalities"]["face"]["status"] == "missing" and told["modalities"]["face"]["reason"]
    shown = capsys.readouterr().out
    assert told["caveat"] in shown and "happiness" in shown and "\\xa0" not in shown


def test_a_place_takes_both_dataset_and_model(words, capsys):
    assert cli.run(["explain", str(words), "--dataset", "simulated"]) == 1
    assert "--model" in capsys.readouterr().err


def test_a_place_among_simulated_samples_is_refused_in_a_sentence(words, capsys):
    assert cli.run(["explain", str(words), "--dataset", "simulated", "--model", "simulated-tical"]) == 0
    assert "no place" in capsys.readouterr().out


def test_a_file_that_does_not_exist_is_told(tmp_path, capsys):
    assert cli.run(["explain", str(tmp_path / "none.mp4")]) == 1
    assert "none.mp4" in capsys.readouterr().err
