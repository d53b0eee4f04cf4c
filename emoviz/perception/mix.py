"""Clips mixed from real faces, voices and texts whose emotions are known, so that who disagrees is known too.

A mixed clip is a face of FER+, a voice of RAVDESS and a text of GoEmotions, drawn so that all of them show one
emotion or one of them shows another; a modality may be missing. What is mixed is what the shipped models make of
each, read once and kept in the workspace. No model has seen the items that it reads here: pictures and texts are
of parts that were not trained on, voices are read by the copies that never heard the actor. Every second voice is
made to sound as if recorded elsewhere, since clips come from any microphone.

Axis letters: M modalities (:data:`emoviz.perception.base.MODALITIES`), N mixed clips, n items, L labels of a model,
K common labels.
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np

from emoviz import workspace
from emoviz.data.corpora import fer_plus, go_emotions, ravdess
from emoviz.perception import common, weights
from emoviz.perception.base import MODALITIES, Reading, Sound
from emoviz.perception.common import COMMON, LABELS
from emoviz.progress import Progress, Work

Part = Literal["fit", "test"]
FOLDERS = {"face": "fer2013plus", "voice": "ravdess", "text": "goemotions"}
FIT_ACTORS = (0, 1, 2)  # parts of RAVDESS's actors that constants are fitted on; the others are for tests
AGREED = 0.5  # share of the votes on a face that its emotion needs
FACE_SIDE = 96  # pixels that a face is taken to have had in its picture: large enough
DISSENT = 0.25  # share of mixed clips with a dissenter: people's voice and face votes on CREMA-D differ as often
MISSING = 0.3  # share of mixed clips that lack one modality


@dataclass(frozen=True, eq=False)
class Items:
    """Single faces, voices or texts as the model reads them.

    Attributes:
        modality: which
        labels: the L labels of the model
        truth: index into the common labels, ``(n,)``
        native: ``(n, L)``
        quality: ``(n,)`` in [0, 1]
        group: who is seen or heard where that is known, else each its own, ``(n,)``
    """

    modality: str
    labels: tuple[str, ...]
    truth: np.ndarray
    native: np.ndarray
    quality: np.ndarray
    group: np.ndarray

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def distribution(self) -> np.ndarray:
        """Over the common labels, ``(n, K)``."""
        return common.shared(self.native, self.labels).distribution


@dataclass(frozen=True, eq=False)
class Mixed:
    """Mixed clips and what was planted in them.

    Attributes:
        rows: item of each modality, ``(M, N)``, -1 where missing
        emotion: what the modalities but the dissenter show, ``(N,)``
        off: which modality shows another emotion, ``(N,)``, -1 where all agree
    """

    rows: np.ndarray
    emotion: np.ndarray
    off: np.ndarray

    @property
    def conflicting(self) -> np.ndarray:
        """Whether one shows another emotion, ``(N,)`` bool."""
        return self.off >= 0

    @property
    def present(self) -> np.ndarray:
        """Which modalities there are, ``(M, N)`` bool."""
        return self.rows >= 0


def mixed(
    items: Sequence[Items],
    clips: int,
    prior: np.ndarray,
    seed: int,
    dissent: float = DISSENT,
    missing: float = MISSING,
) -> Mixed:
    """Mix clips with planted relations.

    Args:
        items: of each modality
        clips: how many
        prior: how frequent each emotion is, ``(K,)``
        seed: of every draw
        dissent: share of clips in which one modality shows another emotion
        missing: share of clips that lack one modality
    """
    draw = np.random.default_rng(seed)
    shown = np.repeat(draw.choice(len(prior), clips, p=prior)[None], len(items), 0)
    emotion = shown[0].copy()
    lacks = np.where(draw.random(clips) < missing, draw.integers(0, len(items), clips), -1)
    # The dissenter is one of those that are there.
    off = (np.where(lacks < 0, 0, lacks + 1) + draw.integers(0, len(items) - (lacks >= 0))) % len(items)
    off = np.where(draw.random(clips) < dissent, off, -1)
    for clip in np.flatnonzero(off >= 0):
        others = np.where(np.arange(len(prior)) == emotion[clip], 0, prior)
        shown[off[clip], clip] = draw.choice(len(prior), p=others / others.sum())
    rows = np.full((len(items), clips), -1)
    for m, one in enumerate(items):
        for k in range(len(prior)):
            wanted = np.flatnonzero((shown[m] == k) & (lacks != m))
            rows[m, wanted] = draw.choice(np.flatnonzero(one.truth == k), len(wanted))
    return Mixed(rows, emotion, off)


def frequent(folder: Path) -> np.ndarray:
    """How frequent each emotion is before anything is seen, ``(K,)``: the mean over what the three corpora train on."""
    faces = fer_plus.read(folder / FOLDERS["face"])
    face = np.nanmean(faces.distribution[faces.rows("train")], 0)
    voice = np.bincount(ravdess.read(folder / FOLDERS["voice"]).labels, minlength=len(ravdess.LABELS))
    text = go_emotions.read(folder / FOLDERS["text"], "train").distribution.mean(0)
    found = [
        common.shared(share, labels).distribution
        for share, labels in (
            (face, fer_plus.LABELS),
            (voice / voice.sum(), ravdess.LABELS),
            (text, go_emotions.LABELS),
        )
    ]
    return np.mean(found, 0)


def items(folder: Path, part: Part) -> Work[tuple[Items, ...]]:
    """Every modality's items of a part, each read once by the shipped models and kept.

    Args:
        folder: with the corpora in folders of their own
        part: ``fit`` for fitting constants, ``test`` for judging them
    """
    readers = {"face": _faces, "voice": _voices, "text": _texts}
    found = []
    for number, modality in enumerate(MODALITIES):
        yield Progress(number / len(MODALITIES), f"reading items of the {modality}")
        given = weights.load(modality)
        key = hashlib.sha256(f"{given.card.sha256} {part} {AGREED} {FIT_ACTORS}".encode()).hexdigest()[:16]
        path = workspace.place("mixed") / f"{modality}-{part}-{key}.npz"
        if not path.is_file():
            keep(readers[modality](folder / FOLDERS[modality], part, given), path)
        with np.load(path, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in ("truth", "native", "quality", "group")}
            found.append(Items(modality, tuple(kept["labels"].tolist()), **arrays))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Read:
    """What a model makes of single faces, voices or texts, as far as it can read them.

    Attributes:
        rows: which of them, ``(n,)``
        native: ``(n, L)``
        embedding: ``(n, E)``, the mean over windows by length and quality
        quality: ``(n,)`` in [0, 1]
    """

    rows: np.ndarray
    native: np.ndarray
    embedding: np.ndarray
    quality: np.ndarray


def read_faces(images: np.ndarray, given: weights.Weights) -> Read:
    """Faces ``(n, 48, 48)`` uint8 as the model sees them."""
    from emoviz.perception.face import quality
    from emoviz.perception.face.model import FaceModel

    told = FaceModel(given).look(images)
    alike = np.ones(len(images))
    judged = quality.judged(images, FACE_SIDE * alike, alike, told.whole)
    return Read(np.arange(len(images)), told.native, told.embedding, judged.overall)


def read_voices(
    corpus: ravdess.Voices,
    sounds: Iterable[tuple[int, np.ndarray]],
    given: weights.Weights,
) -> Read:
    """Recordings as the copies hear them that never heard the actor.

    Args:
        corpus: RAVDESS
        sounds: its recordings by number, each as it shall be heard
        given: the model
    """
    from emoviz.perception.voice.extractor import VoiceExtractor
    from emoviz.perception.voice.model import VoiceModel

    readers = {fold: VoiceExtractor(VoiceModel(given, int(fold))) for fold in fair_folds(given)}
    found = ((row, list(readers[corpus.folds[row]].read(_Recording(sound)))[-1]) for row, sound in sounds)
    return _gathered(found)


def read_texts(texts: Iterable[tuple[int, str]], given: weights.Weights) -> Read:
    """Texts by number as the model reads them."""
    from emoviz.perception.base import Cue
    from emoviz.perception.media import Words
    from emoviz.perception.text.extractor import TextExtractor
    from emoviz.perception.text.model import TextModel

    reader = TextExtractor(TextModel(given))
    nowhen = float("nan")
    return _gathered((row, list(reader.read(Words((Cue(nowhen, nowhen, text),))))[-1]) for row, text in texts)


def fair_folds(given: weights.Weights) -> np.ndarray:
    """Parts of RAVDESS's actors that some copies of a voice model never heard."""
    return np.unique(np.array(given.card.settings["unheard"], int))


