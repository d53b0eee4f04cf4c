"""A table becomes a dataset, row by row."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from emoviz.data import store
from emoviz.data.dataset import FUSED
from emoviz.data.importers import table
from emoviz.errors import DatasetError


@pytest.fixture
def imported(tmp_path):
    """Import a table written here: text to dataset and report."""

    def run(text: str, name: str = "t.csv", **arguments):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return table.read(path, **arguments)

    return run


def said(report) -> str:
    return "\n".join(report.sentences(1000))


def test_votes_are_found_by_the_names_of_their_columns(imported):
    dataset, report = imported("id,speaker,voice_anger,voice_joy,face_anger,face_joy\na,s1,3,1,0,4\nb,s2,1,1,2,5\n")
    assert dataset.modalities == ("voice", "face")
    assert dataset.label_names == ("anger", "joy")
    assert dataset.annotations["voice"].kind == "votes"
    assert_array_equal(dataset.annotations["face"].values, [[0, 4], [2, 5]])
    assert dataset.samples["sample_id"].tolist() == ["a", "b"]
    assert dataset.samples["group"].tolist() == ["s1", "s2"]
    assert report.sentences() == ("2 samples accepted.",)


def test_a_column_written_with_spaces_and_capitals_is_the_same(imported):
    dataset, _ = imported("ID,Voice Anger,Voice-Joy\na,3,1\n")
    assert_array_equal(dataset.annotations["voice"].values, [[3, 1]])


def test_columns_without_a_side_are_what_people_said_of_the_whole(imported):
    dataset, _ = imported("face_label,anger,joy\njoy,1,4\nanger,3,2\n")
    assert_array_equal(dataset.annotations[FUSED].values, [[1, 4], [3, 2]])
    assert_array_equal(dataset.annotations["face"].values, [1, 0])


def test_distributions_are_known_by_their_sums(imported):
    dataset, report = imported("voice_anger,voice_joy\n.25,.75\n.52,.5\n.9,.9\n1,0\n")
    assert dataset.annotations["voice"].kind == "distribution"
    assert_allclose(dataset.annotations["voice"].values, [[0.25, 0.75], [0.52 / 1.02, 0.5 / 1.02], [1, 0]])
    assert "Row 3, column 'voice_anger': the distribution of 'voice' sums to 1.02; scaled to 1." in said(report)
    assert "Row 4, column 'voice_anger': the distribution of 'voice' sums to 1.8, not to 1; refused." in said(report)


def test_per_cent_are_said_to_be_taken_for_per_cent(imported):
    dataset, report = imported("voice_anger,voice_joy\n25.5,74.5\n50.25,49.75\n")
    assert_allclose(dataset.annotations["voice"].values.sum(1), 1)
    assert "per cent" in said(report)


def test_one_odd_row_does_not_make_votes_a_distribution(imported):
    dataset, report = imported("voice_anger,voice_joy\n3,1\n2,2\n.5,.5\n")
    assert dataset.annotations["voice"].kind == "votes"
    assert "Row 4, column 'voice_anger': the votes of 'voice' are not whole numbers; refused." in said(report)


def test_annotators_are_counted_as_votes(imported):
    dataset, report = imported(
        "face_label_1,face_label_2,face_rater_x,voice_label\nAnger,anger,joy,joy\njoy,,nonsense,anger\n,,,joy\n"
    )
    assert dataset.annotations["face"].kind == "votes"
    assert_array_equal(dataset.annotations["face"].values[:2, :2], [[2, 1], [0, 1]])
    assert np.isnan(dataset.annotations["face"].values[2]).all()
    assert dataset.label_names == ("anger", "joy", "nonsense")
    assert report.accepted == 3


def test_a_label_that_is_no_emotion_of_the_table_is_left_empty(imported):
    dataset, report = imported("voice_anger,voice_joy,label\n3,1,joy\n2,2,jyo\n")
    assert_array_equal(dataset.annotations[FUSED].values, [1, -1])
    assert "Row 3, column 'label': 'jyo' is none of anger, joy; left empty." in said(report)


def test_scores_alone_make_a_dataset(imported):
    dataset, report = imported("text_score,voice_score,score\n1.5,-2,0\nabc,1,1\n,2,1\n")
    assert_array_equal(dataset.annotations["text"].values, [1.5, np.nan])
    assert dataset.label_names == ("negative", "neutral", "positive")
    assert "Row 3, column 'text_score': 'abc' is not a number; refused." in said(report)


def test_features_go_to_their_modality_and_gaps_make_it_missing(imported):
    dataset, report = imported("label,face_f0,face_f1,eeg_f0\njoy,1,2,3\nanger,,2,4\njoy,,,5\n")
    assert_array_equal(dataset.features["face"].present(), [True, False, False])
    assert_array_equal(dataset.features["eeg"].values, [[3], [4], [5]])
    assert dataset.features["face"].columns == ("face_f0", "face_f1")
    assert "Row 3: some features of 'face' are empty" in said(report)


def test_columns_without_a_meaning_are_kept(imported):
    dataset, _ = imported("label,face_f0,age,scene,media_note\njoy,1,31,park,x\nanger,2,,street,y\n")
    assert_array_equal(dataset.samples["age"], [31, np.nan])
    assert dataset.samples["scene"].tolist() == ["park", "street"]
    assert dataset.samples["other_media_note"].tolist() == ["x", "y"]


def test_the_words_of_a_modality_and_its_numbers_get_along(imported):
    dataset, _ = imported("text,text_anger,text_joy\nHello,1,3\nBye,2,0\n")
    assert dataset.samples["text"].tolist() == ["Hello", "Bye"]
    assert dataset.modalities == ("text",)


def test_numbers_beside_known_emotions_are_not_taken_for_emotions(imported):
    dataset, _ = imported("voice_anger,voice_joy,voice_pitch,voice_total\n3,1,220.5,4\n2,2,180,4\n")
    assert dataset.label_names == ("anger", "joy")
    assert_array_equal(dataset.samples["voice_pitch"], [220.5, 180])


def test_emotions_nobody_knows_are_taken_by_their_columns_and_said(imported):
    dataset, report = imported("voice_zest,voice_gloom\n3,1\n2,2\n")
    assert dataset.label_names == ("zest", "gloom")
    assert "Taken for emotions by the names of their columns: gloom, zest." in said(report)


def test_names_of_emotions_need_not_be_english(imported):
    dataset, _ = imported("voice_Ärger,voice_Freude\n3,1\n2,2\n")
    assert dataset.label_names == ("ärger", "freude")


def test_one_emotion_after_a_strange_word_makes_no_modality(imported):
    dataset, _ = imported("voice_anger,voice_joy,rated_anger\n3,1,.5\n2,2,.7\n")
    assert dataset.modalities == ("voice",)
    dataset, _ = imported("skin_anger,skin_joy\n3,1\n2,2\n")
    assert dataset.modalities == ("skin",)


def test_splits_are_understood_in_other_words(imported):
    dataset, report = imported("label,face_f0,split\njoy,1,dev\nanger,2,Training\njoy,3,TEST\njoy,4,what\n")
    assert dataset.samples["split"].tolist() == ["validation", "train", "test", ""]
    assert "'what' is none of train, validation and test" in said(report)


def test_ids_are_made_where_they_are_missing_and_refused_where_they_repeat(imported):
    dataset, report = imported("id,label,face_f0\na,joy,1\n,anger,2\na,joy,3\n")
    assert dataset.samples["sample_id"].tolist() == ["a", "row-3"]
    assert "Row 4, column 'id': the id 'a' stands in an earlier row; refused." in said(report)


def test_the_id_of_a_refused_row_is_free_again(imported):
    dataset, _ = imported("id,voice_anger,voice_joy\na,-1,1\na,2,1\n")
    assert dataset.samples["sample_id"].tolist() == ["a"]
    assert_array_equal(dataset.annotations["voice"].values, [[2, 1]])


def test_clips_outside_the_folder_or_not_there_are_left_out(imported, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"x")
    dataset, report = imported("label,face_f0,media\njoy,1,./a.mp4\nanger,2,../a.mp4\njoy,3,b.mp4\njoy,4,/etc/passwd\n")
    assert dataset.samples["media"].tolist() == ["a.mp4", "", "", ""]
    assert "'../a.mp4' is no path inside the media folder" in said(report)
    assert "'b.mp4' is not in the media folder" in said(report)


def test_a_formula_cell_stays_text(imported):
    dataset, _ = imported("label,face_f0,text\njoy,1,=cmd|' /C calc'!A0\nanger,2,@SUM(A1)\n")
    assert dataset.samples["text"].tolist() == ["=cmd|' /C calc'!A0", "@SUM(A1)"]


def test_a_huge_cell_is_cut_and_said(imported):
    dataset, report = imported(f"label,face_f0,text\njoy,1,{'x' * 50_000}\nanger,2,y\n")
    assert dataset.samples["text"].str.len().tolist() == [table.MOST_TEXT, 1]
    assert "Row 2, column 'text'" in said(report)


def test_an_empty_modality_is_left_out_and_said(imported):
    dataset, report = imported("voice_anger,voice_joy,face_anger,face_joy\n3,1,,\n2,2,,\n")
    assert dataset.modalities == ("voice",)
    assert "The columns of 'face' are empty in every row; left out." in said(report)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("a,b\n1,2\n", "No column of 't.csv' says what people heard"),
        ("face_label\njoy\njoy\n", "only one emotion, 'joy'"),
        (
            "voice_anger,voice_joy\n-1,2\n",
            "No row of 't.csv' can be used. Row 2, column 'voice_anger': '-1' is negative",
        ),
        ("label\njoy\nanger\n", "no modality with a value"),
        ("voice_anger,voice_joy\n,\n", "no rows below its header"),
        ("id,voice_anger,voice_joy\na,,\n", "no modality with a value"),
        ("face_label\n" + "\n".join(f"word {i}" for i in range(300)), "300 different words"),
    ],
)
def test_a_table_of_which_nothing_can_be_made_is_said_in_a_sentence(imported, text, match):
    with pytest.raises(DatasetError, match=match):
        imported(text)


@pytest.mark.parametrize("k", [2, 40])
def test_few_and_many_emotions_are_taken(imported, k):
    header = ",".join(f"{side}_e{i}x" for side in ("voice", "face") for i in range(k))
    rows = "\n".join(",".join("1" for _ in range(2 * k)) for _ in range(3))
    dataset, _ = imported(f"{header}\n{rows}\n")
    assert len(dataset.labels) == k
    assert len({label.colour for label in dataset.labels}) == min(k, 16)
    assert store.write(dataset).label_names == dataset.label_names


def test_the_mapping_says_what_names_do_not(imported, tmp_path):
    (tmp_path / "map.toml").write_text(
        """
        title = "My study"
        licence = "CC0"
        labels = ["rage", { name = "Bliss", colour = "#00AA00", valence = 0.5 }]
        context = ["scene"]
        [columns]
        sample_id = "nr"
        group = "who"
        [sides.voice]
        votes = { rage = "v1", bliss = "v2" }
        features = ["m0", "m1"]
        [sides.face]
        raters = ["first", "second"]
        [sides.fused]
        label = "verdict"
        """
    )
    header = "nr,who,v1,v2,m0,m1,first,second,verdict,scene"
    text = f"{header}\n1,a,3,1,.5,.6,rage,bliss,BLISS,park\n2,b,1,1,.1,.2,rage,,rage,bus\n"
    dataset, _ = imported(text, mapping=tmp_path / "map.toml")
    assert (dataset.title, dataset.licence) == ("My study", "CC0")
    assert dataset.labels[1].colour == "#00aa00"
    assert dataset.modalities == ("voice", "face")
    assert_array_equal(dataset.annotations["face"].values, [[1, 1], [1, 0]])
    assert_array_equal(dataset.annotations[FUSED].values, [1, 0])
    assert dataset.samples["sample_id"].tolist() == ["1", "2"]
    assert dataset.context == ("scene",)
    assert dataset.samples["scene"].tolist() == ["park", "bus"]
    assert store.write(dataset).context == ("scene",)


@pytest.mark.parametrize(
    ("mapping", "match"),
    [
        ({}, "names no side"),
        ({"sides": []}, "must be a table"),
        ({"sides": {"voice": {"label": "nope"}}}, "names the column 'nope', which the table does not have"),
        ({"sides": {"voice": {"label": ["v1"]}}}, "which the table does not have"),
        ({"sides": {"Voice!": {"label": "v1"}}}, "cannot name a side"),
        ({"sides": {"voice": {"lable": "v1"}}}, "'lable' means nothing"),
        ({"sides": {"voice": {"raters": "v1"}}}, "must be a list"),
        ({"sides": {"voice": {"votes": {"": "v1"}}}}, "cannot name an emotion"),
        ({"sides": {"voice": {"label": "v1"}}, "labels": [{"colour": "#fff"}]}, "needs a 'name'"),
        ({"sides": {"voice": {"label": "v1"}}, "labels": ["a", {"name": "b", "valence": "x"}]}, "valence"),
        ({"sides": {"voice": {"votes": {"joy": "v1", "b": "v2"}}}, "labels": ["a", "b"]}, "'joy' has votes"),
        ({"columns": {"sample": "v1"}, "sides": {"voice": {"label": "v1"}}}, "'sample' means nothing"),
        ({"what": 1, "sides": {"voice": {"label": "v1"}}}, "'what' means nothing"),
    ],
)
def test_a_wrong_mapping_is_said_in_a_sentence(imported, mapping, match):
    with pytest.raises(DatasetError, match=match):
        imported("v1,v2\n1,2\n", mapping=mapping)


@pytest.mark.parametrize("content", ["", "{", "[[[", "\x00", "a = ", json.dumps([1])])
@pytest.mark.parametrize("name", ["m.toml", "m.json"])
def test_a_mapping_file_that_is_none_is_said_in_a_sentence(imported, tmp_path, content, name):
    (tmp_path / name).write_text(content)
    with pytest.raises(DatasetError, match=r"[Mm]apping"):
        imported("v1,v2\n1,2\n", mapping=tmp_path / name)


@given(st.integers(0, 2**32 - 1), st.sampled_from([".csv", ".tsv", ".jsonl", ".parquet"]))
def test_every_format_gives_the_same_dataset(tmp_path_factory, seed, suffix):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 12))
    frame = pd.DataFrame({"id": [f"s{i}" for i in range(n)], "text": [f'wörd {i}, "so"' for i in range(n)]})
    for side in ("voice", "face"):
        for emotion in ("anger", "joy", "fear"):
            frame[f"{side}_{emotion}"] = rng.integers(0, 9, n)
        frame[f"{side}_fear"] += 2
        frame[f"{side}_f0"] = rng.normal(size=n)
    path = tmp_path_factory.mktemp("t") / f"t{suffix}"
    match suffix:
        case ".csv":
            frame.to_csv(path, index=False)
        case ".tsv":
            frame.to_csv(path, index=False, sep="\t")
        case ".jsonl":
            frame.to_json(path, orient="records", lines=True, double_precision=15)
        case ".parquet":
            frame.to_parquet(path)
    dataset, report = table.read(path)
    assert report.sentences() == (f"{n} samples accepted.",)
    assert dataset.samples["text"].tolist() == frame["text"].tolist()
    for side in ("voice", "face"):
        assert_array_equal(dataset.annotations[side].values, frame[[f"{side}_{e}" for e in ("anger", "joy", "fear")]])
        assert_allclose(dataset.features[side].values[:, 0], frame[f"{side}_f0"], rtol=1e-6)
