"""What travels to the clip player, and what never does."""

import json

import numpy as np

from emoviz.app import player
from emoviz.app.disk import payload
from tests.browser import player_page


def unpacked(data: bytes) -> dict[str, np.ndarray]:
    """The arrays of a buffer, as the browser reads them."""
    start = 8 + int.from_bytes(data[4:8], "little")
    header = json.loads(data[8:start])
    return {
        one["name"]: np.frombuffer(data, one["type"], one["length"], start + one["offset"]) for one in header["arrays"]
    }


def test_pieces_make_up_the_file():
    data = np.random.default_rng(1).bytes(2 * player.PIECE + 17)
    found = player.pieces("clip", data)
    assert len({piece.name for piece in found}) == len(found) == 3
    assert b"".join(unpacked(piece.data)["bytes"].tobytes() for piece in found) == data


def test_tracks_arrive_as_they_are():
    view = player_page.view("none")
    arrays = unpacked(payload.buffer("", player.tracks(view)))
    face = next(band for band in view.bands if band.name == "face")
    np.testing.assert_allclose(arrays["face"].reshape(face.shares.shape), face.shares, atol=1e-6)
    np.testing.assert_allclose(arrays["conflict time"], view.conflict.time, atol=1e-6)
    assert "text" not in arrays  # nothing was read


def test_an_hour_is_thinned_to_what_a_screen_shows():
    time = np.arange(0, 3600, 0.1)
    band = player.Band("face", "Face", time, np.full((len(time), 7), 1 / 7))
    view = player.PlayerView("id", 3600, player.Picture("none"), (), (band,))
    assert len(player.tracks(view)["face time"]) <= player.MOST_STEPS


def test_what_is_small_is_plain_json_whatever_is_unknown():
    nothing = player.Curve(np.array([0.0, 1.0]), np.array([np.nan, np.nan]))
    view = player.PlayerView(
        "id", 1.0, player.Picture("none"), (), (), conflict=nothing, floor=float("nan"), pitch=nothing
    )
    json.dumps(player.setting(view, "tracks"), allow_nan=False)


def test_other_numbers_have_another_name():
    first, second = (payload.named("id", payload.buffer("", {"a": np.full(3, x, np.float32)})) for x in (1, 2))
    assert first != second
