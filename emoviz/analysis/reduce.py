r"""From the ball of a model to the disk of the picture, with its distortion.

Landmarks are laid on the disk so that their geodesic distances there come close to their geodesic
distances in the ball (metric scaling on the hyperbolic plane, Sammon's weights); every other point
is then laid where its distances to the landmarks fit best, each on its own. Both use Gauss-Newton
steps along geodesics: seen from a point moved to the centre of the disk, the distance to a landmark
grows by one for each unit moved straight away from it, so a step is a two-by-two system.

Distances on the picture are distances of the model (no free scale), and what the picture cannot
keep is reported for each point. On the disk a point is a complex number here, and ``(x, y)`` outside.

References:
    [Sam69] Sammon. A nonlinear mapping for data structure analysis. IEEE Trans. Computers 1969.
    [SiT02] de Silva, Tenenbaum. Global versus local methods in nonlinear dimensionality reduction. NeurIPS 2002.
"""

from dataclasses import dataclass

import numpy as np

LANDMARKS = 128
BLOCK = 16_384  # points placed at a time: bounds memory at about 100 MB
RIM = np.tanh(6.0)  # the farthest a point may lie, 12 from the centre: beyond, a screen shows no difference


@dataclass(frozen=True)
class Placed:
    """Points on the disk.

    Attributes:
        xy: ``(N, 2)`` inside the unit circle, NaN where the point was NaN
        distortion: ``(N,)`` root of the squared error of a point's distances to the landmarks over
            the squared distances: 0 is exact, .2 means a fifth is lost
    """

    xy: np.ndarray
    distortion: np.ndarray


@dataclass(frozen=True)
class DiskMap:
    """How points of one model come to lie on the disk; made by :func:`fit`, the same ever after.

    Attributes:
        landmarks: ``(L, D)`` points in the ball of curvature -1
        places: ``(L,)`` complex, where they lie on the disk
    """

    landmarks: np.ndarray
    places: np.ndarray

    def place(self, points: np.ndarray) -> Placed:
        """Lay points ``(N, D)`` on the disk; each place depends on its own point only."""
        xy, distortion = np.full((len(points), 2), np.nan), np.full(len(points), np.nan)
        there = np.flatnonzero(~np.isnan(points).any(1))
        for block in np.split(there, range(BLOCK, len(there), BLOCK)):
            wanted = distances(points[block], self.landmarks)
            # From its nearest landmark a point falls into fewer false valleys than from a projection.
            z = _settle(self.places[wanted.argmin(1)], self.places, wanted, steps=12)
            xy[block] = np.column_stack([z.real, z.imag])
            error = np.square(_disk_distances(z, self.places)[0] - wanted).sum(1)
            distortion[block] = np.sqrt(error / np.maximum(np.square(wanted).sum(1), 1e-12))
        return Placed(xy, distortion)


def fit(points: np.ndarray, keep: np.ndarray | None = None, landmarks: int = LANDMARKS, seed: int = 0) -> DiskMap:
    """A map for points like these.

    Args:
        points: ``(N, D)`` in the ball of curvature -1, float64; rows of NaN are left out
        keep: ``(P, D)`` points that shall be among the landmarks (prototypes)
        landmarks: how many landmarks, at most
        seed: draws the landmarks

    Returns:
        the map; the same points and seed give the same map
    """
    known = points[~np.isnan(points).any(1)]
    chosen = np.random.default_rng(seed).permutation(len(known))[:landmarks]
    marks = known[np.sort(chosen)] if keep is None else np.vstack([keep, known[np.sort(chosen)]])
    wanted = distances(marks, marks)
    # Coincident first places would give no direction to part in.
    nudge = np.exp(2j * np.pi * np.arange(len(marks)) / len(marks)) * 1e-4
    places = _settle(_tangent_pca(marks) + nudge, None, wanted, steps=300)
    return DiskMap(marks, places)


def tangent_pca(points: np.ndarray) -> np.ndarray:
    """The simplest map, for comparison and as a first guess: principal components in the tangent space at the origin.

    ``(N, D)`` to ``(N, 2)``.
    """
    z = _tangent_pca(points)
    return np.column_stack([z.real, z.imag])


def distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Geodesic distances ``(N, L)`` in the ball of curvature -1, for points far apart beside their rounding.

    One matrix product instead of N L D differences: its error, about 1e-8 near coincident points in
    float64, is nothing to a picture; :mod:`emoviz.geometry` has the exact one.
    """
    xx, yy = np.square(x).sum(1), np.square(y).sum(1)
    squared = np.maximum(xx[:, None] + yy - 2 * x @ y.T, 0)
    return 2 * np.arcsinh(np.sqrt(squared / ((1 - xx)[:, None] * (1 - yy))))


def _tangent_pca(points: np.ndarray) -> np.ndarray:
    norm = np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-15)
    tangents = np.arctanh(np.minimum(norm, 1 - 1e-12)) / norm * points
    tangents -= tangents.mean(0)
    axes = np.zeros((2, points.shape[1]))
    found = np.linalg.svd(tangents, full_matrices=False)[2][:2]
    # The sign of a principal axis is arbitrary: fix it, so that pictures of the same data look the same.
    axes[: len(found)] = found * np.where(found[np.arange(len(found)), np.abs(found).argmax(1)] < 0, -1, 1)[:, None]
    u, v = axes @ tangents.T
    radius = np.maximum(np.hypot(u, v), 1e-15)
    return np.minimum(np.tanh(radius), RIM) / radius * (u + 1j * v)


def _disk_distances(z: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Geodesic distances ``(N, L)`` on the disk, and the unit directions in which the landmarks are seen."""
    seen = (places - z[:, None]) / (1 - z.conj()[:, None] * places)
    radius = np.abs(seen)
    return 2 * np.arctanh(np.minimum(radius, 1 - 1e-12)), seen / np.maximum(radius, 1e-12)


def _settle(z: np.ndarray, places: np.ndarray | None, wanted: np.ndarray, steps: int) -> np.ndarray:
    """Move each point towards its wanted distances ``(N, L)``; to each other where ``places`` is ``None``."""
    weight = 1 / np.maximum(wanted, 0.05 * wanted.mean(1, keepdims=True) + 1e-12)
    together = places is None
    if together:
        np.fill_diagonal(weight, 0)
    for _ in range(steps):
        now, towards = _disk_distances(z, z if places is None else places)
        x, y = towards.real, towards.imag
        excess = weight * (now - wanted)
        gx, gy = (excess * x).sum(1), (excess * y).sum(1)
        xx, xy, yy = (weight * x * x).sum(1), (weight * x * y).sum(1), (weight * y * y).sum(1)
        damping = 0.02 * (xx + yy) + 1e-12
        xx, yy = xx + damping, yy + damping
        step = ((yy * gx - xy * gy) + 1j * (xx * gy - xy * gx)) / (xx * yy - xy * xy)
        # When all move at once each meets the others half-way; no step is longer than one unit.
        length = np.abs(step) * (0.5 if together else 1)
        move = np.tanh(np.minimum(length, 1) / 2) * step / np.maximum(np.abs(step), 1e-12)
        z = (z + move) / (1 + z.conj() * move)
        radius = np.abs(z)
        z = np.where(radius > RIM, z / np.maximum(radius, 1e-12) * RIM, z)
    return z
