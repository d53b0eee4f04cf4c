"""What only a browser knows: that gestures reach Python and every page agrees about them."""

import re
import time

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make test installs it")
expect = sync_api.expect
expect.set_options(timeout=30_000)

MODEL = "dataset=simulated&model=simulated-tiny&by=model"

# The point farthest from its neighbours, so that a click means it and no other: row, x, y.
LONELIEST = """() => {
  const disk = window.__emovizDisk, at = [];
  for (let row = 0; row < disk.cloud.count; row++) at.push(disk.project(row));
  const apart = (p, q) => Math.hypot(p[0] - q[0], p[1] - q[1]);
  const lonely = at.map((p, i) => Math.min(...at.filter((q, j) => j !== i).map((q) => apart(p, q))));
  const row = lonely.indexOf(Math.max(...lonely)), box = disk.canvas.getBoundingClientRect();
  return [row, box.x + at[row][0], box.y + at[row][1]];
}"""


def rest(tab) -> None:
    """Until the script rests."""
    expect(tab.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=60_000)


def opened(tab, url: str):
    tab.goto(url)
    expect(tab.get_by_role("heading", level=1)).to_be_visible(timeout=60_000)
    rest(tab)
    return tab


def disk(tab, url: str):
    opened(tab, url)
    tab.wait_for_function("() => window.__emovizDisk?.painted", timeout=60_000)
    return tab


def camera(tab) -> dict:
    return tab.evaluate("() => { const { re, im, zoom } = window.__emovizDisk.camera; return { re, im, zoom } }")


def middle(tab) -> tuple[float, float]:
    box = tab.evaluate(
        """() => { const b = window.__emovizDisk.canvas.getBoundingClientRect();
                   return [b.x + b.width / 2, b.y + b.height / 2] }"""
    )
    return box[0], box[1]


def chosen(tab, words: str):
    """The page's own line about the selection; the disk has another one."""
    return tab.locator("strong", has_text=words)


def until(tab, condition: str) -> None:
    tab.wait_for_function(condition, timeout=30_000)


def test_a_link_to_a_page_works_on_a_server_that_has_just_started(tab, app_url):
    opened(tab, f"{app_url}/conflicts?dataset=voted")
    expect(tab.get_by_role("link", name="Overview")).to_be_visible()
    expect(tab.get_by_role("heading", level=1)).to_have_text(re.compile("Conflicts"))


def test_a_cell_of_the_matrix_selects_on_every_page(tab, app_url):
    opened(tab, f"{app_url}/?{MODEL}")
    cell = tab.locator("button[data-at='0,0']")
    count = int(cell.inner_text().replace(",", ""))
    cell.click()
    expect(chosen(tab, f"{count} selected")).to_be_visible()
    assert "selection=" in tab.url
    tab.get_by_role("link", name="Conflicts", exact=True).click()
    expect(tab.get_by_role("heading", level=1)).to_have_text(re.compile("Conflicts"))
    expect(chosen(tab, f"{count} selected")).to_be_visible()
    tab.get_by_role("link", name="Disk", exact=True).click()
    expect(chosen(tab, f"{count} selected")).to_be_visible()
    until(tab, f"() => window.__emovizDisk?.selectedCount === {count}")


def test_a_selection_can_be_gone_through_one_by_one(tab, app_url):
    opened(tab, f"{app_url}/?dataset=voted")
    cell = tab.locator("button[data-at='1,2']")
    count = int(cell.inner_text())
    cell.click()
    tab.get_by_role("link", name="one by one").click()
    expect(tab.get_by_text(f"The {count} selected of 120 samples")).to_be_visible()
    expect(tab.locator("tr[data-id].selected")).to_have_count(count)


def test_a_click_on_the_list_opens_a_sample_and_the_arrows_walk(tab, app_url):
    opened(tab, f"{app_url}/conflicts?dataset=voted")
    rows = tab.locator("tr[data-id]")
    rows.nth(2).click()
    third = rows.nth(2).get_attribute("data-id")
    expect(tab.get_by_role("heading", level=4)).to_have_text(third)
    assert f"sample={third}" in tab.url
    fourth = rows.nth(3).get_attribute("data-id")
    tab.get_by_role("heading", level=1).click()
    tab.keyboard.press("ArrowRight")
    expect(tab.get_by_role("heading", level=4)).to_have_text(fourth)
    tab.keyboard.press("ArrowLeft")
    expect(tab.get_by_role("heading", level=4)).to_have_text(third)


def test_a_head_of_the_list_orders_it_and_turns_it_round(tab, app_url):
    opened(tab, f"{app_url}/conflicts?dataset=voted")
    head = tab.locator("th.id button")
    head.click()
    expect(tab.locator("tr[data-id]").first).to_have_attribute("data-id", "s-119")
    head.click()
    expect(tab.locator("tr[data-id]").first).to_have_attribute("data-id", "s-000")


def test_shift_click_takes_into_the_selection_and_out_of_it(tab, app_url):
    opened(tab, f"{app_url}/conflicts?dataset=voted")
    rows = tab.locator("tr[data-id]")
    rows.nth(0).click(modifiers=["Shift"])
    expect(chosen(tab, "1 selected")).to_be_visible()
    rows.nth(1).click(modifiers=["Control"])
    expect(chosen(tab, "2 selected")).to_be_visible()
    rows.nth(0).click(modifiers=["Shift"])
    expect(chosen(tab, "1 selected")).to_be_visible()


