"""Importers are found by name, and a dataset is stored whole or not at all."""

import shutil

import pytest

from emoviz import workspace
from emoviz.data import importers, store
from emoviz.errors import BadNameError, DatasetError, UnknownNameError
from emoviz.progress import finish

TABLE = "id,voice_anger,voice_joy,media\na,3,1,a.mp4\nb,1,2,\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "in" / "study one.csv"
    path.parent.mkdir()
    path.write_text(TABLE)
    (path.parent / "a.mp4").write_bytes(b"x")
    return path


def test_a_table_is_imported_under_the_given_name_with_its_clips(table):
    lines = []
    dataset, report = finish(importers.load(table, "mine"), lines.append)
    assert (dataset.name, dataset.title, report.accepted) == ("mine", "study one", 2)
    assert store.read("mine").content_hash == dataset.content_hash
    assert store.media_file(dataset, "a.mp4").is_file()
    assert [line.fraction for line in lines] == sorted(line.fraction for line in lines)


def test_clips_may_lie_in_another_folder(table, tmp_path):
    (tmp_path / "clips").mkdir()
    (table.parent / "a.mp4").rename(tmp_path / "clips" / "a.mp4")
    dataset, _ = finish(importers.load(table, "mine", media=tmp_path / "clips"))
    assert dataset.samples["media"].tolist() == ["a.mp4", ""]
    with pytest.raises(DatasetError, match="no folder"):
        finish(importers.load(table, "other", media=tmp_path / "nothing"))


def test_a_mapping_is_passed_on(table, tmp_path):
    (tmp_path / "m.toml").write_text('[sides.text]\nvotes = { a = "voice_anger", b = "voice_joy" }\n')
    dataset, _ = finish(importers.load(table, "mine", mapping=tmp_path / "m.toml"))
    assert dataset.modalities == ("text",)


def test_a_name_that_is_taken_is_said_before_anything_is_read(table):
    finish(importers.load(table, "mine"))
    for taken in ("mine", "simulated"):
        with pytest.raises(DatasetError, match="already"):
            next(importers.load("/nowhere", taken))


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"name": "../x"}, BadNameError),
        ({"name": "A"}, BadNameError),
        ({"format": "excel"}, UnknownNameError),
        ({"path": "/nowhere.csv", "media": "/tmp"}, DatasetError),
        ({"format": "crema_d", "mapping": "m.toml"}, DatasetError),
    ],
)
def test_a_wrong_wish_is_a_sentence_and_stores_nothing(table, arguments, error):
    with pytest.raises(error):
        finish(importers.load(**{"path": table, "name": "mine"} | arguments))
    assert not list(workspace.place("datasets").iterdir())


def test_a_folder_is_known_by_what_lies_in_it(tmp_path):
    with pytest.raises(DatasetError, match="no dataset emoviz knows"):
        importers.detect(tmp_path)
    (tmp_path / "processedResults").mkdir()
    (tmp_path / "processedResults" / "tabulatedVotes.csv").write_text("")
    assert importers.detect(tmp_path) == "crema_d"


def test_a_stored_folder_from_elsewhere_is_imported_with_its_clips(table, tmp_path):
    first, _ = finish(importers.load(table, "mine"))
    elsewhere = shutil.copytree(first.folder, tmp_path / "Sent by mail")
    dataset, report = finish(importers.load(elsewhere, "theirs"))
    assert (dataset.content_hash, report.accepted) == (first.content_hash, 2)
    assert store.media_file(dataset, "a.mp4").is_file()


def test_a_stored_folder_that_was_altered_is_refused(tmp_path):
    elsewhere = shutil.copytree(workspace.ASSETS / "simulated", tmp_path / "simulated")
    path = elsewhere / "features" / "face.npy"
    path.write_bytes(path.read_bytes()[:-4] + b"\x00\x00\x80\x3f")
    with pytest.raises(DatasetError, match="features of 'face' were altered"):
        finish(importers.load(elsewhere, "theirs"))
    assert not list(workspace.place("datasets").iterdir())


def test_an_import_that_stops_half_way_leaves_nothing(table, monkeypatch):
    work = importers.load(table, "mine")
    next(work)
    work.close()
    monkeypatch.setattr(store, "_table_hash", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        finish(importers.load(table, "mine"))
    assert not list(workspace.place("datasets").iterdir())
