"""Single faces, voices and texts with what people see in them, what the models make of them and simple features.

The items of the proving ground: each shows one emotion, a mixed feeling of two, or nothing that people could tell.
Where valence is asked for, faces and voices count by the valence of their emotion and texts are sentences of EmoBank.
No perception model trained on them: pictures and texts are of validation and test parts, and a voice is read by the
copies that never heard the actor. They are read once and kept in the workspace.

Axis letters: n items, K common labels, E embedding, F features.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from emoviz import workspace
from emoviz.data import emotions, hand
from emoviz.data.corpora import emobank, fer_plus, go_emotions, ravdess
from emoviz.perception import common, mix, weights
from emoviz.perception.base import MODALITIES
from emoviz.perception.common import COMMON, LABELS
from emoviz.perception.mix import FIT_ACTORS, FOLDERS, Read
from emoviz.progress import Progress, Work

Asked = Literal["emotion", "valence"]
VALENCES = ("negative", "neutral", "positive")
SENTENCES = "emobank"  # folder of the texts where valence is asked for
READING = 3  # raised whenever reading the same corpora would give other items
PURE, MIXED, SILENT = range(3)
UNTOLD = 0.4  # share of votes that no emotion of a face exceeds which says nothing
ALSO = 0.3  # share of votes from which a face shows a second emotion
FOREIGN = 0.3  # share of votes for what is no common label from which a face is left out
STRIPPED = 5  # every so many texts, one is stripped of all words that say something
CLEAR = 0.6  # share of what people said of an item that its valence needs
TESTED = 1 / 3  # share of EmoBank's sentences, whole documents, that are for testing
MURMURS = 10  # of each actor: voices in which all emotions are heard at once
# Words that say nothing about an emotion by themselves.
FUNCTION = frozenset(
    (
        *("a", "an", "the", "and", "or", "but", "if", "of", "in", "on", "at", "to", "from", "by", "for", "with", "as"),
        *("is", "are", "was", "were", "be", "been", "am", "do", "does", "did", "has", "have", "had", "will", "would"),
        *("i", "you", "he", "she", "it", "we", "they", "me", "him", "her", "us", "them", "my", "your", "his", "its"),
        *("our", "their", "this", "that", "these", "those", "there", "here", "what", "which", "who", "when", "where"),
        *("can", "could", "shall", "should", "may", "might", "so", "than", "then", "just", "about", "into", "over"),
        *("under", "again"),
    )
)


@dataclass(frozen=True, eq=False)
class Pool:
    """Items of one modality.

    Attributes:
        modality: which
        model: hash of the perception model that read them
        part: ``fit`` (validation parts) or ``test``, ``(n,)``
        name: which picture, recording or text, ``(n,)``
        role: whether they show one emotion (:data:`PURE`), two (:data:`MIXED`) or nothing (:data:`SILENT`), ``(n,)``
        shown: common label, of two the stronger, ``(n,)``; -1 where nothing is shown
        second: the weaker of two, ``(n,)``; else -1
        owner: the actor of a voice, else -1, ``(n,)``
        people: what people see in them, or an actor intended, ``(n, K)``; NaN where nothing is shown by a voice or text
        votes: what was counted of that, ``(n, K)``; NaN where nobody was asked
        text: their words, empty but for texts, ``(n,)``
        distribution: what the model says, ``(n, K)``
        embedding: ``(n, E)`` float32
        hand: simple features, ``(n, F)`` float32
        columns: names of the simple features, ``(F,)``
        labels: the K labels
    """

    modality: str
    model: str
    part: np.ndarray
    name: np.ndarray
    role: np.ndarray
    shown: np.ndarray
    second: np.ndarray
    owner: np.ndarray
    people: np.ndarray
    votes: np.ndarray
    text: np.ndarray
    distribution: np.ndarray
    embedding: np.ndarray
    hand: np.ndarray
    columns: np.ndarray
    labels: tuple[str, ...] = LABELS

    def __len__(self) -> int:
        return len(self.role)

    @property
    def actors(self) -> dict[int, str]:
        """The part of each actor that is heard."""
        return dict(zip(self.owner.tolist(), self.part.tolist(), strict=True))


def pools(folder: Path, asked: Asked = "emotion") -> Work[tuple[Pool, ...]]:
    """The items of every modality, in the order of :data:`emoviz.perception.base.MODALITIES`.

    Args:
        folder: with the corpora in folders of their own
        asked: what items show: an emotion, or how pleasant it is (:data:`VALENCES`)

    Raises:
        DatasetError: where a corpus is missing or not as published
    """
    readers = {"face": _faces, "voice": _voices, "text": _texts if asked == "emotion" else _sentences}
    found = []
    for number, modality in enumerate(MODALITIES):
        yield Progress(number / len(MODALITIES), f"reading items of the {modality}")
        given = weights.load(modality)
        sentences = modality == "text" and asked == "valence"
        key = hashlib.sha256(f"{given.card.sha256} {READING} {FIT_ACTORS}".encode()).hexdigest()[:16]
        path = workspace.place("mixed") / f"{'sentence' if sentences else modality}-pool-{key}.npz"
        if not path.is_file():
            mix.keep(readers[modality](folder / (SENTENCES if sentences else FOLDERS[modality]), given), path)
        with np.load(path, allow_pickle=False) as kept:
            arrays = {f.name: kept[f.name] for f in fields(Pool) if f.name not in ("modality", "model", "labels")}
        pool = Pool(modality, given.card.sha256, **arrays, labels=VALENCES if sentences else LABELS)
        found.append(by_valence(pool) if asked == "valence" and not sentences else pool)
    return tuple(found)


def valence_of(labels: Iterable[str]) -> np.ndarray:
    """Which labels count for which valence, ``(L, 3)`` of 0 and 1; none for those that may be either, as surprise."""
    felt = np.array([label.valence for label in emotions.labels(labels)], float)
    return np.stack([felt < -0.5, felt == 0, felt > 0.5], 1).astype(float)


def by_valence(pool: Pool) -> Pool:
    """Items by the valence of the emotions that people see in them; those of no clear valence are left out."""
    fold = valence_of(pool.labels)
    kept = pool.people @ fold
    told = kept.sum(1)
    people = kept / np.where(told > 1 - FOREIGN, told, np.nan)[:, None]
    clear, silent = people.max(1) >= CLEAR, pool.role == SILENT
    folded = replace(
        pool,
        role=np.where(silent, SILENT, PURE),
        shown=np.where(silent, -1, people.argmax(1)),
        second=np.full(len(pool), -1),
        people=people,
        votes=pool.votes @ fold,
        labels=VALENCES,
    )
    of_items = [field.name for field in fields(Pool) if field.name not in ("modality", "model", "columns", "labels")]
    return replace(folded, **{name: getattr(folded, name)[clear != silent] for name in of_items})


def _faces(folder: Path, given: weights.Weights) -> Pool:
    """Pictures that fewer people than :data:`FOREIGN` see something else in."""
    corpus = fer_plus.read(folder)
    parts = {"fit": corpus.rows("validation"), "test": corpus.rows("unseen")}
    rows = np.concatenate(list(parts.values()))
    part = np.repeat(list(parts), [len(one) for one in parts.values()])
    told = common.shared(corpus.distribution[rows], fer_plus.LABELS)
    known = told.outside < FOREIGN
    rows, part, people = rows[known], part[known], told.distribution[known]
    read = mix.read_faces(corpus.images[rows], given)
    place = [fer_plus.LABELS.index(name) for name in LABELS]  # FER+ names them alike
    role, shown, second = _roles(people)
    return Pool(
        modality="face",
        model=given.card.sha256,
        part=part,
        name=np.array([f"fer-{row:05d}" for row in rows]),
        role=role,
        shown=shown,
        second=second,
        owner=np.full(len(rows), -1),
        people=people,
        votes=corpus.votes[rows][:, place].astype(float),
        text=np.full(len(rows), ""),
        distribution=common.shared(read.native, given.card.labels).distribution,
        embedding=read.embedding,
        hand=hand.face(corpus.images[rows]),
        columns=np.array(hand.face_columns()),
    )


def _roles(people: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Role, emotion and second emotion of pictures, ``(n,)`` each."""
    order = people.argsort(1, kind="stable")[:, ::-1]
    first, next_ = np.take_along_axis(people, order[:, :2], 1).T
    role = np.select([first <= UNTOLD, next_ >= ALSO], [SILENT, MIXED], PURE)
    return role, np.where(role == SILENT, -1, order[:, 0]), np.where(role == MIXED, order[:, 1], -1)


