"""From files to stored datasets: one module for each format, found here by name."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from emoviz import workspace
from emoviz.data import store
from emoviz.data.dataset import Dataset
from emoviz.data.importers import crema_d, emobank, fer_plus, folder, go_emotions, ldl, ravdess, table
from emoviz.data.report import LoadReport
from emoviz.errors import DatasetError, UnknownNameError
from emoviz.progress import Progress, Work

# Each takes a path, ``mapping`` and ``media``.
IMPORTERS: dict[str, Callable[..., tuple[Dataset, LoadReport]]] = {
    "crema_d": crema_d.read,
    "emobank": emobank.read,
    "fer_plus": fer_plus.read,
    "folder": folder.read,
    "go_emotions": go_emotions.read,
    "ldl": ldl.read,
    "ravdess": ravdess.read,
    "table": table.read,
}
FOLDERS = {
    "crema_d": crema_d.is_folder,
    "emobank": emobank.is_folder,
    "fer_plus": fer_plus.is_folder,
    "go_emotions": go_emotions.is_folder,
    "ravdess": ravdess.is_folder,
}


def detect(path: str | Path) -> str:
    """The name of the importer for a file or folder.

    Raises:
        DatasetError: if there is none
    """
    path = Path(path)
    if path.is_dir():
        if (path / store.MANIFEST).is_file():
            return "folder"
        known = next((name for name, is_folder in FOLDERS.items() if is_folder(path)), None)
        if known:
            return known
        raise DatasetError(
            f"'{path}' holds no dataset emoviz knows ({', '.join(FOLDERS)}). "
            "Give a table (.csv, .tsv, .jsonl, .parquet) of it."
        )
    if not path.is_file():
        raise DatasetError(f"There is no file or folder '{path}'.")
    return "ldl" if path.suffix.lower() == ".mat" else "table"


def load(
    path: str | Path,
    name: str,
    format: str | None = None,
    mapping: str | Path | None = None,
    media: str | Path | None = None,
) -> Work[tuple[Dataset, LoadReport]]:
    """Import a file or folder and store it.

    Args:
        path: what to import
        name: of the new dataset
        format: an importer's name; found out where ``None``
        mapping: a file that says what the columns of a table are
        media: folder of clips, if it is another than that of ``path``

    Yields:
        progress

    Returns:
        the stored dataset, and what became of the rows

    Raises:
        DatasetError: if nothing can be made of it, or a dataset has that name; nothing is stored then
        UnknownNameError: if there is no such importer
        BadNameError: if the name cannot be one
    """
    if workspace.checked_name("dataset", name) in store.names():
        raise DatasetError(f"There is a dataset '{name}' already. Choose another name, or remove it first.")
    if format is not None and format.replace("-", "_") not in IMPORTERS:
        raise UnknownNameError("format", format, IMPORTERS)
    path = Path(path)
    media_from = Path(media or (path if path.is_dir() else path.parent))
    if not media_from.is_dir():
        raise DatasetError(f"There is no folder '{media_from}' to take clips from.")
    yield Progress(0.0, f"reading {path.name}")
    reader = IMPORTERS[format.replace("-", "_") if format else detect(path)]
    dataset, report = reader(path, mapping=mapping, media=media_from)
    yield Progress(0.7, f"storing {len(dataset):,} samples")
    stored = store.write(replace(dataset, name=name), media_from=None if dataset.folder else media_from)
    yield Progress(1.0, f"stored as {name}")
    return stored, report
