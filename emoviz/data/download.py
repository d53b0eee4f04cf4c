"""Public datasets, fetched from where their authors published them.

Nothing is fetched before the licence and the size were shown: they are the first line of progress.
Every file is pinned to one version by its SHA-256. What is half fetched stays and is continued next time.
"""

import hashlib
import shutil
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from emoviz import workspace
from emoviz.data import importers, store
from emoviz.data.dataset import Dataset
from emoviz.errors import DatasetError, UnknownNameError
from emoviz.progress import Progress, Work, part

PIECE = 1 << 16  # bytes read at a time
PATIENCE = 30  # seconds without an answer


@dataclass(frozen=True)
class RemoteFile:
    """One published file.

    Attributes:
        path: below the source's address
        size: bytes
        sha256: of its content
    """

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Source:
    """A published dataset.

    Attributes:
        title: as shown
        licence: in one line
        base_url: the address its files lie below
        files: what is fetched
        importer: the format they have
    """

    title: str
    licence: str
    base_url: str
    files: tuple[RemoteFile, ...]
    importer: str

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


SOURCES = {
    "crema-d": Source(
        title="CREMA-D, the published tables of votes (no clips)",
        licence=(
            "Open Database License 1.0, contents Database Contents License 1.0: share and adapt with attribution, "
            "derived databases under the same licence"
        ),
        base_url=(
            "https://raw.githubusercontent.com/CheyneyComputerScience/CREMA-D/1658cd342dff90010aa843eaeebd53610a08b1dc"
        ),
        files=(
            RemoteFile(
                "processedResults/tabulatedVotes.csv",
                4_057_953,
                "774d9d759cb5caf2542758a39eca8c0f1d2777f9987ff5d5adf8066d192f377b",
            ),
            RemoteFile(
                "VideoDemographics.csv",
                4_033,
                "e33ddc8b60bedf98541735801127cbb67098b5957271adbdd5dea8a44294eec3",
            ),
            RemoteFile(
                "LICENSE.txt",
                312,
                "e76747a4efa4b338914bb3f930b5d3d3c3ac15b886bbabf897f6a19731f987f8",
            ),
        ),
        importer="crema_d",
    ),
}


def get(name: str, base_url: str | None = None, into: str | None = None) -> Work[Dataset]:
    """Fetch a public dataset and import it.

    Args:
        name: of the source, see :data:`SOURCES`
        base_url: another address of the same files
        into: name of the new dataset, if it is to be another than the source's

    Yields:
        progress, first of all the licence and the size

    Returns:
        the stored dataset

    Raises:
        UnknownNameError: if there is no such source
        DatasetError: if the dataset is there already, or a file cannot be had or is not the published one
    """
    if name not in SOURCES:
        raise UnknownNameError("source", name, SOURCES)
    source, into = SOURCES[name], into or name
    if workspace.checked_name("dataset", into) in store.names():
        raise DatasetError(f"There is a dataset '{into}' already. Remove it first: emoviz data remove {into}")
    yield Progress(0.0, f"{source.title}: {_size(source.size)}. Licence: {source.licence}.")
    folder = workspace.place("downloads") / name
    done = 0
    for file in source.files:
        for fetched in _fetch(f"{base_url or source.base_url}/{file.path}", file, folder / file.path):
            yield Progress(0.9 * (done + fetched) / source.size, f"{file.path}: {_size(fetched)} of {_size(file.size)}")
        done += file.size
    dataset, _ = yield from part(importers.load(folder, into, format=source.importer), 0.9, 1.0)
    shutil.rmtree(folder)
    return dataset


def _fetch(url: str, file: RemoteFile, target: Path) -> Iterator[int]:
    """Bring one file to ``target``; yields how many bytes are there.

    It is written beside its place and renamed when its hash is right, so that what stands there is whole.
    """
    if target.is_file() and _sha256(target) == file.sha256:
        yield file.size
        return
    partial = target.with_name(target.name + ".partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    if partial.is_file() and partial.stat().st_size >= file.size:
        partial.unlink()  # complete and yet not in place: its hash was wrong
    start = partial.stat().st_size if partial.is_file() else 0
    if not url.startswith(("http://", "https://")):
        raise DatasetError(f"'{url}' is no address to fetch from; it begins with https:// or http://.")
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            start = start if answer.status == 206 else 0  # a server may ignore the range and begin anew
            with partial.open("r+b" if start else "wb") as out:
                out.seek(start)
                # One byte more than there should be is enough to know that it is another file.
                while piece := answer.read(min(PIECE, file.size - start + 1)):
                    out.write(piece)
                    start += len(piece)
                    yield min(start, file.size)
                out.truncate()
    except (OSError, HTTPException) as error:
        raise DatasetError(f"'{url}' cannot be fetched: {error}. Try again; it goes on where it stopped.") from error
    if start < file.size:
        raise DatasetError(f"'{file.path}' broke off after {_size(start)}. Try again; it goes on where it stopped.")
    if _sha256(partial) != file.sha256:
        partial.unlink()
        raise DatasetError(
            f"'{file.path}' from {url} is not the published file (its SHA-256 differs). Nothing was kept."
        )
    partial.replace(target)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"
