"""The address carries the view, and nothing in an address can break a page."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emoviz.analysis.slices import Slice
from emoviz.app import state
from emoviz.app.state import Selection, View, from_query, pack, to_query, unpack

WORDS = st.text(min_size=1, max_size=12)
NAMES = st.lists(WORDS, max_size=3).map(tuple)
HASH = "0123456789abcdef" * 4


@st.composite
def views(draw) -> View:
    side = st.text("abcdef", min_size=1, max_size=6)
    slice_ = Slice(
        by=draw(st.sampled_from(["people", "model"])),
        **{name: draw(NAMES) for name in state.LISTS},
        flagged=draw(st.sampled_from([None, True, False])),
        p=draw(st.sampled_from([None, 0.05, 0.001])),
        says=draw(st.lists(st.tuples(side, WORDS), max_size=2).map(tuple)),
        text=draw(st.text(max_size=8)),
    )
    return View(
        dataset=draw(WORDS),
        model=draw(st.none() | st.just("") | st.text("abc-", min_size=1, max_size=5)),
        slice=slice_,
        sort=draw(st.just("") | st.text("abc_", min_size=1, max_size=5)),
        focus=draw(st.booleans()),
        colour=draw(st.text(max_size=5)),
        camera=draw(st.text(max_size=5)),
        legend=draw(NAMES),
        sample=draw(st.text(max_size=8)),
        **{name: draw(st.text(max_size=8)) for name in state.READ},
        compared=draw(NAMES),
    )


@given(views())
def test_a_view_comes_back_from_its_address(view):
    assert from_query(to_query(view)) == view


@given(st.booleans())
def test_the_order_comes_back_from_its_address(descending):
    view = View(sort="human_conflict", descending=descending)
    assert from_query(to_query(view)) == view


@given(
    st.dictionaries(st.sampled_from([*to_query(View(dataset="a")), "by", "p", "says", "sort", "x"]), NAMES.map(list))
)
def test_no_address_raises(query):
    from_query(query)


def test_what_is_as_at_the_beginning_is_left_out():
    assert to_query(View()) == {}


@given(st.lists(st.booleans(), min_size=1, max_size=400))
def test_a_selection_comes_back_from_its_word(bits):
    rows = np.array(bits)
    found = unpack(pack(Selection(HASH, rows)), HASH, len(rows))
    assert (found.rows == rows).all()


def test_a_selection_of_other_data_is_none():
    rows = np.arange(100) < 7
    word = pack(Selection(HASH, rows))
    assert unpack(word, "f" * 64, 100) is None
    assert unpack(word, HASH, 5_000) is None


@given(st.text(max_size=60))
def test_a_damaged_word_is_no_selection(word):
    assert unpack(word, HASH, 80) is None
    assert unpack(f"{HASH[:8]}.{word}", HASH, 80) is None


def test_a_bomb_in_an_address_is_not_unpacked():
    import base64
    import zlib

    bomb = base64.urlsafe_b64encode(zlib.compress(bytes(10**7))).decode()
    assert unpack(f"{HASH[:8]}.{bomb}", HASH, 80) is None


def test_a_selection_too_large_for_an_address_stays_at_home():
    rows = np.random.default_rng(0).random(100_000) < 0.5
    assert pack(Selection(HASH, rows)) == ""
    few = np.zeros(100_000, bool)
    few[::1000] = True
    assert 0 < len(pack(Selection(HASH, few))) <= state.ADDRESS_LIMIT
