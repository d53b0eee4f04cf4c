"""A world whose truth about conflict is known, the best anyone can do in it, and a dataset from it.

    python -m emoviz.data.simulated

Three modalities, seven emotions, 16 features each: ``x_m ~ N(mu_m[k_m], I)``, the class means ``mu``
scaled so that one modality alone is told apart with accuracy ``probe``. A sample's emotion is ``c``.
In 55 % of the samples all modalities show ``c`` (clean), in 30 % one shows another emotion
(conflict), in 15 % one shows nothing, ``x ~ N(0, I)`` (silence). Nobody was ever seen or heard.

The exact observer knows these densities; no model can do better on average. The command above writes
``assets/simulated``, the dataset that emoviz starts with.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from emoviz import workspace
from emoviz.data import emotions, store
from emoviz.data.checks import samples_table
from emoviz.data.dataset import FUSED, Annotation, Dataset, Features

MODALITIES = ("face", "voice", "text")
EMOTIONS = ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")
FEATURES = 16
KINDS = ("clean", "conflict", "silence")
CLEAN, CONFLICT, SILENCE = range(3)
SHARE = np.array([0.55, 0.30, 0.15])
SPEAKERS = 30


@dataclass(frozen=True)
class Draw:
    """Samples of a world with their truth.

    Attributes:
        features: ``(M, N, 16)``
        emotion: what the sample is, ``(N,)`` index
        kind: clean, conflict or silence, ``(N,)`` index into :data:`KINDS`
        off: the modality that is off where the kind is not clean, ``(N,)`` index
    """

    features: np.ndarray
    emotion: np.ndarray
    kind: np.ndarray
    off: np.ndarray


@dataclass(frozen=True)
class Observation:
    """What the exact observer says of each sample.

    Attributes:
        evidence: log likelihood ratio of conflict against clean or silent, ``(N,)`` nats
        emotion: the most likely emotion, ``(N,)`` index
    """

    evidence: np.ndarray
    emotion: np.ndarray


def world(seed: int, probe: float) -> np.ndarray:
    """Class means ``(M, K, 16)`` of a world, drawn from ``seed``.

    Scaled by bisection so that one modality alone is told apart with accuracy ``probe``.
    """
    rng = np.random.default_rng([seed, 1])
    mu = rng.normal(size=(len(MODALITIES), len(EMOTIONS), FEATURES))
    k = rng.integers(0, len(EMOTIONS), 8000)
    noise = rng.normal(size=(8000, FEATURES))
    for m in range(len(MODALITIES)):
        low, high = 0.1, 3.0
        for _ in range(16):
            scale = (low + high) / 2
            x = scale * mu[m][k] + noise
            right = (log_density(x[None], scale * mu[m][None])[0].argmax(1) == k).mean()
            low, high = (scale, high) if right < probe else (low, scale)
        mu[m] *= scale
    return mu


def draw(mu: np.ndarray, n: int, seed: int) -> Draw:
    """``n`` samples of the world with class means ``mu`` ``(M, K, 16)``."""
    rng = np.random.default_rng([seed, 2])
    c, kind, off = rng.integers(0, len(EMOTIONS), n), rng.choice(3, n, p=SHARE), rng.integers(0, len(MODALITIES), n)
    shown = np.tile(c, (len(MODALITIES), 1))
    i = np.flatnonzero(kind == CONFLICT)
    shown[off[i], i] = (c[i] + rng.integers(1, len(EMOTIONS), len(i))) % len(EMOTIONS)
    x = np.stack([mu[m][shown[m]] for m in range(len(MODALITIES))])
    i = np.flatnonzero(kind == SILENCE)
    x[off[i], i] = 0
    return Draw(x + rng.normal(size=x.shape), c, kind, off)


def log_density(x: np.ndarray, mu: np.ndarray) -> np.ndarray:
    """Log density of every emotion up to a constant, ``(M, N, 16)`` and ``(M, K, 16)`` to ``(M, N, K)``."""
    # One class at a time: the whole difference at once would take M N K 16 numbers.
    return np.stack([-((x - mu[:, None, k]) ** 2).sum(-1) / 2 for k in range(mu.shape[1])], -1)


def observe(x: np.ndarray, mu: np.ndarray) -> Observation:
    """The exact observer's answer to features ``x`` ``(M, N, 16)`` in the world with class means ``mu``."""
    joint = _joint(log_density(x, mu), -(x**2).sum(-1) / 2)
    kinds = logsumexp(joint, axis=2)
    clean, silence = np.log(SHARE[[CLEAN, SILENCE]] / SHARE[[CLEAN, SILENCE]].sum())
    null = np.logaddexp(kinds[CLEAN] + clean, kinds[SILENCE] + silence)
    posterior = logsumexp(joint + np.log(SHARE)[:, None, None], axis=0)
    return Observation(kinds[CONFLICT] - null, posterior.argmax(1))


