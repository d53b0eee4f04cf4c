"""CREMA-D from its tables: all of it, and whatever is left of it."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from emoviz.data import store
from emoviz.data.dataset import FUSED
from emoviz.data.importers import crema_d
from emoviz.errors import DatasetError
from emoviz.measures import divergence

NAMES = ("Emo", "Anger", "Disgust", "Fear", "Happy", "Neutral", "Sad")


def rows(*told) -> pd.DataFrame:
    """A table of votes: (number, clip, six counts) a row, every strength ten times the votes."""
    table = pd.DataFrame(
        [{"": number, **dict(zip("ADFHNS", votes, strict=True)), "fileName": clip} for number, clip, votes in told]
    )
    for i, name in enumerate(NAMES):
        count = table[list("ADFHNS")].sum(axis=1) if name == "Emo" else table["ADFHNS"[i - 1]]
        table[f"mean{name}Resp"] = np.where(count > 0, 10 * count, -1)
        table[f"mean{name}RespNorm"] = np.where(count > 0, 8 * count, -1)
    return table


CLIP = "1001_DFA_ANG_XX"
THREE = [(100001, CLIP, (3, 0, 0, 0, 1, 0)), (200001, CLIP, (0, 0, 0, 4, 0, 0)), (300001, CLIP, (1, 0, 0, 3, 0, 0))]


@pytest.fixture
def read(tmp_path):
    """Write a table of votes and read it."""

    def run(table: pd.DataFrame, **arguments):
        table.to_csv(tmp_path / crema_d.VOTES, index=False)
        return crema_d.read(tmp_path, **arguments)

    return run


def test_the_three_sides_of_a_clip_come_together(read):
    dataset, report = read(rows(*THREE))
    assert_array_equal(dataset.annotations["voice"].values, [[3, 0, 0, 0, 1, 0]])
    assert_array_equal(dataset.annotations["face"].values, [[0, 0, 0, 4, 0, 0]])
    assert_array_equal(dataset.annotations[FUSED].values, [[1, 0, 0, 3, 0, 0]])
    told = dataset.samples.iloc[0]
    assert (told["group"], told["sentence"], told["intended_emotion"]) == ("1001", "DFA", "anger")
    assert report.accepted == 1


def test_features_are_what_the_raters_said(read):
    dataset, _ = read(rows(*THREE))
    voice = dataset.features["voice"]
    value = dict(zip(voice.columns, voice.values[0], strict=True))
    assert_allclose(value["fraction_anger"], 0.75)
    assert_allclose(value["log_anger"], np.log(3.5 / 7))
    assert value["count_votes"] == 4
    assert (value["intensity_anger"], value["intensity_raw_anger"]) == (24, 30)
    assert (value["intensity_chosen"], value["intensity_raw_chosen"]) == (32, 40)
    assert value["intensity_fear"] == 0
    assert voice.groups.count("fraction") == voice.groups.count("log") == 6
    assert voice.groups.count("intensity") == voice.groups.count("intensity_raw") == 7


def test_what_the_actor_was_asked_for_is_no_input(read):
    dataset, _ = read(rows(*THREE))
    assert dataset.context == ("sentence",)
    assert not any("intended" in column for features in dataset.features.values() for column in features.columns)


def test_a_clip_that_lacks_a_side_lacks_only_that(read):
    dataset, _ = read(rows(THREE[0], THREE[2], (200002, "1002_IEO_SAD_LO", (0, 0, 0, 0, 0, 5))))
    assert dataset.samples["sample_id"].tolist() == [CLIP, "1002_IEO_SAD_LO"]
    assert_array_equal(dataset.features["voice"].present(), [True, False])
    assert_array_equal(dataset.features["face"].present(), [False, True])
    assert np.isnan(dataset.annotations[FUSED].values[1]).all()
    assert store.write(dataset)


def test_two_rows_of_one_clip_and_side_are_added(read):
    dataset, report = read(rows(*THREE, (100002, CLIP, (0, 0, 0, 0, 0, 2))))
    assert_array_equal(dataset.annotations["voice"].values, [[3, 0, 0, 0, 1, 2]])
    assert "Row 5, column 'fileName': votes were added" in report.repaired[0].sentence()


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ((100009, "1001_DFA_ANG", (1, 0, 0, 0, 0, 0)), "'1001_DFA_ANG' is not the name of a clip"),
        ((100009, "../../../etc/passwd", (1, 0, 0, 0, 0, 0)), "is not the name of a clip"),
        ((900001, CLIP, (1, 0, 0, 0, 0, 0)), "begins with none of 1, 2 and 3"),
        (("x", CLIP, (1, 0, 0, 0, 0, 0)), "begins with none of 1, 2 and 3"),
        ((100009, CLIP, (-1, 0, 0, 0, 0, 0)), "'-1' is no number of votes"),
        ((100009, CLIP, (0, 0.5, 0, 0, 0, 0)), "'0.5' is no number of votes"),
        ((100009, CLIP, (0, 0, 0, "many", 0, 0)), "'many' is no number of votes"),
        ((100009, CLIP, (0, 0, 0, np.nan, 0, 0)), "is no number of votes"),
    ],
)
def test_one_bad_row_never_costs_the_others(read, bad, said):
    number, clip, votes = bad
    table = rows(*THREE).astype(object)
    table.loc[3] = pd.Series(
        table.loc[0].to_dict() | {"": number, "fileName": clip, **dict(zip("ADFHNS", votes, strict=True))}
    )
    dataset, report = read(table)
    assert len(dataset) == 1
    assert_array_equal(dataset.annotations["voice"].values, [[3, 0, 0, 0, 1, 0]])
    assert report.rows_refused == 1
    assert report.refused[0].row == 5
    assert said in report.refused[0].sentence()


def test_a_table_without_strengths_has_no_features_of_them(read):
    dataset, _ = read(rows(*THREE).filter(regex="^(?!mean)"))
    assert set(dataset.features["voice"].groups) == {"fraction", "log", "count"}


def test_another_table_of_that_name_is_said_in_a_sentence(read):
    with pytest.raises(DatasetError, match="has no column 'A'"):
        read(pd.DataFrame({"a": [1]}))
    with pytest.raises(DatasetError, match="No row"):
        read(rows((900001, CLIP, (1, 0, 0, 0, 0, 0))))


def test_a_folder_without_the_table_is_said_in_a_sentence(tmp_path):
    with pytest.raises(DatasetError, match="emoviz data get crema-d"):
        crema_d.read(tmp_path)


def test_the_actors_are_taken_along_where_they_are_known(read, tmp_path):
    pd.DataFrame({"ActorID": [1001], "Age": [51], "Sex": ["Male"], "Race": ["Unknown"]}).to_csv(
        tmp_path / crema_d.ACTORS
    )
    dataset, _ = read(rows(*THREE, (200002, "1002_IEO_SAD_LO", (0, 0, 0, 0, 0, 5))))
    assert_array_equal(dataset.samples["actor_age"], [51, np.nan])
    assert dataset.samples["actor_sex"].tolist() == ["Male", ""]


def test_a_damaged_table_of_actors_costs_only_itself(read, tmp_path):
    (tmp_path / crema_d.ACTORS).write_text("nothing,to,see\n1,2,3\n")
    dataset, report = read(rows(*THREE))
    assert dataset.samples["actor_sex"].tolist() == [""]
    assert "is another table" in report.repaired[-1].sentence()


def test_clips_are_found_by_their_names_at_any_depth(read, tmp_path):
    (tmp_path / "m" / "VideoFlash").mkdir(parents=True)
    (tmp_path / "m" / "VideoFlash" / f"{CLIP}.flv").write_bytes(b"v")
    (tmp_path / "m" / f"{CLIP}.mp4").write_bytes(b"v")
    (tmp_path / "m" / f"{CLIP}.MP3").write_bytes(b"a")
    (tmp_path / "m" / "other.flv").write_bytes(b"v")
    dataset, _ = read(rows(*THREE), media=tmp_path / "m")
    assert dataset.samples["media"].tolist() == [f"{CLIP}.mp4"]  # browsers play it; FLV they do not
    assert dataset.samples["media_voice"].tolist() == [f"{CLIP}.MP3"]
    stored = store.write(dataset, media_from=tmp_path / "m")
    assert store.media_file(stored, f"{CLIP}.MP3").read_bytes() == b"a"


@pytest.fixture(scope="module")
def published(test_data):
    return crema_d.read(test_data / "crema-d", media=test_data / "crema-d-clips")


@pytest.mark.external
def test_every_published_clip_is_taken_and_four_are_flagged(published):
    dataset, report = published
    assert len(dataset) == report.accepted == 7442
    assert report.rows_refused == 0
    assert set(dataset.samples.loc[dataset.samples["flag"] != "", "sample_id"]) == set(crema_d.BAD)
    assert dataset.samples["sample_id"].is_monotonic_increasing
    assert dataset.samples["group"].nunique() == 91
    assert (dataset.samples["media"] != "").sum() == 3
    assert (dataset.samples["media_voice"] != "").sum() == 3


@pytest.mark.external
def test_the_published_votes_give_the_reference_numbers(published):
    dataset, _ = published
    votes = {side: dataset.annotations[side].values for side in ("voice", "face", FUSED)}
    q = {side: dataset.distribution(side) for side in votes}
    assert_allclose(divergence.jsd(q["voice"], q["face"]).mean() / divergence.LN2, 0.326, atol=0.001)
    mode = {side: v.argmax(1) for side, v in votes.items()}
    unique = {side: (v == v.max(1, keepdims=True)).sum(1) == 1 for side, v in votes.items()}
    both = unique["voice"] & unique["face"]
    differ = both & (mode["voice"] != mode["face"])
    assert (both.sum(), differ.sum()) == (6383, 3023)
    clear = differ & unique[FUSED]
    face, voice = ((mode[FUSED] == mode[side])[clear].mean() for side in ("face", "voice"))
    assert clear.sum() == 2794
    assert_allclose([face, voice, 1 - face - voice], [0.675, 0.196, 0.128], atol=0.0006)


@pytest.mark.external
def test_the_published_strengths_are_complete(published):
    dataset, _ = published
    for features in dataset.features.values():
        assert np.isfinite(features.values).all()
        strengths = features.values[:, [group.startswith("intensity") for group in features.groups]]
        assert 0 <= strengths.min() < strengths.max() <= 100
