"""Orders can be written down and read back."""

import pytest

from emoviz.errors import JobError
from emoviz.jobs import kinds

ORDERS = [
    kinds.Train("simulated", "tical", ("lr=0.01", "epochs=2"), seed=3, folds=2, name="mine"),
    kinds.Analyze("simulated", "mine"),
    kinds.Import("/tmp/votes.csv", "votes", mapping="/tmp/map.toml"),
    kinds.Download("crema-d", "http://127.0.0.1:1"),
    kinds.Extract("/tmp/clips", "mine", 2),
]


@pytest.mark.parametrize("order", ORDERS, ids=kinds.kind_of)
def test_an_order_survives_being_written_down(order):
    assert kinds.from_json(kinds.kind_of(order), kinds.to_json(order)) == order


@pytest.mark.parametrize("order", ORDERS, ids=kinds.kind_of)
def test_a_title_says_what_about(order):
    assert getattr(order, "dataset", None) or getattr(order, "name", None) or order.source in order.title


def test_there_is_an_example_of_every_kind():
    assert {kinds.kind_of(order) for order in ORDERS} == set(kinds.KINDS)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *[("train", text) for text in ("", "{", "[]", "7", "{}", '{"dataset": "a", "colour": "red"}')],
        *[("rm -rf", "{}"), ("", "{}")],
    ],
)
def test_a_damaged_order_is_a_sentence(kind, text):
    with pytest.raises(JobError, match=r"another version of emoviz, or is damaged\. Move jobs\.sqlite"):
        kinds.from_json(kind, text)
