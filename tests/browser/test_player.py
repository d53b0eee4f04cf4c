"""The clip player: one clock for picture, sound, words, emotions and conflict."""

import itertools

import pytest

from emoviz.workspace import ROOT

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make test installs it")
expect = sync_api.expect

TIME = "() => window.__emovizPlayer.clock.time"
READY = (
    "() => window.__emovizPlayer?.view && (!window.__emovizPlayer.media || window.__emovizPlayer.media.readyState >= 2)"
)


@pytest.fixture(scope="module")
def player_url(serve, tmp_path_factory) -> str:
    return serve(ROOT / "tests" / "browser" / "player_page.py", tmp_path_factory.mktemp("player"))


@pytest.fixture
def opened(tab, player_url):
    def open_kind(kind: str = "video"):
        tab.goto(f"{player_url}/?kind={kind}")
        tab.wait_for_function(READY, timeout=60_000)
        return tab

    return open_kind


def stands_at(tab, seconds: float, tolerance: float = 0.06) -> None:
    tab.wait_for_function(
        "([seconds, tolerance]) => { const { clock, media } = window.__emovizPlayer;"
        " return Math.abs(clock.time - seconds) < tolerance && !media?.seeking }",
        arg=[seconds, tolerance],
    )


def track(tab, name: str) -> tuple[float, float, float, float]:
    """Left, top, width and height of a track on the page."""
    return tab.evaluate(
        """(name) => { const p = window.__emovizPlayer;
                       p.canvas.scrollIntoView({ block: "end" });
                       const b = p.canvas.getBoundingClientRect();
                       const row = p.tracks.rows.find((r) => r.kind === name || r.title === name);
                       return [b.x, b.y + row.top, b.width, row.height] }""",
        name,
    )


def click(tab, name: str, share: float) -> None:
    left, top, width, height = track(tab, name)
    tab.mouse.click(left + share * width, top + height / 2)


def test_a_click_on_any_track_seeks_everything(opened):
    tab = opened()
    for place, name in enumerate(("ruler", "words", "Face", "Voice", "conflict", "sound")):
        time = 4.5 - 0.5 * place
        click(tab, name, time / 6)
        stands_at(tab, time)
        assert abs(tab.evaluate("() => window.__emovizPlayer.media.currentTime") - time) < 0.06
        expect(tab.locator(".ep-now")).to_contain_text(f"0:0{time:.1f}")


def test_the_picture_stands_where_a_moment_was_clicked(opened):
    tab = opened()
    tab.get_by_role("button", name="0:02.4").click()
    stands_at(tab, 3.5)
    expect(tab.locator("#heard")).to_have_text('[["clip-video", 3.5]]')
    # The disk in the picture has walked this far: the browser shows the frame of that time.
    left = tab.evaluate(
        """async () => { const v = window.__emovizPlayer.media, c = document.createElement("canvas");
             [c.width, c.height] = [v.videoWidth, v.videoHeight];
             const x = c.getContext("2d"); x.drawImage(v, 0, 0);
             const row = x.getImageData(0, 90, c.width, 1).data;
             let first = -1, last = -1;
             for (let i = 0; i < c.width; i++) if (row[4 * i] > 190) { if (first < 0) first = i; last = i; }
             return (first + last) / 2 }"""
    )
    assert abs(left - (40 + 160 * 3.5 / 6)) < 4


def test_the_frame_follows_the_face(opened):
    tab = opened()
    for share in (0.25, 0.75):
        click(tab, "ruler", share)
        stands_at(tab, 6 * share)
        middle = tab.evaluate(
            """() => { const { box, media } = window.__emovizPlayer;
                 const [b, v] = [box.getBoundingClientRect(), media.getBoundingClientRect()];
                 const scale = Math.min(v.width / media.videoWidth, v.height / media.videoHeight);
                 return (b.x + b.width / 2 - v.x - (v.width - scale * media.videoWidth) / 2) / scale }"""
        )
        assert abs(middle - (40 + 160 * share)) < 4
    tab.get_by_role("button", name="Face found").click()
    expect(tab.locator(".ep-box")).to_be_hidden()


