import cv2
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from emoviz.data.corpora import fer_plus
from emoviz.errors import DatasetError

TILES = np.random.default_rng(0).integers(0, 256, (7, 48, 48)).astype(np.uint8)
# usage, picture, votes for neutral, happiness and unknown
ROWS = [
    ("Training", 0, 6, 4, 0),
    ("Training", 1, 10, 0, 0),
    ("Training", 1, 0, 10, 0),  # a double
    ("Training", 2, 9, 1, 0),  # a copy of a validation picture
    ("Training", 3, 5, 5, 0),  # a copy of a test picture
    ("PublicTest", 2, 9, 1, 0),
    ("PublicTest", 4, 2, 2, 6),  # too few votes for an emotion
    ("PrivateTest", 3, 5, 5, 0),
    ("PrivateTest", 5, 0, 0, 10),  # none at all
    ("PrivateTest", 6, 1, 9, 0),
    ("PrivateTest", 6, 1, 9, 0),
]


@pytest.fixture
def folder(tmp_path):
    """A corpus of eleven pictures on one sheet."""
    sheet = np.zeros((40 * 48, 50 * 48), np.uint8)
    rows = []
    for place, (usage, picture, neutral, happiness, unknown) in enumerate(ROWS):
        top, left = 48 * (place * 7 // 50), 48 * (place * 7 % 50)
        sheet[top : top + 48, left : left + 48] = TILES[picture]
        votes = dict.fromkeys(fer_plus.VOTED, 0) | {"neutral": neutral, "happiness": happiness, "unknown": unknown}
        rows.append({"usage": usage, "sheet": 0, "pos": place * 7, **votes, "md5_pixels": f"picture {picture}"})
    pd.DataFrame(rows).to_csv(tmp_path / "labels.csv", index=False)
    cv2.imwrite(str(tmp_path / "sheet_00.webp"), sheet, [cv2.IMWRITE_WEBP_QUALITY, 101])
    return tmp_path


def test_every_picture_comes_with_its_votes(folder):
    faces = fer_plus.read(folder)
    assert_array_equal(faces.images, TILES[[picture for _, picture, *_ in ROWS]])
    assert_array_equal(faces.votes[0], [6, 4, 0, 0, 0, 0, 0, 0, 0, 0])
    assert_allclose(faces.distribution[0, :2], [0.6, 0.4])
    assert np.isnan(faces.distribution[8]).all()


@pytest.mark.parametrize(
    ("part", "rows"), [("train", [0, 1]), ("validation", [5]), ("test", [7, 9, 10]), ("unseen", [9])]
)
def test_parts_leave_out_copies_and_what_nobody_could_tell(folder, part, rows):
    assert_array_equal(fer_plus.read(folder).rows(part), rows)


def test_a_missing_table_is_said(tmp_path):
    with pytest.raises(DatasetError, match=r"no 'labels\.csv'"):
        fer_plus.read(tmp_path)


def test_another_table_is_said(folder):
    (folder / "labels.csv").write_text("image,emotion\n1,2\n")
    with pytest.raises(DatasetError, match="no column 'neutral'"):
        fer_plus.read(folder)


@pytest.mark.parametrize("bytes_", [None, b"", b"not a picture"])
def test_a_missing_or_damaged_sheet_is_said(folder, bytes_):
    sheet = folder / "sheet_00.webp"
    sheet.unlink()
    if bytes_ is not None:
        sheet.write_bytes(bytes_)
    with pytest.raises(DatasetError, match=r"sheet_00\.webp"):
        fer_plus.read(folder)


@pytest.mark.external
def test_the_published_counts_are_found(test_data):
    faces = fer_plus.read(test_data / "fer2013plus")
    assert len(faces.images) == 35_710
    assert {part: len(faces.rows(part)) for part in ("test", "unseen")} == {"test": 3568, "unseen": 3273}
    assert_array_equal(faces.images[0, 0, :8], [70, 80, 82, 72, 58, 58, 60, 63])
    train = set(faces.digest[faces.rows("train")])
    for part in ("validation", "test", "unseen"):
        assert not train & set(faces.digest[faces.rows(part)])
