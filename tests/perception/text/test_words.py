"""A text becomes words, and what is counted knows its words."""

from hypothesis import given
from hypothesis import strategies as st

from emoviz.perception.text.words import LONGEST, counted, words


def test_words_stand_where_they_are_written():
    text = "I'm SO happy!! 😍 [NAME], naïve :)"
    assert [word.text for word in words(text)] == ["I'm", "SO", "happy", "!!", "😍", "[NAME]", ",", "naïve", ":)"]


@given(st.text(max_size=60))
def test_a_word_is_cut_out_of_its_text(text):
    for word in words(text):
        assert text[word.start : word.end] == word.text


@given(st.text(max_size=60))
def test_everything_counted_is_made_of_words_of_the_text(text):
    found = words(text)
    for name, at in counted(found):
        assert name
        assert at and all(0 <= word < len(found) for word in at)


def test_neighbours_are_counted_with_the_edges_of_the_text():
    names = dict(counted(words("not happy")))
    assert names["not happy"] == (0, 1)
    assert names["<s> not"] == (0,)
    assert names["happy </s>"] == (1,)
    assert names["<s> not happy"] == (0, 1)
    assert names["<s>  happy"] == (1,)


def test_forms_of_a_word_share_pieces():
    first, second = ({name for name, _ in counted(words(word))} for word in ("thankful", "thanked"))
    assert {"\tthank", "\t<than"} <= first & second


def test_shouting_and_drawing_out_do_not_hide_a_word():
    names = [name for name, _ in counted(words("SOOOOO"))]
    assert "sooo" in names and "^sooo" in names


def test_an_endless_word_counts_as_its_beginning():
    assert max(len(name) for name, _ in counted(words("ab" * 10_000))) <= LONGEST + len("<s>  </s>")