def test_keys_play_step_and_walk(opened):
    tab = opened()
    tab.get_by_role("heading", level=1).click()
    tab.keyboard.press("ArrowRight")
    stands_at(tab, 0.5)
    tab.keyboard.press("Shift+ArrowRight")
    stands_at(tab, 0.55)
    tab.keyboard.press("]")
    stands_at(tab, 1.9)
    tab.keyboard.press("]")
    stands_at(tab, 3.5)
    tab.keyboard.press("2")
    stands_at(tab, 1.9)
    tab.keyboard.press("Space")
    tab.wait_for_function("() => window.__emovizPlayer.clock.playing && window.__emovizPlayer.clock.time > 2.1")
    tab.keyboard.press("Space")
    tab.wait_for_function("() => !window.__emovizPlayer.clock.playing")
    tab.keyboard.press(">")
    assert tab.evaluate("() => window.__emovizPlayer.media.playbackRate") == 1.5
    tab.keyboard.press("?")
    expect(tab.get_by_role("dialog", name="Keys and mouse")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog", name="Keys and mouse")).to_be_hidden()


def test_keys_belong_to_a_field_that_is_written_in(opened):
    tab = opened()
    tab.get_by_label("a field").fill("")
    tab.get_by_label("a field").press_sequentially("a b?]")
    assert tab.evaluate(TIME) == 0
    expect(tab.get_by_label("a field")).to_have_value("a b?]")


def test_a_moment_loops(opened):
    tab = opened()
    tab.get_by_role("button", name="0:01.6").click()
    stands_at(tab, 1.9)
    tab.get_by_role("heading", level=1).click()
    tab.keyboard.press("l")
    tab.wait_for_function("() => window.__emovizPlayer.clock.playing")
    times = [tab.evaluate(TIME) for _ in range(40) if not tab.wait_for_timeout(50)]
    assert any(after < before for before, after in itertools.pairwise(times))
    assert min(times) > 1.5 and max(times) < 2.4


def test_a_stretch_marked_with_shift_loops(opened):
    tab = opened()
    left, top, width, height = track(tab, "Face")
    tab.keyboard.down("Shift")
    tab.mouse.move(left + 0.25 * width, top + height / 2)
    tab.mouse.down()
    tab.mouse.move(left + 0.5 * width, top + height / 2, steps=4)
    tab.mouse.up()
    tab.keyboard.up("Shift")
    assert tab.evaluate("() => window.__emovizPlayer.clock.loop.map((t) => +t.toFixed(1))") == [1.5, 3.0]
    stands_at(tab, 1.5)


def test_what_lies_under_the_mouse_is_said(opened):
    tab = opened()
    left, top, width, height = track(tab, "Face")
    tab.mouse.move(left + 0.8 * width, top + height / 2)
    expect(tab.locator(".ep-tip")).to_contain_text("happiness 85 %")
    left, top, width, height = track(tab, "conflict")
    tab.mouse.move(left + 0.1 * width, top + height / 2)
    expect(tab.locator(".ep-tip")).to_contain_text("below the noise floor")


def test_words_from_outside_stay_words(opened):
    tab = opened()
    left, top, width, height = track(tab, "words")
    tab.mouse.move(left + 3.0 / 6 * width, top + height / 2)
    expect(tab.locator(".ep-tip")).to_contain_text("<b>when</b>")


def test_the_clip_plays_on_when_the_page_changes(opened):
    tab = opened()
    tab.get_by_role("heading", level=1).click()
    tab.keyboard.press("Space")
    tab.wait_for_function("() => window.__emovizPlayer.clock.time > 0.5")
    tab.evaluate("() => { window.__before = window.__emovizPlayer.media }")
    tab.get_by_text("calm").click()
    expect(tab.get_by_text("No clear conflict at any moment.")).to_be_visible()
    assert tab.evaluate("() => window.__before === window.__emovizPlayer.media && window.__emovizPlayer.clock.playing")


def test_a_clip_has_no_address_that_leads_to_it(opened):
    tab = opened()
    assert tab.evaluate("() => window.__emovizPlayer.media.src").startswith("blob:")


@pytest.mark.parametrize("kind", ["audio", "none"])
def test_clips_without_a_picture_have_the_same_clock(opened, kind):
    tab = opened(kind)
    click(tab, "Voice", 0.5)
    stands_at(tab, 3.0)
    tab.get_by_role("heading", level=1).click()
    tab.keyboard.press("Space")
    tab.wait_for_function("() => window.__emovizPlayer.clock.time > 3.2")
    expect(tab.locator("video")).to_have_count(0)


def test_tracks_zoom_at_the_cursor(opened):
    tab = opened()
    left, top, width, height = track(tab, "Face")
    tab.mouse.move(left + 0.75 * width, top + height / 2)
    tab.keyboard.down("Control")
    for _ in range(4):
        tab.mouse.wheel(0, -120)
    tab.keyboard.up("Control")
    tab.wait_for_function("() => { const [a, b] = window.__emovizPlayer.tracks.span; return b - a < 3 }")
    assert abs(tab.evaluate("(x) => window.__emovizPlayer.tracks.time(x)", 0.75 * width) - 4.5) < 0.05
    tab.get_by_role("heading", level=1).click()
    tab.keyboard.press("0")
    assert tab.evaluate("() => window.__emovizPlayer.tracks.span") == [0, 6]
