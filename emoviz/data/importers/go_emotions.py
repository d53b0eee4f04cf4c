"""GoEmotions: Reddit comments with every emotion their readers marked, as distributions over 28 emotions.

Where several are marked, each has an equal share; ``marked`` in the table names them. Features are hashed words in
:data:`~emoviz.data.hand.TOPICS` dimensions that the training part gave, without a look at any label.

References:
    Demszky et al. GoEmotions: A Dataset of Fine-Grained Emotions. ACL 2020: labels and their grouping by sentiment.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from emoviz.data import emotions, hand
from emoviz.data.checks import samples_table
from emoviz.data.corpora import go_emotions as corpus
from emoviz.data.dataset import FUSED, Annotation, Dataset, Features, Label
from emoviz.data.report import LoadReport, Note
from emoviz.errors import DatasetError

PARTS: dict[corpus.Part, str] = {"train": "train", "dev": "validation", "test": "test"}
PLEASANT = ("admiration", "approval", "caring", "desire", "gratitude", "optimism")
UNPLEASANT = ("annoyance", "disappointment", "disapproval", "embarrassment", "grief", "nervousness", "remorse")
AMBIGUOUS = ("curiosity", "realization")
TWICE = "the same words stand in another part too"


def is_folder(folder: Path) -> bool:
    """Whether a folder holds the published parts."""
    return all((folder / name).is_file() for name in ("labels.txt", *(f"{part}.tsv" for part in PARTS)))


def read(folder: str | Path, media: str | Path | None = None, *, mapping: object = None) -> tuple[Dataset, LoadReport]:
    """GoEmotions as one dataset with the modality ``text``.

    Args:
        folder: holds ``train.tsv``, ``dev.tsv``, ``test.tsv`` and ``labels.txt``
        media: not used; there are no clips
        mapping: not needed here, and refused

    Returns:
        the dataset, not stored, and what became of the texts

    Raises:
        DatasetError: where a file is missing or not as published
    """
    if mapping is not None:
        raise DatasetError("GoEmotions needs no mapping file. Import without it.")
    parts = {part: corpus.read(Path(folder), part) for part in PARTS}
    texts = [text for part in parts.values() for text in part.texts]
    marked = np.concatenate([part.marked for part in parts.values()])
    split = np.repeat(list(PARTS.values()), [len(part) for part in parts.values()])
    twice = _elsewhere(texts, split)
    described = hand.words(parts["train"].texts)
    values = np.concatenate([described.transform(part.texts) for part in parts.values()]).astype(np.float32)
    samples = samples_table(
        [f"{part}-{number:05d}" for part, found in parts.items() for number in range(len(found))],
        split=split,
        text=texts,
        flag=np.where(twice, TWICE, ""),
        marked=["+".join(np.array(corpus.LABELS)[row]) for row in marked],
        labels_marked=marked.sum(1),
    )
    dataset = Dataset(
        name="go-emotions",
        title="GoEmotions",
        description=(
            "Comments from Reddit and the emotions that their readers marked, one or several of 28; marks of one "
            "comment have equal shares."
        ),
        licence="Apache-2.0",
        source="Demszky et al. (2020), as in github.com/monologg/GoEmotions-pytorch, data/original",
        simulated=False,
        labels=tuple(map(_valued, emotions.labels(corpus.LABELS))),
        modalities=("text",),
        samples=samples,
        annotations={FUSED: Annotation("distribution", marked / marked.sum(1, keepdims=True))},
        features={
            "text": Features(values, tuple(f"topic_{i}" for i in range(values.shape[1])), ("words",) * values.shape[1])
        },
    )
    notes = [Note(None, "flag", f"{twice.sum():,} texts are flagged: {TWICE}.")] if twice.any() else []
    return dataset, LoadReport(len(dataset), tuple(notes))


def _valued(label: Label) -> Label:
    """With the valence of its published group where emoviz knows none of its own."""
    if np.isnan(label.valence):
        groups = {0.6: PLEASANT, -0.6: UNPLEASANT, 0.0: AMBIGUOUS}
        return replace(label, valence=next(value for value, names in groups.items() if label.name in names))
    return label


def _elsewhere(texts: list[str], split: np.ndarray) -> np.ndarray:
    """Whether the same words, whatever their case, stand in another part, ``(N,)`` bool."""
    parts: dict[str, set[str]] = {}
    for text, part in zip(texts, split, strict=True):
        parts.setdefault(text.casefold(), set()).add(part)
    return np.array([len(parts[text.casefold()]) > 1 for text in texts])
