"""Transcripts are read whatever wrote them, and refused in a sentence where there is nothing to read."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoviz.errors import ClipError
from emoviz.perception.base import Cue
from emoviz.perception.text import transcript
from emoviz.perception.text.transcript import Transcript

SRT = """1
00:00:00,500 --> 00:00:02,000
I am <i>so</i> happy
for you.

2
00:01:02,000 --> 00:01:03,250
{\\an8}- [laughs] Really &amp; truly! ♪
"""
VTT = """WEBVTT - made by hand

NOTE nobody says this

STYLE
::cue { color: red }

first
00:00.500 --> 00:02.000 align:start position:0%
<v Anna>I am so <00:00:01.000>happy for you.

01:02.000 --> 01:03.250
- Really &amp; truly!
"""
CUES = (Cue(0.5, 2.0, "I am so happy for you."), Cue(62.0, 63.25, "Really & truly!"))


@pytest.mark.parametrize("text", [SRT, VTT, SRT.replace("\n", "\r\n"), "\ufeff" + SRT, SRT.replace("\n\n", "\n")])
def test_subtitles_give_words_and_times(text):
    found = transcript.parsed(text)
    assert found.cues == CUES
    assert found.timed


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_any_encoding_is_read(tmp_path, encoding):
    (tmp_path / "a.srt").write_bytes("1\n00:00:01,000 --> 00:00:02,000\nCafé, déjà vu\n".encode(encoding))
    assert transcript.read(tmp_path / "a.srt").text == "Café, déjà vu"


def test_plain_text_has_words_without_times(tmp_path):
    (tmp_path / "a.txt").write_text("  I <3 you.\nYou [sic] too. \n")
    found = transcript.read(tmp_path / "a.txt")
    assert found.text == "I <3 you.\nYou [sic] too."
    assert not found.timed
    assert math.isnan(found.cues[0].start)


def test_subtitles_are_told_by_their_times_not_their_name(tmp_path):
    (tmp_path / "a.txt").write_text(SRT)
    assert transcript.read(tmp_path / "a.txt").cues == CUES


def test_times_that_make_no_sense_keep_their_words():
    found = transcript.parsed("00:00:09,000 --> 00:00:03,000\nlate\n\n00:00:01,000 --> 00:00:02,000\nearly\n")
    assert [cue.text for cue in found.cues] == ["early", "late"]
    assert all(cue.end > cue.start for cue in found.cues)


def test_a_line_that_rolls_on_is_said_once():
    found = transcript.parsed("00:01.000 --> 00:02.000\nhello\n\n00:02.010 --> 00:03.000\nhello\n")
    assert [cue.text for cue in found.cues] == ["hello"]


def test_a_number_that_is_said_is_no_index():
    found = transcript.parsed("1\n00:01.000 --> 00:02.000\nHow many?\n42\n\n2\n00:03.000 --> 00:04.000\nOh.\n")
    assert [cue.text for cue in found.cues] == ["How many? 42", "Oh."]


cues = st.lists(
    st.tuples(st.integers(0, 10**7), st.integers(1, 10**4), st.from_regex(r"[a-zé]+( [a-zé]+)?[.!]", fullmatch=True)),
    min_size=1,
    max_size=5,
    unique_by=(lambda cue: cue[0], lambda cue: cue[2]),
)


@given(cues)
def test_what_is_written_is_read_again(given):
    told = Transcript(tuple(Cue(start / 1e3, (start + more) / 1e3, text) for start, more, text in sorted(given)))
    found = transcript.parsed(told.subtitles)
    assert found.text == told.text
    assert [cue.start for cue in found.cues] == pytest.approx([cue.start for cue in told.cues])
    assert [cue.end for cue in found.cues] == pytest.approx([cue.end for cue in told.cues])


@given(st.text(st.sampled_from("0123:,.-> \n<>{}[]&;#a♪\r\u2028"), max_size=200))
def test_junk_becomes_a_transcript_or_nothing(text):
    for cue in transcript.parsed(text).cues:
        assert cue.text
        assert not cue.end < cue.start


@pytest.mark.parametrize("content", [b"", b" \n", b"1\n00:00:01,000 --> 00:00:02,000\n[music]\n"])
def test_a_transcript_without_words_is_refused(tmp_path, content):
    (tmp_path / "a.srt").write_bytes(content)
    with pytest.raises(ClipError, match="holds no words"):
        transcript.read(tmp_path / "a.srt")


def test_what_is_no_text_is_refused(tmp_path):
    (tmp_path / "a.srt").write_bytes(bytes(range(256)) * 4)
    with pytest.raises(ClipError, match="not a text file"):
        transcript.read(tmp_path / "a.srt")


def test_a_huge_transcript_is_refused(tmp_path):
    with (tmp_path / "a.txt").open("wb") as file:
        file.truncate(transcript.MOST_BYTES + 1)
    with pytest.raises(ClipError, match="larger than 5 MB"):
        transcript.read(tmp_path / "a.txt")


def test_a_missing_transcript_is_named(tmp_path):
    with pytest.raises(ClipError, match=r"There is no transcript 'a\.srt'"):
        transcript.read(tmp_path / "a.srt")


def test_the_transcript_beside_a_clip_is_found(tmp_path):
    assert transcript.beside(tmp_path / "a.mp4") is None
    for suffix in (".txt", ".srt"):
        (tmp_path / f"a{suffix}").write_text("hello")
    assert transcript.beside(tmp_path / "a.mp4") == tmp_path / "a.srt"
