"""The proving ground: samples of a real face, a real voice and a real text whose relation was planted.

A face of FER+, a voice of RAVDESS and a text of GoEmotions become one sample. They show one emotion (``agree``), one
of them shows another (``dissent``), each shows its own (``differ``), one is missing or says nothing (``silent``), or
they share the mixed feeling that readers marked in the text (``mixture``). Raters who see the whole follow the face
more than the voice as the people of CREMA-D do, and a fixed part of them the text. Where valence is asked for instead
of an emotion, they say how pleasant the whole is, and the text is a sentence of EmoBank.

Nobody stands in two groups: a group is one actor with pictures and texts of its own. Training groups are made of the
corpora's validation parts, test groups of their test parts; the perception models trained on neither, and a voice
is read by the copies that never heard the actor.

Axis letters: M modalities (:data:`emoviz.perception.base.MODALITIES`), N samples, n items, K labels:
the common ones, or three valences.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd

from emoviz import workspace
from emoviz.data import emotions, store
from emoviz.data.checks import samples_table
from emoviz.data.dataset import FUSED, Annotation, Dataset, Features
from emoviz.errors import ConfigError, DatasetError
from emoviz.measures import metrics
from emoviz.perception import mix
from emoviz.perception.base import MODALITIES
from emoviz.perception.common import LABELS
from emoviz.perception.pools import MIXED, PURE, SILENT, VALENCES, Asked, Pool, pools, valence_of
from emoviz.progress import Progress, Work, part

TARGETS = ("label", "votes", "score")
KINDS = ("agree", "dissent", "differ", "silent", "mixture")
AGREE, DISSENT, DIFFER, SILENCE, MIXTURE = range(len(KINDS))
ALL_DIFFER = 0.2  # share of conflicts in which all three show something else
CALM = {AGREE: 0.65, SILENCE: 0.20, MIXTURE: 0.15}  # shares of what is no conflict
GONE = 0.5  # share of silent modalities that are missing; the others are there and say nothing
TRAINED = 0.7  # share of samples that are for training
RATERS = 10  # as many as saw each face of FER+
TEXT = 0.25  # share of raters who follow the text where there is one: an assumption, CREMA-D's sentences mean nothing
SIGNS = np.array([-1, 0, 1])  # of what raters say of valence: their mean is the score
LEAST = 1e-4  # of a distribution, before its logarithm
# Share of raters who follow the face where the face shows the row's emotion and the voice the column's: the face's
# mean mass among both in CREMA-D's audio-visual votes, drawn to the mean over all by as many clips as SHRUNK.
# Surprise was not asked there. Made by :func:`dominance`.
SHRUNK = 20
FACE = np.array(
    [
        # anger, disgust, fear, happiness, neutral, sadness, surprise
        [0.727, 0.695, 0.507, 0.761, 0.692, 0.719, 0.727],  # anger
        [0.579, 0.727, 0.576, 0.798, 0.800, 0.736, 0.727],  # disgust
        [0.610, 0.575, 0.727, 0.775, 0.757, 0.719, 0.727],  # fear
        [0.762, 0.849, 0.913, 0.727, 0.867, 0.816, 0.727],  # happiness
        [0.406, 0.618, 0.486, 0.696, 0.727, 0.621, 0.727],  # neutral
        [0.644, 0.437, 0.499, 0.730, 0.651, 0.727, 0.727],  # sadness
        [0.727, 0.727, 0.727, 0.727, 0.727, 0.727, 0.727],  # surprise
    ]
)
# The same by valence, in the order of :data:`emoviz.perception.pools.VALENCES`.
FACE_BY_VALENCE = np.array([[0.757, 0.745, 0.849], [0.483, 0.757, 0.727], [0.890, 0.867, 0.757]])


@dataclass(frozen=True)
class Plan:
    """What a proving ground shall be.

    Attributes:
        n: samples
        seed: of everything drawn by chance
        conflict_rate: share of samples with a planted conflict, one in five of them with all three different
        noise: share of raters who answer anything, as frequent as it is
        balance: how even emotions are: 0 as frequent as in the corpora, 1 all alike
        target: ``label``, what most raters said, ``votes``, all they said, or ``score``, their mean from -1 to 1 where
            valence is asked for
        asked: whether raters say which ``emotion`` they perceive or its ``valence``

    Raises:
        ConfigError: for a value that cannot be
    """

    n: int = 20_000
    seed: int = 0
    conflict_rate: float = 0.3
    noise: float = 0.1
    balance: float = 0.0
    target: str = "label"
    asked: Asked = "emotion"

    def __post_init__(self) -> None:
        for name in ("conflict_rate", "noise", "balance"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; it lies between 0 and 1.")
        if not 100 <= self.n <= 10_000_000:
            raise ConfigError(f"{self.n} samples cannot be mixed: choose 100 to 10,000,000.")
        if self.target not in TARGETS:
            raise ConfigError(f"'{self.target}' is no target: choose {', '.join(TARGETS)}.")
        if self.asked not in get_args(Asked):
            raise ConfigError(f"'{self.asked}' cannot be asked for: choose {' or '.join(get_args(Asked))}.")
        if self.target == "score" and self.asked != "valence":
            raise ConfigError("Emotions have no score. Ask for valence, or choose label or votes.")
        if self.seed < 0:
            raise ConfigError(f"The seed is {self.seed}; it must be 0 or more.")


@dataclass(frozen=True, eq=False)
class Drawn:
    """What was planted in samples.

    Attributes:
        rows: item of each modality, ``(M, N)``, -1 where missing
        kind: index into :data:`KINDS`, ``(N,)``
        off: which modality dissents or is silent, ``(N,)``, -1 for the other kinds
        mixed: the two emotions of a mixture, ``(2, N)``, -1 for the other kinds
    """

    rows: np.ndarray
    kind: np.ndarray
    off: np.ndarray
    mixed: np.ndarray


def ground(folder: Path, name: str, plan: Plan = Plan()) -> Work[Dataset]:
    """Make a proving ground of the corpora in a folder and store it.

    Args:
        folder: holds ``fer2013plus``, ``ravdess`` and ``goemotions``, and ``emobank`` where valence is asked for
        name: of the dataset
        plan: how many samples, and what is planted

    Yields:
        progress; reading the corpora takes minutes once

    Returns:
        the stored dataset

    Raises:
        DatasetError: where a corpus is missing, or a dataset has that name
        BadNameError: if the name cannot be one
    """
    if workspace.checked_name("dataset", name) in store.names():
        raise DatasetError(f"There is a dataset '{name}' already. Choose another name, or remove it first.")
    found = yield from part(pools(folder, plan.asked), 0.0, 0.8)
    yield Progress(0.8, f"mixing {plan.n:,} samples")
    made = mixed(found, frequent(folder, plan.asked), plan)
    yield Progress(0.9, f"storing {plan.n:,} samples")
    stored = store.write(replace(made, name=name))
    yield Progress(1.0, f"stored as {name}")
    return stored


def frequent(folder: Path, asked: Asked = "emotion") -> np.ndarray:
    """How frequent each emotion or valence is in the corpora of a folder, ``(K,)``."""
    share = mix.frequent(folder)
    if asked == "emotion":
        return share
    felt = share @ valence_of(LABELS)
    return felt / felt.sum()


def mixed(found: tuple[Pool, ...], frequent: np.ndarray, plan: Plan) -> Dataset:
    """A proving ground of items that were read, not stored.

    Args:
        found: items of each modality
        frequent: how frequent each emotion is, ``(K,)``
        plan: what is planted
    """
    rng = np.random.default_rng([plan.seed, 6])
    prior = (1 - plan.balance) * frequent + plan.balance / len(frequent)
    blocks = [_blocks(pool, found, rng) for pool in found]
    group = _groups(found, plan.n)
    drawn = draw(found, blocks, group, prior, plan.conflict_rate, rng)
    votes = rng.multinomial(RATERS, (1 - plan.noise) * followed(found, drawn) + plan.noise * prior)
    return _dataset(found, drawn, votes, group, plan, rng)


def draw(
    found: tuple[Pool, ...],
    blocks: list[np.ndarray],
    group: np.ndarray,
    prior: np.ndarray,
    conflict_rate: float,
    rng: np.random.Generator,
) -> Drawn:
    """Plant relations and choose items that have them.

    Args:
        found: items of each modality
        blocks: group of each item, ``(n,)`` for each modality
        group: group of each sample, ``(N,)``
        prior: how frequent each emotion shall be, ``(K,)``
        conflict_rate: share of conflicts
        rng: of every draw
    """
    n, sides = len(group), len(found)
    shares = np.zeros(len(KINDS))
    shares[[DISSENT, DIFFER]] = conflict_rate * np.array([1 - ALL_DIFFER, ALL_DIFFER])
    shares[list(CALM)] = (1 - conflict_rate) * np.array(list(CALM.values()))
    if found[2].labels == VALENCES:  # nobody marked two of them in a sentence
        shares[AGREE], shares[MIXTURE] = shares[AGREE] + shares[MIXTURE], 0
    kind = rng.choice(len(KINDS), n, p=shares)
    # Different emotions for the three, each as frequent as it is: the first is what those show that agree.
    order = (np.log(prior) + rng.gumbel(size=(n, len(prior)))).argsort(1)[:, ::-1].T
    shown = np.repeat(order[:1], sides, 0)
    off = np.where(np.isin(kind, (DISSENT, SILENCE)), rng.integers(0, sides, n), -1)
    dissents = np.flatnonzero(kind == DISSENT)
    shown[off[dissents], dissents] = order[1, dissents]
    shown[:, kind == DIFFER] = order[:sides, kind == DIFFER]
    rows = np.full((sides, n), -1)
    both = np.full((2, n), -1)
    silent = np.arange(sides)[:, None] == np.where(kind == SILENCE, off, -1)
    gone = rng.random(n) < GONE
    for block in np.unique(group):
        here = np.flatnonzero(group == block)
        mine = [np.flatnonzero(of == block) for of in blocks]
        two = here[kind[here] == MIXTURE]
        if len(two):
            both[:, two] = _mixture(found, mine, two, rows, rng)
        rest = np.setdiff1d(here, two)
        for m, pool in enumerate(found):
            wanted = [(PURE, k, rest[(shown[m, rest] == k) & ~silent[m, rest]]) for k in range(len(prior))]
            for role, shows, at in (*wanted, (SILENT, None, rest[silent[m, rest] & ~gone[rest]])):
                if len(at):
                    rows[m, at] = _chosen(pool, mine[m], role, shows, len(at), rng)
    return Drawn(rows, kind, off, both)


def followed(found: tuple[Pool, ...], drawn: Drawn) -> np.ndarray:
    """What raters of the whole say on average, ``(N, K)``: each follows what people say of one modality alone."""
    said = np.stack([pool.people[rows] for pool, rows in zip(found, drawn.rows, strict=True)])
    roles = np.stack([pool.role[rows] for pool, rows in zip(found, drawn.rows, strict=True)])
    shown = np.stack([pool.shown[rows] for pool, rows in zip(found, drawn.rows, strict=True)])
    face, voice, text = ((rows >= 0) & (role != SILENT) for rows, role in zip(drawn.rows, roles, strict=True))
    table = FACE_BY_VALENCE if found[0].labels == VALENCES else FACE
    share = np.where(face & voice, table[shown[0], shown[1]], face)
    weight = np.stack([share, np.where(voice, 1 - share, 0), np.zeros(len(share))])
    weight[2] = np.where(text, np.where(face | voice, TEXT, 1), 0)
    weight[:2] *= 1 - weight[2]
    weight /= weight.sum(0)
    return np.einsum("mn,mnk->nk", weight, np.where(weight[..., None] > 0, said, 0))


def dominance(votes: Dataset, asked: Asked = "emotion") -> np.ndarray:
    """Share of those who follow the face, by what face and voice show, ``(K, K)``: see :data:`FACE`.

    Args:
        votes: CREMA-D
        asked: what is shown, emotions or valences
    """
    if asked == "valence":
        fold = valence_of(votes.label_names)
    else:
        fold = np.eye(len(LABELS))[[LABELS.index(label) for label in votes.label_names]]
    sides = {side: np.nan_to_num(np.asarray(votes.distribution(side))) @ fold for side in ("face", "voice", FUSED)}
    modes = {side: metrics.modes(p) for side, p in sides.items()}
    rows = np.flatnonzero((np.stack(list(modes.values())) >= 0).all(0) & (modes["face"] != modes["voice"]))
    mass = np.zeros((2, fold.shape[1], fold.shape[1]))
    clips = np.zeros(mass.shape[1:])
    at = (modes["face"][rows], modes["voice"][rows])
    for number, side in enumerate(("face", "voice")):
        np.add.at(mass[number], at, sides[FUSED][rows, modes[side][rows]])
    np.add.at(clips, at, 1)
    mean = mass.sum((1, 2)) / len(rows)
    drawn = (mass + SHRUNK * mean[:, None, None]) / (clips + SHRUNK)
    return drawn[0] / drawn.sum(0)


def _groups(found: tuple[Pool, ...], n: int) -> np.ndarray:
    """Group of each sample, ``(n,)``: training groups first, as many samples in each."""
    train, test = ([who for who, part in found[1].actors.items() if part == name] for name in ("fit", "test"))
    first = round(TRAINED * n)
    return np.concatenate(
        [np.array(train)[np.arange(first) % len(train)], np.array(test)[np.arange(n - first) % len(test)]]
    )


def _blocks(pool: Pool, found: tuple[Pool, ...], rng: np.random.Generator) -> np.ndarray:
    """Group of each item, ``(n,)``: voices go with their actor, pictures and texts are dealt out, each kind evenly."""
    if pool.modality == "voice":
        return pool.owner
    block = np.full(len(pool), -1)
    for name in ("fit", "test"):
        groups = [who for who, part in found[1].actors.items() if part == name]
        mine = rng.permutation(np.flatnonzero(pool.part == name))
        mine = mine[np.lexsort((pool.shown[mine], pool.role[mine]))]
        block[mine] = np.array(groups)[np.arange(len(mine)) % len(groups)]
    return block


def _chosen(pool: Pool, mine: np.ndarray, role: int, k: int | None, count: int, rng: np.random.Generator) -> np.ndarray:
    """Items of a group that have a role and, unless ``k`` is ``None``, show an emotion: ``(count,)`` of ``mine``.

    Raises:
        DatasetError: where there is none
    """
    fit = mine[(pool.role[mine] == role) & (True if k is None else pool.shown[mine] == k)]
    if not len(fit):
        nothing = "says nothing" if role == SILENT else "shows two emotions"
        what = nothing if k is None else f"shows {pool.labels[k]}"
        raise DatasetError(
            f"The corpora hold too few items for every group: no {pool.modality} that {what}. Take the whole corpora."
        )
    return rng.choice(fit, count)


def _mixture(
    found: tuple[Pool, ...], mine: list[np.ndarray], at: np.ndarray, rows: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Choose texts that were marked with two emotions, and faces and voices of the same two: which, ``(2, n)``."""
    rows[2, at] = _chosen(found[2], mine[2], MIXED, None, len(at), rng)
    pairs = np.sort([found[2].shown[rows[2, at]], found[2].second[rows[2, at]]], 0)
    for m, pool in enumerate(found[:2]):
        both = np.sort([pool.shown[mine[m]], pool.second[mine[m]]], 0)
        for a, b in np.unique(pairs, axis=1).T:
            here = at[(pairs == [[a], [b]]).all(0)]
            fit = mine[m][(pool.role[mine[m]] == MIXED) & (both == [[a], [b]]).all(0)]
            # A face or voice of just one of the two where there is none of both.
            second = rng.integers(0, 2, len(here))
            rows[m, here] = (
                rng.choice(fit, len(here))
                if len(fit)
                else np.where(second, *(_chosen(pool, mine[m], PURE, k, len(here), rng) for k in (b, a)))
            )
    return pairs