def test_escape_selects_nothing(tab, app_url):
    opened(tab, f"{app_url}/conflicts?dataset=voted")
    tab.locator("tr[data-id]").nth(0).click(modifiers=["Shift"])
    expect(chosen(tab, "1 selected")).to_be_visible()
    tab.get_by_role("heading", level=1).click()
    tab.keyboard.press("Escape")
    expect(chosen(tab, "1 selected")).to_have_count(0)


def test_dragging_pans_and_the_address_remembers(tab, app_url):
    disk(tab, f"{app_url}/disk?{MODEL}")
    x, y = middle(tab)
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + 90, y - 40, steps=6)
    tab.mouse.up()
    until(tab, "() => window.__emovizDisk.camera.re !== 0 && new URL(location).searchParams.has('camera')")
    told = camera(tab)
    again = tab.context.new_page()
    disk(again, tab.url)
    until(again, "() => window.__emovizDisk.camera.re !== 0")
    assert camera(again) == pytest.approx(told, abs=1e-3)


def test_the_wheel_zooms_and_reset_shows_all(tab, app_url):
    disk(tab, f"{app_url}/disk?{MODEL}")
    tab.mouse.move(*middle(tab))
    tab.mouse.wheel(0, -400)
    until(tab, "() => window.__emovizDisk.camera.zoom > 1.1")
    tab.get_by_role("button", name=re.compile("Reset view")).click()
    until(tab, "() => Math.abs(window.__emovizDisk.camera.zoom - 1) < 1e-6")


def test_a_lasso_selects_what_it_holds_and_every_page_knows(tab, app_url):
    disk(tab, f"{app_url}/disk?{MODEL}")
    x, y = middle(tab)
    tab.keyboard.down("Shift")
    tab.mouse.move(x - 120, y - 120)
    tab.mouse.down()
    for dx, dy in ((120, -120), (120, 120), (-120, 120), (-120, -118)):
        tab.mouse.move(x + dx, y + dy, steps=8)
    tab.mouse.up()
    tab.keyboard.up("Shift")
    until(tab, "() => window.__emovizDisk.selectedCount > 0")
    count = tab.evaluate("() => window.__emovizDisk.selectedCount")
    expect(chosen(tab, f"{count} selected")).to_be_visible()
    tab.get_by_role("link", name="Conflicts", exact=True).click()
    expect(chosen(tab, f"{count} selected")).to_be_visible()


def test_a_click_on_a_point_opens_it_with_its_constellation(tab, app_url):
    disk(tab, f"{app_url}/disk?{MODEL}")
    row, x, y = tab.evaluate(LONELIEST)
    tab.mouse.click(x, y)
    until(tab, "() => new URL(location).searchParams.has('sample')")
    expect(tab.get_by_role("heading", name=re.compile(r"^sim-\d+"))).to_be_visible()
    until(tab, f"() => window.__emovizDisk.primary === {row}")


def test_copy_link_gives_the_address_of_the_view(tab, app_url):
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened(tab, f"{app_url}/conflicts?dataset=voted&text=s-01")
    tab.get_by_role("button", name="Copy link").click()
    expect(tab.get_by_text("Link copied")).to_be_visible()
    copied = tab.evaluate("() => navigator.clipboard.readText()")
    assert copied == tab.url
    other = tab.context.browser.new_context().new_page()
    opened(other, copied)
    expect(other.get_by_text("10 of 120 samples")).to_be_visible()
    other.context.close()


def test_a_table_can_be_imported_and_looked_at(tab, app_url):
    opened(tab, f"{app_url}/datasets")
    rows = "\n".join(f"r{i},{i % 4},{3 - i % 4},{3 - i % 4},{i % 4}" for i in range(20))
    table = f"id,voice_anger,voice_joy,face_anger,face_joy\n{rows}\n"
    tab.locator("input[type=file]").set_input_files(
        {"name": f"mine {time.time_ns()}.csv", "mimeType": "text/csv", "buffer": table.encode()}
    )
    button = tab.get_by_role("button", name="3. Import")
    expect(button).to_be_enabled()
    button.click()
    expect(tab.get_by_text("20 samples accepted").first).to_be_visible(timeout=60_000)
    tab.locator("[class*=st-key-datasets_job]").get_by_role("button", name="Look at it").first.click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Do voice and face tell the same story?", timeout=60_000)
    assert "dataset=mine-" in tab.url


def test_training_shows_progress_and_can_be_cancelled(tab, app_url):
    opened(tab, f"{app_url}/datasets")
    tab.locator(".st-key-dataset_simulated").get_by_role("button", name="Train").click()
    tab.get_by_role("button", name="Start training").click()
    expect(tab.get_by_text("Train tical on simulated").first).to_be_visible(timeout=60_000)
    expect(tab.get_by_role("progressbar").first).to_be_visible(timeout=60_000)
    tab.get_by_role("button", name="Cancel").first.click()
    expect(tab.get_by_text("cancelled").first).to_be_visible(timeout=60_000)
