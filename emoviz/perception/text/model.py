r"""What readers would mark in a text, from what its words add.

A linear model: the log-odds of each of the L labels are a constant plus what each word adds, no more,

.. math:: z_l = b_l + \sum_w v_{wl}, \qquad p_l \propto \sigma(z_l)^s,

so that the reasons given are the computation itself. The sharpness :math:`s` makes the distribution calibrated.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from emoviz.errors import UnknownNameError
from emoviz.perception import common, weights
from emoviz.perception.text.words import PIECE, Word, counted, plain, words

NAME = "text"
_NODES, _SHARES = np.polynomial.legendre.leggauss(64)


@dataclass(frozen=True, eq=False)
class Parts:
    """A text as what its words add.

    Attributes:
        words: n of them
        added: to the log-odds of each label, ``(n, L)``
        constant: log-odds without any words, ``(L,)``
        known: whether the model has seen the word, ``(n,)`` bool
    """

    words: tuple[Word, ...]
    added: np.ndarray
    constant: np.ndarray
    known: np.ndarray

    @property
    def logits(self) -> np.ndarray:
        """Log-odds that readers mark each label, ``(L,)``."""
        return self.constant + self.added.sum(0)


@dataclass(frozen=True, eq=False)
class Attribution:
    """Which words speak for a common label, and which against it.

    Attributes:
        label: the common label
        words: n of them
        added: what each adds to the logarithm of the label's share, nats, ``(n,)``
        before: logarithm of its share without any words
        after: with all; ``before + added.sum()``
    """

    label: str
    words: tuple[Word, ...]
    added: np.ndarray
    before: float
    after: float


def weighed(
    columns: np.ndarray, counts: np.ndarray, rows: np.ndarray, rarity: np.ndarray, piece: np.ndarray
) -> np.ndarray:
    """What each thing counted in a text weighs: sublinear counts by rarity, words and pieces each of length 1.

    Args:
        columns: what was counted, ``(C,)``
        counts: how often, ``(C,)``
        rows: in which text, ``(C,)``
        rarity: of everything there is to count, ``(V,)``
        piece: whether it is a piece of a word, ``(V,)``
    """
    value = (1 + np.log(counts)) * rarity[columns]
    block = 2 * rows + piece[columns]
    return value / np.sqrt(np.bincount(block, value**2))[block]


class TextModel:
    """The shipped text model, or another one with its card.

    Args:
        given: tensors ``vocabulary`` (UTF-8 names between line feeds), ``rarity`` ``(V,)``, ``weights`` ``(V, L)``,
            ``constant`` ``(L,)`` and ``thresholds`` ``(L,)``; the setting ``sharpness``
    """

    def __init__(self, given: weights.Weights):
        self.card = given.card
        self.labels = given.card.labels
        names = given.tensors["vocabulary"].tobytes().decode().split("\n")
        self._columns = {name: column for column, name in enumerate(names)}
        self._piece = np.array([name.startswith(PIECE) for name in names])
        self._rarity = given.tensors["rarity"].astype(np.float32)
        self._weights = given.tensors["weights"]
        self._constant = given.tensors["constant"].astype(np.float64)
        self.thresholds = given.tensors["thresholds"].astype(np.float64)
        self.sharpness = float(str(given.card.settings["sharpness"]))

    def parts(self, text: str) -> Parts:
        """A text as what its words add to each label."""
        found = words(text)
        known = np.array([plain(word.text) in self._columns for word in found], bool)
        added = np.zeros((len(found), len(self.labels)))
        places: defaultdict[int, list[tuple[int, ...]]] = defaultdict(list)
        for name, at in counted(found):
            if (column := self._columns.get(name)) is not None:
                places[column].append(at)
        if not places:
            return Parts(found, added, self._constant, known)
        columns, counts = np.array(list(places)), np.array([len(each) for each in places.values()])
        value = weighed(columns, counts, np.zeros_like(columns), self._rarity, self._piece)
        whole = value[:, None] * self._weights[columns].astype(np.float64)
        # Each time it occurs counts the same, and so does each word that it is made of.
        shares = [
            (word, row, 1 / (len(each) * len(at)))
            for row, each in enumerate(places.values())
            for at in each
            for word in at
        ]
        word, row, share = (np.array(column) for column in zip(*shares, strict=True))
        np.add.at(added, word, whole[row] * share[:, None])
        return Parts(found, added, self._constant, known)

    def logits(self, texts: Iterable[str]) -> np.ndarray:
        """Log-odds that readers mark each label, ``(N, L)``."""
        return np.array([self.parts(text).logits for text in texts]).reshape(-1, len(self.labels))

    def distribution(self, logits: np.ndarray) -> np.ndarray:
        """The share of each label in what readers mark, ``(..., L)``, calibrated; rows sum to 1."""
        return np.exp(log_shares(logits, self.sharpness))

    def marked(self, logits: np.ndarray) -> np.ndarray:
        """Which labels readers would mark, ``(..., L)`` bool; several, one or none."""
        return logits >= self.thresholds

    def attribute(self, parts: Parts, label: str) -> Attribution:
        r"""What each word adds to the logarithm of the share of a common label.

        All words are faded in together, and what each adds is gathered along the way
        (:math:`\int_0^1 \partial \log p / \partial z \, dt \cdot v_w`): the sum is the whole change.

        Args:
            parts: of the text
            label: one of :data:`emoviz.perception.common.LABELS`

        Raises:
            UnknownNameError: if there is no such common label
        """
        if label not in common.LABELS:
            raise UnknownNameError("emotion", label, common.LABELS)
        mine = np.array([common.COMMON[name] == label for name in self.labels])
        along = parts.constant + (_NODES[:, None] + 1) / 2 * parts.added.sum(0)
        shares = self.distribution(along)
        within = shares * mine / (shares * mine).sum(1, keepdims=True)
        slope = self.sharpness / (1 + np.exp(along)) * (within - shares)
        before, after = (
            float(np.log(self.distribution(logits)[mine].sum())) for logits in (parts.constant, parts.logits)
        )
        return Attribution(label, parts.words, parts.added @ (_SHARES / 2 @ slope), before, after)


def log_shares(logits: np.ndarray, sharpness: float) -> np.ndarray:
    """Logarithm of the distribution that log-odds come to, ``(..., L)``."""
    log = -sharpness * np.logaddexp(0, -logits)
    return log - np.logaddexp.reduce(log, -1, keepdims=True)


@cache
def load() -> TextModel:
    """The shipped model.

    Raises:
        CheckpointError: where its files are missing or damaged
    """
    return TextModel(weights.load(NAME))