def _gathered(readings: Iterable[tuple[int, Reading]]) -> Read:
    rows, native, embedding, trust = [], [], [], []
    for row, reading in readings:
        if reading.windows is not None and reading.native is not None:
            windows = reading.windows
            weight = (windows.end - windows.start).clip(1e-3) * windows.quality.clip(1e-3)
            rows.append(row)
            native.append(reading.native)
            embedding.append(weight @ windows.embedding / weight.sum())
            trust.append(float(windows.quality.mean()))
    return Read(np.array(rows, int), np.array(native), np.array(embedding, np.float32), np.array(trust))


def keep(made: Any, path: Path) -> None:
    """Write the arrays of a dataclass as ``.npz``; whoever reads sees the whole file or none."""
    arrays = {field.name: np.asarray(getattr(made, field.name)) for field in fields(made)}
    whole = path.with_suffix(f".{os.getpid()}.npz")
    np.savez_compressed(whole, allow_pickle=False, **arrays)
    whole.replace(path)


def _faces(folder: Path, part: Part, given: weights.Weights) -> Items:
    """Faces that most people see the same in."""
    corpus = fer_plus.read(folder)
    rows = corpus.rows("validation" if part == "fit" else "unseen")
    seen = corpus.distribution[rows]
    truth = np.array([LABELS.index(COMMON[name]) if name in COMMON else -1 for name in fer_plus.LABELS])[seen.argmax(1)]
    rows, truth = (values[(seen.max(1) > AGREED) & (truth >= 0)] for values in (rows, truth))
    read = read_faces(corpus.images[rows], given)
    return Items("face", given.card.labels, truth, read.native, read.quality, rows)


