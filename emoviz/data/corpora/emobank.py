"""EmoBank: 10,062 sentences with valence, arousal and dominance, and every reader's own rating.

References:
    Buechel & Hahn. EmoBank: Studying the Impact of Annotation Perspective and Representation Format on Dimensional
    Emotion Analysis. EACL 2017. CC BY-SA 4.0.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from emoviz.errors import DatasetError

TABLE, READERS = "emobank.csv", "individual_reader_ratings.csv"
DIMENSIONS = {"V": "valence", "A": "arousal", "D": "dominance"}
LOWEST, HIGHEST = 1, 5  # of every rating
SPLITS = {"train": "train", "dev": "validation", "test": "test"}
WAY_OUT = "Take the folder 'corpus' of github.com/JULIELab/EmoBank."


@dataclass(frozen=True, eq=False)
class Sentences:
    """Sentences and what was said of them.

    Attributes:
        ids: as published, ``(N,)``
        texts: N of them
        split: ``train``, ``validation`` or ``test``, ``(N,)``
        means: published valence, arousal and dominance, ``(N, 3)`` in 1 to 5
        ratings: how many readers gave each rating from 1 to 5 in each dimension, ``(N, 3, 5)``
    """

    ids: np.ndarray
    texts: tuple[str, ...]
    split: np.ndarray
    means: np.ndarray
    ratings: np.ndarray


def read(folder: Path) -> Sentences:
    """The corpus from its two tables.

    Raises:
        DatasetError: where a file is missing or not as published
    """
    told = _table(folder / TABLE, ("id", "split", "text", *DIMENSIONS))
    single = _table(folder / READERS, ("id", *DIMENSIONS))
    place = {sentence: row for row, sentence in enumerate(told["id"])}
    single = single[single["id"].isin(place)]
    ratings = np.zeros((len(told), len(DIMENSIONS), HIGHEST - LOWEST + 1), int)
    rows = single["id"].map(place).to_numpy()
    for number, name in enumerate(DIMENSIONS):
        given = pd.to_numeric(single[name], errors="coerce").to_numpy()
        if not np.isin(given, np.arange(LOWEST, HIGHEST + 1)).all():
            raise DatasetError(f"'{READERS}' holds a rating that is not a whole number from 1 to 5. {WAY_OUT}")
        np.add.at(ratings, (rows, number, given.astype(int) - LOWEST), 1)
    means = np.stack([pd.to_numeric(told[name], errors="coerce").to_numpy(float) for name in DIMENSIONS], 1)
    if not ((means >= LOWEST) & (means <= HIGHEST)).all():
        raise DatasetError(f"'{TABLE}' holds a mean that is not between 1 and 5. {WAY_OUT}")
    return Sentences(
        told["id"].to_numpy(object), tuple(told["text"]), told["split"].map(SPLITS).to_numpy(object), means, ratings
    )


def _table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    if not path.is_file():
        raise DatasetError(f"'{path.parent}' has no {path.name}. {WAY_OUT}")
    table = pd.read_csv(path, dtype=str, keep_default_na=False)  # a sentence may be "None"
    missing = [column for column in columns if column not in table]
    if missing:
        raise DatasetError(f"'{path.name}' has no column '{missing[0]}'. {WAY_OUT}")
    if "split" in columns and (strange := set(table["split"]) - set(SPLITS)):
        raise DatasetError(f"'{path.name}' names a part '{min(strange)[:40]}'. {WAY_OUT}")
    return table
