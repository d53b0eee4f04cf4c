"""FER+: 35,710 grey faces from the web, each with ten people's votes on what it shows.

The folder holds ``labels.csv`` and the pictures as tiles of lossless WebP sheets. Pictures occur more
than once, in different parts too: a training that keeps the copies has seen 288 of the test pictures.

Source: Barsoum et al. Training Deep Networks for Facial Expression Recognition with Crowd-Sourced Label
Distribution. ICMI 2016. Pictures: Goodfellow et al. Challenges in Representation Learning. 2013.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pandas as pd

from emoviz.errors import DatasetError

LABELS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
VOTED = (*LABELS, "unknown", "NF")  # NF: no face
TABLE = "labels.csv"
SIDE = 48  # pixels of a picture
ACROSS, DOWN = 50, 40  # tiles of a sheet
FEWEST = 5  # votes for an emotion that a picture needs, as its authors count it
USAGES = {"train": "Training", "validation": "PublicTest", "test": "PrivateTest"}
Part = Literal["train", "validation", "test", "unseen"]


@dataclass(frozen=True, eq=False)
class Faces:
    """All pictures and what people voted.

    Attributes:
        images: ``(N, 48, 48)`` uint8
        votes: ``(N, 10)`` counts in the order of :data:`VOTED`
        usage: ``(N,)`` the official part of each
        digest: ``(N,)`` alike for pictures that are alike to the pixel
    """

    images: np.ndarray
    votes: np.ndarray
    usage: np.ndarray
    digest: np.ndarray

    @property
    def distribution(self) -> np.ndarray:
        """Share of each emotion among the votes for emotions, ``(N, 8)``; NaN where nobody saw one."""
        emotions = self.votes[:, : len(LABELS)].astype(float)
        total = emotions.sum(1, keepdims=True)
        return np.divide(emotions, total, out=np.full_like(emotions, np.nan), where=total > 0)

    def rows(self, part: Part) -> np.ndarray:
        """Positions of the pictures of a part that have votes enough, ``(n,)``.

        ``test`` is the official one, copies and all, as published numbers use it. ``unseen`` is the same without
        doubles and without copies of official training pictures. ``train`` and ``validation`` hold no doubles,
        no copy of a test picture, and ``train`` no copy of a validation picture.
        """
        counted = self.votes[:, : len(LABELS)].sum(1) >= FEWEST
        mine = np.flatnonzero(counted & (self.usage == USAGES.get(part, USAGES["test"])))
        if part == "test":
            return mine
        others = {"train": ("validation", "test"), "validation": ("test",), "unseen": ("train",)}[part]
        taken = self.digest[np.isin(self.usage, [USAGES[other] for other in others])]
        mine = mine[~np.isin(self.digest[mine], taken)]
        return mine[np.sort(np.unique(self.digest[mine], return_index=True)[1])]


def read(folder: str | Path) -> Faces:
    """FER+ from its sheets and its table of votes.

    Raises:
        DatasetError: if a file is missing or is another one
    """
    folder = Path(folder)
    table = folder / TABLE
    if not table.is_file():
        raise DatasetError(f"There is no '{table.name}' in '{folder}'. Name the folder that holds FER+.")
    rows = pd.read_csv(table)
    missing = [column for column in (*VOTED, "usage", "sheet", "pos", "md5_pixels") if column not in rows]
    if missing:
        raise DatasetError(f"'{table.name}' has no column '{missing[0]}'. Take the table that lies with the sheets.")
    images = np.empty((len(rows), SIDE, SIDE), np.uint8)
    for number, mine in rows.groupby("sheet").indices.items():
        tiles = _tiles(folder / f"sheet_{number:02d}.webp")
        images[mine] = tiles[rows["pos"].to_numpy()[mine]]
    return Faces(
        images,
        rows[list(VOTED)].to_numpy(np.int64),
        rows["usage"].to_numpy(str),
        rows["md5_pixels"].to_numpy(str),
    )


def _tiles(path: Path) -> np.ndarray:
    """The pictures of one sheet, row by row, ``(2000, 48, 48)``."""
    sheet = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if path.is_file() else None
    if sheet is None or sheet.shape != (DOWN * SIDE, ACROSS * SIDE):
        raise DatasetError(f"The sheet '{path.name}' is missing or is no picture of 2400 x 1920. Copy it anew.")
    return sheet.reshape(DOWN, SIDE, ACROSS, SIDE).swapaxes(1, 2).reshape(-1, SIDE, SIDE)
