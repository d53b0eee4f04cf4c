"""Making and measuring the shipped perception models, each in its own way, asked for by modality."""

from dataclasses import replace
from pathlib import Path

from emoviz import workspace
from emoviz.errors import ConfigError, UnknownNameError
from emoviz.perception import weights
from emoviz.perception.base import MODALITIES
from emoviz.perception.weights import Card, Metric
from emoviz.progress import Progress, Work

CORPORA = {"face": "FER+", "voice": "RAVDESS", "text": "GoEmotions"}


def train(modality: str, corpus: Path, *, seed: int = 0, into: Path = weights.FOLDER) -> Work[Card]:
    """Train the model of a modality, measure it, and keep it with its card.

    Face and voice keep their state in the workspace until they are done, and go on from there.

    Args:
        modality: ``face``, ``voice`` or ``text``
        corpus: folder of the corpus it learns from
        seed: of everything drawn by chance
        into: folder of the models

    Raises:
        UnknownNameError: for another modality
        DatasetError: if the folder does not hold the corpus
        ConfigError: for a seed that cannot be
    """
    _check(modality)
    if not 0 <= seed < 2**31:
        raise ConfigError(f"The seed is {seed}; it must lie between 0 and {2**31 - 1}.")
    state = workspace.place("unfinished-perception") / f"{modality}-{seed}"
    if modality == "face":
        from emoviz.perception.training import face

        return (yield from face.train(corpus, seed=seed, state=state, into=into))
    if modality == "voice":
        from emoviz.perception.training import voice

        state.mkdir(exist_ok=True)
        return (yield from voice.train(corpus, state, seed, target=into))
    from emoviz.perception.training import text

    return (yield from text.train(corpus, into, replace(text.DEFAULT, seed=seed)))


def evaluate(modality: str, corpus: Path) -> Work[tuple[Metric, ...]]:
    """Measure the shipped model of a modality again, on the part of its corpus that it did not learn from.

    Args:
        modality: ``face``, ``voice`` or ``text``
        corpus: folder of its corpus

    Raises:
        UnknownNameError: for another modality
        DatasetError: if the folder does not hold the corpus
        CheckpointError: if there is no model
    """
    _check(modality)
    yield Progress(0.0, f"reading {CORPORA[modality]}")
    if modality == "face":
        from emoviz.data.corpora import fer_plus
        from emoviz.perception.face import model as face_model
        from emoviz.perception.training import face

        return face.evaluate(face_model.load(), fer_plus.read(corpus))
    if modality == "voice":
        from emoviz.perception.training import voice

        return (yield from voice.evaluate(corpus))
    from emoviz.data.corpora import go_emotions
    from emoviz.perception.text import model as text_model
    from emoviz.perception.training import text

    return text.measured(text_model.load(), go_emotions.read(corpus, "test"))


def _check(modality: str) -> None:
    if modality not in MODALITIES:
        raise UnknownNameError("modality", modality, MODALITIES)