def _voices(folder: Path, given: weights.Weights) -> Pool:
    """Recordings, every second one as if recorded elsewhere, and murmurs of all emotions at once."""
    corpus = ravdess.read(folder)
    fair = np.isin(corpus.folds, mix.fair_folds(given))
    sounds = {row: sound for row, sound in enumerate(corpus.sounds()) if fair[row]}
    single = _heard(corpus, ((row, mix.alternately(row, sound)) for row, sound in sounds.items()), given)
    parts = [single, _heard(corpus, _murmurs(corpus, sounds), given)]
    plain, murmured = (len(read.rows) for read, _ in parts)
    rows, native, embedding = (
        np.concatenate([getattr(read, name) for read, _ in parts]) for name in ("rows", "native", "embedding")
    )
    role = np.repeat([PURE, SILENT], [plain, murmured])
    shown = np.array([LABELS.index(COMMON[name]) for name in ravdess.LABELS])[corpus.labels[rows]]
    ends = np.where(role == SILENT, "-murmur", "")
    people = np.where((role == SILENT)[:, None], np.nan, np.eye(len(LABELS))[shown])
    return Pool(
        modality="voice",
        model=given.card.sha256,
        part=np.where(np.isin(corpus.folds[rows], FIT_ACTORS), "fit", "test"),
        name=np.array([corpus.files[row].partition(".")[0] + end for row, end in zip(rows, ends, strict=True)]),
        role=role,
        shown=np.where(role == SILENT, -1, shown),
        second=np.full(len(rows), -1),
        owner=corpus.actors[rows],
        people=people,
        votes=np.full_like(people, np.nan),
        text=np.full(len(rows), ""),
        distribution=common.shared(native, given.card.labels).distribution,
        embedding=embedding,
        hand=hand.standing_out(np.concatenate([values for _, values in parts]), corpus.actors[rows]),
        columns=np.array(hand.voice_columns()),
    )