def _voices(folder: Path, part: Part, given: weights.Weights) -> Items:
    """Recordings, each read by the copies that never heard the actor; every second one as if recorded elsewhere."""
    corpus = ravdess.read(folder)
    wanted = (np.isin(corpus.folds, FIT_ACTORS) == (part == "fit")) & np.isin(corpus.folds, fair_folds(given))
    sounds = ((row, alternately(row, sound)) for row, sound in enumerate(corpus.sounds()) if wanted[row])
    read = read_voices(corpus, sounds, given)
    truth = np.array([LABELS.index(COMMON[name]) for name in ravdess.LABELS])[corpus.labels[read.rows]]
    return Items("voice", given.card.labels, truth, read.native, read.quality, corpus.actors[read.rows])


def _texts(folder: Path, part: Part, given: weights.Weights) -> Items:
    """Texts that readers marked with one label."""
    corpus = go_emotions.read(folder, "dev" if part == "fit" else "test")
    read = read_texts(((row, corpus.texts[row]) for row in np.flatnonzero(corpus.single >= 0).tolist()), given)
    truth = np.array([LABELS.index(COMMON[name]) for name in go_emotions.LABELS])[corpus.single[read.rows]]
    return Items("text", given.card.labels, truth, read.native, read.quality, read.rows)


def alternately(row: int, sound: np.ndarray) -> np.ndarray:
    """Every second recording ``(S,)`` as if recorded elsewhere, by its number."""
    return _elsewhere(sound, np.random.default_rng(row)) if row % 2 else sound


def _elsewhere(sound: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """A sound ``(S,)`` as a poorer microphone in a noisier room would hear it: fewer bands, noise, another level."""
    hertz = np.fft.rfftfreq(len(sound), 1 / ravdess.RATE)
    low, high = draw.uniform(50, 300), draw.uniform(3000, 7500)
    passed = 1 / (1 + (low / np.maximum(hertz, 1)) ** 4) / (1 + (hertz / high) ** 8)
    noise = np.fft.rfft(draw.normal(size=len(sound))) * np.maximum(hertz, 50) ** draw.uniform(-1, 0)
    voice, hiss = (np.fft.irfft(spectrum * passed, len(sound)) for spectrum in (np.fft.rfft(sound), noise))
    below = 10 ** (-draw.uniform(8, 35) / 20) * np.std(voice) / np.maximum(np.std(hiss), 1e-9)
    level = 10 ** (-draw.uniform(0, 20) / 20)
    return (level * (voice + below * hiss)).astype(np.float32).clip(-1, 1)


class _Recording:
    """A recording as a clip without picture and words."""

    def __init__(self, samples: np.ndarray):
        self._sound = Sound(ravdess.RATE, 0.0, samples)

    @property
    def seconds(self) -> float:
        return self._sound.seconds

    def frames(self, rate: float):
        return iter(())

    def sound(self) -> Sound:
        return self._sound

    def cues(self) -> tuple:
        return ()
