"""EmoBank: how pleasant a sentence is, as a score, with what every single reader said of it.

The score is the published valence less 3, the middle of its scale: below 0 unpleasant, above 0 pleasant, -2 to 2.
The readers' own ratings are votes on the text: unpleasant (1, 2), neutral (3), pleasant (4, 5). Arousal and
dominance, and how many readers gave each rating of valence, stand in columns. Features are hashed words.
"""

from pathlib import Path

import numpy as np

from emoviz.data import emotions, hand
from emoviz.data.checks import samples_table
from emoviz.data.corpora import emobank as corpus
from emoviz.data.dataset import FUSED, Annotation, Dataset, Features
from emoviz.data.report import LoadReport, Note
from emoviz.errors import DatasetError

LABELS = ("negative", "neutral", "positive")
MIDDLE = 3


def is_folder(folder: Path) -> bool:
    """Whether a folder holds the two tables."""
    return (folder / corpus.TABLE).is_file() and (folder / corpus.READERS).is_file()


def read(folder: str | Path, media: str | Path | None = None, *, mapping: object = None) -> tuple[Dataset, LoadReport]:
    """EmoBank as one dataset with the modality ``text``.

    Args:
        folder: holds ``emobank.csv`` and ``individual_reader_ratings.csv``
        media: not used; there are no clips
        mapping: not needed here, and refused

    Returns:
        the dataset, not stored, and what became of the sentences

    Raises:
        DatasetError: where a file is missing or not as published
    """
    if mapping is not None:
        raise DatasetError("EmoBank needs no mapping file. Import without it.")
    found = corpus.read(Path(folder))
    train = [text for text, part in zip(found.texts, found.split, strict=True) if part == "train"]
    if len(train) < 2:
        raise DatasetError(f"'{corpus.TABLE}' in '{folder}' has no training sentences to find word features with.")
    values = hand.words(train).transform(found.texts).astype(np.float32)
    valence = found.ratings[:, 0]
    below, above = valence[:, : MIDDLE - 1].sum(1), valence[:, MIDDLE:].sum(1)
    votes = np.stack([below, valence[:, MIDDLE - 1], above], 1).astype(float)
    unread = votes.sum(1) == 0
    steps = np.arange(corpus.LOWEST, corpus.HIGHEST + 1)
    dataset = Dataset(
        name="emobank",
        title="EmoBank",
        description=(
            "Sentences of many kinds and how pleasant they are, as a score from -2 to 2; what single readers said is "
            "kept beside it."
        ),
        licence="CC BY-SA 4.0",
        source="Buechel & Hahn (2017), github.com/JULIELab/EmoBank",
        simulated=False,
        labels=emotions.labels(LABELS),
        modalities=("text",),
        samples=samples_table(
            found.ids,
            split=found.split,
            text=found.texts,
            **{name: found.means[:, number] for number, name in enumerate(corpus.DIMENSIONS.values())},
            readers=valence.sum(1),
            **{f"readers_valence_{step}": valence[:, number] for number, step in enumerate(steps)},
        ),
        annotations={
            FUSED: Annotation("score", found.means[:, 0] - MIDDLE),
            "text": Annotation("votes", np.where(unread[:, None], np.nan, votes)),
        },
        features={
            "text": Features(values, tuple(f"topic_{i}" for i in range(values.shape[1])), ("words",) * values.shape[1])
        },
    )
    notes = [Note(None, None, f"{unread.sum():,} sentences have no ratings of single readers.")] if unread.any() else []
    return dataset, LoadReport(len(dataset), tuple(notes))