def _heard(
    corpus: ravdess.Voices, sounds: Iterable[tuple[int, np.ndarray]], given: weights.Weights
) -> tuple[Read, np.ndarray]:
    """Sounds as the model hears them, as far as somebody speaks in them, and their simple features."""
    features: dict[int, np.ndarray] = {}

    def measured() -> Iterator[tuple[int, np.ndarray]]:
        for row, sound in sounds:
            features[row] = hand.voice(sound)
            yield row, sound

    read = mix.read_voices(corpus, measured(), given)
    return read, np.array([features[row] for row in read.rows.tolist()])


def _murmurs(corpus: ravdess.Voices, sounds: dict[int, np.ndarray]) -> Iterator[tuple[int, np.ndarray]]:
    """Recordings of one actor at once, one of each emotion, all as loud: row of one of them, and the sound."""
    rows = np.array(list(sounds))
    for actor in np.unique(corpus.actors[rows]):
        draw = np.random.default_rng(actor)
        mine = rows[corpus.actors[rows] == actor]
        # Named by as many different recordings.
        for row in draw.choice(mine, min(MURMURS, len(mine)), replace=False).tolist():
            heard = [draw.choice(mine[corpus.labels[mine] == k]) for k in np.unique(corpus.labels[mine])]
            each = [np.resize(sounds[one], len(sounds[row])) for one in heard]
            both = np.sum([sound / max(np.std(sound), 1e-9) for sound in each], 0)
            yield row, (both * np.std(sounds[row]) / max(np.std(both), 1e-9)).astype(np.float32).clip(-1, 1)


