r"""From what modalities say to one answer, their conflict and its floor.

Each modality's model saw another corpus, with other shares of emotions, and errs in its own way. So what it gives,
:math:`q`, is first put on equal terms,

.. math:: p_m(k) \propto \pi(k) \left(\frac{q_m(k)}{o_m(k)}\right)^{w_m}, \quad w_m = v_m \, r_m^{g_m}

with prior :math:`\pi`, what the model says of nothing in particular :math:`o_m`, power :math:`v_m` and quality
:math:`r_m`; a modality without any quality then says what the prior says. The fused answer is the product of these
experts, in which each may be the one that dissents, with the dissent rate :math:`e`,

.. math:: \pi \left[ (1 - e) \prod_m \frac{p_m}{\pi}
    + \frac{e}{M} \sum_m \prod_{n \ne m} \frac{p_n}{\pi} \right]

which on mixed clips is as often right where all agree as the plain product, more often where one does not, and
less sure of itself there. The constants are fitted on clips mixed from faces, voices and texts whose labels are known
(:mod:`emoviz.analysis.clip.fitting`) and lie in ``models/perception/fusion``.

Axis letters: M modalities, W windows, R draws, K common labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np

from emoviz.analysis.clip.explanation import NAN, Spread
from emoviz.measures import conflict
from emoviz.perception import common, weights
from emoviz.perception.base import MODALITIES, Windows

NAME = "fusion"
LEAST = 1e-3  # no model knows that an emotion is rarer than this
DRAWS = 200
LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Terms:
    """On which terms one modality takes part.

    Attributes:
        power: exponent of what it says, at full quality
        exponent: how strongly quality changes that; 0 not at all
        offset: what its model says of nothing in particular, ``(K,)``
    """

    power: float
    exponent: float
    offset: np.ndarray

    def weight(self, quality):
        """Exponent of what it says at some quality in [0, 1]; numbers and arrays alike."""
        return self.power * np.maximum(quality, 1e-3) ** self.exponent


@dataclass(frozen=True, eq=False)
class Constants:
    """What was fitted; see the module.

    Attributes:
        prior: how frequent each emotion is before anything is seen, ``(K,)``
        dissent_rate: how often one modality shows another emotion than the rest, before anything is seen
        alpha: share of agreeing clips that lie above a floor
        terms: modality to its terms
        pair_floors: names of two modalities to the divergence that agreeing clips stay below
        floors: names of two or more modalities to the conflict that agreeing clips stay below
        models: modality to the hash of the perception model that its terms were fitted to
    """

    prior: np.ndarray
    dissent_rate: float
    alpha: float
    terms: dict[str, Terms]
    pair_floors: dict[tuple[str, ...], float]
    floors: dict[tuple[str, ...], float]
    models: dict[str, str] = field(default_factory=dict)

    def of(self, modality: str) -> Terms:
        """The terms of a modality; another one than ours is taken as it is."""
        return self.terms.get(modality, Terms(1.0, 0.0, self.prior))

    def floor(self, modalities: Sequence[str]) -> float:
        """Conflict that agreeing clips of these modalities stay below; NaN where nobody measured it."""
        return self.floors.get(tuple(sorted(modalities)), NAN)

    def pair_floor(self, a: str, b: str) -> float:
        """Divergence that these two stay below where they agree; NaN where nobody measured it."""
        return self.pair_floors.get(tuple(sorted((a, b))), NAN)

    def said(self, modality: str, q: np.ndarray, quality: np.ndarray | float) -> np.ndarray:
        """What a modality says on equal terms.

        Args:
            modality: its name
            q: as its model gives it over the common labels, ``(..., K)``; NaN where missing
            quality: ``(...)`` in [0, 1]
        """
        terms = self.of(modality)
        gain = np.asarray(terms.weight(quality))[..., None] * (np.log(np.maximum(q, LEAST)) - np.log(terms.offset))
        return _softmax(np.log(self.prior) + gain)

    def fused(self, said: np.ndarray) -> np.ndarray:
        """The answer of all, ``(M, ..., K)`` to ``(..., K)``; NaN experts are missing, without any it is the prior."""
        gain = np.nan_to_num(np.log(np.maximum(said, 1e-12)) - np.log(self.prior))
        there = ~np.isnan(said[..., :1])
        count = there.sum(0)
        all_in = gain.sum(0)
        top = all_in.max(-1, keepdims=True)
        without = np.exp(all_in - gain - top) * there
        left_out = without.sum(0) / np.maximum(count, 1)
        rate = np.where(count > 1, self.dissent_rate, 0.0)
        share = self.prior * ((1 - rate) * np.exp(all_in - top) + rate * left_out)
        return share / share.sum(-1, keepdims=True)

    def conflict(self, said: np.ndarray) -> np.ndarray:
        """Chance that one modality shows another emotion, ``(M, R, K)`` to ``(R,)``; NaN below two modalities."""
        return conflict.conflict(said, prior=self.prior, dissent_rate=self.dissent_rate)

    def misfits(self) -> tuple[str, ...]:
        """The modalities whose perception model is another than the one that these constants were fitted to."""
        return tuple(name for name, sha256 in self.models.items() if weights.card(name).sha256 != sha256)

    def dissenter(self, said: np.ndarray, fused: np.ndarray) -> np.ndarray:
        """Index of the modality that stands against the rest, ``(M, R, K)`` to ``(R,)``; -1 where none does."""
        return conflict.dissenter(said, fused, prior=self.prior)


def save(constants: Constants, card: weights.Card, folder: Path = weights.FOLDER) -> weights.Card:
    """Write fitted constants with their card."""
    tensors = {"prior": constants.prior}
    settings: dict[str, float | str] = {"dissent_rate": constants.dissent_rate, "alpha": constants.alpha}
    for name, terms in constants.terms.items():
        tensors[f"{name}.offset"] = terms.offset
        settings |= {f"{name}.power": terms.power, f"{name}.exponent": terms.exponent}
    settings |= {f"pair_floor.{'+'.join(names)}": floor for names, floor in constants.pair_floors.items()}
    settings |= {f"floor.{'+'.join(names)}": floor for names, floor in constants.floors.items()}
    settings |= {f"model.{name}": sha256 for name, sha256 in constants.models.items()}
    return weights.save(replace(card, settings=settings), tensors, folder)


def load(folder: Path = weights.FOLDER) -> Constants:
    """Constants that :func:`save` wrote.

    Raises:
        CheckpointError: where they are missing or damaged
    """
    kept = weights.load(NAME, folder)
    numbers = {key: float(value) for key, value in kept.card.settings.items() if isinstance(value, float)}

    def named(kind: str) -> dict[tuple[str, ...], float]:
        return {tuple(key.split(".", 1)[1].split("+")): n for key, n in numbers.items() if key.startswith(f"{kind}.")}

    names = [name for name in MODALITIES if f"{name}.power" in numbers]
    return Constants(
        prior=kept.tensors["prior"],
        dissent_rate=numbers["dissent_rate"],
        alpha=numbers["alpha"],
        terms={
            name: Terms(numbers[f"{name}.power"], numbers[f"{name}.exponent"], kept.tensors[f"{name}.offset"])
            for name in names
        },
        pair_floors=named("pair_floor"),
        floors=named("floor"),
        models={key[6:]: str(sha256) for key, sha256 in kept.card.settings.items() if key.startswith("model.")},
    )


@cache
def shipped() -> Constants:
    """Those that the project brings along."""
    return load()


@dataclass(frozen=True, eq=False)
class Heard:
    """One modality of a clip on equal terms: the clip as a whole, each window, and draws of its windows.

    Attributes:
        modality: its name
        whole: ``(K,)``
        along: ``(W, K)``
        draws: ``(R, K)``, the whole if its windows were others; all alike where ``varies`` is false
        again: ``(R, K)``, the same drawn once more
        varies: whether there are windows enough to draw from
        quality: mean over the windows, 0 to 1
        weight: its exponent in the product
    """

    modality: str
    whole: np.ndarray
    along: np.ndarray
    draws: np.ndarray
    again: np.ndarray
    varies: bool
    quality: float
    weight: float


def heard(constants: Constants, modality: str, windows: Windows, seed: int = 0) -> Heard:
    """Put one modality on equal terms, with its doubt.

    Windows that overlap are drawn together, since they share what they heard.

    Args:
        constants: what was fitted
        modality: its name
        windows: one at least
        seed: of the draws
    """
    length = (windows.end - windows.start).clip(1e-3)
    importance = length * windows.quality.clip(1e-3)

    def told(share: np.ndarray) -> np.ndarray:
        """The whole where each window counts so often, ``(R, W)`` to ``(R, K)``."""
        native = (share * importance) @ windows.native / (share @ importance)[:, None]
        quality = share @ (length * windows.quality) / (share @ length)
        return constants.said(modality, common.shared(native, windows.labels).distribution, quality)

    count = len(windows)
    hop = float(np.median(np.diff(windows.start))) if count > 1 else 0.0
    block = max(1, round(float(np.median(length)) / hop)) if hop > 0 else count
    varies = count >= max(2, 2 * block)
    generator = np.random.default_rng([seed, *modality.encode()])
    whole = told(np.ones((1, count)))
    draws, again = (told(_drawn(generator, count, block)) if varies else np.repeat(whole, DRAWS, 0) for _ in range(2))
    quality = float(length @ windows.quality / length.sum())
    return Heard(
        modality=modality,
        whole=whole[0],
        along=constants.said(modality, windows.distribution, windows.quality),
        draws=draws,
        again=again,
        varies=varies,
        quality=quality,
        weight=float(constants.of(modality).weight(quality)),
    )


def _drawn(generator: np.random.Generator, count: int, block: int) -> np.ndarray:
    """How often each window is drawn, ``(R, W)``: runs of ``block`` neighbours, the last beside the first."""
    runs = -(-count // block)
    places = (generator.integers(0, count, (DRAWS, runs, 1)) + np.arange(block)).reshape(DRAWS, -1) % count
    share = np.zeros((DRAWS, count))
    np.add.at(share, (np.arange(DRAWS)[:, None], places), 1)
    return share


def spread(whole: np.ndarray, draws: np.ndarray, varies: bool) -> Spread:
    """A distribution with the interval of its draws ``(R, K)``."""
    if not varies:
        nowhere = np.full(len(whole), NAN)
        return Spread(whole, nowhere, nowhere)
    return Spread(whole, *interval(draws))


def interval(draws: np.ndarray) -> np.ndarray:
    """Ends of the interval of draws ``(R, ...)``: ``(2, ...)``."""
    return np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)


def noise(constants: Constants, side: Heard, score) -> float:
    """What a score of two modalities comes to between one modality of this clip and itself, windows drawn twice.

    Args:
        constants: their ``alpha`` is the share of draws that may lie above
        side: whose windows
        score: of ``(2, R, K)``
    """
    if not side.varies:
        return 0.0
    return float(np.quantile(score(np.stack([side.draws, side.again])), 1 - constants.alpha))


def subsets(names: Sequence[str]) -> list[tuple[str, ...]]:
    """All sets of two or more of some modalities, each sorted."""
    return [tuple(sorted(part)) for size in range(2, len(names) + 1) for part in combinations(names, size)]


def _softmax(x: np.ndarray) -> np.ndarray:
    top = np.exp(x - x.max(-1, keepdims=True))
    return top / top.sum(-1, keepdims=True)
