import numpy as np
import pytest

from emoviz.perception.face.detect import Box, Detector
from tests.faces import drawn, scene


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


def centre(box: Box) -> tuple[float, float]:
    return box.left + box.side / 2, box.top + box.side / 2


@pytest.mark.parametrize(("left", "top", "side"), [(100, 60, 100), (10, 20, 60), (180, 90, 120)])
def test_a_face_is_found_where_it_is(detector, left, top, side):
    first, *_ = detector.everywhere(scene((left, top, drawn(side))))
    assert centre(first) == pytest.approx((left + side / 2, top + side / 2), abs=side / 8)
    assert first.side == pytest.approx(side, rel=0.35)


def test_a_large_picture_gives_the_same_place_in_its_own_pixels(detector):
    small = detector.everywhere(scene((100, 60, drawn(100))))[0]
    large = detector.everywhere(scene((400, 240, drawn(400)), size=(1280, 960)))[0]
    assert centre(large) == pytest.approx([4 * x for x in centre(small)], abs=24)


@pytest.mark.parametrize("picture", [np.full((240, 320), 128, np.uint8), np.zeros((1, 1), np.uint8)])
def test_where_no_face_is_none_is_found(detector, picture):
    assert detector.everywhere(picture) == []


def test_noise_is_no_face(detector):
    noise = np.random.default_rng(0).integers(0, 255, (240, 320)).astype(np.uint8)
    assert detector.everywhere(noise) == []


def test_a_face_that_moved_a_little_is_followed(detector):
    last = detector.everywhere(scene((100, 60, drawn(100))))[0]
    found = detector.near(scene((112, 66, drawn(100))), last)
    assert centre(found) == pytest.approx((centre(last)[0] + 12, centre(last)[1] + 6), abs=6)


def test_a_face_that_left_is_not_followed(detector):
    last = detector.everywhere(scene((100, 60, drawn(100))))[0]
    assert detector.near(scene(), last) is None


@pytest.mark.parametrize("last", [Box(-500, 0, 100), Box(0, 900, 100), Box(319, 239, 400)])
def test_nothing_is_followed_beyond_the_edge(detector, last):
    assert detector.near(scene(), last) is None


def test_overlap_is_one_with_itself_and_nothing_apart():
    box = Box(10, 20, 30)
    assert box.overlap(box) == pytest.approx(1)
    assert box.overlap(Box(41, 20, 30)) == 0
    assert box.overlap(Box(25, 20, 30)) == pytest.approx(15 * 30 / (2 * 30 * 30 - 15 * 30))


def test_shares_are_of_the_picture():
    assert Box(32, 24, 64).shares(320, 240) == pytest.approx((0.1, 0.1, 0.3, 88 / 240))
