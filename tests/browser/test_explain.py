"""The page Explain in a real browser: hand in, watch, seek, change, take home, delete."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from emoviz.app import clips
from emoviz.workspace import ROOT
from tests import media
from tests.browser.conftest import CHROMIUM, FLAGS

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make test installs it")
expect = sync_api.expect
PATIENCE = 60_000  # ms
TOLD = "Don't forget a jacket. I am so happy!"


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def url(serve, home) -> str:
    return f"{serve(ROOT / 'app.py', home)}/explain"


@pytest.fixture
def page(tab, url):
    """The page after consent."""
    agree(tab, url)
    return tab


def agree(tab, url: str) -> None:
    tab.goto(url)
    expect(tab.locator("input[type=file]").first).to_be_disabled(timeout=PATIENCE)
    tab.get_by_role("button", name="I may use these recordings").click()
    expect(tab.locator("input[type=file]").first).to_be_enabled(timeout=PATIENCE)
    rest(tab)


def hand_in(tab, *files: Path) -> None:
    tab.locator("input[type=file]").first.set_input_files([str(file) for file in files])


def done(tab) -> None:
    rows = tab.locator("[class*=st-key-explain_row]")
    expect(rows.first).to_be_visible(timeout=PATIENCE)
    expect(rows.get_by_text(re.compile("waiting|running"))).to_have_count(0, timeout=PATIENCE)
    rest(tab)


def rest(tab) -> None:
    expect(tab.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE)


def delete(tab, row: int = 0, left: int = 0) -> None:
    """Delete a clip, once the page rests: a click while rows move may land beside the button."""
    rest(tab)
    rows = tab.locator("[class*=st-key-explain_row]")
    rows.nth(row).get_by_role("button", name="Delete").first.click()
    expect(rows).to_have_count(left, timeout=PATIENCE)
    rest(tab)


def until(tab, condition: str, argument: object = None) -> None:
    tab.wait_for_function(condition, arg=argument, timeout=PATIENCE)


def lies(home: Path) -> set[Path]:
    """What lies in the private place of the workspace, without the empty folders of sessions."""
    return {path for path in (home / "private").rglob("*") if path.is_file() and path.name != "turn.lock"}


@pytest.fixture
def private(home) -> Callable[[], set[Path]]:
    """What lies there of this test: a session that another one left stays for a while."""
    before = {path.parent.parent for path in lies(home)}
    return lambda: {path for path in lies(home) if path.parent.parent not in before}


@pytest.fixture
def clip(tmp_path) -> tuple[Path, Path]:
    """A clip of grey pictures and a tone, and its words."""
    words = tmp_path / "made.srt"
    words.write_text("1\n00:00:00,100 --> 00:00:01,900\nI am so happy!\n\n2\n00:00:02,100 --> 00:00:03,000\nOh no.\n")
    return media.video(tmp_path / "made.mp4", 3, size=(160, 120)), words


def test_a_clip_is_read_changed_taken_home_and_deleted(page, clip, private, tmp_path):
    hand_in(page, *clip)
    done(page)
    until(page, "() => window.__emovizPlayer?.media?.readyState >= 2")
    assert page.evaluate("() => window.__emovizPlayer.media.src").startswith("blob:")
    expect(page.get_by_text("Predictions of what others would perceive").first).to_be_visible()
    assert page.evaluate("() => window.__emovizPlayer.view.words.map((word) => word.text)") == [
        "I am so happy!",
        "Oh no.",
    ]
    # The address tells nothing of the clip.
    assert "made" not in page.url and not re.search("[0-9a-f]{8}", page.url.split("/", 3)[3])
    # Mend the words: they are read again, and the player shows them.
    page.get_by_role("tab", name="What is said").click()
    field = page.get_by_label("What is said", exact=True)
    expect(field).to_be_visible(timeout=PATIENCE)
    field.fill("I am terribly sad. I cry all day.")
    field.press("Control+Enter")
    page.locator("[class*=st-key-explain-reread]").get_by_role("button").click()
    until(page, "() => window.__emovizPlayer.view.words.some((word) => word.text.includes('sad'))")
    expect(page.get_by_text(re.compile("sadness")).first).to_be_visible(timeout=PATIENCE)
    # Leave them out.
    page.get_by_role("button", name="the words").click()
    expect(page.get_by_text("the clip as it is")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="the words").click()
    # Take everything home.
    page.get_by_role("tab", name="Take home").click()
    for label, ending in (("JSON", "json"), ("Report, HTML", "html"), ("Report, PDF", "pdf")):
        with page.expect_download(timeout=PATIENCE) as saved:
            page.get_by_role("button", name=label).click()
        assert saved.value.suggested_filename == f"made.{ending}"
        saved.value.save_as(tmp_path / f"made.{ending}")
    told = json.loads((tmp_path / "made.json").read_text())
    assert {"modalities", "fused", "conflict", "conflict_pairs", "conflict_floor", "dissenter"} <= set(told)
    assert told["modalities"]["text"]["status"] == "read"
    assert (tmp_path / "made.html").read_text().startswith("<!doctype html>")
    assert (tmp_path / "made.pdf").read_bytes().startswith(b"%PDF")
    # Delete it.
    assert private()
    delete(page)
    expect(page.locator(".emoviz-player")).to_have_count(0, timeout=PATIENCE)
    assert not private()


def test_a_queue_shows_progress_and_can_be_cancelled(page, private, tmp_path):
    for name, minutes in (("one", 1), ("two", 1), ("three", 10)):
        noise = np.random.default_rng(3).normal(0, 0.05, 16_000 * 60 * minutes).astype(np.float32)
        media.sound(tmp_path / f"{name}.wav", samples=noise)
    hand_in(page, *(tmp_path / f"{name}.wav" for name in ("one", "two", "three")))
    rows = page.locator("[class*=st-key-explain_row]")
    expect(rows).to_have_count(3, timeout=PATIENCE)
    expect(page.get_by_role("progressbar").first).to_be_visible(timeout=PATIENCE)
    last = rows.nth(2)
    last.get_by_role("button", name="Cancel").click()
    expect(last.get_by_text("cancelled")).to_be_visible(timeout=PATIENCE)
    done(page)
    rows.nth(1).get_by_role("button", name="Open").click()
    until(page, "() => window.__emovizPlayer?.view")
    for left in (2, 1, 0):
        delete(page, left=left)
    assert not private()


def test_another_visitor_sees_nothing_of_it(browser, page, url):
    page.get_by_role("tab", name="Words alone").click()
    page.get_by_label("A sentence or more").fill(TOLD)
    page.get_by_label("A sentence or more").press("Control+Enter")
    page.get_by_role("button", name="Read these words").first.click()
    done(page)
    other = browser.new_context()
    visitor = other.new_page()
    agree(visitor, url)
    expect(visitor.locator("[class*=st-key-explain_row]")).to_have_count(0)
    other.close()
    delete(page)


@pytest.fixture
def filming(browser) -> Iterator:
    """A page of a browser with a camera and a microphone that are none."""
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    found = browser.browser_type.launch(executable_path=CHROMIUM, args=[*FLAGS, *fake])
    yield found.new_page()
    found.close()


def test_a_recording_of_camera_and_microphone_is_a_clip(filming, url):
    tab = filming
    agree(tab, url)
    tab.get_by_role("tab", name="Camera").click()
    tab.get_by_role("button", name="Record camera and microphone").click()
    expect(tab.get_by_text(re.compile("recording, [3-9] of"))).to_be_visible(timeout=PATIENCE)
    tab.get_by_role("button", name="Stop").click()
    done(tab)
    until(tab, "() => window.__emovizPlayer?.media?.readyState >= 2")
    until(tab, "() => 1 < window.__emovizPlayer.view.seconds && window.__emovizPlayer.view.seconds < 60")
    delete(tab)


def choose(tab, label: str, option: str) -> None:
    """Choose from a list that stands in the open popover."""
    tab.get_by_role("combobox", name=label).click()
    tab.get_by_role("option", name=option, exact=True).click()


def test_words_are_hidden_moved_and_taken_from_another_clip(page, clip, private, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("I am terribly afraid.")
    hand_in(page, *clip, other)
    done(page)
    expect(page.locator("[class*=st-key-explain_row]")).to_have_count(2)
    answer = page.locator(".ev-facts").first
    changed = page.get_by_test_id("stAlertContentInfo")
    expect(answer).to_contain_text("%", use_inner_text=True, timeout=PATIENCE)
    before = answer.inner_text()
    page.get_by_role("button", name="or change more").click()
    for label, option, says in (
        ("Hide a stretch of", "the words", "The words hidden from 0:00.0 to 0:01.5."),
        ("Move in time", "the words", "The words 0.5 s later."),
        ("Take from another clip", "the words", "The words of another clip."),
    ):
        choose(page, label, option)
        expect(changed.get_by_text(says)).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_text("the clip as it is")).to_be_visible()
        choose(page, label, "nothing")
        expect(changed).to_have_count(0, timeout=PATIENCE)
        expect(answer).to_have_text(before, use_inner_text=True, timeout=PATIENCE)
    choose(page, "Take from another clip", "the words")
    until(page, "() => window.__emovizPlayer.view.words.every((word) => word.text.includes('afraid'))")
    expect(answer).to_contain_text("fear", timeout=PATIENCE)
    # The other clip goes, and with it what was taken from it.
    page.keyboard.press("Escape")
    delete(page, row=1, left=1)
    expect(answer).to_contain_text(before.splitlines()[0], timeout=PATIENCE)
    delete(page)
    assert not private()


def test_a_clip_that_is_being_read_can_be_deleted(page, private, tmp_path):
    noise = np.random.default_rng(3).normal(0, 0.05, 16_000 * 600).astype(np.float32)
    hand_in(page, media.sound(tmp_path / "long.wav", samples=noise))
    expect(page.get_by_role("progressbar").first).to_be_visible(timeout=PATIENCE)
    delete(page)
    assert not private()


def test_a_clip_goes_by_itself_when_its_time_is_over(tab, serve, tmp_path, monkeypatch):
    monkeypatch.setenv(clips.SETTING, "0.15")
    agree(tab, f"{serve(ROOT / 'app.py', tmp_path)}/explain")
    hand_in(tab, media.video(tmp_path / "made.mp4", 1, size=(160, 120)))
    expect(tab.get_by_text(re.compile("deleted at .*, in 0 min"))).to_be_visible(timeout=PATIENCE)
    assert lies(tmp_path)
    expect(tab.locator("[class*=st-key-explain_row]")).to_have_count(0, timeout=PATIENCE)
    assert not lies(tmp_path)


@pytest.mark.external
def test_the_moment_of_a_real_clip_is_found_and_seen(page, test_data, private, tmp_path):
    words = tmp_path / "1001_DFA_HAP_XX.txt"
    words.write_text("Don't forget a jacket.")
    hand_in(page, test_data / "crema-d-clips" / "1001_DFA_HAP_XX.flv", words)
    # Something is there before everything is.
    until(page, "() => window.__emovizPlayer?.view?.bands.some((band) => band.time.length)")
    done(page)
    until(page, "() => window.__emovizPlayer?.media?.readyState >= 2")
    assert page.locator("video.ep-media").count() == 1
    until(page, "() => { const b = document.querySelector('.ep-box'); return b && !b.hidden }")
    moments = page.locator(".ep-moments button")
    if moments.count():
        moments.first.click()
        until(
            page,
            "() => { const { media, view } = window.__emovizPlayer;"
            " return Math.abs(media.currentTime - view.moments[0].time) < 0.06 }",
        )
    answer = page.locator(".ev-facts").first
    expect(answer).to_contain_text("%", use_inner_text=True, timeout=PATIENCE)
    before = answer.inner_text()
    page.get_by_role("button", name="the voice").click()
    expect(page.get_by_text("the clip as it is")).to_be_visible(timeout=PATIENCE)
    expect(answer).not_to_have_text(before, use_inner_text=True, timeout=PATIENCE)
    delete(page)
    expect(page.locator(".emoviz-player")).to_have_count(0, timeout=PATIENCE)
    assert not private()
