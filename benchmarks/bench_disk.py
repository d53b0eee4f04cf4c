"""How fast is the disk, beside plotly scattergl with the same points in the same Streamlit page?

    python benchmarks/bench_disk.py [POINTS ...]

Chromium draws by software, so every figure is an upper bound of what a graphics card needs. First render: from the
click that asks for the picture to all points on the screen. Wire: what the page received for it. Frame: one picture of
all points, drawn to its end. Drag: 20 and 60 moves of the mouse, until the browser has taken in the last. Recolour:
from the click to the new picture. Lasso: from letting go to the number that Python wrote. Rerun: of another widget,
with everything on the page. "bare WebGL" is one buffer and one shader in a component of the same page, which can do
nothing: a disk that takes more than a fifth longer pays too much for what it can do, one that is less than 8 times as
fast as plotly at 100,000 points is not worth its code.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from common import report
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
POINTS = (20_000, 100_000, 1_000_000)
REPEATS = 3
SLOW = 50_000  # plotly takes minutes beyond: one run is enough
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--enable-precise-memory-info"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
COLUMNS = ("first", "again", "wire", "heap", "frame", "drag20", "drag60", "recolour", "lasso", "rerun")
HEADS = ("first render, s", "again, s", "wire, MB", "heap, MB", "frame, ms", "drag 20, s", "drag 60, s")
HEADS += ("recolour, s", "lasso to server, s", "rerun, s")
# A small copy of the largest canvas: how many coloured pixels, and a number that changes with the picture.
LOOK = """() => {
    const canvas = [...document.querySelectorAll('canvas')].sort((a, b) => b.width * b.height - a.width * a.height)[0];
    if (!canvas?.width) return [0, 0];
    const pen = (window.__copy ??= Object.assign(document.createElement('canvas'), { width: 300, height: 300 }))
        .getContext('2d', { willReadFrequently: true });
    pen.clearRect(0, 0, 300, 300);
    for (const layer of document.querySelectorAll('canvas'))
        if (layer.width === canvas.width) pen.drawImage(layer, 0, 0, 300, 300);
    const { data } = pen.getImageData(0, 0, 300, 300);
    let [coloured, hash] = [0, 0];
    for (let i = 0; i < data.length; i += 4) {
        const spread = Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]);
        if (data[i + 3] <= 40 || spread <= 60) continue;
        coloured++;
        hash = (hash * 31 + data[i] + 7 * data[i + 1] + 13 * data[i + 2]) | 0;
    }
    return [coloured, hash];
}"""
KEEP_PIXELS = """const own = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, options) {
    return own.call(this, kind, /webgl/.test(kind) ? { ...options, preserveDrawingBuffer: true } : options);
};"""
FRAME = """() => {
    const disk = window.__emovizDisk, { gl } = disk.renderer, pixel = new Uint8Array(4), laps = [];
    for (let k = 0; k < 6; k++) {
        const start = performance.now();
        const camera = { ...disk.camera, re: 0.02 * k };
        disk.renderer.draw({ camera, frame: disk.frame, theme: disk.theme, budget: disk.cloud.count });
        gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
        laps.push(performance.now() - start);
    }
    disk.wantPicture(false);
    return laps.slice(1).sort((a, b) => a - b)[2];
}"""


@contextmanager
def server() -> Iterator[str]:
    """A Streamlit server with the page of both, as its address."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(HERE / "pages/disk.py"), "--server.port", str(port)]
    command += ["--server.headless=true", "--server.address=127.0.0.1", "--server.fileWatcherType=none"]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent), "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5).close()
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


