"""Is everything here that emoviz needs, and is it whole?"""

import importlib.metadata
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from emoviz import workspace
from emoviz.errors import EmovizError

PYTHON = (3, 11)
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what
        well: whether it is as it should be
        detail: what was found, with the way out where it is not well
        needed: whether emoviz works without it
    """

    name: str
    well: bool
    detail: str
    needed: bool = True


def examine() -> Iterator[Check]:
    """Look at everything, one thing after the other; a damaged one never hides the rest."""
    yield _python()
    yield _packages()
    yield _checked("device", _device)
    yield _checked("workspace", _workspace)
    yield _checked("jobs", _jobs)
    yield from _datasets()
    yield from _checkpoints()
    yield _browser()


def _checked(name: str, look: Callable[..., str], *of: str) -> Check:
    try:
        return Check(name, True, look(*of))
    except (EmovizError, OSError, ImportError) as error:
        return Check(name, False, str(error))


def _python() -> Check:
    wanted = ".".join(map(str, PYTHON))
    well = sys.version_info >= PYTHON
    return Check("python", well, platform.python_version() + ("" if well else f": install {wanted} or newer"))


def _packages() -> Check:
    """What the project says it needs, beside what is installed."""
    try:
        wanted = importlib.metadata.requires("emoviz") or []
    except importlib.metadata.PackageNotFoundError:
        return Check("packages", False, "emoviz is not installed here: run 'pip install -e .' in its folder")
    bounds = [bound for text in wanted if (bound := re.match(r"([\w.-]+)>=([\d.]+)", text)) and "extra ==" not in text]
    wrong = []
    for bound in bounds:
        name, least = bound.groups()
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if _numbers(found) < _numbers(least):
            wrong.append(f"{name} is {found}, {least} or newer is needed")
    if wrong:
        return Check("packages", False, f"{'; '.join(wrong)}: run 'pip install -r requirements.txt'")
    return Check("packages", True, f"{len(bounds)} of {len(bounds)} as needed")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()} and {torch.get_num_threads()} threads, torch {torch.__version__}"
    return f"no GPU that torch can use; {torch.get_num_threads()} threads, torch {torch.__version__}"


def _workspace() -> str:
    home = workspace.home()
    with tempfile.TemporaryFile(dir=home) as file:
        file.write(b"emoviz")
        file.flush()
    return f"{home} can be written, {shutil.disk_usage(home).free / 1e9:,.1f} GB free"


def _jobs() -> str:
    from emoviz.jobs import store

    jobs = store.list()
    return f"{len(jobs)} known, {sum(job.active for job in jobs)} at work"


def _datasets() -> Iterator[Check]:
    from emoviz.data import store

    def look(name: str) -> str:
        store.verify(name)
        return f"{store.info(name).samples:,} samples, hashes match"

    found = _checked("datasets", lambda: f"{len(store.names())} found")
    yield found
    for name in store.names() if found.well else ():
        yield _checked(f"dataset {name}", look, name)


def _checkpoints() -> Iterator[Check]:
    from emoviz.models import checkpoints

    def look(name: str) -> str:
        card = checkpoints.load(name).card
        return f"{card.model} trained on {card.dataset}, hash matches"

    found = _checked("checkpoints", lambda: f"{len(checkpoints.names())} found")
    yield found
    for name in checkpoints.names() if found.well else ():
        yield _checked(f"checkpoint {name}", look, name)


def _browser() -> Check:
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        return Check("chromium", False, "absent, so browser tests are skipped: apt-get install chromium", needed=False)
    return Check("chromium", True, path, needed=False)
