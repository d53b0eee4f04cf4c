import numpy as np
import pytest

from emoviz.perception.face.detect import Box
from emoviz.perception.face.track import LOST, Tracker, distinct, look
from tests.faces import drawn

ANNA, BEN = drawn(48), 255 - drawn(48)  # faces that look nothing alike


def test_a_face_keeps_its_track_while_it_moves():
    tracker = Tracker()
    for step in range(20):
        (track,) = tracker.update(step / 6, [Box(10 * step, 50, 80)], [ANNA])
        assert track.number == 0
    assert track.count == 20
    assert len(tracker.tracks) == 1


def test_faces_keep_their_tracks_whatever_their_order():
    tracker = Tracker()
    left, right = Box(0, 0, 80), Box(200, 0, 80)
    first = tracker.update(0.0, [left, right], [ANNA, ANNA])
    second = tracker.update(0.2, [right, left], [ANNA, ANNA])
    assert second == first[::-1]


def test_a_face_that_turns_away_for_a_moment_comes_back_as_itself():
    tracker = Tracker()
    (before,) = tracker.update(0.0, [Box(0, 0, 80)], [ANNA])
    tracker.update(0.5, [], [])
    assert tracker.update(LOST - 0.1, [Box(5, 5, 80)], [ANNA]) == [before]


def test_a_face_that_was_long_gone_is_a_new_one():
    tracker = Tracker()
    tracker.update(0.0, [Box(0, 0, 80)], [ANNA])
    (later,) = tracker.update(LOST + 0.1, [Box(0, 0, 80)], [ANNA])
    assert later.number == 1


def test_another_person_at_the_same_place_is_another_track():
    tracker = Tracker()
    tracker.update(0.0, [Box(0, 0, 80)], [ANNA])
    (other,) = tracker.update(0.1, [Box(0, 0, 80)], [BEN])
    assert other.number == 1


def test_a_face_elsewhere_or_of_another_size_is_another_track():
    tracker = Tracker()
    tracker.update(0.0, [Box(0, 0, 80)], [ANNA])
    tracks = tracker.update(0.1, [Box(200, 0, 80), Box(0, 0, 20)], [ANNA, ANNA])
    assert [track.number for track in tracks] == [1, 2]


def test_two_boxes_never_share_a_track():
    tracker = Tracker()
    tracker.update(0.0, [Box(0, 0, 80)], [ANNA])
    tracks = tracker.update(0.1, [Box(0, 0, 80), Box(8, 0, 80)], [ANNA, ANNA])
    assert tracks[0].number != tracks[1].number


def test_presence_counts_time_and_size():
    tracker = Tracker()
    for step in range(3):
        tracks = tracker.update(step / 6, [Box(0, 0, 80), Box(200, 0, 40)], [ANNA, ANNA])
    assert [track.presence for track in tracks] == pytest.approx([240, 120])


def test_a_trembling_box_is_steadied():
    tracker = Tracker()
    for step in range(10):
        (track,) = tracker.update(step / 6, [Box(100 + 4 * (-1) ** step, 50, 80)], [ANNA])
    assert abs(track.last.left - 100) < 3


def test_of_boxes_on_one_face_the_first_stays():
    boxes = [Box(0, 0, 80), Box(6, 4, 84), Box(200, 0, 60)]
    assert distinct(boxes) == [boxes[0], boxes[2]]


def test_a_look_does_not_depend_on_light():
    darker = (ANNA * 0.5 + 20).astype(np.uint8)
    assert look(ANNA) @ look(darker) / len(look(ANNA)) == pytest.approx(1, abs=0.05)