def _joint(likelihood: np.ndarray, silent: np.ndarray) -> np.ndarray:
    """Log evidence of kind and emotion, ``(3, N, K)``.

    Args:
        likelihood: log likelihood of every emotion for each modality, ``(M, N, K)``
        silent: log likelihood of silence for each modality, ``(M, N)``
    """
    modalities, _, classes = likelihood.shape
    total = likelihood.sum(0)
    conflict, silence = [], []
    for m in range(modalities):
        rest = total - likelihood[m]
        others = [logsumexp(np.delete(likelihood[m], k, 1), axis=1) for k in range(classes)]
        conflict.append(rest + np.stack(others, 1) - np.log(classes - 1))
        silence.append(rest + silent[m][:, None])
    mean = [logsumexp(np.stack(v), axis=0) - np.log(modalities) for v in (conflict, silence)]
    return np.stack([total, *mean])


def dataset(seed: int = 0, probe: float = 0.90, train: int = 400, test: int = 200) -> Dataset:
    """A simulated dataset, not stored.

    The first ``train`` samples are for training, the rest for testing, by different simulated
    speakers. What was planted stands in the columns ``kind`` (clean, conflict, silence),
    ``planted_dissenter`` and ``planted_silent`` (a modality or empty): truth to compare with, never
    an input.

    Args:
        seed: of the world and of its samples
        probe: accuracy with which one modality alone can be told apart
        train: training samples
        test: test samples
    """
    drawn = draw(world(seed, probe), train + test, seed)
    number = np.arange(train + test)
    is_train = number < train
    speaker = np.where(is_train, number % (SPEAKERS // 2), SPEAKERS // 2 + number % (SPEAKERS // 2))
    off = np.array(MODALITIES)[drawn.off]
    samples = samples_table(
        [f"sim-{i:0{len(str(train + test))}d}" for i in number],
        group=[f"speaker-{s + 1:02d}" for s in speaker],
        split=np.where(is_train, "train", "test"),
        kind=pd.array(np.array(KINDS)[drawn.kind], "str"),
        planted_dissenter=pd.array(np.where(drawn.kind == CONFLICT, off, ""), "str"),
        planted_silent=pd.array(np.where(drawn.kind == SILENCE, off, ""), "str"),
    )
    columns = tuple(f"f{i}" for i in range(FEATURES))
    return Dataset(
        name="simulated",
        title="Simulated conflict",
        description=(
            "Simulated numbers, no real people: face, voice and text as 16 invented features each, with conflicts and "
            "silent modalities planted where the columns say so."
        ),
        licence="Apache-2.0, as emoviz itself",
        source=f"emoviz.data.simulated, seed {seed}, probe {probe:g}, {train} + {test} samples",
        simulated=True,
        labels=emotions.labels(EMOTIONS),
        modalities=MODALITIES,
        samples=samples,
        annotations={FUSED: Annotation("label", drawn.emotion)},
        features={
            modality: Features(drawn.features[m].astype(np.float32), columns, ("features",) * FEATURES)
            for m, modality in enumerate(MODALITIES)
        },
    )


if __name__ == "__main__":
    made = store.write(dataset(), workspace.ASSETS / "simulated", replaced=True)
    print(f"{made.folder}: {len(made)} samples, {made.content_hash[:12]}")
