"""What the disk's browser tests stand on: a page that shows one, our JavaScript alone."""

import json
from pathlib import Path

import pytest

from emoviz.workspace import ROOT


@pytest.fixture(scope="module")
def disk_url(serve, tmp_path_factory):
    return serve(Path(__file__).with_name("disk_page.py"), tmp_path_factory.mktemp("home"))


@pytest.fixture
def disk_page(browser, disk_url):
    """Opens the page with a drawn disk: ``disk_page(n=600, dark=True)``."""
    contexts = []

    def opened(n: int = 600, *, dark: bool = False, before: str = "", **options):
        context = browser.new_context(
            viewport={"width": 1200, "height": 900}, color_scheme="dark" if dark else "light", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        if before:
            page.add_init_script(before)
        page.goto(f"{disk_url}/?n={n}")
        page.wait_for_function("() => window.__emovizDisk?.painted")
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def disk_script(browser):
    """Runs JavaScript with the disk's modules at hand: ``disk_script("m => m.distance(0, 0, .5, 0)", "geometry")``."""
    page = browser.new_page()
    # Modules that import each other need an address: the folder, served without a server.
    folder = ROOT / "emoviz/app/disk/js"
    page.route("**/*", lambda route: _answer(route, folder))
    page.goto("http://disk.test/")

    def run(code: str, module: str, argument=None):
        return page.evaluate(
            "async ([code, module, argument]) => (0, eval)(code)(await import(`/${module}.js`), argument)",
            [code, module, argument],
        )

    yield run
    page.close()


def _answer(route, folder: Path) -> None:
    name = route.request.url.rsplit("/", 1)[1]
    if name.endswith(".js"):
        route.fulfill(body=(folder / name).read_text(encoding="utf-8"), content_type="text/javascript")
    else:
        route.fulfill(body="<title>disk</title>", content_type="text/html")


def heard(page) -> list[dict]:
    """What Python heard of the disk, oldest first."""
    return json.loads(page.locator("#heard").text_content())


def wait_heard(page, count: int) -> list[dict]:
    """The same, once there are so many."""
    page.wait_for_function("n => JSON.parse(document.querySelector('#heard').textContent).length >= n", arg=count)
    return heard(page)
