"""Fetching, from a server on this machine: resumed, checked, and never half there."""

import hashlib
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from emoviz import workspace
from emoviz.data import download, store
from emoviz.errors import BadNameError, DatasetError, UnknownNameError
from emoviz.progress import finish

HEADER = '"","A","D","F","H","N","S","fileName"\n'
VOTES = HEADER + "".join(
    f'"{side}0000{i}",{i},1,0,{9 - i},0,0,"100{i}_DFA_ANG_XX"\n' for i in range(1, 10) for side in (1, 2, 3)
)
FILES = {"processedResults/tabulatedVotes.csv": VOTES.encode(), "LICENSE.txt": b"free\n"}


class Server:
    """Serves :data:`FILES` and remembers what was asked.

    Attributes:
        asked: path and range of every request
        stop_after: bytes after which every answer breaks off
        ranges: whether ranges are heeded
        files: path to content
    """

    def __init__(self):
        self.asked: list[tuple[str, str | None]] = []
        self.stop_after: int | None = None
        self.ranges = True
        self.files = dict(FILES)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path, span = handler.path.lstrip("/"), handler.headers.get("Range")
        self.asked.append((path, span))
        if path not in self.files:
            handler.send_error(404)
            return
        content = self.files[path]
        start = int(span.removeprefix("bytes=").rstrip("-")) if span and self.ranges else 0
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(content) - start))
        handler.end_headers()
        handler.wfile.write(content[start:][: self.stop_after])


@contextmanager
def serving(server: Server):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            server.answer(self)

        def log_message(self, *_):
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


@pytest.fixture
def server(monkeypatch):
    files = tuple(download.RemoteFile(p, len(c), hashlib.sha256(c).hexdigest()) for p, c in FILES.items())
    small = replace(download.SOURCES["crema-d"], files=files)
    monkeypatch.setitem(download.SOURCES, "crema-d", small)
    server = Server()
    with serving(server) as url:
        server.url = url
        yield server


def partial():
    return workspace.place("downloads") / "crema-d" / "processedResults" / "tabulatedVotes.csv.partial"


def test_a_source_becomes_a_dataset(server):
    lines = []
    dataset = finish(download.get("crema-d", server.url), lines.append)
    assert len(store.read("crema-d")) == len(dataset) == 9
    assert [line.fraction for line in lines] == sorted(line.fraction for line in lines)
    assert lines[-1].fraction == 1


def test_licence_and_size_are_shown_before_anything_is_asked_for(server):
    work = download.get("crema-d", server.url)
    first = next(work)
    assert "Open Database License" in first.message
    assert "kB" in first.message
    assert server.asked == []
    work.close()


def test_a_download_that_broke_off_goes_on_where_it_stopped(server):
    server.stop_after = 100
    with pytest.raises(DatasetError, match="goes on where it stopped"):
        finish(download.get("crema-d", server.url))
    assert partial().read_bytes() == VOTES.encode()[:100]
    assert store.names() == ("simulated",)
    server.stop_after = None
    finish(download.get("crema-d", server.url))
    assert [span for _, span in server.asked] == [None, "bytes=100-", None]
    assert len(store.read("crema-d")) == 9


def test_a_server_that_ignores_the_range_is_read_from_the_start(server):
    partial().parent.mkdir(parents=True)
    partial().write_bytes(b"\xff" * 50)
    server.ranges = False
    finish(download.get("crema-d", server.url))
    assert len(store.read("crema-d")) == 9


@pytest.mark.parametrize("content", [VOTES.replace("1", "2").encode(), VOTES.encode() + b"more", VOTES.encode()[:-5]])
def test_a_file_that_is_not_the_published_one_is_not_kept(server, content):
    server.files["processedResults/tabulatedVotes.csv"] = content
    with pytest.raises(DatasetError):
        finish(download.get("crema-d", server.url))
    assert store.names() == ("simulated",)
    server.files = dict(FILES)
    finish(download.get("crema-d", server.url))
    assert len(store.read("crema-d")) == 9


def test_noise_from_an_earlier_attempt_does_not_stay(server):
    partial().parent.mkdir(parents=True)
    partial().write_bytes(b"x" * (len(VOTES) + 10))
    finish(download.get("crema-d", server.url))
    assert len(store.read("crema-d")) == 9


def test_what_was_stopped_is_continued(server):
    work = download.get("crema-d", server.url)
    while next(work).fraction == 0:
        pass
    work.close()
    assert partial().exists() or partial().with_suffix("").exists()
    finish(download.get("crema-d", server.url))
    assert len(store.read("crema-d")) == 9


def test_a_missing_file_or_a_silent_server_is_said_in_a_sentence(server):
    server.files = {}
    with pytest.raises(DatasetError, match="404"):
        finish(download.get("crema-d", server.url))
    with pytest.raises(DatasetError, match="cannot be fetched"):
        finish(download.get("crema-d", "http://127.0.0.1:1"))


@pytest.mark.parametrize("url", ["file:///etc", "ftp://127.0.0.1", "nothing"])
def test_only_web_addresses_are_fetched(server, url):
    with pytest.raises(DatasetError, match="no address to fetch from"):
        finish(download.get("crema-d", url))


def test_an_unknown_source_or_a_taken_name_is_said_at_once(server):
    with pytest.raises(UnknownNameError, match="Known: crema-d"):
        next(download.get("nothing"))
    with pytest.raises(DatasetError, match="already"):
        next(download.get("crema-d", into="simulated"))
    with pytest.raises(BadNameError):
        next(download.get("crema-d", into="../x"))
    assert server.asked == []


@pytest.mark.external
def test_the_pinned_hashes_are_those_of_the_published_files(test_data):
    for file in download.SOURCES["crema-d"].files:
        path = test_data / "crema-d" / file.path.rpartition("/")[2]
        assert (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()) == (file.size, file.sha256)
