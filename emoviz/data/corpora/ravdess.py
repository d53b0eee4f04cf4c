"""RAVDESS: two sentences spoken by 24 actors as eight emotions, read as published (speech part, one channel, 16 kHz).

Labels are what the actors intended, not what listeners heard.

References:
    Livingstone & Russo. The Ryerson Audio-Visual Database of Emotional Speech and Song. PLoS ONE 2018. CC BY-NC-SA 4.0.
"""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pandas as pd

from emoviz.errors import DatasetError

LABELS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")  # as its file names count
RATE = 16_000  # samples a second
TABLE, SOUNDS = "meta.csv", "ravdess_speech_16k_flac.zip"
FOLDS = 5


@dataclass(frozen=True, eq=False)
class Voices:
    """The recordings of RAVDESS, without the second half of its one pair of equal files.

    Attributes:
        folder: where they lie
        files: name of each recording, ``(N,)``
        labels: index into :data:`LABELS`, ``(N,)``
        actors: 1 to 24, ``(N,)``; odd numbers are men
        strong: whether it was to be acted strongly, ``(N,)``
    """

    folder: Path
    files: tuple[str, ...]
    labels: np.ndarray
    actors: np.ndarray
    strong: np.ndarray

    def __len__(self) -> int:
        return len(self.files)

    @property
    def sex(self) -> np.ndarray:
        """``F`` or ``M`` as the corpus tells it, ``(N,)``."""
        return np.where(self.actors % 2, "M", "F")

    @property
    def folds(self) -> np.ndarray:
        """Which of the :data:`FOLDS` parts a recording belongs to, ``(N,)``.

        An actor is in one part only; a part has as many women as men, four or six actors in all.
        """
        return (self.actors - 1) // 2 % FOLDS

    def sounds(self) -> Iterator[np.ndarray]:
        """The recordings in order, each ``(S,)`` float32 in [-1, 1] at :data:`RATE`."""
        with zipfile.ZipFile(self.folder / SOUNDS) as sounds:
            for name in self.files:
                with av.open(io.BytesIO(sounds.read(name)), "r") as clip:
                    frames = [frame.to_ndarray().ravel() for frame in clip.decode(audio=0)]
                yield np.concatenate(frames).astype(np.float32) / 32768


def read(folder: Path) -> Voices:
    """What the corpus holds; the sounds themselves are read when asked for.

    Args:
        folder: with ``meta.csv`` and the zip file of FLAC files

    Raises:
        DatasetError: where a file is missing or not as published
    """
    for name in (TABLE, SOUNDS):
        if not (folder / name).is_file():
            raise DatasetError(f"'{folder.name}' has no {name}: it takes the 16 kHz speech part of RAVDESS.")
    table = pd.read_csv(folder / TABLE)
    missing = {"file", "actor", "emotion", "intensity", "orig_sha256"} - set(table.columns)
    if missing:
        raise DatasetError(f"{TABLE} of '{folder.name}' lacks the columns {', '.join(sorted(missing))}.")
    strange = set(table["emotion"]) - set(LABELS)
    if strange:
        raise DatasetError(f"{TABLE} names emotions that RAVDESS does not know: {', '.join(sorted(strange))}.")
    table = table.drop_duplicates("orig_sha256").sort_values("file")
    return Voices(
        folder,
        tuple(table["file"]),
        table["emotion"].map(LABELS.index).to_numpy(copy=True),
        table["actor"].to_numpy(copy=True),
        (table["intensity"] == "strong").to_numpy(),
    )