def _dataset(
    found: tuple[Pool, ...], drawn: Drawn, votes: np.ndarray, group: np.ndarray, plan: Plan, rng: np.random.Generator
) -> Dataset:
    n = len(group)
    labels = found[0].labels
    names = np.array(labels)
    there = drawn.rows >= 0
    shuffled = rng.permutation(n)  # so that no column follows the order of groups
    shown = np.stack(
        [np.where(has, pool.shown[rows], -1) for pool, rows, has in zip(found, drawn.rows, there, strict=True)]
    )
    fit = {who: part == "fit" for who, part in found[1].actors.items()}
    columns = {
        "kind": np.array(KINDS)[drawn.kind],
        "planted_conflict": np.isin(drawn.kind, (DISSENT, DIFFER)),
        "planted_dissenter": np.where(drawn.kind == DISSENT, np.array(MODALITIES)[drawn.off], ""),
        "planted_silent": np.where(drawn.kind == SILENCE, np.array(MODALITIES)[drawn.off], ""),
        "planted_mixture": [f"{names[a]}+{names[b]}" if a >= 0 else "" for a, b in drawn.mixed.T],
        **{f"shown_{m}": np.where(k >= 0, names[k], "") for m, k in zip(MODALITIES, shown, strict=True)},
        **{
            f"item_{pool.modality}": np.where(has, pool.name[rows], "")
            for pool, rows, has in zip(found, drawn.rows, there, strict=True)
        },
        **{f"votes_{name}": votes[:, k] for k, name in enumerate(labels)},
    }
    samples = samples_table(
        [f"mix-{number:0{len(str(n))}d}" for number in range(n)],
        group=[f"group-{who:02d}" for who in group[shuffled]],
        split=["train" if fit[who] else "test" for who in group[shuffled]],
        text=np.where(there[2], found[2].text[drawn.rows[2]], "")[shuffled],
        **{name: _column(np.asarray(values)[shuffled]) for name, values in columns.items()},
    )
    most = (votes + rng.random(votes.shape)).argmax(1)  # ties are settled by chance
    fused = {
        "label": lambda: Annotation("label", most[shuffled]),
        "votes": lambda: Annotation("votes", votes[shuffled].astype(float)),
        "score": lambda: Annotation("score", (votes @ SIGNS / RATERS)[shuffled]),
    }[plan.target]()
    return Dataset(
        name="ground",
        title="Proving ground" if plan.asked == "emotion" else "Proving ground: valence",
        description=(
            "A real face, a real voice and a real text in one sample; whether they agree was planted. Nobody in it "
            "ever spoke these words with this face: it tests methods and says nothing about people."
        ),
        licence=(
            "For research, not to be passed on: pictures of FER+ have no licence, RAVDESS is CC BY-NC-SA 4.0, "
            + ("GoEmotions Apache-2.0" if plan.asked == "emotion" else "EmoBank CC BY-SA 4.0")
        ),
        source=_sheet(found, plan),
        simulated=False,
        labels=emotions.labels(labels),
        modalities=MODALITIES,
        samples=samples,
        annotations={
            FUSED: fused,
            **{p.modality: a for p, r in zip(found, drawn.rows, strict=True) if (a := _said(p, r[shuffled]))},
        },
        features={p.modality: _features(p, r[shuffled]) for p, r in zip(found, drawn.rows, strict=True)},
    )


