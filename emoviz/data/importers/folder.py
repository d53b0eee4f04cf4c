"""A dataset that emoviz stored elsewhere: somebody else's folder, checked number by number."""

from pathlib import Path

from emoviz.data import store
from emoviz.data.dataset import Dataset
from emoviz.data.report import LoadReport
from emoviz.errors import DatasetError


def read(folder: str | Path, media: str | Path | None = None, *, mapping: object = None) -> tuple[Dataset, LoadReport]:
    """A dataset from the folder of one.

    Args:
        folder: holds ``dataset.json``
        media: not needed here: its clips lie in it
        mapping: not needed here, and refused

    Returns:
        the dataset, and that all of it was accepted

    Raises:
        DatasetError: if it is damaged or altered
    """
    if mapping is not None:
        raise DatasetError("A dataset's folder needs no mapping file. Import without it.")
    store.verify(Path(folder))
    dataset = store.read(Path(folder))
    return dataset, LoadReport(len(dataset))