class Visit:
    """One browser window on the page."""

    def __init__(self, browser: Browser, address: str, points: int, what: str):
        self.what = what
        self.page: Page = browser.new_page(viewport={"width": 1400, "height": 1000})
        self.page.set_default_timeout(300_000)
        self.page.add_init_script(KEEP_PIXELS)
        self.received = 0.0
        session = self.page.context.new_cdp_session(self.page)
        session.send("Network.enable")
        session.on("Network.webSocketFrameReceived", self.count)
        self.page.goto(f"{address}/?n={points}")
        self.page.wait_for_selector("#told", state="attached")
        self.page.wait_for_timeout(1500)

    def count(self, event) -> None:
        payload = event["response"]["payloadData"]
        self.received += len(payload) * (0.75 if event["response"]["opcode"] == 2 else 1)  # binary comes as base64

    def choose(self, name: str) -> None:
        self.page.locator("[data-testid=stRadio] label", has_text=name).first.click()

    def until_painted(self) -> None:
        if self.what == "disk":
            self.page.wait_for_function("() => window.__emovizDisk?.painted", polling=10)
        elif self.what == "bare":
            self.page.wait_for_selector("canvas.least[data-painted]")
        else:
            self.page.wait_for_function(f"() => ({LOOK})()[0] > 2000", polling=10)

    def first_render(self) -> float:
        start = time.perf_counter()
        self.choose(self.what)
        self.until_painted()
        return time.perf_counter() - start

    def leave(self) -> None:
        self.choose("nothing")
        self.page.wait_for_function("() => !document.querySelector('canvas.disk, canvas.least, .js-plotly-plot')")
        self.page.wait_for_timeout(500)

    def rerun(self) -> float:
        runs = self.page.locator("#told").get_attribute("data-runs")
        start = time.perf_counter()
        self.page.get_by_role("button", name="rerun").click()
        self.page.wait_for_function(
            "runs => document.querySelector('#told').dataset.runs !== runs", arg=runs, polling=10
        )
        return time.perf_counter() - start

    def middle(self) -> tuple[float, float]:
        target = "canvas.disk" if self.what == "disk" else ".js-plotly-plot .nsewdrag"
        box = self.page.locator(target).first.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(self, moves: int) -> float:
        x, y = self.middle()
        mouse = self.page.mouse
        mouse.move(x, y)
        self.page.wait_for_timeout(400)
        start = time.perf_counter()
        mouse.down()
        for k in range(moves):
            mouse.move(x - 200 * k / moves, y - 120 * k / moves)
        mouse.up()
        self.page.evaluate("() => 1")
        seconds = time.perf_counter() - start
        self.page.wait_for_timeout(1500)
        return seconds

    def recolour(self) -> float:
        before = self.page.evaluate(LOOK)[1]
        start = time.perf_counter()
        if self.what == "disk":
            self.page.locator("[data-colour-by=score]").click()
        else:
            self.choose("score")
        changed = f"hash => {{ const [n, now] = ({LOOK})(); return n > 500 && now !== hash; }}"
        self.page.wait_for_function(changed, arg=before, polling=10)
        seconds = time.perf_counter() - start
        self.page.wait_for_timeout(1500)
        return seconds

    def lasso(self) -> float:
        x, y = self.middle()
        mouse = self.page.mouse
        if self.what == "disk":
            self.page.keyboard.down("Shift")
        else:
            self.page.locator(".modebar-btn[data-title='Box Select']").click()
        mouse.move(x - 120, y - 120)
        mouse.down()
        for dx, dy in [(0, -120), (120, -120), (120, 0), (120, 120), (0, 120), (-120, 120), (-120, 0)]:
            if self.what == "disk" or (dx, dy) == (120, 120):
                mouse.move(x + dx, y + dy)
        start = time.perf_counter()
        mouse.up()
        self.page.keyboard.up("Shift")
        self.page.wait_for_function("() => Number(document.querySelector('#told').dataset.selected) > 0", polling=10)
        return time.perf_counter() - start

    def heap(self) -> float:
        return self.page.evaluate("performance.memory.usedJSHeapSize") / 1e6


def visited(browser: Browser, address: str, points: int, what: str) -> dict[str, float]:
    """Everything once."""
    visit = Visit(browser, address, points, what)
    found = {"first": visit.first_render()}
    visit.page.wait_for_timeout(1200)
    found["wire"] = visit.received / 1e6
    visit.leave()
    found["again"] = visit.first_render()
    visit.page.wait_for_timeout(1200)
    found["heap"] = visit.heap()
    if what == "bare":
        visit.page.close()
        return found
    found["rerun"] = visit.rerun()
    visit.page.wait_for_timeout(800)
    if what == "disk":
        found["frame"] = visit.page.evaluate(FRAME)
        visit.page.wait_for_timeout(800)
    found["drag20"] = visit.drag(20)
    if what == "disk" or points <= SLOW:
        found["drag60"] = visit.drag(60)
    if what == "disk":
        visit.page.get_by_role("button", name="Reset view").click()
        visit.page.wait_for_timeout(1500)
    found["recolour"] = visit.recolour()
    if what == "disk" or points <= 100_000:
        found["lasso"] = visit.lasso()
    visit.page.close()
    return found


def measured(browser: Browser, address: str, points: int, what: str) -> dict[str, float]:
    """Medians, after a run that warms both sides up."""
    slow = what == "plotly" and points > SLOW
    if not slow:
        visited(browser, address, points, what)
    runs = [visited(browser, address, points, what) for _ in range(1 if slow else REPEATS)]
    return {name: median(run[name] for run in runs) for name in runs[0]}


def line(points: int, what: str, found: dict[str, float]) -> str:
    digits = {"wire": 2, "heap": 0, "frame": 0}
    cells = [f"{found[name]:.{digits.get(name, 2)}f}" if name in found else "-" for name in COLUMNS]
    return f"| {points:,} | {what} | {' | '.join(cells)} |"


def ratio(what: str, of: dict[str, float], to: dict[str, float]) -> str:
    cells = [f"{of[name] / to[name]:.1f}" if name in of and name in to else "-" for name in COLUMNS]
    return f"| | {what} | {' | '.join(cells)} |"


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("Chromium is not installed: `apt-get install chromium` brings it.")
    sizes = tuple(map(int, sys.argv[1:])) or POINTS
    load = os.getloadavg()[0]
    lines = [f"| points | drawn by | {' | '.join(HEADS)} |", "| ---: | --- |" + " ---: |" * len(HEADS)]
    with server() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for points in sizes:
            ours = measured(browser, address, points, "disk")
            theirs = measured(browser, address, points, "plotly")
            least = measured(browser, address, points, "bare")
            lines += [
                line(points, "disk", ours),
                line(points, "plotly scattergl", theirs),
                line(points, "bare WebGL", least),
            ]
            lines.append(ratio("plotly / disk", theirs, ours))
            lines.append(ratio("disk / bare", ours, least))
        browser.close()
    lines += [
        "",
        f"Load of the machine when it began: {load:.1f}. Medians of {REPEATS} runs (plotly beyond {SLOW:,}: one).",
    ]
    report("disk", "The disk beside plotly", lines)


if __name__ == "__main__":
    main()
