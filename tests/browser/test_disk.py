"""The disk in a real browser: what a hand does, what Python hears of it, what stands on the screen."""

# ruff: noqa: F811 (a fixture is imported under the name that tests ask for)

import io
import math

import numpy as np
import pytest
from PIL import Image

from tests.browser.disk_page import COLOURS, view
from tests.browser.disk_reference import complex_of, projected, rows_inside
from tests.browser.disk_server import disk_page, disk_url, heard, wait_heard  # noqa: F401

pytestmark = pytest.mark.browser
DISK = "window.__emovizDisk"


def middle(page):
    box = page.locator("canvas.disk").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def place(page, row):
    """Where a row is on the page."""
    box = page.locator("canvas.disk").bounding_box()
    X, Y = page.evaluate(f"row => {DISK}.project(row)", row)
    return box["x"] + X, box["y"] + Y


def settled(page):
    page.wait_for_function(f"() => !{DISK}.moving && !{DISK}.wanted && !{DISK}.drawing && !{DISK}.looping")


def drag(page, points, *, keys=()):
    for key in keys:
        page.keyboard.down(key)
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point)
    page.mouse.up()
    for key in keys:
        page.keyboard.up(key)


def lasso(page, radius=120, at=(0, 0), keys=("Shift",)):
    """Draws a round lasso and gives what Python then says is selected."""
    x, y = middle(page)
    before = len(selections(heard(page)))
    angles = [k * math.tau / 24 for k in range(24)]
    drag(page, [(x + at[0] + radius * math.cos(a), y + at[1] + radius * math.sin(a)) for a in angles], keys=keys)
    more = """n => {
        const said = JSON.parse(document.querySelector('#heard').textContent);
        return said.filter((event) => event.kind === 'select').length > n;
    }"""
    page.wait_for_function(more, arg=before)
    return selections(heard(page))[-1]


def selections(said):
    return [event for event in said if event["kind"] == "select"]


def expected_rows(page, n=600):
    seen = page.evaluate(f"() => ({{...{DISK}.lassoed, polygon: [...{DISK}.lassoed.polygon]}})")
    return rows_inside(seen["camera"], seen["frame"], seen["polygon"], view(n).xy)


def picture(page):
    return np.asarray(Image.open(io.BytesIO(page.locator("canvas.disk").screenshot())).convert("RGB")).astype(int)


def test_lasso_reaches_python_exactly_as_the_slow_reference_says(disk_page):
    page = disk_page()
    said = lasso(page)
    assert (said["kind"], said["mode"]) == ("select", "new")
    assert said["rows"] == expected_rows(page) and len(said["rows"]) > 20


def test_lasso_is_exact_after_panning_zooming_and_turning(disk_page):
    page = disk_page()
    x, y = middle(page)
    drag(page, [(x, y), (x - 60, y + 30), (x - 170, y + 90)])
    page.mouse.move(x + 40, y)
    page.mouse.wheel(0, -300)
    drag(page, [(x - 480, y - 300), (x - 300, y - 330)])
    wait_heard(page, 1)
    said = lasso(page, 150)
    assert page.evaluate(f"() => {DISK}.lassoed.camera.zoom") > 1.2
    assert said["rows"] == expected_rows(page) and len(said["rows"]) > 3


def test_lasso_is_exact_near_the_rim(disk_page):
    page = disk_page()
    row = int(np.nanargmax((view(600).xy.astype(float) ** 2).sum(1)))
    page.mouse.dblclick(*place(page, row))
    wait_heard(page, 1)
    settled(page)
    assert page.evaluate(f"() => Math.hypot({DISK}.camera.re, {DISK}.camera.im)") > 0.99
    said = lasso(page, 200)
    assert row in said["rows"] and said["rows"] == expected_rows(page)


def test_a_second_lasso_replaces_the_first_and_with_control_adds_to_it(disk_page):
    page = disk_page()
    first = set(lasso(page, 90, (-120, 0))["rows"])
    second = lasso(page, 90, (120, 0))
    assert not first & set(second["rows"])
    both = lasso(page, 90, (-120, 0), keys=("Control", "Shift"))
    assert both["mode"] == "add" and set(both["rows"]) == first | set(second["rows"])