def _features(pool: Pool, rows: np.ndarray) -> Features:
    """What a model may read of chosen items, in groups; a row of NaN where there is none."""
    logs = np.log(np.maximum(pool.distribution, LEAST))
    blocks = [("embedding", _numbered("e", pool.embedding), pool.embedding)]
    blocks += [("distribution", tuple(f"log_{name}" for name in LABELS), logs)]
    blocks += [("hand", tuple(pool.columns.tolist()), pool.hand)]
    values = np.hstack([block for *_, block in blocks]).astype(np.float32)
    return Features(
        np.where(rows[:, None] >= 0, values[rows], np.float32(np.nan)),
        tuple(name for _, names, _ in blocks for name in names),
        tuple(group for group, names, _ in blocks for _ in names),
    )


def _numbered(letter: str, values: np.ndarray) -> tuple[str, ...]:
    return tuple(f"{letter}{number}" for number in range(values.shape[1]))


def _said(pool: Pool, rows: np.ndarray) -> Annotation | None:
    """What people said of chosen items alone: votes on faces and sentences, marks on texts, nothing on voices."""
    if pool.modality == "voice":
        return None
    marked = pool.modality == "text" and pool.labels == LABELS
    values = pool.people if marked else pool.votes
    return Annotation("distribution" if marked else "votes", np.where(rows[:, None] >= 0, values[rows], np.nan))


