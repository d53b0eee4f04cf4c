"""Anchors: for every side and label a few training samples that show it well, and how typical others are of them.

A sample, and every sample that shows the same, is left out of the bank that judges it: prototype and
scale are then computed without it. Anchors with the same input count once.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from emoviz.measures import typicality
from emoviz.models.space import Space

Rule = Literal["prototype", "conformal", "knn", "radius", "confidence", "signal"]
NEIGHBOURS = 20
# A class whose anchors lie on one spot still has a width: this share of the median width of all classes.
LEAST_SCALE = 0.1


class AnchorBank(nn.Module):
    """Banks of S sides, K labels and up to A anchors of dimension D each."""

    points: Tensor  # (S, K, A, D)
    weights: Tensor  # (S, K, A), 0 where there is no anchor
    keys: Tensor  # (S, K, A)
    prototypes: Tensor  # (S, K, D)
    scales: Tensor  # (S, K), geodesic distance of the median anchor
    ready: Tensor

    def __init__(self, sides: int, labels: int, size: int, dimension: int, space: Space):
        super().__init__()
        self.space, self.size = space, size
        self.register_buffer("points", torch.zeros(sides, labels, size, dimension))
        self.register_buffer("weights", torch.zeros(sides, labels, size))
        self.register_buffer("keys", torch.zeros(sides, labels, size, dtype=torch.int64))
        self.register_buffer("prototypes", torch.zeros(sides, labels, dimension))
        self.register_buffer("scales", torch.ones(sides, labels))
        self.register_buffer("ready", torch.zeros((), dtype=torch.bool))

    @torch.no_grad()
    def fill(self, points: Tensor, q: Tensor, label: Tensor, keys: Tensor, present: Tensor, share: float) -> None:
        """Choose anchors from all training samples.

        Args:
            points: ``(S, N, D)``
            q: what each side says, ``(S, N, K)``
            label: index of the label, ``(N,)``, -1 where there is no single one
            keys: ``(S, N)``
            present: ``(S, N)`` bool
            share: the most confident share of a label's correctly recognised samples that may enter
        """
        confidence, guess = q.nan_to_num(-1).max(-1)
        self.weights.zero_()
        for side in range(points.shape[0]):
            for k in range(q.shape[-1]):
                shown = present[side] & (label == k)
                right = shown & (guess[side] == k)
                # A label that is never recognised falls back to all its samples.
                rows = (right if right.any() else shown).nonzero().squeeze(1)
                rows = rows[confidence[side, rows].argsort(descending=True, stable=True)]
                rows = _first_of_each(keys[side, rows], rows)
                rows = rows[: max(round(share * len(rows)), min(self.size, len(rows)))]
                # Evenly over the ranks, so that a bank is not its most confident corner only.
                rows = rows[
                    torch.linspace(0, len(rows) - 1, min(self.size, len(rows)), device=rows.device).round().long()
                ]
                self.points[side, k, : len(rows)] = points[side, rows]
                self.weights[side, k, : len(rows)] = confidence[side, rows].clamp_min(1e-3)
                self.keys[side, k, : len(rows)] = keys[side, rows]
        # A label that training never saw has its prototype at the origin, where nothing is said.
        empty = (self.weights == 0).all(-1, keepdim=True)
        self.prototypes.copy_(self.space.midpoint(self.points, self.weights + empty))
        distances = self.space.distance(self.points, self.prototypes[:, :, None])
        self.scales.copy_(_median(distances, self.weights > 0))
        self.scales.clamp_min_(self._least_scale())
        self.ready.fill_(True)

    def _least_scale(self) -> Tensor:
        return (LEAST_SCALE * self.scales.median()).clamp_min(1e-4)

    def typicality(self, points: Tensor, guess: Tensor, keys: Tensor, rule: Rule, sides: slice) -> Tensor:
        """How typical each point is of what it seems to show.

        Args:
            points: of some sides, ``(S', B, D)``
            guess: index of the label that each side seems to show, ``(S', B)``
            keys: ``(S', B)``, for leaving a sample out of its own bank
            rule: ``conformal``, ``knn`` or ``radius``, anything else is ``prototype``
            sides: which sides they are

        Returns:
            ``(S', B)`` in [0, 1]; 1 everywhere before the bank is filled
        """
        if not self.ready:
            return torch.ones_like(points[..., 0])
        if rule == "radius":
            return (self.space.distance(torch.zeros_like(points), points) / (2 * self.space.clip)).clamp_max(1)
        side = torch.arange(len(self.points), device=points.device)[sides, None].expand_as(guess)
        out = torch.empty_like(points[..., 0])
        own = (self.keys[side, guess] == keys[..., None]) & (self.weights[side, guess] > 0)
        judged_alone = own.any(-1)
        if rule in ("conformal", "knn"):
            judged_alone = torch.ones_like(judged_alone)
        else:
            gap = self.space.distance(points, self.prototypes[side, guess])
            out = typicality.prototype(gap, self.scales[side, guess])
        if judged_alone.any():
            s, g = side[judged_alone], guess[judged_alone]
            used = (self.weights[s, g] > 0) & ~own[judged_alone]
            out[judged_alone] = self._without_own(points[judged_alone], s, g, used, rule)
        return out

    def _without_own(self, points: Tensor, side: Tensor, guess: Tensor, used: Tensor, rule: Rule) -> Tensor:
        """Typicality of points ``(n, D)`` among the used ones ``(n, A)`` of their anchors."""
        anchors, count = self.points[side, guess], used.sum(-1)
        if rule == "knn":
            mine = _near(self.space.distance(points[:, None], anchors), used)
            theirs = self._sparsity()[side, guess]
            return typicality.conformal(mine, theirs.masked_fill(~used, torch.nan))
        weights = self.weights[side, guess] * used
        prototype = self.space.midpoint(anchors, weights + (count == 0)[:, None])
        gap = self.space.distance(points, prototype)
        spread = self.space.distance(anchors, prototype[:, None])
        if rule == "conformal":
            return typicality.conformal(gap, spread.masked_fill(~used, torch.nan))
        scale = torch.maximum(_median(spread, used), self._least_scale())
        # Where nobody is left to compare with, nothing speaks against it.
        return torch.where(count > 0, typicality.prototype(gap, scale), 1)

    def _sparsity(self) -> Tensor:
        """Mean distance of each anchor to the nearest other ones of its label, ``(S, K, A)``."""
        among = self.space.distance(self.points[:, :, :, None], self.points[:, :, None])
        others = (self.weights > 0)[:, :, None] & ~torch.eye(self.size, dtype=torch.bool, device=among.device)
        return _near(among, others)


def _near(distances: Tensor, used: Tensor) -> Tensor:
    """Mean distance to the nearest anchors, ``(..., A)`` to ``(...)``."""
    near = distances.masked_fill(~used, torch.inf).topk(min(NEIGHBOURS, distances.shape[-1]), largest=False).values
    real = near.isfinite()
    return torch.where(real, near, 0).sum(-1) / real.sum(-1).clamp_min(1)


def _median(values: Tensor, used: Tensor) -> Tensor:
    """Median over the last axis of the used values; 0 where none is."""
    ordered = values.masked_fill(~used, torch.inf).sort(-1).values
    middle = (used.sum(-1, keepdim=True) - 1).clamp_min(0) // 2
    median = ordered.gather(-1, middle).squeeze(-1)
    return torch.where(median.isfinite(), median, 0)


def _first_of_each(keys: Tensor, rows: Tensor) -> Tensor:
    """The rows whose key has not come before, in order."""
    _, group = torch.unique(keys, return_inverse=True)
    first = torch.full((len(keys),), len(keys), device=keys.device).scatter_reduce(
        0, group, torch.arange(len(keys), device=keys.device), "amin"
    )
    return rows[(first[group] == torch.arange(len(keys), device=keys.device))]
