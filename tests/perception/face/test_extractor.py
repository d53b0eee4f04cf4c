from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from emoviz.perception.base import Cue, Extractor, Frame, Media, Reading, Sound
from emoviz.perception.face import extractor
from emoviz.perception.face.extractor import FaceExtractor, cut
from emoviz.perception.media import Clip
from tests.faces import coloured, drawn, scene

FACE, SMILING = drawn(100), drawn(100, 1)


@dataclass(frozen=True)
class Filmed:
    """A clip of nothing but pictures."""

    picture: Callable[[float], np.ndarray]
    seconds: float = 3.0

    def frames(self, rate: float) -> Iterator[Frame]:
        for step in range(round(self.seconds * rate)):
            yield Frame(step / rate, coloured(self.picture(step / rate)))

    def sound(self) -> Sound | None:
        return None

    def cues(self) -> tuple[Cue, ...]:
        return ()


@pytest.fixture(scope="module")
def faces() -> FaceExtractor:
    return FaceExtractor()


def last(faces: FaceExtractor, media: Media) -> Reading:
    *_, reading = faces.read(media)
    return reading


def test_it_is_an_extractor(faces):
    read: Extractor = faces
    assert read.modality == "face"
    assert read.version


def test_a_face_becomes_windows_on_the_clock_of_the_clip(faces):
    reading = last(faces, Filmed(lambda t: scene((100, 60, FACE))))
    assert reading.status == "read"
    windows = reading.windows
    assert_allclose(windows.start, np.arange(6) / 2)
    assert_allclose(windows.end - windows.start, 0.5)
    assert_allclose(windows.native.sum(1), 1)
    assert ((windows.quality > 0) & (windows.quality <= 1)).all()
    assert reading.native.argmax() in windows.native.argmax(1)
    sure = reading.trace("majority")
    assert_allclose(sure.time, windows.start + 0.25)
    assert ((sure.values > 0) & (sure.values <= 1)).all()


def test_the_box_follows_the_face(faces):
    reading = last(faces, Filmed(lambda t: scene((int(60 + 30 * t), 60, FACE))))
    box = reading.trace("box")
    middle = (box.values[:, 0] + box.values[:, 2]) / 2
    assert_allclose(middle, (60 + 30 * box.time + 50) / 320, atol=0.05)
    assert_array_equal(reading.trace("faces").values, 1)


def test_readings_come_while_the_clip_is_read(faces):
    readings = list(faces.read(Filmed(lambda t: scene((100, 60, FACE)), seconds=4)))
    assert [reading.status for reading in readings[:-1]] == ["reading"] * (len(readings) - 1)
    assert len(readings) >= 4
    counts = [0 if reading.windows is None else len(reading.windows) for reading in readings]
    assert counts == sorted(counts)


def test_without_a_picture_the_reason_is_told(faces):
    reading = last(faces, Filmed(lambda t: scene(), seconds=0))
    assert (reading.status, reading.reason) == ("missing", extractor.NO_PICTURE)


def test_without_a_face_the_reason_is_told(faces):
    reading = last(faces, Filmed(lambda t: scene()))
    assert (reading.status, reading.reason) == ("missing", extractor.NO_FACE)
    assert not reading.trace("faces").values.any()


def test_a_face_in_one_picture_alone_is_not_believed(faces):
    reading = last(faces, Filmed(lambda t: scene((100, 60, FACE)) if 1 <= t < 1.1 else scene()))
    assert reading.status == "missing"


def test_a_single_picture_can_be_read(faces):
    reading = last(faces, Filmed(lambda t: scene((100, 60, FACE)), seconds=1 / 6))
    assert reading.status == "read"
    assert len(reading.windows) == 1


def test_where_the_face_is_gone_there_is_no_window_and_no_box(faces):
    reading = last(faces, Filmed(lambda t: scene() if 1 <= t < 2 else scene((100, 60, FACE))))
    assert not ((reading.windows.start >= 1) & (reading.windows.start < 2)).any()
    box = reading.trace("box")
    gone = (box.time >= 1) & (box.time < 2)
    assert np.isnan(box.values[gone]).all()
    assert np.isfinite(box.values[~gone]).all()
    assert_array_equal(reading.trace("faces").values, ~gone)


def test_of_several_faces_the_largest_is_read_and_the_others_are_told(faces):
    picture = scene((10, 80, drawn(60)), (180, 60, SMILING))
    reading = last(faces, Filmed(lambda t: picture))
    assert reading.trace("box").values[0, 0] > 0.4
    assert reading.trace("box 2").values[0, 2] < 0.4
    assert_array_equal(reading.trace("faces").values, 2)
    assert reading.reason.startswith("2 faces were seen")


def test_a_face_that_stays_is_the_clips_even_if_a_larger_one_passes(faces):
    stays, passes = (10, 80, drawn(60)), (180, 60, FACE)
    reading = last(faces, Filmed(lambda t: scene(stays, passes) if t < 0.6 else scene(stays), seconds=4))
    assert np.nanmedian(reading.trace("box").values[:, 0]) < 0.2


def test_small_faces_are_trusted_less(faces):
    large = last(faces, Filmed(lambda t: scene((100, 60, FACE)), seconds=1))
    small = last(faces, Filmed(lambda t: scene((100, 60, drawn(30))), seconds=1))
    assert small.windows.quality.mean() < 0.6 * large.windows.quality.mean()


def test_reading_again_gives_the_same(faces):
    media = Filmed(lambda t: scene((int(60 + 30 * t), 60, FACE)))
    assert_array_equal(last(faces, media).windows.native, last(faces, media).windows.native)


def test_the_face_of_a_moment_can_be_shown(faces):
    media = Filmed(lambda t: scene() if t >= 2 else scene((100, 60, FACE)))
    reading = last(faces, media)
    early, late = faces.shown(media, reading, [0.5, 2.9])
    assert early.time == 0.5
    assert 1.5 < late.time < 2
    assert early.image.shape == (240, 320, 3)
    assert_array_equal(early.face, cut(early.image, early.box))
    assert faces.evidence(early.face, "happiness").shape == (48, 48)


def test_nothing_is_shown_of_a_clip_without_faces(faces):
    media = Filmed(lambda t: scene())
    assert faces.shown(media, last(faces, media), [0.5]) == ()


@pytest.mark.external
def test_a_happy_face_is_seen_as_happier_than_an_angry_one(faces, test_data):
    def happiness(name: str) -> float:
        with Clip(test_data / "crema-d-clips" / name) as clip:
            reading = last(faces, clip)
        return reading.distribution[3]

    assert happiness("1001_DFA_HAP_XX.flv") > 0.3 > happiness("1001_DFA_ANG_XX.flv")
