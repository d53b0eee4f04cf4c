"""Where things lie: the user's workspace, and what the project brings along.

``EMOVIZ_HOME`` (default ``~/.emoviz``) holds ``datasets/``, ``checkpoints/``, ``findings/``, ``benchmarks/`` and
``jobs.sqlite``. The project itself brings ``assets/`` and ``models/``, which are only read.
"""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from emoviz.errors import BadNameError, DatasetError, UnknownNameError

ROOT = Path(__file__).parents[1]
ASSETS = ROOT / "assets"
MODELS = ROOT / "models"
STAGED = ".staged"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def home() -> Path:
    """The workspace, made on first use and readable by its owner only."""
    folder = Path(os.environ.get("EMOVIZ_HOME") or Path.home() / ".emoviz").expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def place(kind: str) -> Path:
    """The folder of one kind of thing in the workspace: ``datasets``, ``checkpoints`` or ``findings``."""
    folder = home() / kind
    folder.mkdir(exist_ok=True)
    return folder


def checked_name(kind: str, name: str) -> str:
    """The name itself, if it can name a folder: nothing that a path could hide in.

    Raises:
        BadNameError: if it cannot
    """
    if not NAME.fullmatch(name):
        raise BadNameError(kind, name)
    return name


def folders(kind: str, shipped: Path, told: str) -> dict[str, Path]:
    """Everything of one kind by name; what the workspace holds hides what is shipped under the same name.

    Args:
        kind: of thing, in the singular: ``dataset`` or ``benchmark``
        shipped: folder of those that the project brings along
        told: file that makes a folder one of them
    """
    found = {}
    for root in (shipped, place(f"{kind}s")):
        for path in root.glob(f"*/{told}"):
            if NAME.fullmatch(path.parent.name):
                found[path.parent.name] = path.parent
    return found


def folder(name: str | Path, kind: str, shipped: Path, told: str) -> Path:
    """The folder of a name, or a path to one: see :func:`folders`.

    Raises:
        DatasetError: if there is no such thing at that path
        UnknownNameError: if nothing has that name
    """
    if isinstance(name, Path) or os.sep in name:
        path = Path(name).absolute()
        if not (path / told).is_file():
            raise DatasetError(f"'{path}' is not a {kind}: it has no {told}.")
        return path
    known = folders(kind, shipped, told)
    if name not in known:
        raise UnknownNameError(kind, name, known)
    return known[name]


@contextmanager
def staged(final: Path, *, replace: bool = False) -> Iterator[Path]:
    """A temporary folder beside ``final`` that takes its place when the block ends well.

    Readers see the old folder or the new one, never half of one; a block that raises leaves nothing, and
    what a killed process left is removed by whoever stages next beside it.

    Args:
        final: where the folder shall stand
        replace: whether a folder that stands there may go

    Raises:
        DatasetError: if ``final`` exists and ``replace`` is not set
    """
    if final.exists() and not replace:
        raise DatasetError(f"'{final.name}' exists already. Choose another name, or remove it first.")
    final.parent.mkdir(parents=True, exist_ok=True)
    _sweep(final.parent)
    folder, lock = _held_folder(final)
    try:
        yield folder
        folder.chmod(0o755)
        if final.exists():
            old = folder.with_name(folder.name + ".old")
            final.rename(old)
            folder.rename(final)
            shutil.rmtree(old)
        else:
            folder.rename(final)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def discard(folder: Path) -> None:
    """Delete a folder: a reader sees the whole of it or nothing, and what a killed process left is swept later."""
    grave, lock = _held_folder(folder)
    try:
        folder.rename(grave / folder.name)
    finally:
        shutil.rmtree(grave, ignore_errors=True)
        os.close(lock)


def _held_folder(final: Path) -> tuple[Path, int]:
    """A new staging folder, and the lock that says somebody works on it; the kernel lets go of it with the process."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f".{final.name}.", suffix=STAGED, dir=final.parent))
        with suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.is_dir():
                return folder, lock
            os.close(lock)  # somebody swept it away before it was locked


def _sweep(parent: Path) -> None:
    """Remove the staging folders that nobody holds."""
    for folder in parent.glob(f".*{STAGED}"):
        with suppress(FileNotFoundError, BlockingIOError):
            lock = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
