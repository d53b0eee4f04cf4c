"""Readings kept in the workspace."""

import os

import pytest

from emoviz import workspace
from emoviz.perception import kept
from emoviz.perception.base import Reading
from emoviz.perception.kept import Kept

MISSING = Reading("voice", "missing", "The clip has no sound.")
SIZE = len(kept.to_bytes(MISSING))


@pytest.fixture
def clips(tmp_path):
    """Ten clips of which the voice was read, one after the other."""
    found = []
    for number in range(10):
        path = tmp_path / f"{number}.wav"
        path.write_bytes(bytes([number]))
        found.append(Kept(path, None))
        found[-1].put("1", MISSING)
        (file,) = found[-1].folder.iterdir()
        os.utime(file, (number, number))
    return found


def there(clips) -> list[int]:
    return [number for number, one in enumerate(clips) if one.folder.exists()]


def test_what_was_used_longest_ago_goes_first(clips):
    assert clips[0].get("voice", "1") is not None  # and is the latest now
    kept.forget(5 * SIZE)
    assert there(clips) == [0, 7, 8, 9]
    assert clips[0].get("voice", "1").reason == MISSING.reason
    assert clips[1].get("voice", "1") is None


def test_nothing_goes_while_there_is_room(clips):
    kept.forget(10 * SIZE)
    assert there(clips) == list(range(10))


def test_a_look_is_taken_now_and_then(clips, monkeypatch):
    monkeypatch.setattr(kept, "MOST", 5 * SIZE)
    monkeypatch.setattr(kept, "OFTEN", 0.5)
    monkeypatch.setattr(kept, "_ROOM", kept._Room())
    clips[3].put("2", MISSING)
    assert len(there(clips)) == 4 and 3 in there(clips)
    clips[0].put("1", MISSING)
    clips[1].put("1", MISSING)
    assert len(there(clips)) == 6
    clips[2].put("1", MISSING)
    assert len(there(clips)) == 4


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path):
    path = tmp_path / "a.wav"
    path.touch()
    one = Kept(path, None)
    (workspace.place("perception") / one.folder.name).write_text("in the way")
    one.put("1", MISSING)
    assert one.get("voice", "1") is None
