"""Public corpora in their published layout, a few invented items each."""

import io
import zipfile
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd

from emoviz.data.corpora import fer_plus as faces
from emoviz.data.corpora import go_emotions as texts
from emoviz.data.corpora import ravdess as voices

WORDS = ("so glad today", "I hate this", "the door is open", "what a surprise!", "how sad it is", "thank you all")


def go_emotions(folder: Path) -> Path:
    """Six training texts, two of each other part; the second dev text stands in training too."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "labels.txt").write_text("\n".join(texts.LABELS) + "\n")
    lines = {
        "train": [f"{text}\t{number}\tid" for number, text in enumerate(WORDS)],
        "dev": ["both at once\t0,17\tid", f"{WORDS[1].upper()}\t2\tid"],
        "test": ["glad I came\t17\tid", "the end\t27\tid"],
    }
    for part, rows in lines.items():
        (folder / f"{part}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def fer_plus(folder: Path) -> Path:
    """Six pictures: a training one, two copies of a test picture, a validation one, one nobody could tell."""
    folder.mkdir(parents=True, exist_ok=True)
    tiles = np.random.default_rng(0).integers(0, 256, (5, 48, 48)).astype(np.uint8)
    rows = [
        *[("Training", 0, 6, 4, 0), ("Training", 1, 1, 9, 0), ("PublicTest", 2, 9, 1, 0)],
        *[("PrivateTest", 1, 1, 9, 0), ("PrivateTest", 3, 10, 0, 0), ("PrivateTest", 4, 2, 1, 7)],
    ]
    sheet = np.zeros((faces.DOWN * 48, faces.ACROSS * 48), np.uint8)
    told = []
    for place, (usage, picture, neutral, happiness, unknown) in enumerate(rows):
        sheet[:48, 48 * place : 48 * (place + 1)] = tiles[picture]
        votes = dict.fromkeys(faces.VOTED, 0) | {"neutral": neutral, "happiness": happiness, "unknown": unknown}
        told.append({"usage": usage, "sheet": 0, "pos": place, **votes, "md5_pixels": f"picture {picture}"})
    pd.DataFrame(told).to_csv(folder / faces.TABLE, index=False)
    cv2.imwrite(str(folder / "sheet_00.webp"), sheet, [cv2.IMWRITE_WEBP_QUALITY, 101])
    return folder


def ravdess(folder: Path) -> Path:
    """Three recordings of two actors: tones of 150 to 300 Hz."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        ("03-01-05-02-01-01-02.flac", 2, "angry", "strong", 300),
        ("03-01-01-01-01-01-01.flac", 1, "neutral", "normal", 150),
        ("03-01-02-01-02-01-01.flac", 1, "calm", "normal", 250),
    ]
    table = pd.DataFrame(rows, columns=["file", "actor", "emotion", "intensity", "orig_sha256"])
    table.to_csv(folder / voices.TABLE, index=False)
    time = np.arange(voices.RATE) / voices.RATE
    with zipfile.ZipFile(folder / voices.SOUNDS, "w") as sounds:
        for name, *_, hertz in rows:
            wave = sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 8))
            sounds.writestr(name, _flac((wave * 8000).astype(np.int16)))
    return folder


def emobank(folder: Path) -> Path:
    """Four sentences, the last one unread by single readers."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [("a", "train", 4.2, WORDS[0]), ("b", "train", 1.8, WORDS[1]), ("c", "dev", 3.0, "None")]
    rows.append(("d", "test", 3.5, 'say "yes"'))
    table = pd.DataFrame([(i, split, v, 3.1, 2.9, text) for i, split, v, text in rows])
    table.to_csv(folder / "emobank.csv", index=False, header=["id", "split", "V", "A", "D", "text"])
    single = pd.DataFrame([("a", 4, 3, 3), ("a", 5, 2, 3), ("b", 2, 4, 3), ("c", 3, 3, 3)], columns=["id", *"VAD"])
    single.to_csv(folder / "individual_reader_ratings.csv", index=False)
    return folder


def _flac(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as made:
        stream = made.add_stream("flac", rate=voices.RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], "s16", "mono")
        frame.rate = voices.RATE
        made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return file.getvalue()
