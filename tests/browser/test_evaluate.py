"""The page Evaluate in a real browser: it sorts, opens samples, saves what it shows, and has an address."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make test installs it")
expect = sync_api.expect
PATIENCE = 60_000  # ms
MODELS = ("TiCAL-style", "Late fusion", "Mean distribution")


@pytest.fixture
def page(tab, app_url):
    tab.goto(f"{app_url}/evaluate?benchmark=made")
    expect(tab.get_by_role("heading", name="Which model is right, and where?")).to_be_visible(timeout=PATIENCE)
    expect(tab.locator("table[aria-label='simulated: their answers']")).to_be_visible(timeout=PATIENCE)
    rest(tab)
    return tab


def rest(tab) -> None:
    expect(tab.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE)


def rows(tab) -> list[str]:
    return tab.locator("tbody th.name span").all_inner_texts()


def saved(tab, press, folder: Path) -> Path:
    with tab.expect_download() as download:
        press()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def open_tab(tab, name: str) -> None:
    tab.get_by_role("tab", name=name).click()
    expect(tab.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
    rest(tab)


def test_a_head_explains_its_metric_and_sorts_by_it(page):
    head = page.get_by_role("button", name="Brier")
    expect(head).to_have_attribute("title", re.compile("squared distance.*Lower is better"))
    assert rows(page) == list(MODELS)
    head.click()
    assert rows(page) == ["TiCAL-style", "Late fusion", "Mean distribution"]
    head.click()
    assert rows(page) == ["Mean distribution", "Late fusion", "TiCAL-style"]
    expect(page.locator("th[aria-sort=descending]")).to_have_text(re.compile("Brier"))


def test_a_cell_opens_its_samples_by_mouse_and_by_key(page):
    open_tab(page, "What is taken for what")
    cell = page.get_by_role("button", name=re.compile("^anger found"))
    cell.focus()
    page.keyboard.press("Enter")
    told = page.get_by_text(re.compile(r"\d+ samples: truth anger, TiCAL-style says anger"))
    expect(told).to_be_visible(timeout=PATIENCE)
    count = int(re.match(r"\d+", told.inner_text())[0])
    page.get_by_role("button", name=re.compile("^joy|^happiness found")).click()
    expect(page.get_by_text(re.compile("truth happiness, TiCAL-style says happiness"))).to_be_visible(timeout=PATIENCE)
    cell.click()
    expect(told).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="See them one by one").click()
    expect(page.get_by_role("heading", name="Conflicts, the strongest first")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text(re.compile(f"^The {count} selected of"))).to_be_visible(timeout=PATIENCE)


def test_what_is_shown_can_be_taken_home(page, tmp_path):
    figure = page.locator("figure").first
    expect(figure.locator("svg")).to_be_visible(timeout=PATIENCE)
    file = saved(page, figure.locator("button.save").click, tmp_path)
    assert file.name == "made-by-conflict.svg"
    assert ElementTree.parse(file).getroot().get("color") == "#1d2230"
    table = saved(page, page.get_by_role("button", name="LaTeX").click, tmp_path)
    assert table.name == "made-answer.tex"
    assert r"\toprule" in table.read_text()


def test_the_address_says_what_is_read(page, browser):
    page.get_by_text("inconsistent", exact=True).click()
    page.wait_for_url(re.compile("stratum=inconsistent"))
    rest(page)
    first = page.locator("tbody td").first.inner_text()
    context = browser.new_context()
    other = context.new_page()
    other.goto(page.url)
    expect(other.locator("tbody td").first).to_have_text(re.compile(re.escape(first.split()[0])), timeout=PATIENCE)
    context.close()
