"""GoEmotions, FER+, RAVDESS and EmoBank as a user imports them."""

import shutil

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from emoviz.data import importers, store
from emoviz.data.importers import emobank, fer_plus, go_emotions, ravdess
from emoviz.errors import DatasetError
from emoviz.models import inputs
from emoviz.progress import finish
from tests import corpora

ALL = ("go_emotions", "fer_plus", "ravdess", "emobank")


@pytest.mark.parametrize("name", ALL)
def test_a_published_folder_is_found_out_stored_and_can_be_learned_from(name, tmp_path):
    folder = getattr(corpora, name)(tmp_path / "in")
    assert importers.detect(folder) == name
    finish(importers.load(folder, "mine"))
    dataset = store.read("mine")
    assert inputs.declare(dataset).modalities
    for features in dataset.features.values():
        assert np.isfinite(features.values).all() and features.values.std() > 0


@pytest.mark.parametrize("name", ALL)
def test_features_need_no_labels(name, tmp_path):
    folder = getattr(corpora, name)(tmp_path / "in")
    reader = importers.IMPORTERS[name]
    before = {m: f.values for m, f in reader(folder)[0].features.items()}
    for path in folder.iterdir():  # other labels for all
        if path.name == "meta.csv":
            path.write_text(path.read_text().replace("angry", "sad"))
        elif path.name == "labels.csv":
            table = pd.read_csv(path)
            table.assign(neutral=table["happiness"], happiness=table["neutral"]).to_csv(path, index=False)
        elif path.suffix == ".tsv":
            path.write_text(path.read_text().replace("\t17\t", "\t3\t"))
        elif path.name == "emobank.csv":
            path.write_text(path.read_text().replace("4.2", "1.2"))
    for modality, features in reader(folder)[0].features.items():
        assert_array_equal(features.values, before[modality])


@pytest.mark.parametrize("name", ALL)
def test_a_mapping_is_refused_and_a_missing_file_named(name, tmp_path):
    folder = getattr(corpora, name)(tmp_path / "in")
    with pytest.raises(DatasetError, match="no mapping file"):
        importers.IMPORTERS[name](folder, mapping="x.toml")
    shutil.rmtree(folder)
    folder.mkdir()
    with pytest.raises(DatasetError, match=r"no '?\w+\."):
        importers.IMPORTERS[name](folder)


def test_marks_of_one_comment_share_it_equally(tmp_path):
    dataset, report = go_emotions.read(corpora.go_emotions(tmp_path))
    assert (len(dataset.labels), report.accepted) == (28, 10)
    assert dataset.samples["split"].value_counts().to_dict() == {"train": 6, "validation": 2, "test": 2}
    both = dataset.distribution("fused")[6]
    assert both[[0, 17]].tolist() == [0.5, 0.5] and dataset.samples["marked"][6] == "admiration+joy"
    assert dataset.samples["text"][6] == "both at once"


def test_words_that_stand_in_two_parts_are_flagged(tmp_path):
    dataset, report = go_emotions.read(corpora.go_emotions(tmp_path))
    assert np.flatnonzero(dataset.samples["flag"] != "").tolist() == [1, 7]
    assert "2 texts" in report.sentences()[1]


def test_every_label_of_go_emotions_has_a_valence(tmp_path):
    dataset, _ = go_emotions.read(corpora.go_emotions(tmp_path))
    valence = {label.name: label.valence for label in dataset.labels}
    assert valence["gratitude"] > 0 > valence["remorse"] and valence["realization"] == 0
    assert not np.isnan(list(valence.values())).any()


def test_every_picture_is_there_once_with_its_votes(tmp_path):
    dataset, report = fer_plus.read(corpora.fer_plus(tmp_path))
    assert dataset.samples["split"].tolist() == ["train", "validation", "test", "test"]
    assert_array_equal(dataset.annotations["fused"].values[0, :2], [6, 4])
    assert report.rows_refused == 2
    assert [note.message[0] for note in report.refused] == ["1", "1"]


def test_an_actor_is_a_group_and_the_features_know_the_actor(tmp_path):
    dataset, _ = ravdess.read(corpora.ravdess(tmp_path))
    assert dataset.samples["group"].tolist() == ["actor-01", "actor-01", "actor-02"]
    assert dataset.samples["text"][0].startswith("Kids") and dataset.samples["strong"].tolist() == [False, False, True]
    features = dataset.features["voice"]
    own = features.values[:, np.array(features.groups) == "own"]
    assert_allclose(own[:2].mean(0), 0, atol=1e-3)
    assert_allclose(own[2], 0, atol=1e-6)  # one recording says nothing about how it differs


def test_valence_is_a_score_and_every_reader_a_vote(tmp_path):
    dataset, report = emobank.read(corpora.emobank(tmp_path))
    assert_allclose(dataset.annotations["fused"].values, [1.2, -1.2, 0, 0.5])
    assert_array_equal(dataset.annotations["text"].values, [[0, 0, 2], [1, 0, 0], [0, 1, 0], [np.nan] * 3])
    assert dataset.samples["readers"].tolist() == [2, 1, 1, 0]
    assert dataset.samples["readers_valence_5"].tolist() == [1, 0, 0, 0]
    assert dataset.samples["text"].tolist()[2:] == ["None", 'say "yes"']
    assert dataset.samples["split"].tolist() == ["train", "train", "validation", "test"]
    assert inputs.declare(dataset).target == "score"
    assert "1 sentences have no ratings" in report.sentences()[1]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("emobank.csv", "4.2", "7", "between 1 and 5"),
        ("emobank.csv", "train", "learn", "a part 'learn'"),
        ("emobank.csv", "split", "part", "no column 'split'"),
        ("individual_reader_ratings.csv", "a,4", "a,4.5", "whole number"),
    ],
)
def test_a_strange_table_of_emobank_is_said(file, old, new, said, tmp_path):
    path = corpora.emobank(tmp_path) / file
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DatasetError, match=said):
        emobank.read(tmp_path)


@pytest.mark.external
def test_the_real_corpora_have_their_published_sizes(test_data):
    sizes = {"ravdess": 1439, "emobank": 10_062}
    for name, size in sizes.items():
        dataset, report = importers.IMPORTERS[name](test_data / name)
        assert len(dataset) == report.accepted == size
    assert dataset.annotations["fused"].values.min() > -2 and not report.refused
