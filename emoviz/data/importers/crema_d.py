"""CREMA-D: 7,442 acted clips that crowds heard only, saw only, or both heard and saw.

Voice-only votes are the annotation of ``voice``, face-only votes that of ``face``, audio-visual votes
that of the whole. The published tables hold no features of sound or picture, so the features of a
modality are what its own raters said, in groups a model can choose from:

    fraction       share of the votes of each emotion
    log            logarithm of the share of (votes + 0.5)
    count          number of votes
    intensity      mean strength the raters gave each emotion and their choice, 0 to 100, normalised per rater
    intensity_raw  the same as given

The strength of an emotion that nobody chose is 0. The emotion and level the actor was asked for stand
in ``intended_emotion`` and ``intended_level``: truth about the acting, never an input.

Source: Cao et al. CREMA-D: Crowd-sourced Emotional Multimodal Actors Dataset. IEEE TAC 2014.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from emoviz.data import clips, emotions, reading
from emoviz.data.checks import samples_table
from emoviz.data.dataset import FUSED, Annotation, Dataset, Features
from emoviz.data.report import Ledger, LoadReport, Note, row_notes
from emoviz.errors import DatasetError

VOTES = "tabulatedVotes.csv"
ACTORS = "VideoDemographics.csv"
CODES = {"A": "anger", "D": "disgust", "F": "fear", "H": "happiness", "N": "neutral", "S": "sadness"}
STRENGTHS = ("Emo", "Anger", "Disgust", "Fear", "Happy", "Neutral", "Sad")  # "Emo" is the emotion the rater chose
INTENDED = {"ANG": "anger", "DIS": "disgust", "FEA": "fear", "HAP": "happiness", "NEU": "neutral", "SAD": "sadness"}
LEVELS = {"LO": "low", "MD": "medium", "HI": "high", "XX": "unspecified"}
SIDES = {1: "voice", 2: "face", 3: FUSED}  # hundred thousands of a row's number
CLIP = r"\d{4}_[A-Z]{3}_(?:ANG|DIS|FEA|HAP|NEU|SAD)_(?:LO|MD|HI|XX)"
BAD = ("1064_IEO_DIS_MD", "1064_TIE_SAD_XX", "1076_MTI_NEU_XX", "1076_MTI_SAD_XX")


def is_folder(folder: Path) -> bool:
    """Whether a folder holds the table of votes."""
    return any((place / VOTES).is_file() for place in _places(folder))


def read(folder: str | Path, media: str | Path | None = None, *, mapping: object = None) -> tuple[Dataset, LoadReport]:
    """CREMA-D from its published tables.

    Args:
        folder: holds ``tabulatedVotes.csv``, itself or in ``processedResults``, and perhaps
            ``VideoDemographics.csv``
        media: folder of clips, at any depth, if it is another one; files with a picture go with the
            whole, sound alone with the voice
        mapping: not needed here, and refused

    Returns:
        the dataset, sorted by clip, not stored; and what became of the rows

    Raises:
        DatasetError: if the table of votes is missing or is another table
    """
    if mapping is not None:
        raise DatasetError("The tables of CREMA-D need no mapping file. Import without it.")
    folder = Path(folder)
    sheet = reading.read(_find(folder, VOTES))
    missing = [column for column in (*CODES, "fileName") if column not in sheet.frame]
    if missing:
        raise DatasetError(f"'{VOTES}' has no column '{missing[0]}'. Take the published one: emoviz data get crema-d")
    ledger = Ledger(sheet.frame.index)
    rows = _rows(sheet.frame, ledger)
    if rows.empty:
        raise DatasetError(f"No row of '{VOTES}' can be used. {ledger.refused[0].sentence()}")
    ids = np.unique(rows["clip"].to_numpy(object))
    annotations, features = {}, {}
    strengths = [column for column in rows if column.startswith("mean")]
    for number, side in SIDES.items():
        mine = rows[rows["side"] == number].groupby("clip")
        votes = mine[list(CODES)].sum().reindex(ids).to_numpy(float)
        if np.nansum(votes):
            annotations[side] = Annotation("votes", votes)
            if side != FUSED:
                features[side] = _features(votes, mine[strengths].mean().reindex(ids))
    twice = rows.index[rows.duplicated(["clip", "side"])]
    added = row_notes(twice, "fileName", "votes were added to those of an earlier row of the same clip and side.")
    samples, notes = _samples(ids, folder, Path(media or folder))
    dataset = Dataset(
        name="crema-d",
        title="CREMA-D",
        description=(
            "Actors say a sentence with an emotion; people who only heard, only saw, or both heard and saw the clip "
            "say which it was. The features are their votes: sound and picture themselves are not analysed."
        ),
        licence="Open Database License 1.0; contents: Database Contents License 1.0. Attribution and share-alike.",
        source="Cao, Cooper, Keutmann, Gur, Nenkova, Verma (2014), github.com/CheyneyComputerScience/CREMA-D",
        simulated=False,
        labels=emotions.labels(CODES.values()),
        modalities=tuple(side for side in SIDES.values() if side != FUSED),
        samples=samples,
        annotations=annotations,
        features=features,
        context=("sentence",),
    )
    gone = len(sheet.frame) - len(rows) + sheet.rows_refused
    return dataset, LoadReport(len(ids), (*added, *notes), (*sheet.notes, *ledger.refused), gone)


def _places(folder: Path) -> tuple[Path, Path]:
    return folder, folder / "processedResults"


def _find(folder: Path, name: str) -> Path:
    for place in _places(folder):
        if (place / name).is_file():
            return place / name
    raise DatasetError(f"'{folder}' has no {name}. Give the folder of CREMA-D's tables, or: emoviz data get crema-d")


def _rows(frame: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Clip, side, votes and strengths of every usable row."""
    side = np.floor(reading.numbers(frame.iloc[:, 0]) / 100_000)
    clip = reading.words(frame["fileName"])
    is_clip = clip.str.fullmatch(CLIP).to_numpy(bool)
    strange = "this number begins with none of 1, 2 and 3 (voice, face, both)"
    ledger.refuse(~np.isin(side, list(SIDES)), str(frame.columns[0]), strange)
    ledger.refuse(~is_clip, "fileName", "'{value}' is not the name of a clip, such as 1001_DFA_ANG_XX", clip)
    votes = {code: reading.numbers(frame[code]) for code in CODES}
    for code, counts in votes.items():
        wrong = ~reading.are_counts(counts)
        ledger.refuse(wrong, code, "'{value}' is no number of votes, which are whole and 0 or more", frame[code])
    rows = pd.DataFrame({"clip": clip, "side": side, **votes} | _strengths(frame), index=frame.index)
    return rows[ledger.taken]


