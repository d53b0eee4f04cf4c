r"""Which modality carries an answer: Shapley values over all subsets of the modalities.

A modality's value is what it adds to the answer's share, averaged over all orders in which the modalities could
have come in. With the share before anything came in, the values add up to the share at the end.

References:
    Shapley. A value for n-person games. 1953.
"""

from itertools import combinations
from math import factorial

import numpy as np

from emoviz.analysis.clip.explanation import Attribution, Part
from emoviz.analysis.clip.fusion import Constants, Heard
from emoviz.perception.common import LABELS


def attribution(constants: Constants, sides: tuple[Heard, ...]) -> Attribution:
    """What each modality adds to the share of the fused answer."""
    said = np.stack([side.whole for side in sides])
    answer = int(constants.fused(said).argmax())
    count = len(sides)
    share = {
        part: float(constants.fused(said[list(part)])[answer])
        for size in range(count + 1)
        for part in combinations(range(count), size)
    }
    parts = []
    for m, side in enumerate(sides):
        value = 0.0
        for part in (part for part in share if m not in part):
            orders = factorial(len(part)) * factorial(count - len(part) - 1) / factorial(count)
            value += orders * (share[tuple(sorted((*part, m)))] - share[part])
        parts.append(Part(side.modality, value))
    return Attribution(LABELS[answer], share[()], tuple(parts), share[tuple(range(count))])