def _texts(folder: Path, given: weights.Weights) -> Pool:
    """Texts marked with one or two common labels; of some of one label only the words that say nothing are left."""
    corpora = {"fit": go_emotions.read(folder, "dev"), "test": go_emotions.read(folder, "test")}
    learned = go_emotions.read(folder, "train")
    texts = [text for corpus in corpora.values() for text in corpus.texts]
    part = np.repeat(list(corpora), [len(corpus) for corpus in corpora.values()])
    name = np.concatenate([[f"{part}-{row:04d}" for row in range(len(corpus))] for part, corpus in corpora.items()])
    share = np.concatenate([corpus.distribution for corpus in corpora.values()])
    people = common.shared(share, go_emotions.LABELS).distribution
    count = (people > 0).sum(1)
    # Words that stand in the training part, or that stood here before, are nobody's own.
    learned_words = {text.casefold() for text in learned.texts}
    words = np.array([text.casefold() for text in texts], object)
    fresh = ~pd.Series(words).duplicated().to_numpy() & np.array([word not in learned_words for word in words])
    bare = [_bare(text) for text in texts]
    strip = (np.arange(len(texts)) % STRIPPED == 0) & (count == 1) & np.array([bool(text) for text in bare])
    texts = [short if stripped else text for text, short, stripped in zip(texts, bare, strip, strict=True)]
    rows = np.flatnonzero(fresh & (count <= 2))
    read = mix.read_texts(((int(row), texts[row]) for row in rows), given)
    rows = read.rows
    people, strip, count = people[rows], strip[rows], count[rows]
    role = np.select([strip, count == 2], [SILENT, MIXED], PURE)
    order = people.argsort(1, kind="stable")[:, ::-1]
    people = np.where(strip[:, None], np.nan, people)
    told = [texts[row] for row in rows]
    values = hand.words(learned.texts).transform(told).astype(np.float32)
    return Pool(
        modality="text",
        model=given.card.sha256,
        part=part[rows],
        name=np.char.add(name[rows], np.where(strip, "-bare", "")),
        role=role,
        shown=np.where(strip, -1, order[:, 0]),
        second=np.where(role == MIXED, order[:, 1], -1),
        owner=np.full(len(rows), -1),
        people=people,
        votes=np.where(people > 0, 1.0, np.where(np.isnan(people), np.nan, 0.0)),
        text=np.array(told),
        distribution=common.shared(read.native, given.card.labels).distribution,
        embedding=read.embedding,
        hand=values,
        columns=np.array([f"topic_{number}" for number in range(values.shape[1])]),
    )


def _bare(text: str) -> str:
    """What is left of a text without the words that say something."""
    return " ".join(word for word in re.findall(r"[\w']+", text.lower()) if word in FUNCTION)


def _sentences(folder: Path, given: weights.Weights) -> Pool:
    """Sentences of EmoBank that most readers found alike pleasant; of some only the words that say nothing are left."""
    corpus = emobank.read(folder)
    rated = corpus.ratings[:, 0].astype(float)
    middle = rated.shape[1] // 2
    votes = np.stack([rated[:, :middle].sum(1), rated[:, middle], rated[:, middle + 1 :].sum(1)], 1)
    people = votes / np.where(votes.sum(1) > 0, votes.sum(1), np.nan)[:, None]
    fresh = ~pd.Series([text.casefold() for text in corpus.texts]).duplicated().to_numpy()
    rows = np.flatnonzero(fresh & (np.nan_to_num(people).max(1) >= CLEAR))
    bare = {int(row): _bare(corpus.texts[row]) for row in rows[::STRIPPED]}
    stripped = {row: text for row, text in bare.items() if text}
    read = mix.read_texts(((int(row), stripped.get(int(row), corpus.texts[row])) for row in rows), given)
    rows = read.rows
    strip = np.array([int(row) in stripped for row in rows])
    # Whole documents, so that no test sentence has a neighbour in a training group.
    document = np.array([name.split("_")[0] for name in corpus.ids[rows]])
    names, sizes = np.unique(document, return_counts=True)
    order = np.random.default_rng(0).permutation(len(names))
    test = names[order[sizes[order].cumsum() <= TESTED * len(rows)]]
    part = np.where(np.isin(document, test), "test", "fit")
    told = [stripped.get(int(row), corpus.texts[row]) for row in rows]
    values = hand.words([text for text, one in zip(told, part, strict=True) if one == "fit"]).transform(told)
    return Pool(
        modality="text",
        model=given.card.sha256,
        part=part,
        name=np.char.add(corpus.ids[rows].astype(str), np.where(strip, "-bare", "")),
        role=np.where(strip, SILENT, PURE),
        shown=np.where(strip, -1, people[rows].argmax(1)),
        second=np.full(len(rows), -1),
        owner=np.full(len(rows), -1),
        people=np.where(strip[:, None], np.nan, people[rows]),
        votes=np.where(strip[:, None], np.nan, votes[rows]),
        text=np.array(told),
        distribution=common.shared(read.native, given.card.labels).distribution,
        embedding=read.embedding,
        hand=values.astype(np.float32),
        columns=np.array([f"topic_{number}" for number in range(values.shape[1])]),
        labels=VALENCES,
    )
