"""The disk without a browser: what travels, and what comes back."""

import base64
import json
import re
import struct
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from streamlit.testing.v1 import AppTest

from emoviz.app import disk
from emoviz.app.disk import parts, payload

EMOTIONS = (disk.Category("anger", "#d55e00"), disk.Category("joy"), disk.Category("fear"))


def view(n=6, **changes):
    xy = (0.1 * np.arange(2 * n).reshape(n, 2) / n).astype(np.float32)
    return disk.DiskView("k1", xy, **changes)


def category(values, name="label", categories=EMOTIONS):
    return disk.Column(name, name, "category", np.asarray(values), categories)


def number(values, kind="number", **changes):
    return disk.Column("score", "Score", kind, np.asarray(values, float), **changes)


def read(data):
    """A buffer as the browser reads it."""
    magic, length = struct.unpack_from("<II", data)
    assert magic == payload.MAGIC
    header = json.loads(data[8 : 8 + length])
    start = 8 + length
    found = {
        a["name"]: np.frombuffer(data, np.dtype(a["type"]).newbyteorder("<"), a["length"], start + a["offset"])
        for a in header["arrays"]
    }
    return header["key"], found


def test_a_buffer_gives_back_its_arrays_each_where_a_processor_likes_it():
    sent = {
        "xy": np.random.default_rng(0).random((5, 2), np.float32),
        "a": np.arange(5, dtype=np.uint8),
        "b": np.arange(3, dtype=np.uint16),
    }
    data = payload.buffer("some key", sent)
    key, found = read(data)
    assert key == "some key"
    for name, array in sent.items():
        np.testing.assert_array_equal(found[name], array.ravel())
    (length,) = struct.unpack_from("<I", data, 4)
    header = json.loads(data[8 : 8 + length])
    assert all((8 + length + a["offset"]) % 8 == 0 for a in header["arrays"])


@given(arrays(bool, st.integers(0, 70)))
def test_a_mask_survives_the_journey(mask):
    np.testing.assert_array_equal(payload.unpacked(payload.packed(mask).tobytes(), len(mask)), mask)


@pytest.mark.parametrize("bits", [b"", b"\x05", b"\xff" * 40])
def test_a_mask_of_the_wrong_length_is_cut_or_filled_with_no(bits):
    mask = payload.unpacked(bits, 20)
    assert len(mask) == 20 and mask.sum() == (0 if not bits else 2 if len(bits) == 1 else 20)


def test_categories_become_bytes_with_the_largest_for_missing():
    got = payload.codes(category([0, 2, -1, 7, 1]))
    assert got.dtype == np.uint8 and got.tolist() == [0, 2, 255, 255, 1]


def test_many_categories_take_two_bytes():
    many = tuple(disk.Category(str(k)) for k in range(300))
    got = payload.codes(category([0, 299, -1], categories=many))
    assert got.dtype == np.uint16 and got.tolist() == [0, 299, 65535]


@given(arrays(float, 20, elements=st.floats(-3, 5)))
def test_numbers_lose_less_than_a_step_of_their_range(values):
    column = number(values, range=(-3, 5))
    back = -3 + 8 * payload.codes(column).astype(float) / payload.STEPS
    assert np.abs(back - values).max() <= 4 / payload.STEPS + 1e-12


def test_numbers_outside_their_range_are_at_its_ends_and_missing_ones_are_missing():
    got = payload.codes(number([-1, 0, 1, 2, np.nan, np.inf], range=(0, 1)))
    assert got.tolist() == [0, 0, 65534, 65534, 65535, 65535]


def test_a_ramp_without_a_range_spans_its_values_and_is_symmetric_where_zero_means_something():
    assert payload.span(number([2, 5, np.nan])) == (2, 5)
    assert payload.span(number([-1, 4], kind="diverging")) == (-4, 4)
    assert payload.span(number([3, 3])) == (2.5, 3.5)
    assert payload.span(number([np.nan])) == (0, 1)


def test_positions_and_default_columns_weigh_at_most_fourteen_bytes_a_point():
    n = 10_000
    columns = (
        category(np.zeros(n, int)),
        number(np.zeros(n)),
        *(replace(number(np.zeros(n)), name=f"n{k}") for k in range(9)),
    )
    shown = disk.DiskView("k", np.zeros((n, 2), np.float32), columns)
    first = payload.first_columns(shown, disk.FIRST_BYTES_PER_POINT)
    assert first == ("label", "score", "n0")
    assert len(payload.cloud(shown, first)) <= 14 * n + 1000


def test_a_column_that_is_left_out_does_not_cost_the_later_ones_their_order():
    shown = view(columns=(number(np.zeros(6)), category(np.zeros(6, int))))
    assert payload.first_columns(shown, 9) == ()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"xy": np.zeros((6, 2))}, "float32"),
        ({"xy": np.zeros((6, 3), np.float32)}, r"\(N, 2\)"),
        ({"columns": (category([0, 1]),)}, "label has 2 values for 6 points"),
        ({"selected": np.zeros(5, bool)}, "selection has 5 values for 6 points"),
        ({"columns": (category([0] * 6), category([1] * 6))}, "same name"),
        ({"anchors": (disk.Anchor("joy", "#00ff00", float("nan"), 0),)}, "not finite"),
        ({"camera": disk.Camera(zoom=float("inf"))}, "not finite"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, complaint):
    with pytest.raises(ValueError, match=complaint):
        payload.check(replace(view(), **changes))