def _sheet(found: tuple[Pool, ...], plan: Plan) -> str:
    """The datasheet."""
    used = ", ".join(f"{len(pool):,} of the {pool.modality}" for pool in found)
    read = ", ".join(f"{pool.modality} {pool.model[:8]}" for pool in found)
    groups = [sum(part == name for part in found[1].actors.values()) for name in ("fit", "test")]
    made = (
        f"emoviz.perception.ground, seed {plan.seed}, {plan.n:,} samples, conflict rate {plan.conflict_rate:g}, noise "
        f"{plan.noise:g}, balance {plan.balance:g}; models {read}"
    )
    if plan.asked == "emotion":
        thing, texts = "emotion", "texts of GoEmotions by their marks"
        calm = f"{CALM[AGREE]:.0%} agree"
        mixed_ = "; 15% share the two emotions that readers marked in the text"
        rare = "disgust and fear hang on few pictures"
        said = "The fused label is what most of ten raters say, drawn one by one"
    else:
        thing, texts = "valence", "sentences of EmoBank by their readers' ratings of valence"
        calm = f"{CALM[AGREE] + CALM[MIXTURE]:.0%} agree"
        mixed_, rare = "", "what shows surprise is left out, which may be either"
        said = "Ten raters say whether the whole is negative, neutral or positive, one by one"
    return " ".join(
        [
            f"{made}. kind, planted_... and shown_... say what was planted. Items: {used}; pictures of FER+ by their",
            "ten votes, voices of RAVDESS by the emotion intended (every second one as if recorded elsewhere),",
            f"{texts}. {plan.conflict_rate:.0%} of the samples hold a conflict: one of the three",
            f"shows another {thing}, in one of five each shows its own. Of the others {calm}; in 20% one is",
            "missing or says nothing (a picture that people could not tell, a murmur of all emotions, words without",
            f"content){mixed_}. {said}: a quarter follow the text, the others the face or the voice in the",
            f"shares in which CREMA-D's people did, {thing} by {thing}; {plan.noise:.0%} answer anything. {groups[0]}",
            f"training and {groups[1]} test groups, each one actor with pictures and texts of its own, from parts",
            f"that the perception models did not train on; {rare}.",
        ]
    )


def _column(values: np.ndarray) -> Any:
    """A column as the table holds it."""
    return pd.array(values, "str") if values.dtype.kind == "U" else values
