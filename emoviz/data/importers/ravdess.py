"""RAVDESS: 24 actors who say two sentences with eight emotions, voices alone.

The label is what the actor intended, which no listener was asked about. Features are statistics of spectrum and
pitch, in two groups: ``voice`` as measured, ``own`` against the other recordings of the same actor.

References:
    Livingstone & Russo. The Ryerson Audio-Visual Database of Emotional Speech and Song. PLoS ONE 2018.
"""

from pathlib import Path

import numpy as np

from emoviz.data import emotions, hand
from emoviz.data.checks import samples_table
from emoviz.data.corpora import ravdess as corpus
from emoviz.data.dataset import FUSED, Annotation, Dataset, Features
from emoviz.data.report import LoadReport
from emoviz.errors import DatasetError

SENTENCES = {"01": "Kids are talking by the door.", "02": "Dogs are sitting by the door."}


def is_folder(folder: Path) -> bool:
    """Whether a folder holds the recordings and their table."""
    return (folder / corpus.TABLE).is_file() and (folder / corpus.SOUNDS).is_file()


def read(folder: str | Path, media: str | Path | None = None, *, mapping: object = None) -> tuple[Dataset, LoadReport]:
    """RAVDESS as one dataset with the modality ``voice``; an actor is a group.

    Args:
        folder: holds ``meta.csv`` and the zip file of recordings
        media: not used; the recordings stay in their zip file
        mapping: not needed here, and refused

    Returns:
        the dataset, not stored, and that all of it was taken

    Raises:
        DatasetError: where a file is missing or not as published
    """
    if mapping is not None:
        raise DatasetError("RAVDESS needs no mapping file. Import without it.")
    voices = corpus.read(Path(folder))
    values = np.array([hand.voice(sound) for sound in voices.sounds()])
    columns = hand.voice_columns()
    dataset = Dataset(
        name="ravdess",
        title="RAVDESS, speech",
        description="Actors say one of two sentences with an emotion; the label is the emotion they were asked for.",
        licence="CC BY-NC-SA 4.0",
        source="Livingstone & Russo (2018), speech, audio only, 16 kHz",
        simulated=False,
        labels=emotions.labels(corpus.LABELS),
        modalities=("voice",),
        samples=samples_table(
            [name.partition(".")[0] for name in voices.files],
            group=[f"actor-{actor:02d}" for actor in voices.actors],
            text=[SENTENCES.get(name.split("-")[4], "") for name in voices.files],
            strong=voices.strong,
            actor_sex=voices.sex,
        ),
        annotations={FUSED: Annotation("label", voices.labels)},
        features={
            "voice": Features(
                np.hstack([values, hand.standing_out(values, voices.actors)]),
                (*columns, *(f"own_{column}" for column in columns)),
                (*("voice",) * len(columns), *("own",) * len(columns)),
            )
        },
    )
    return dataset, LoadReport(len(dataset))
