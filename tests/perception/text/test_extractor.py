"""The words of a clip become windows, timed where somebody knows the times."""

from dataclasses import dataclass

import numpy as np
import pytest

from emoviz.perception.base import Cue, Sound
from emoviz.perception.text import recogniser
from emoviz.perception.text.extractor import LONGEST, MOST, TextExtractor

NAN = float("nan")
EXTRACTOR = TextExtractor()


@dataclass
class Told:
    """A clip of which only the words matter."""

    told: tuple[Cue, ...] = ()
    seconds: float = 0.0
    heard: Sound | None = None

    def frames(self, rate):
        return iter(())

    def sound(self):
        return self.heard

    def cues(self):
        return self.told


def last(media):
    return list(EXTRACTOR.read(media))[-1]


def untimed(text, seconds=0.0):
    return last(Told((Cue(NAN, NAN, text),), seconds))


def test_sentences_are_spread_over_the_clip():
    found = untimed("I am so happy! What a mess.\nOh no", 9.0)
    assert found.status == "read"
    assert [cue.text for cue in found.cues] == ["I am so happy!", "What a mess.", "Oh no"]
    assert all(np.isnan(cue.start) for cue in found.cues)
    assert found.windows.start[0] == 0 and found.windows.end[-1] == 9
    np.testing.assert_allclose(found.windows.start[1:], found.windows.end[:-1])
    assert "spread evenly" in found.reason


def test_words_alone_last_as_long_as_they_would_be_spoken():
    found = untimed("I am so happy for you. I really am.")
    assert 1 < found.windows.end[-1] < 5
    assert found.reason == ""


def test_windows_are_distributions_with_embeddings():
    windows = untimed("Thank you! This is awful.").windows
    assert windows.native.shape == windows.embedding.shape == (2, 28)
    np.testing.assert_allclose(windows.native.sum(1), 1)
    np.testing.assert_allclose(windows.distribution.sum(1), 1)
    np.testing.assert_allclose(windows.outside, 0, atol=1e-9)
    assert ((windows.quality >= 0) & (windows.quality <= 1)).all()


def test_a_sentence_over_two_subtitles_is_one_window():
    found = last(Told((Cue(0, 1, "I am so"), Cue(1.2, 2, "happy for you."), Cue(2, 3, "Go away!")), 10.0))
    assert [(cue.start, cue.end, cue.text) for cue in found.cues] == [
        (0, 2, "I am so happy for you."),
        (2, 3, "Go away!"),
    ]
    np.testing.assert_array_equal(found.windows.start, [0, 2])
    assert found.reason == ""


def test_a_pause_ends_a_sentence():
    assert len(last(Told((Cue(0, 1, "well"), Cue(5, 6, "never mind")), 10.0)).cues) == 2


def test_a_speech_without_stops_is_cut():
    words = untimed("word " * 1000, 60.0).cues
    assert all(len(cue.text.split()) <= LONGEST for cue in words)
    long = last(Told((Cue(0, 60, "word " * 1000),), 60.0))
    assert len(long.windows) == 1000 / LONGEST
    assert long.windows.end[-1] == 60


def test_subtitles_after_the_end_are_left_out():
    found = last(Told((Cue(0, 9, "Good."), Cue(9, 12, "Bye.")), 5.0))
    assert [cue.text for cue in found.cues] == ["Good."]
    assert found.windows.end[0] == 5
    assert "1 of 2 sentences begin after the clip ends" in found.reason


def test_short_or_strange_sentences_count_less():
    many, one, strange = (untimed(text).windows.quality[0] for text in ("I love this so much", "love", "qzxv wrrgl"))
    assert many > one > strange == 0


def test_another_language_is_told():
    assert "it reads English" in untimed("Das ist wirklich sehr traurig, mein Freund.").reason


def test_without_words_the_modality_is_missing():
    found = last(Told((), 3.0))
    assert found.status == "missing"
    assert found.windows is None
    assert found.reason == "Nobody told its words. Type them, or give them as .srt, .vtt or .txt."


def test_a_recogniser_is_named_where_there_is_sound():
    assert "EMOVIZ_ASR_MODEL" in last(Told((), 3.0, Sound(16_000, 0, np.zeros(10, np.float32)))).reason


def test_a_recogniser_writes_the_words_down(monkeypatch, tmp_path):
    monkeypatch.setenv("EMOVIZ_ASR_MODEL", str(tmp_path))
    heard = (Cue(0, 1, "I am happy."), Cue(1, 2, "Are you?"))
    monkeypatch.setattr(recogniser, "recognised", lambda sound, model: iter(heard))
    readings = list(TextExtractor().read(Told((), 3.0, Sound(16_000, 0, np.zeros(10, np.float32)))))
    assert [reading.status for reading in readings] == ["reading", "reading", "read"]
    assert readings[0].cues == heard[:1]
    assert "speech recogniser" in readings[-1].reason
    assert TextExtractor().version != EXTRACTOR.version


@pytest.mark.parametrize("text", ["", " \n", "\u200d"])
def test_what_holds_no_word_is_missing(text):
    assert "no words" in untimed(text, 3.0).reason


def test_a_book_is_refused():
    assert "Shorten it" in untimed("a" * (MOST + 1)).reason


def test_long_transcripts_come_in_parts():
    readings = list(EXTRACTOR.read(Told(tuple(Cue(i, i + 1, "Good.") for i in range(450)), 500.0)))
    assert [len(reading.windows) for reading in readings] == [200, 400, 450]
    assert [reading.status for reading in readings] == ["reading", "reading", "read"]
