"""FER+: faces with the votes of ten people each, as distributions over 8 emotions.

Each picture is there once: none that occurs in the official test part stays in another, none of the validation part
in training. Pictures in which fewer than five people saw an emotion are left out. Features are gradients.

Source: Barsoum et al. Training Deep Networks for Facial Expression Recognition with Crowd-Sourced Label
Distribution. ICMI 2016.
"""

from pathlib import Path

import numpy as np

from emoviz.data import emotions, hand
from emoviz.data.checks import samples_table
from emoviz.data.corpora import fer_plus as corpus
from emoviz.data.dataset import FUSED, Annotation, Dataset, Features
from emoviz.data.report import LoadReport, Note
from emoviz.errors import DatasetError


def is_folder(folder: Path) -> bool:
    """Whether a folder holds the sheets of pictures and the table of votes."""
    return (folder / corpus.TABLE).is_file() and (folder / "sheet_00.webp").is_file()


def read(folder: str | Path, media: str | Path | None = None, *, mapping: object = None) -> tuple[Dataset, LoadReport]:
    """FER+ as one dataset with the modality ``face``.

    Args:
        folder: holds ``labels.csv`` and the sheets
        media: not used; the pictures stay where they are
        mapping: not needed here, and refused

    Returns:
        the dataset, not stored, and how many pictures were left out

    Raises:
        DatasetError: if a file is missing or is another one
    """
    if mapping is not None:
        raise DatasetError("FER+ needs no mapping file. Import without it.")
    faces = corpus.read(folder)
    test = faces.rows("test")
    test = test[np.sort(np.unique(faces.digest[test], return_index=True)[1])]
    parts = {"train": faces.rows("train"), "validation": faces.rows("validation"), "test": test}
    rows = np.concatenate(list(parts.values()))
    if not len(rows):
        raise DatasetError(f"No picture of '{folder}' has the votes of {corpus.FEWEST} people who saw an emotion.")
    votes = faces.votes[rows].astype(float)
    columns = hand.face_columns()
    few = int((faces.votes[:, : len(corpus.LABELS)].sum(1) < corpus.FEWEST).sum())
    dataset = Dataset(
        name="fer-plus",
        title="FER+",
        description="Grey faces from the web and what ten people each saw in them; the features are their gradients.",
        licence="votes: MIT; pictures: no licence to pass them on, customary for research",
        source="Barsoum et al. (2016), github.com/microsoft/FERPlus; pictures of Goodfellow et al. (2013)",
        simulated=False,
        labels=emotions.labels(corpus.LABELS),
        modalities=("face",),
        samples=samples_table(
            [f"fer-{row:05d}" for row in rows],
            split=np.repeat(list(parts), [len(part) for part in parts.values()]),
            votes_unknown=votes[:, corpus.VOTED.index("unknown")].astype(int),
            votes_no_face=votes[:, corpus.VOTED.index("NF")].astype(int),
        ),
        annotations={FUSED: Annotation("votes", votes[:, : len(corpus.LABELS)])},
        features={"face": Features(hand.face(faces.images[rows]), columns, ("gradient",) * len(columns))},
    )
    gone = len(faces.images) - len(rows)
    refused = [
        Note(None, None, f"{few:,} pictures have fewer than {corpus.FEWEST} votes for an emotion; left out."),
        Note(None, None, f"{gone - few:,} pictures are copies of others that were taken; left out."),
    ]
    return dataset, LoadReport(len(rows), refused=tuple(refused), rows_refused=gone)