def test_undo_and_redo_walk_through_selections(disk_page):
    page = disk_page()
    rows = lasso(page)["rows"]
    page.keyboard.press("Escape")
    assert wait_heard(page, 2)[-1] == {**wait_heard(page, 2)[-1], "mode": "clear", "rows": []}
    page.keyboard.press("Control+z")
    said = wait_heard(page, 3)[-1]
    assert (said["mode"], said["rows"]) == ("undo", rows)
    page.keyboard.press("Control+Shift+Z")
    said = wait_heard(page, 4)[-1]
    assert (said["mode"], said["rows"]) == ("redo", [])


def test_an_answer_to_an_earlier_gesture_does_not_bring_back_what_was_done_away_with(disk_page):
    page = disk_page()
    lasso(page)
    after = page.evaluate(f"""() => {{
        const disk = {DISK}, board = window.__emovizDiskBoard, said = [];
        disk.tell = (kind) => said.push(kind); // what is done now has not reached Python
        disk.escape();
        board.states.set("disk", {{ ...board.states.get("disk"), primary: 3 }});
        board.news.dispatchEvent(new Event("change"));
        const meanwhile = [disk.selectedCount, disk.primary];
        board.states.set("disk", {{ ...board.states.get("disk"), serial: disk.serial, primary: 4, selection: "" }});
        board.news.dispatchEvent(new Event("change"));
        return [said, meanwhile, [disk.selectedCount, disk.primary]];
    }}""")
    assert after == [["select"], [0, None], [0, 4]]


def test_shift_click_adds_one_point_and_takes_it_out_again(disk_page):
    page = disk_page()
    page.keyboard.down("Shift")
    page.mouse.click(*place(page, 30))
    assert wait_heard(page, 1)[-1]["rows"] == [30]
    page.mouse.click(*place(page, 31))
    assert wait_heard(page, 2)[-1]["rows"] == [30, 31]
    page.mouse.click(*place(page, 30))
    assert wait_heard(page, 3)[-1]["rows"] == [31]


def test_a_click_makes_a_point_the_primary_one_and_arrows_walk_inside_the_selection(disk_page):
    page = disk_page()
    page.mouse.click(*place(page, 40))
    assert wait_heard(page, 1)[-1] == {"kind": "primary", "mode": None, "row": 40, "colour_by": None}
    rows = lasso(page)["rows"]
    page.keyboard.press("ArrowRight")
    following = next((row for row in rows if row > 40), rows[0])
    assert wait_heard(page, 3)[-1]["row"] == following
    page.keyboard.press("ArrowLeft")
    assert wait_heard(page, 4)[-1]["row"] == max([row for row in rows if row < following], default=rows[-1])


def test_a_double_click_brings_a_point_to_the_middle_and_reset_brings_everything_back(disk_page):
    page = disk_page()
    page.mouse.dblclick(*place(page, 50))
    camera = wait_heard(page, 2)[-1]["camera"]
    assert camera[:2] == pytest.approx(view(600).xy[50].astype(float).tolist(), abs=1e-9)
    page.get_by_role("button", name="Reset view").click()
    assert wait_heard(page, 3)[-1]["camera"] == [0, 0, 1, 0]


def test_a_double_click_on_empty_ground_clears_the_selection(disk_page):
    page = disk_page()
    lasso(page)
    box = page.locator("canvas.disk").bounding_box()
    page.mouse.dblclick(box["x"] + 8, box["y"] + 8)
    assert wait_heard(page, 2)[-1]["rows"] == []


def test_panning_tells_python_once_where_the_disk_came_to_rest(disk_page):
    page = disk_page()
    x, y = middle(page)
    drag(page, [(x, y), *((x - 4 * k, y - k) for k in range(1, 30))])
    wait_heard(page, 1)
    page.wait_for_timeout(600)
    assert [said["kind"] for said in heard(page)] == ["camera"]


def test_the_legend_counts_and_greys_out_and_the_lasso_then_leaves_those_out(disk_page):
    page = disk_page()
    anger = page.locator(".ed-row", has_text="anger")
    codes = view(600).columns[0].values
    assert anger.locator(".ed-count").inner_text() == str((codes == 0).sum())
    anger.click()
    assert wait_heard(page, 1)[-1]["hidden"] == {"label": [0]}
    said = lasso(page, 250)
    assert said["rows"] == [row for row in expected_rows(page) if codes[row] != 0]
    fear = page.locator(".ed-row", has_text="fear").locator(".ed-count").inner_text()
    assert fear == f"{(codes[said['rows']] == 2).sum()} / {(codes == 2).sum()}"
    page.get_by_role("button", name="show all").click()
    assert wait_heard(page, 3)[-1]["hidden"] == {}


