"""GoEmotions: 54,263 Reddit comments that readers marked with any of 28 labels, in its published parts.

References:
    Demszky et al. GoEmotions: A Dataset of Fine-Grained Emotions. ACL 2020. Apache-2.0.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from emoviz.errors import DatasetError

Part = Literal["train", "dev", "test"]
LABELS = (
    *("admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity", "desire"),
    *("disappointment", "disapproval", "disgust", "embarrassment", "excitement", "fear", "gratitude", "grief", "joy"),
    *("love", "nervousness", "optimism", "pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral"),
)
WAY_OUT = "Take data/original of github.com/monologg/GoEmotions-pytorch."


@dataclass(frozen=True, eq=False)
class Texts:
    """Texts and what their readers marked.

    Attributes:
        texts: N of them; names of people stand as ``[NAME]``
        marked: which labels, ``(N, L)`` bool in the order of :data:`LABELS`; one at least
    """

    texts: tuple[str, ...]
    marked: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def distribution(self) -> np.ndarray:
        """The marks in equal shares, ``(N, L)``, rows sum to 1."""
        return self.marked / self.marked.sum(1, keepdims=True)

    @property
    def single(self) -> np.ndarray:
        """Index of the label where just one is marked, else -1, ``(N,)``."""
        return np.where(self.marked.sum(1) == 1, self.marked.argmax(1), -1)

    def rows(self, chosen: np.ndarray) -> "Texts":
        """Some of them, by boolean mask or index."""
        index = np.arange(len(self))[chosen]
        return Texts(tuple(self.texts[i] for i in index), self.marked[index])


def read(folder: Path, part: Part) -> Texts:
    """One published part.

    Args:
        folder: with ``train.tsv``, ``dev.tsv``, ``test.tsv`` and ``labels.txt``
        part: which

    Raises:
        DatasetError: where a file is missing or not as published
    """
    if _lines(folder / "labels.txt") != list(LABELS):
        raise DatasetError(f"'labels.txt' in '{folder}' does not name the 28 labels of GoEmotions. {WAY_OUT}")
    lines = _lines(folder / f"{part}.tsv")
    texts, marked = [], np.zeros((len(lines), len(LABELS)), bool)
    for number, line in enumerate(lines, 1):
        try:
            text, labels, _ = line.split("\t")
            chosen = [int(label) for label in labels.split(",")]
            if not 0 <= min(chosen) <= max(chosen) < len(LABELS):
                raise ValueError
        except ValueError:
            raise DatasetError(
                f"Line {number} of '{part}.tsv' is not a text, numbers of labels from 0 to 27 and an id. {WAY_OUT}"
            ) from None
        texts.append(text)
        marked[number - 1, chosen] = True
    return Texts(tuple(texts), marked)


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise DatasetError(f"'{path.parent}' has no {path.name}. {WAY_OUT}")
    # Not splitlines: comments hold line separators of other kinds.
    return path.read_text(encoding="utf-8").rstrip("\n").split("\n")
