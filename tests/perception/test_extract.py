"""A folder of clips becomes a dataset that everything else accepts."""

import sys
from contextlib import closing
from types import ModuleType

import numpy as np
import pytest

from emoviz.data import store
from emoviz.errors import ConfigError, DatasetError
from emoviz.perception import extract, pipeline
from emoviz.perception.common import LABELS
from emoviz.progress import finish
from tests.media import sound, video
from tests.perception.own import Loudness

OWN = {"text": pipeline.SHIPPED["text"], "voice": Loudness}


@pytest.fixture
def folder(tmp_path):
    clips = tmp_path / "my clips"
    (clips / "more").mkdir(parents=True)
    video(clips / "a.mp4", 0.5)
    (clips / "a.srt").write_text("1\n00:00:00,000 --> 00:00:00,400\nI love this!\n")
    sound(clips / "more" / "a.wav", 0.5)
    sound(clips / "b.mp3", 0.5)
    (clips / "b.txt").write_text("What a disgusting mess.")
    (clips / "broken.mp4").write_bytes(b"no clip")
    (clips / "notes.txt").write_text("not a transcript")
    return clips


def test_a_folder_becomes_a_dataset_with_a_report_of_each_file(folder):
    dataset, report = finish(extract.extract(folder, "mine", jobs=1, extractors=OWN))
    assert list(dataset.samples["sample_id"]) == ["a", "b", "more/a"]
    assert list(dataset.samples["text"]) == ["I love this!", "What a disgusting mess.", ""]
    assert dataset.modalities == ("text", "voice")
    assert dataset.label_names == LABELS
    words = dataset.features["text"]
    assert set(words.groups) == {"distribution", "embedding", "quality"}
    assert words.present().tolist() == [True, True, False]
    assert [LABELS[k] for k in words.values[:2, :7].argmax(1)] == ["happiness", "disgust"]
    np.testing.assert_allclose(words.values[:2, :7].sum(1), 1, atol=1e-5)
    assert store.media_file(dataset, "more/a.wav").read_bytes() == (folder / "more" / "a.wav").read_bytes()
    assert (report.accepted, report.rows_refused) == (3, 1)
    assert "'broken.mp4' is no video or sound" in report.sentences()[1]
    assert "'more/a.wav' has no text" in report.sentences()[2]


def test_the_script_of_the_caller_is_not_run_again(folder, tmp_path, monkeypatch):
    script = tmp_path / "mine.py"
    script.write_text("raise RuntimeError('this has no guard')\n")
    main = ModuleType("__main__")
    main.__file__ = str(script)
    monkeypatch.setitem(sys.modules, "__main__", main)
    _, report = finish(extract.extract(folder, "mine", jobs=1, extractors=OWN))
    assert report.accepted == 3
    assert sys.modules["__main__"] is main


def test_what_people_said_comes_from_a_table_in_the_folder(folder):
    (folder / "labels.csv").write_text(
        "file,speaker,split,voice_anger,voice_joy,label\na.mp4,one,train,3,1,joy\nmore/a.wav,two,test,0,4,anger\n"
    )
    dataset, _ = finish(extract.extract(folder, "mine", jobs=1, extractors=OWN))
    assert dataset.label_names == ("anger", "joy")
    assert list(dataset.samples["group"]) == ["one", "", "two"]
    assert list(dataset.samples["split"]) == ["train", "", "test"]
    np.testing.assert_array_equal(dataset.annotations["voice"].values, [[3, 1], [np.nan, np.nan], [0, 4]])
    assert dataset.annotations["fused"].values.tolist() == [1, -1, 0]


def test_what_was_read_before_it_was_stopped_is_not_read_again(folder, own_workspace):
    with closing(extract.extract(folder, "mine", jobs=1, extractors=OWN)) as work:
        next(work), next(work)
    kept = sorted(path.name for path in own_workspace.glob("perception/*/voice-*.npz"))
    assert kept and "mine" not in store.names()
    files = {path: path.stat().st_ino for path in own_workspace.glob("perception/*/*.npz")}
    finish(extract.extract(folder, "mine", jobs=2, extractors=OWN))
    assert {path: path.stat().st_ino for path in files} == files


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"name": "crema d"}, ValueError, "cannot name a dataset"),
        ({"jobs": 0}, ConfigError, "choose 1 to 64"),
        ({"folder": "nowhere"}, DatasetError, "There is no folder"),
        ({"folder": "empty"}, DatasetError, "There is no clip in"),
        ({"folder": "bad"}, DatasetError, r"None of the 1 clips could be read. The first: 'x.mp4'"),
    ],
)
def test_what_cannot_be_is_a_sentence(tmp_path, options, error, words):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.mp4").write_bytes(b"x")
    given = {"name": "mine", "jobs": 1} | options
    given["folder"] = tmp_path / given.get("folder", "empty")
    with pytest.raises(error, match=words):
        finish(extract.extract(given.pop("folder"), given.pop("name"), extractors=OWN, **given))


@pytest.mark.external
def test_real_clips_become_a_dataset(test_data):
    dataset, report = finish(extract.extract(test_data / "crema-d-clips", "real", jobs=1))
    assert report.accepted == 6
    assert dataset.features["voice"].present().all()
    assert dataset.features["face"].present().sum() == 3