def test_the_selection_is_named_by_its_content():
    chosen = np.array([True, False, False, True, False, False])
    names = {payload.selection_key(view(selected=mask)) for mask in (chosen, chosen.copy(), ~chosen)}
    assert len(names) == 2
    assert payload.selection_key(view()) == payload.selection_key(view(selected=np.zeros(6, bool))) == ""
    key, found = read(payload.selection(view(selected=chosen)))
    assert key in names and payload.unpacked(found["selection"].tobytes(), 6).tolist() == chosen.tolist()


def test_everything_small_is_json():
    links = disk.Constellation(
        (disk.Side("voice", 0.1, 0.2, "#111111"), disk.Side("face", 0, 0, "#222222")), (disk.Link(0, 1),)
    )
    shown = view(
        columns=(category([0] * 6), number(np.arange(6))),
        constellation=links,
        related=(1, 2),
        hidden={"label": frozenset({2, -1})},
        ranges={"score": (1.0, 3.0)},
        camera=disk.Camera(0.1, 0.2),
    )
    sent = json.loads(json.dumps({**payload.setting(shown), **payload.state(shown)}))
    assert sent["hidden"] == {"label": [-1, 2]} and sent["ranges"] == {"score": [1.0, 3.0]}
    assert sent["columns"][1]["range"] == [0.0, 5.0] and sent["camera"]["model"] == "poincare"
    assert sent["constellation"]["links"] == [{"a": 0, "b": 1, "length": None}]


def test_numbers_of_numpy_are_plain_when_they_travel():
    anchor = disk.Anchor("joy", "#00ff00", np.float32(0.5), np.float64(0.25))
    shown = view(
        anchors=(anchor,), primary=np.int64(2), related=tuple(np.arange(2)), ranges={"score": (np.float32(0), 1)}
    )
    assert payload.setting(shown)["anchors"] == [{"name": "joy", "colour": "#00ff00", "x": 0.5, "y": 0.25}]
    assert payload.state(shown)["related"] == [0, 1] and type(payload.state(shown)["primary"]) is int


def test_what_is_no_colour_reaches_no_style_sheet():
    trick = "red;background:url(http://example.org)"
    shown = view(columns=(category([0] * 6, categories=(disk.Category("a", trick), disk.Category("b", "#12aB9f"))),))
    assert [c["colour"] for c in payload.setting(shown)["columns"][0]["categories"]] == ["", "#12aB9f"]


def told(**triggers):
    silent = dict.fromkeys(("select", "primary", "filter", "colour", "camera"))
    return SimpleNamespace(**silent | {kind: {"key": "k1", "serial": 4, **value} for kind, value in triggers.items()})


def event_of(**triggers):
    return disk._event(view(), told(**triggers), "disk")


def test_a_quiet_browser_is_no_event():
    assert event_of() is None


def test_a_lasso_is_heard_as_a_mask():
    bits = base64.b64encode(bytes([0b100101])).decode()
    event = event_of(select={"mask": bits, "mode": "add"})
    assert (event.kind, event.mode, event.mask.tolist()) == ("select", "add", [True, False, True, False, False, True])
    assert event.row is event.camera is event.colour_by is event.hidden is None


def test_a_cleared_selection_is_a_mask_of_nothing():
    assert event_of(select={"mask": "", "mode": "clear"}).mask.tolist() == [False] * 6


def test_gestures_that_fell_into_one_run_come_as_one_event():
    camera = {"re": 0.1, "im": 0.0, "zoom": 2.0, "angle": 0.5, "model": "klein"}
    event = event_of(
        primary={"row": 3},
        camera={"camera": camera},
        filter={"hidden": {"label": [1, -1]}, "ranges": {"score": [0, 1]}},
    )
    assert event.kind == "primary" and event.row == 3
    assert event.camera == disk.Camera(0.1, 0.0, 2.0, 0.5, "klein")
    assert event.hidden == {"label": frozenset({1, -1})} and event.ranges == {"score": (0, 1)}


def test_gestures_on_another_cloud_are_not_heard():
    assert event_of(primary={"row": 3, "key": "k0"}) is None


def test_the_modules_become_one():
    joined = parts.joined(*parts.MODULES)
    assert not [line for line in joined.splitlines() if line.startswith("import ")]
    assert joined.count("export default") == 1


def test_no_two_modules_use_the_same_name():
    sources = [(parts.HERE / "js" / f"{name}.js").read_text() for name in parts.MODULES]
    names = [name for s in sources for name in re.findall(r"^(?:export )?(?:const|class|function) (\w+)", s, re.M)]
    assert len(names) > 100 and len(set(names)) == len(names)


def test_every_module_is_joined_after_those_it_imports():
    for k, name in enumerate(parts.MODULES):
        source = (parts.HERE / "js" / f"{name}.js").read_text()
        for other in parts.MODULES[k:]:
            assert f'from "./{other}.js"' not in source


def page():
    import numpy as np
    import streamlit as st

    from emoviz.app import disk

    xy = np.zeros((4, 2), np.float32)
    column = disk.Column("label", "Label", "category", np.zeros(4, int), (disk.Category("a"), disk.Category("b")))
    shown = disk.DiskView("k", xy, (column,), "label", selected=np.array([True, False, False, False]))
    st.write(f"heard {disk.heard(shown, 'disk')}, then {disk.show(shown, 'disk')}")


def test_a_page_with_a_disk_runs_and_runs_again():
    app = AppTest.from_function(page).run()
    assert not app.exception and app.markdown[0].value == "heard None, then None"
    assert not app.run().exception
