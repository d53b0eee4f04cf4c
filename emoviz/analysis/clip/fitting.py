"""The constants of fusion, fitted on mixed clips whose relations are known.

    python -m emoviz.analysis.clip.fitting FOLDER

FOLDER holds ``fer2013plus``, ``ravdess`` and ``goemotions``. Powers, exponents of quality and offsets are those under
which each modality alone tells its items best; floors are quantiles over agreeing mixed clips. Items are of validation
parts and of actors that tests do not use.
"""

import argparse
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

import emoviz
from emoviz.analysis.clip import fusion
from emoviz.analysis.clip.fusion import LEAST, Constants, Terms
from emoviz.measures import conflict
from emoviz.perception import mix, weights
from emoviz.perception.base import MODALITIES
from emoviz.perception.common import LABELS
from emoviz.perception.mix import Items, Mixed
from emoviz.progress import Work, finish

ALPHA = conflict.Thresholds().alpha
CLIPS = 20_000  # agreeing clips under each floor
PULL = 0.02  # how strongly constants are drawn to a plain product: labels are few for some emotions
SEED = 0


def fit(items: Sequence[Items], prior: np.ndarray, seed: int = SEED) -> Constants:
    """Constants under which the items of a fitting part are told best.

    Args:
        items: of each modality
        prior: how frequent each emotion is, ``(K,)``
        seed: of the clips under the floors
    """
    terms = {one.modality: _terms(one, prior) for one in items}
    constants = Constants(prior, mix.DISSENT, ALPHA, terms, {}, {})
    names = [one.modality for one in items]
    agreeing = said(constants, items, mix.mixed(items, CLIPS, prior, seed, dissent=0, missing=0))
    pair_floors = {
        tuple(sorted((names[a], names[b]))): float(np.quantile(conflict.pair_values(agreeing[[a, b]])[0], 1 - ALPHA))
        for a, b in combinations(range(len(names)), 2)
    }
    floors = {
        part: float(np.quantile(constants.conflict(agreeing[[names.index(name) for name in part]]), 1 - ALPHA))
        for part in fusion.subsets(names)
    }
    return Constants(prior, mix.DISSENT, ALPHA, terms, pair_floors, floors)


def said(constants: Constants, items: Sequence[Items], clips: Mixed) -> np.ndarray:
    """What the modalities of mixed clips say on equal terms, ``(M, N, K)``, NaN where missing."""
    found = []
    for one, rows in zip(items, clips.rows, strict=True):
        values = constants.said(one.modality, one.distribution, one.quality)[rows]
        found.append(np.where(rows[:, None] >= 0, values, np.nan))
    return np.stack(found)


def _terms(items: Items, prior: np.ndarray) -> Terms:
    """Terms under which a modality alone tells its items best, where emotions are as frequent as the prior."""
    logs, quality = np.log(np.maximum(items.distribution, LEAST)), np.maximum(items.quality, 1e-3)
    share = np.bincount(items.truth, minlength=len(prior)) / len(items)
    weight = (prior / np.maximum(share, 1e-9))[items.truth]
    weight /= weight.sum()
    # What it says of nothing in particular, to begin with: its mean over such a mix.
    start = np.log(weight @ items.distribution)

    def unpacked(x: np.ndarray) -> tuple[float, float, np.ndarray]:
        return float(np.exp(x[0])), float(np.exp(x[1])), x[2:]

    def loss(x: np.ndarray) -> float:
        power, exponent, offset = unpacked(x)
        z = np.log(prior) + (power * quality**exponent)[:, None] * (logs - offset)
        told = z[np.arange(len(items)), items.truth] - np.logaddexp.reduce(z, -1)
        return float(-weight @ told + PULL * (x[0] ** 2 + np.square(offset - start).sum()) + 1e-4 * x[1] ** 2)

    first = np.concatenate([[0.0, np.log(0.3)], start])
    bounds = [(-2.0, 1.5), (-5.0, 1.0), *((None, None) for _ in prior)]
    power, exponent, offset = unpacked(minimize(loss, first, method="L-BFGS-B", bounds=bounds).x)
    offset = np.exp(offset - np.logaddexp.reduce(offset))
    return Terms(power, exponent, offset)


def fitted(folder: Path, target: Path = weights.FOLDER) -> Work[Constants]:
    """Fit the constants with the shipped models and write them with their card.

    Args:
        folder: with the corpora in folders of their own
        target: folder of the weights
    """
    began = time.perf_counter()
    prior = mix.frequent(folder)
    items = yield from mix.items(folder, "fit")
    models = {modality: weights.card(modality).sha256 for modality in MODALITIES}
    constants = replace(fit(items, prior), models=models)
    read = ", ".join(f"{modality} {sha256[:8]}" for modality, sha256 in models.items())
    counts = ", ".join(f"{len(one):,} of the {one.modality}" for one in items)
    fusion.save(
        constants,
        weights.Card(
            name=fusion.NAME,
            modality="",
            title="How face, voice and words are put together, and what noise alone gives",
            labels=LABELS,
            data=(
                "Validation parts of FER+, RAVDESS (parts 1 to 3 of the actors, as far as copies never heard them) and "
                f"GoEmotions: {counts}; models {read}"
            ),
            licence="Constants; the corpora's own licences say what their pictures, voices and texts allow.",
            metrics=(),
            limits=(
                "Floors hold for faces, voices and texts like those of these corpora; other recordings may be noisier.",
                "The conflict is a chance only where about one clip in four has a dissenter.",
            ),
            seed=SEED,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=round(time.perf_counter() - began, 1),
            versions={"emoviz": emoviz.__version__, "numpy": np.__version__, "python": platform.python_version()},
        ),
        target,
    )
    return constants


def main() -> None:
    """Fit and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with the corpora")
    finish(fitted(parser.parse_args().folder), lambda line: print(line.message, file=sys.stderr))


if __name__ == "__main__":
    main()