def test_a_range_of_numbers_can_be_kept(disk_page):
    page = disk_page()
    page.locator("[data-colour-by=conflict]").click()
    page.get_by_role("spinbutton", name="lowest kept").fill("0.5")
    page.get_by_role("spinbutton", name="lowest kept").press("Enter")
    assert {"conflict": [0.5, 1.0]} in [said.get("ranges") for said in wait_heard(page, 2)]
    conflict = view(600).columns[1].values
    kept = page.evaluate(f"() => [...{DISK}.kept]")
    assert np.flatnonzero(kept).tolist() == np.flatnonzero(conflict >= 0.5).tolist()


def test_a_colour_that_is_not_in_the_browser_yet_is_fetched_once(disk_page):
    page = disk_page()
    assert not page.evaluate(f"() => {DISK}.cloud.columns.has('speaker')")
    page.get_by_label("Colour by another column").select_option("speaker")
    page.wait_for_function(f"() => {DISK}.cloud.columns.has('speaker')")
    assert wait_heard(page, 1)[-1]["colour_by"] == "speaker"
    page.wait_for_function("() => document.querySelector('.ed-legend h4').textContent === 'Speaker'")
    codes = page.evaluate(f"() => [...{DISK}.cloud.columns.get('speaker')]")
    assert codes == view(600).columns[4].values.tolist()


def test_positions_travel_once(disk_page):
    page = disk_page(20_000)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    received = []
    session.on("Network.webSocketFrameReceived", lambda event: received.append(len(event["response"]["payloadData"])))
    lasso(page)
    page.locator("[data-colour-by=conflict]").click()
    wait_heard(page, 2)
    # The selection's bits and what is small: not the 8 bytes of position of 20,000 points.
    assert 0 < sum(received) < 80_000


def test_what_python_selects_is_shown_and_can_be_undone_in_the_browser(disk_page):
    page = disk_page()
    page.get_by_role("button", name="choose ten").click()
    page.wait_for_function(f"() => {DISK}.selectedCount === 10")
    assert page.locator(".ed-status").inner_text() == "10 selected of 600 samples"
    page.get_by_role("button", name="Undo selection").click()
    assert wait_heard(page, 1)[-1]["rows"] == []


def test_hovering_says_what_is_known_of_a_point(disk_page):
    page = disk_page()
    page.mouse.move(*place(page, 60))
    page.wait_for_function("() => document.querySelector('.ed-tip').style.opacity === '1'")
    tip = page.locator(".ed-tip").inner_text()
    column = view(600).columns[0]
    assert column.title in tip and column.categories[column.values[60]].name in tip


def test_points_have_the_colour_of_their_category_and_are_grey_when_not_selected(disk_page):
    page = disk_page()
    shown = view(600)
    seen, frame = page.evaluate(f"() => [{DISK}.camera, {DISK}.frame]")
    places = projected(seen, complex_of(shown.xy), frame)
    gaps = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)) + 1e9 * np.eye(600)
    gaps[np.isnan(gaps)] = 1e9
    alone = np.flatnonzero((gaps.min(1) > 14) & (np.abs(complex_of(shown.xy)) < 0.85))
    assert len(alone) > 10
    before = picture(page)
    page.get_by_role("button", name="choose ten").click()
    page.wait_for_function(f"() => {DISK}.selectedCount === 10")
    settled(page)
    after, right, grey = picture(page), 0, 0
    for row in alone:
        X, Y = np.floor(places[row]).astype(int)
        colour = [int(COLOURS[shown.columns[0].values[row]][i : i + 2], 16) for i in (1, 3, 5)]
        right += np.abs(before[Y, X] - colour).max() < 60
        grey += np.ptp(after[Y, X]) < 20 or row < 10
    # Words and marks lie over a few.
    assert right > 0.8 * len(alone) and grey > 0.8 * len(alone)


