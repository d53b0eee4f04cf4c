"""What the disk's browser tests stand on: Chromium, a Streamlit server with one page, our JavaScript alone."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def serve(page: Path, *, seconds: float = 90):
    """A Streamlit server with one page, as a generator that yields its address and ends it afterwards."""
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(page), "--server.port", str(port)]
    command += ["--server.headless=true", "--server.address=127.0.0.1", "--server.fileWatcherType=none"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(int(seconds * 4)):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5):
                    break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None, "the server ended"
                time.sleep(0.25)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def disk_browser():
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: `apt-get install chromium` brings it.")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: `make test` brings it.")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def disk_url(disk_browser):
    yield from serve(Path(__file__).with_name("disk_page.py"))


@pytest.fixture
def disk_page(disk_browser, disk_url):
    """Opens the page with a drawn disk: ``disk_page(n=600, dark=True)``."""
    contexts = []

    def opened(n: int = 600, *, dark: bool = False, before: str = "", **options):
        context = disk_browser.new_context(
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
def disk_script(disk_browser):
    """Runs JavaScript with the disk's modules at hand: ``disk_script("m => m.distance(0, 0, .5, 0)", "geometry")``."""
    page = disk_browser.new_page()
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
