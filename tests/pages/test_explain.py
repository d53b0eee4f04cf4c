"""The page Explain, without a browser: consent, queue, words, and a clip that goes again."""

import time

import pytest
from streamlit.testing.v1 import AppTest

from emoviz.app import clips
from emoviz.workspace import ROOT
from tests import media

PATIENCE = 120  # seconds
TITLE = "What do face, voice and words each say?"


@pytest.fixture
def page(app):
    app.run()
    app.switch_page("pages/explain.py")
    app.run()
    yield app
    if clips.SESSION in app.session_state:
        app.session_state[clips.SESSION].close()


@pytest.fixture
def ready(page):
    page.button("explain.agree").click().run()
    return page


def shelf(app) -> clips.Shelf:
    return app.session_state[clips.SESSION]


def write(app, words: str) -> AppTest:
    field = next(area for area in app.text_area if area.label == "A sentence or more")
    field.input(words).run()
    app.button(
        next(b.key for b in app.button if b.label == "Read these words" and b.key.startswith("explain.read."))
    ).click()
    return app.run()


def done(app) -> AppTest:
    """The page when every clip has been read."""
    end = time.monotonic() + PATIENCE
    while any(handed.told().active for handed in shelf(app).clips.values()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return app.run()


def said(app) -> str:
    blocks = [*app.markdown, *app.caption, *app.info, *app.error]
    return "\n".join([block.value for block in blocks] + [block.proto.body for block in app.get("html")])


def test_nothing_can_be_handed_in_before_consent(page):
    assert page.title[0].value == TITLE
    assert "deleted" in said(page) and "not what somebody feels" in said(page)
    assert all(area.disabled for area in page.text_area)
    assert page.file_uploader[0].disabled
    page.button("explain.agree").click().run()
    assert not page.file_uploader[0].disabled


def test_words_alone_are_explained_and_deleted(ready):
    done(write(ready, "I am so happy for you! This is wonderful."))
    assert not ready.exception
    assert "happiness" in said(ready)
    assert "never a readout of what somebody feels" in said(ready)
    (handed,) = shelf(ready).clips.values()
    folder = handed.folder
    assert folder.is_dir()
    ready.button(f"explain.delete.{handed.clip_id}").click().run()
    assert not folder.exists() and not shelf(ready).clips
    assert "happiness" not in said(ready)


def test_files_make_a_queue_and_words_find_their_clip(ready, tmp_path):
    clip = media.sound(tmp_path / "one.wav", 1.0).read_bytes()
    ready.file_uploader[0].upload("one.wav", clip, "audio/wav")
    ready.file_uploader[0].upload("one.srt", b"1\n00:00:00,000 --> 00:00:01,000\nI hate this.\n", "text/plain")
    ready.file_uploader[0].upload("two.txt", b"What a lovely day.", "text/plain")
    ready.run()
    assert sorted(handed.name for handed in shelf(ready).clips.values()) == ["one.wav", "two.txt"]
    done(ready)
    assert not ready.exception
    first = next(handed for handed in shelf(ready).clips.values() if handed.name == "one.wav")
    words = first.read(first.told().version).readings["text"]
    assert [cue.text for cue in words.cues] == ["I hate this."]
    assert words.cues[0].end == 1.0


def test_what_is_no_clip_says_so(ready):
    ready.file_uploader[0].upload("bad.mp4", b"#EXTM3U\nfile:///etc/passwd\n", "video/mp4")
    ready.run()
    done(ready)
    assert not ready.exception
    assert "bad" in said(ready) and "passwd" not in said(ready)
    assert ready.error


def test_other_words_are_read_again_alone(ready):
    done(write(ready, "I am so happy for you! This is wonderful."))
    (handed,) = shelf(ready).clips.values()
    process = handed.process.pid
    ready.session_state["explain.sections"] = ":material/notes: What is said"
    ready.run()
    ready.text_area(f"explain.said.{handed.clip_id}").input("I am terribly sad. I cry all day.").run()
    ready.button(f"explain.reread.{handed.clip_id}").click().run()
    assert not ready.exception
    assert "sadness" in said(ready)
    assert handed.process.pid == process


def test_two_sessions_never_see_each_others_clips(ready):
    done(write(ready, "I am so happy for you!"))
    other = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    other.run()
    other.switch_page("pages/explain.py")
    other.run()
    assert not shelf(other).clips
    assert shelf(other).folder != shelf(ready).folder
    assert "happy for you" not in said(other)
    shelf(other).close()


def test_leaving_something_out_shows_what_it_was_for(ready, tmp_path):
    done(write(ready, "I am so happy for you! This is wonderful."))
    (handed,) = shelf(ready).clips.values()
    ready.session_state[f"explain.mute.{handed.clip_id}"] = ["text"]
    ready.run()
    assert not ready.exception
    assert "the clip as it is" in said(ready) and "nothing to read" in said(ready)
