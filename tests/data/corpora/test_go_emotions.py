"""GoEmotions is read as published, or refused in a sentence."""

import numpy as np
import pytest

from emoviz.data.corpora import go_emotions
from emoviz.errors import DatasetError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "labels.txt").write_text("\n".join(go_emotions.LABELS) + "\n")
    (tmp_path / "dev.tsv").write_text("So good!\t0,17\ta1\nA line\u2028in two\t27\ta2\n", encoding="utf-8")
    return tmp_path


def test_texts_come_with_their_marks(folder):
    found = go_emotions.read(folder, "dev")
    assert found.texts == ("So good!", "A line\u2028in two")
    np.testing.assert_array_equal(found.marked.sum(1), [2, 1])
    np.testing.assert_array_equal(found.single, [-1, go_emotions.LABELS.index("neutral")])
    assert found.distribution[0, go_emotions.LABELS.index("joy")] == 0.5


def test_some_of_the_texts_are_texts(folder):
    some = go_emotions.read(folder, "dev").rows(np.array([False, True]))
    assert some.texts == ("A line\u2028in two",)
    assert some.marked.shape == (1, 28)


def test_a_missing_part_is_named(folder):
    with pytest.raises(DatasetError, match=r"has no train\.tsv"):
        go_emotions.read(folder, "train")


@pytest.mark.parametrize("line", ["no tabs", "text\t28\tid", "text\t-1\tid", "text\tjoy\tid", "text\t\tid"])
def test_a_strange_line_is_named(folder, line):
    (folder / "dev.tsv").write_text(f"fine\t0\tid\n{line}\n")
    with pytest.raises(DatasetError, match=r"Line 2 of 'dev\.tsv'"):
        go_emotions.read(folder, "dev")


def test_other_labels_are_refused(folder):
    (folder / "labels.txt").write_text("joy\n")
    with pytest.raises(DatasetError, match="28 labels"):
        go_emotions.read(folder, "dev")


@pytest.mark.external
def test_the_published_parts_have_their_published_sizes(test_data):
    sizes = {part: len(go_emotions.read(test_data / "goemotions", part)) for part in ("train", "dev", "test")}
    assert sizes == {"train": 43_410, "dev": 5_426, "test": 5_427}
