"""The shipped text model: its reasons are its computation, its answers what anybody would expect."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoviz.errors import UnknownNameError
from emoviz.perception import common
from emoviz.perception.text import model as text_model

MODEL = text_model.load()
SAID = st.lists(
    st.sampled_from(["I", "am", "not", "happy", "sad", "!", "???", "WOW", "qzxv", "thanks", "😡", "the", "\n"]),
    max_size=12,
).map(" ".join)


def said(text: str) -> str:
    shares = MODEL.distribution(MODEL.logits([text]))
    return common.LABELS[int(common.shared(shares, MODEL.labels).distribution.argmax())]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I am so happy for you. Really!", "happiness"),
        ("This is disgusting.", "disgust"),
        ("I'm so sorry for your loss, this is heartbreaking.", "sadness"),
        ("Shut up, you fucking idiot!", "anger"),
        ("I was terrified, it was so scary.", "fear"),
        ("Wow, I did not expect that!", "surprise"),
        ("The meeting is on Tuesday in the other building.", "neutral"),
    ],
)
def test_plain_words_are_read_as_anybody_would(text, label):
    assert said(text) == label


@given(SAID)
def test_shares_sum_to_one(text):
    shares = MODEL.distribution(MODEL.logits([text]))
    assert (shares > 0).all()
    np.testing.assert_allclose(shares.sum(-1), 1)


@given(SAID, st.sampled_from(common.LABELS))
def test_what_words_add_is_the_whole_answer(text, label):
    parts = MODEL.parts(text)
    told = MODEL.attribute(parts, label)
    assert told.before + told.added.sum() == pytest.approx(told.after, abs=1e-6)
    share = common.shared(MODEL.distribution(parts.logits), MODEL.labels).distribution[common.LABELS.index(label)]
    assert told.after == pytest.approx(np.log(share))


def test_log_odds_are_the_words_one_by_one():
    parts = MODEL.parts("What a lovely day")
    assert parts.added.shape == (4, 28)
    np.testing.assert_allclose(parts.constant + parts.added.sum(0), MODEL.logits(["What a lovely day"])[0])


def test_the_word_that_says_it_carries_it():
    told = MODEL.attribute(MODEL.parts("that was a disgusting dinner"), "disgust")
    assert told.words[int(told.added.argmax())].text == "disgusting"


def test_without_words_there_is_only_the_constant():
    parts = MODEL.parts("")
    assert parts.words == () and parts.added.shape == (0, 28)
    np.testing.assert_array_equal(parts.logits, parts.constant)
    assert MODEL.attribute(parts, "anger").added.shape == (0,)


def test_unknown_words_are_told():
    np.testing.assert_array_equal(MODEL.parts("happy qzxvkj").known, [True, False])


def test_several_labels_can_be_marked():
    marked = MODEL.marked(MODEL.logits(["Thank you so much, I love it!"]))[0]
    assert {MODEL.labels[i] for i in np.flatnonzero(marked)} >= {"gratitude", "love"}


def test_only_common_labels_have_reasons():
    with pytest.raises(UnknownNameError, match="contempt"):
        MODEL.attribute(MODEL.parts("well"), "contempt")


def test_the_card_tells_what_was_measured():
    told = {metric.name: metric for metric in MODEL.card.metrics}
    assert told["macro F1, 28 labels"].value >= 0.46
    assert told["ECE, 7 common labels"].value <= 0.03