def _strengths(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Mean strengths of every row, first normalised per rater, then as given; NaN where nobody chose the emotion."""
    columns = [f"mean{name}Resp" for name in STRENGTHS]
    if not all(f"{column}{norm}" in frame for column in columns for norm in ("", "Norm")):
        return {}
    raw = {column: reading.numbers(frame[column]) for column in columns}
    raw = {column: np.where((value >= 0) & (value <= 100), value, np.nan) for column, value in raw.items()}
    normalised = {f"{column}Norm": reading.numbers(frame[f"{column}Norm"]) for column in columns}
    # A rater who always gave the same strength cannot be normalised: theirs stands as given.
    normalised = {
        name: np.where((value >= 0) & (value <= 100), value, raw[name.removesuffix("Norm")])
        for name, value in normalised.items()
    }
    return normalised | raw


def _features(votes: np.ndarray, strengths: pd.DataFrame) -> Features:
    """What the raters of one side said of each clip; a row of NaN where nobody did."""
    total = votes.sum(1, keepdims=True)
    total[total == 0] = np.nan
    smooth = votes + 0.5
    names = tuple(CODES.values())
    blocks = [("fraction", names, votes / total), ("log", names, np.log(smooth / smooth.sum(1, keepdims=True)))]
    blocks.append(("count", ("votes",), total))
    if len(strengths.columns):
        columns = ("chosen", *names)
        normalised, raw = np.hsplit(strengths.fillna(0).to_numpy(float), 2)
        blocks += [("intensity", columns, normalised), ("intensity_raw", columns, raw)]
    values = np.where(np.isnan(total), np.nan, np.hstack([block for _, _, block in blocks]))
    return Features(
        values.astype(np.float32),
        columns=tuple(f"{group}_{name}" for group, names, _ in blocks for name in names),
        groups=tuple(group for group, names, _ in blocks for _ in names),
    )


def _samples(ids: np.ndarray, folder: Path, media: Path) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    actor, sentence, emotion, level = np.array([clip.split("_") for clip in ids]).T
    video = clips.found(media, clips.VIDEO)
    sound = clips.found(media, clips.SOUND)
    known, notes = _actors(folder)
    told = known.reindex(actor)
    samples = samples_table(
        ids,
        group=actor,
        flag=np.where(np.isin(ids, BAD), "known bad clip: its sound or picture is damaged", ""),
        media=[video.get(clip, "") for clip in ids],
        media_voice=[sound.get(clip, "") for clip in ids],
        sentence=pd.array(sentence, "str"),
        intended_emotion=pd.array([INTENDED[code] for code in emotion], "str"),
        intended_level=pd.array([LEVELS[code] for code in level], "str"),
        actor_age=told["Age"].to_numpy(float),
        actor_sex=pd.array(told["Sex"].fillna("").to_numpy(), "str"),
        actor_race=pd.array(told["Race"].fillna("").to_numpy(), "str"),
    )
    return samples, notes


def _actors(folder: Path) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Age, sex and race by actor, as far as the second table is there."""
    columns = ["Age", "Sex", "Race"]
    nothing = pd.DataFrame(columns=columns)
    if not any((place / ACTORS).is_file() for place in _places(folder)):
        return nothing, (Note(None, None, f"{ACTORS} is not there; what it says of the actors was left empty."),)
    frame = reading.read(_find(folder, ACTORS)).frame
    if not {"ActorID", *columns} <= set(frame):
        return nothing, (Note(None, None, f"{ACTORS} is another table; what it says of the actors was left empty."),)
    frame["Age"] = np.where(np.isfinite(age := reading.numbers(frame["Age"])), age, np.nan)
    by_actor = frame.assign(actor=reading.words(frame["ActorID"])).drop_duplicates("actor").set_index("actor")
    return by_actor[columns], ()
