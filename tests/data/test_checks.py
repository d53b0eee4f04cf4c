"""What is no dataset is neither written nor read."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoviz.data.checks import check, is_inside, samples_table
from emoviz.data.dataset import FUSED, Annotation, Dataset, Features, Label
from emoviz.errors import DatasetError

JOY, OTHER = Label("joy", "#aa0000", 0.9), Label("other", "#00aa00")


def sound(**changes) -> Dataset:
    """A dataset of three samples, with changes."""
    dataset = Dataset(
        name="d",
        title="D",
        description="",
        licence="",
        source="",
        simulated=True,
        labels=(JOY, OTHER),
        modalities=("voice", "face"),
        samples=samples_table("abc", group=["g"] * 3),
        annotations={"voice": Annotation("votes", np.ones((3, 2)))},
        features={"face": Features(np.zeros((3, 1)), ("f",), ("g",))},
    )
    return replace(dataset, **changes)


def annotated(side: str, kind: str, values: list) -> Dataset:
    return sound(annotations={side: Annotation(kind, np.array(values))})


def featured(values: np.ndarray, columns: int = 1, offsets: list[int] | None = None) -> Dataset:
    names = ("f",) * columns
    return sound(features={"face": Features(values, names, names, None if offsets is None else np.array(offsets))})


def sampled(**columns) -> Dataset:
    return sound(samples=sound().samples.assign(**columns))


NAN = float("nan")
UNSOUND = {
    "2 to 200 emotions": sound(labels=(JOY,)),
    "201 emotions": sound(labels=tuple(Label(f"l{i}", "#000000") for i in range(201))),
    "same name": sound(labels=(JOY, JOY)),
    "cannot name an emotion": sound(labels=(JOY, replace(OTHER, name="a\nb"))),
    "write it as #rrggbb": sound(labels=(JOY, replace(OTHER, colour="red"))),
    "between -1 and 1": sound(labels=(JOY, replace(OTHER, valence=2.0))),
    "at least one modality": sound(modalities=()),
    "cannot name a modality": sound(modalities=("voice", "../face")),
    "not 'fused'": sound(modalities=("voice", "face", FUSED)),
    "no column 'group'": sound(samples=sound().samples.drop(columns="group")),
    "no column 'scene'": sound(context=("scene",)),
    "at least one sample": sound(samples=samples_table([])),
    "'a' is there twice": sampled(sample_id=["a", "a", "b"]),
    "has no id": sampled(sample_id=["a", "", "b"]),
    "'dev' is no split": sampled(split="dev"),
    "leaves the dataset's media folder": sampled(media_voice="../x"),
    "annotations for 'text'": annotated("text", "label", [0, 0, 0]),
    "no kind of annotation": annotated("voice", "opinion", [0, 0, 0]),
    r"shape \(3,\) where \(3, 2\)": annotated("voice", "votes", [1, 2, 3]),
    "not one of the dataset's 2": annotated("voice", "label", [0, 2, -1]),
    "A label of 'face'": annotated("face", "label", [0.0, 1.0, 0.0]),
    "not numbers": annotated("voice", "votes", [[1, 2], [NAN, 1], [1, 1]]),
    "The score of 'voice' hold": annotated("voice", "score", [1, np.inf, 0]),
    "negative": annotated("voice", "votes", [[1, 2], [-1, 2], [NAN, NAN]]),
    "does not sum to 1": annotated("voice", "distribution", [[0.5, 0.5], [0.5, 0.6], [NAN, NAN]]),
    "features for 'text'": sound(features={"text": sound().features["face"]}),
    "names of their columns": featured(np.zeros((3, 2))),
    "not floating-point": featured(np.zeros((3, 1), int)),
    "features of 2 samples": featured(np.zeros((2, 1))),
    "begin and end": featured(np.zeros((4, 1)), offsets=[0, 3, 2, 4]),
    "do not begin": featured(np.zeros((4, 1)), offsets=[0, 1, 2, 3]),
    "The sequences of 'face'": featured(np.zeros((4, 1)), offsets=[1, 1, 2, 4]),
    "no sample at all": featured(np.zeros((0, 1)), offsets=[0, 0, 0, 0]),
}


@pytest.mark.parametrize("match", UNSOUND)
def test_what_is_unsound_is_said_in_a_sentence(match):
    with pytest.raises(DatasetError, match=match):
        check(UNSOUND[match])


@pytest.mark.parametrize(
    "dataset",
    [
        sound(),
        annotated("voice", "votes", [[NAN, NAN], [0, 0], [1, 2]]),
        annotated("face", "distribution", [[NAN, NAN], [0, 1], [0.5, 0.5]]),
        annotated(FUSED, "label", [-1, 0, 1]),
        annotated("voice", "score", [NAN, -3.5, 1e9]),
        featured(np.zeros((4, 1)), offsets=[0, 0, 1, 4]),
        featured(np.full((3, 1), np.nan, np.float32)),
    ],
)
def test_missing_things_are_sound(dataset):
    check(dataset)


@pytest.mark.parametrize("path", ["a.mp4", "a/b c.mp4", "..a", "a..b/c", "ä/😀.wav", "./a"])
def test_a_path_below_is_inside(path):
    assert is_inside(path)


@pytest.mark.parametrize(
    "path", ["", "..", "../a", "a/../b", "/a", "~/a", "C:/a", "C:\\a", "a\\b", "a\x00", "a\nb", "."]
)
def test_any_other_path_is_not(path):
    assert not is_inside(path)


@given(st.text(alphabet="./\\ab:~\x00", max_size=12))
def test_what_is_inside_cannot_leave(tmp_path_factory, path):
    root = tmp_path_factory.getbasetemp().resolve()
    if is_inside(path):
        assert (root / path).resolve().is_relative_to(root)


def test_a_table_of_samples_is_made_by_position():
    column = pd.Series(["x", "y"], index=[7, 3])
    table = samples_table(column, group=column, more=pd.Series([1, 2], index=[3, 7]))
    assert table["group"].tolist() == ["x", "y"]
    assert table["more"].tolist() == [1, 2]
    assert table["text"].tolist() == ["", ""]