def test_the_graphics_card_draws_where_float64_says_even_deep_at_the_rim(disk_page):
    page = disk_page()
    spots = """depth => {
        const disk = window.__emovizDisk, { renderer } = disk, m = Math.tanh(depth / 2);
        const [c, s] = [Math.cos(.7), Math.sin(.7)];
        // Points around a focus at this hyperbolic radius, as float32 allows.
        const near = [[0, 0], [.3, .1], [-.2, .4], [.1, -.5], [-.4, -.3]].map(([u, v]) => {
            const [n, d] = [[u + m, v], [1 + m * u, m * v]], q = d[0] ** 2 + d[1] ** 2;
            const [x, y] = [(n[0] * d[0] + n[1] * d[1]) / q, (n[1] * d[0] - n[0] * d[1]) / q];
            return [x * c - y * s, x * s + y * c];
        });
        const xy = Float32Array.from(near.flat());
        disk.cloud = { ...disk.cloud, xy, count: 5, columns: new Map(), totals: new Map() };
        [disk.columns, disk.kept, disk.selected, disk.primary, disk.related] = [[], null, null, null, []];
        disk.overlay.build([], null);
        renderer.setCloud(xy);
        disk.recolour();
        disk.light();
        disk.moveTo({ re: m * c, im: m * s, zoom: 1, angle: .4, model: "poincare" }, false);
    }"""
    for depth in (0, 6, 9, 11, 13):
        page.evaluate(spots, depth)
        settled(page)
        image = picture(page)
        paper = image[5 * image.shape[0] // 100, image.shape[1] // 2]
        blue = (image[:, :, 2] - image[:, :, 0]) > 60
        for row in range(5):
            X, Y = page.evaluate(f"row => {DISK}.project(row)", row)
            x, y = int(X), int(Y)
            window = blue[y - 8 : y + 9, x - 8 : x + 9]
            ys, xs = np.nonzero(window)
            assert len(xs), f"nothing drawn at depth {depth}, row {row}, {paper}"
            centre = x - 8 + xs.mean() + 0.5, y - 8 + ys.mean() + 0.5
            assert math.dist(centre, (X, Y)) < 0.8, f"depth {depth}, row {row}"


@pytest.mark.parametrize("model", ["klein", "tangent", "half-plane"])
def test_the_lasso_is_exact_in_every_model_of_the_plane(disk_page, model):
    page = disk_page()
    page.get_by_label("Model of the plane").select_option(model)
    said = lasso(page, 140, (0, 60))
    inside = page.evaluate(f"""() => {{
        const disk = {DISK}, polygon = new Path2D(), points = disk.lassoed.polygon;
        for (let i = 0; i < points.length; i += 2) polygon.lineTo(points[i], points[i + 1]);
        const pen = document.createElement('canvas').getContext('2d');
        return Array.from({{ length: 600 }}, (_, row) => pen.isPointInPath(polygon, ...disk.project(row), 'evenodd'));
    }}""")
    assert said["rows"] == [row for row in np.flatnonzero(inside).tolist() if row != 5] and len(said["rows"]) > 5


def test_without_webgl2_the_disk_is_drawn_plainly_and_still_works(disk_page):
    refuse = """const own = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
            return kind === 'webgl2' ? null : own.call(this, kind, ...rest);
        };"""
    page = disk_page(before=refuse)
    assert "no WebGL2" in page.locator(".ed-notice").inner_text()
    assert len(np.unique(picture(page).reshape(-1, 3), axis=0)) > 50
    assert lasso(page)["rows"] == expected_rows(page)


def test_a_lost_graphics_context_comes_back(disk_page):
    page = disk_page()
    before = picture(page)
    page.evaluate(f"""() => {{
        const lose = {DISK}.renderer.gl.getExtension('WEBGL_lose_context');
        lose.loseContext();
        setTimeout(() => lose.restoreContext(), 50);
    }}""")
    page.wait_for_timeout(400)
    settled(page)
    assert np.abs(picture(page) - before).mean() < 1


def test_dark_and_light_follow_the_theme(disk_page):
    light, dark = picture(disk_page()), picture(disk_page(dark=True))
    assert light[4, 4].min() > 230 and dark[4, 4].max() < 60


def test_keys_and_names_are_there_for_those_who_cannot_use_a_mouse(disk_page):
    page = disk_page()
    canvas = page.get_by_role("application")
    assert "600 samples" in canvas.get_attribute("aria-label")
    canvas.focus()
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Gestures and keys").is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog", name="Gestures and keys").is_hidden()
    unnamed = page.evaluate("""() => [...document.querySelectorAll('.emoviz-disk button, .emoviz-disk select')]
        .filter((node) => !(node.getAttribute('aria-label') || node.textContent.trim())).length""")
    assert unnamed == 0


def test_nothing_is_complained_of_in_the_console(disk_page):
    page = disk_page(before="window.__said = []; console.error = (...words) => window.__said.push(words.join(' '));")
    lasso(page)
    page.locator("[data-colour-by=conflict]").click()
    wait_heard(page, 2)
    assert page.evaluate("() => window.__said") == []
