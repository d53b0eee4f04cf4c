"""What each column of a table is: found by its name, or told by a mapping.

By name, ``side`` being a modality or ``fused``:

    sample_id, group, split, text, media, flag    about the sample; also id, speaker, subject, transcript, …
    {side}_{emotion}                              votes, or a distribution
    {side}_label, {side}_score                    one emotion, one number; bare ``label``, ``score``: fused
    {side}_label_1, {side}_rater_a, …             one annotator each, counted as votes
    {modality}_f0, {modality}_f1, …               features
    media_{modality}                              a clip of one modality alone

A mapping (JSON or TOML) names them instead::

    title = "My study"
    labels = ["anger", "joy"]                     # or tables of name, colour, valence
    context = ["scene"]

    [columns]
    sample_id = "clip"
    group = "who"

    [sides.voice]
    votes = { anger = "v_ang", joy = "v_joy" }    # or distribution, label, score, raters
    features = ["mfcc0", "mfcc1"]
"""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emoviz.data import emotions, reading
from emoviz.data.checks import COLUMNS, LABEL, MODALITY
from emoviz.data.dataset import FUSED, Kind, Label
from emoviz.errors import DatasetError

# What people call the columns every dataset has.
CALLED = {
    "sample_id": ("sample_id", "id", "sample", "clip_id", "utterance_id", "segment_id"),
    "group": ("group", "speaker", "subject", "speaker_id", "subject_id", "actor", "actor_id", "participant"),
    "split": ("split", "partition", "subset"),
    "text": ("text", "transcript", "transcription", "utterance", "sentence", "words"),
    "media": ("media", "clip", "file", "filename", "file_name", "path", "video_file", "video_path"),
    "flag": ("flag",),
}
WHOLE = (FUSED, "av", "audiovisual", "audio_visual", "multimodal", "overall", "both", "all")
MODALITIES = (
    *("voice", "face", "text", "audio", "video", "vision", "visual", "speech", "image", "sound", "language", "music"),
    *("body", "gesture", "posture", "gaze", "eye", "eeg", "gsr", "eda", "ppg", "bvp", "ecg", "emg", "physiology"),
)
# Numbers that stand beside votes and are none.
NO_EMOTION = ("n", "total", "sum", "count", "votes", "num", "id", "index", "file", "path", "time", "start", "end")
RATER = re.compile(r"(?:(?P<side>.+)_)?(?:label|rater|annotator)_(?P<rater>\w+)")
FEATURE = re.compile(r"(?P<side>.+)_(?:f|feature_?)(?P<number>\d+)")
SINGLE = re.compile(r"(?:(?P<side>.+)_)?(?P<what>label|emotion|score)")
MEDIA = re.compile(r"media_(?P<first>.+)|(?P<last>.+)_(?:media|file|path|clip)")


@dataclass(frozen=True)
class Side:
    """The columns that speak of one side.

    Attributes:
        emotions: emotion to column of votes or of a distribution
        kind: which of the two, if it was told
        raters: columns with one annotator's label each
        label: column of one label
        score: column of one number
        features: columns of features
    """

    emotions: dict[str, str] = field(default_factory=dict)
    kind: Kind | None = None
    raters: tuple[str, ...] = ()
    label: str | None = None
    score: str | None = None
    features: tuple[str, ...] = ()

    def columns(self) -> set[str]:
        """Every column named here."""
        single = {column for column in (self.label, self.score) if column is not None}
        return {*self.emotions.values(), *self.raters, *self.features} | single


@dataclass(frozen=True)
class Roles:
    """What the columns of one table are.

    Attributes:
        samples: column of the dataset's samples to column of the table
        sides: what is said of each side, in the order of the columns
        labels: the emotions, if they were told
        context: columns a fusion may read
        title: as shown, empty if not told
        description: for a newcomer
        licence: in one line
        source: where the table came from
        remarks: what was guessed, as sentences without their full stop
    """

    samples: dict[str, str]
    sides: dict[str, Side]
    labels: tuple[Label, ...] = ()
    context: tuple[str, ...] = ()
    title: str = ""
    description: str = ""
    licence: str = ""
    source: str = ""
    remarks: tuple[str, ...] = ()

    def columns(self) -> set[str]:
        """Every column of the table that has a role."""
        return set(self.samples.values()).union(*(side.columns() for side in self.sides.values()))


def plain(name: str) -> str:
    """A column's name in lower case, with ``_`` for everything that is not a letter or digit."""
    return re.sub(r"[\W_]+", "_", name.lower()).strip("_")


def by_name(frame: pd.DataFrame) -> Roles:
    """What the columns of a table are, from what they are called."""
    names = {column: plain(column) for column in frame}
    samples = _samples(names)
    left = {column: name for column, name in names.items() if column not in samples.values()}
    votes = _emotion_columns(frame, left)
    sides: dict[str, Side] = {}
    side: str | None
    # Modalities that are no common word are believed where they have votes or features.
    believed = {*MODALITIES, *(side for side, _ in votes.values())}
    believed |= {m["side"] for name in left.values() if (m := FEATURE.fullmatch(name))}
    for column, name in left.items():
        if column in votes:
            side, emotion = votes[column]
            part = Side(emotions={emotion: column})
        elif (found := FEATURE.fullmatch(name)) and found["side"] in believed:
            side, part = found["side"], Side(features=(column,))
        elif (found := RATER.fullmatch(name)) and (side := _side(found["side"], believed)):
            part = Side(raters=(column,))
        elif (found := SINGLE.fullmatch(name)) and (side := _side(found["side"], believed)):
            part = Side(score=column) if found["what"] == "score" else Side(label=column)
        else:
            continue
        if MODALITY.fullmatch(side):
            sides[side] = _joined(sides.get(side, Side()), part)
    strange = sorted({emotion for _, emotion in votes.values() if not emotions.known(emotion)})
    remarks = (f"Taken for emotions by the names of their columns: {', '.join(strange)}",) if strange else ()
    return Roles(samples, sides, remarks=remarks)


def _samples(names: dict[str, str]) -> dict[str, str]:
    """Columns about the sample: the first name in :data:`CALLED` that is there wins."""
    by_plain = {name: column for column, name in reversed(names.items())}
    found = {what: by_plain[called] for what, all_ in CALLED.items() for called in reversed(all_) if called in by_plain}
    for column, name in names.items():
        media = MEDIA.fullmatch(name)
        if media and column not in found.values() and (media["first"] or media["last"]) in MODALITIES:
            found.setdefault(f"media_{media['first'] or media['last']}", column)
    return found


def _side(prefix: str | None, believed: set[str]) -> str | None:
    """The side a prefix means; no prefix means the whole."""
    if prefix is None or prefix in WHOLE:
        return FUSED
    return prefix if prefix in believed else None


def _emotion_columns(frame: pd.DataFrame, names: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Column to side and emotion.

    A known emotion after a known modality is one, and so are two or more after any other prefix. Other
    words after a known modality are emotions where no known one stands in the table, or where every side
    with emotions has them.
    """
    common = {*WHOLE, *MODALITIES, ""}
    found, maybe = {}, {}
    prefixes = Counter(name.rpartition("_")[0] for name in names.values() if emotions.known(name.rpartition("_")[2]))
    for column, name in names.items():
        prefix, _, suffix = name.rpartition("_")
        if emotions.known(suffix) and (prefix in common or (prefixes[prefix] > 1 and MODALITY.fullmatch(prefix))):
            found[column] = (FUSED if prefix in ("", *WHOLE) else prefix, suffix)
            continue
        prefix = max((side for side in common if name.startswith(f"{side}_")), key=len, default="")
        suffix = name.removeprefix(f"{prefix}_")
        structured = any(pattern.fullmatch(name) for pattern in (RATER, SINGLE, FEATURE))
        is_word = prefix and LABEL.fullmatch(suffix) and suffix not in NO_EMOTION and not structured
        if is_word and _is_mostly_numbers(frame[column]):
            maybe[column] = (FUSED if prefix in WHOLE else prefix, suffix)
    sides = {side for side, _ in found.values()}
    for column, (side, emotion) in maybe.items():
        shared = {other for other, word in maybe.values() if word == emotion}
        if not sides or (len(sides) > 1 and sides <= shared and side in sides):
            found[column] = (side, emotion)
    return {column: found[column] for column in names if column in found}


def _is_mostly_numbers(column: pd.Series) -> bool:
    values = reading.numbers(column.iloc[:1000])
    return np.isfinite(values).sum() > np.isinf(values).sum()


def _joined(one: Side, other: Side) -> Side:
    return Side(
        emotions={**one.emotions, **other.emotions},
        raters=one.raters + other.raters,
        label=one.label or other.label,
        score=one.score or other.score,
        features=one.features + other.features,
    )


def by_mapping(mapping: str | Path | Mapping[str, Any], frame: pd.DataFrame) -> Roles:
    """What the columns of a table are, from a mapping; what it does not name about the sample is found by name.

    Args:
        mapping: a JSON or TOML file, or what it would hold
        frame: the table

    Raises:
        DatasetError: naming the first entry that is not understood
    """
    told = mapping if isinstance(mapping, Mapping) else _mapping_file(Path(mapping))
    known = ("title", "description", "licence", "source", "labels", "context", "columns", "sides")
    _known_keys(told, known, "a mapping")
    named = _table(told.get("columns", {}), "columns")
    allowed = (*COLUMNS, *(f"media_{modality}" for modality in _table(told.get("sides", {}), "sides")))
    _known_keys(named, allowed, "'columns'")
    sides = {
        name: _told_side(name, _table(side, f"sides.{name}"), frame) for name, side in told.get("sides", {}).items()
    }
    if not sides:
        raise DatasetError('The mapping names no side. Add for example: [sides.voice] label = "the column\'s name".')
    samples = {what: _column(column, frame, f"columns.{what}") for what, column in named.items()}
    taken = {*samples.values()}.union(*(side.columns() for side in sides.values()))
    free = {column: plain(column) for column in frame if column not in taken}
    context = tuple(_column(column, frame, "context") for column in _list(told.get("context", ()), "context"))
    return Roles(
        samples=_samples(free) | samples,
        sides=sides,
        labels=_told_labels(told.get("labels", ())),
        context=context,
        title=str(told.get("title", "")),
        description=str(told.get("description", "")),
        licence=str(told.get("licence", "")),
        source=str(told.get("source", "")),
    )


def _mapping_file(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        told = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise DatasetError(f"The mapping '{path.name}' cannot be read as JSON or TOML: {error}") from error
    return _table(told, path.name)


def _told_side(name: str, told: Mapping[str, Any], frame: pd.DataFrame) -> Side:
    if not MODALITY.fullmatch(name):
        raise DatasetError(f"'{name[:40]}' cannot name a side: use 'fused', or a modality in lower-case letters.")
    _known_keys(told, ("votes", "distribution", "label", "score", "raters", "features"), f"'sides.{name}'")
    kinds: list[Kind] = [kind for kind in ("votes", "distribution") if kind in told]
    emotion_columns = _table(told[kinds[0]], f"sides.{name}.{kinds[0]}") if kinds else {}
    side = Side(
        emotions={
            plain_emotion(emotion): _column(column, frame, f"sides.{name}")
            for emotion, column in emotion_columns.items()
        },
        kind=kinds[0] if kinds else None,
        raters=tuple(_column(column, frame, f"sides.{name}") for column in _list(told.get("raters", ()), "raters")),
        label=_column(told["label"], frame, f"sides.{name}") if "label" in told else None,
        score=_column(told["score"], frame, f"sides.{name}") if "score" in told else None,
        features=tuple(
            _column(column, frame, f"sides.{name}") for column in _list(told.get("features", ()), "features")
        ),
    )
    return side


def plain_emotion(name: object) -> str:
    """An emotion's name as datasets keep it: lower case, single spaces.

    Raises:
        DatasetError: if nothing can be called that
    """
    clean = " ".join(str(name).lower().split())
    if not LABEL.fullmatch(clean):
        raise DatasetError(f"'{clean[:40]}' cannot name an emotion: use 1 to 40 printable characters.")
    return clean


def _told_labels(told: Any) -> tuple[Label, ...]:
    given = [label if isinstance(label, Mapping) else {"name": label} for label in _list(told, "labels")]
    for label in given:
        _known_keys(label, ("name", "colour", "valence"), "a label")
        if "name" not in label:
            raise DatasetError("Each of the mapping's labels needs a 'name'.")
    found = emotions.labels(plain_emotion(label["name"]) for label in given)
    try:
        return tuple(
            replace(
                label,
                colour=str(told.get("colour", label.colour)).lower(),
                valence=float(told.get("valence", label.valence)),
            )
            for label, told in zip(found, given, strict=True)
        )
    except (TypeError, ValueError) as error:
        raise DatasetError("The valence of a label is a number between -1 and 1.") from error


def _column(name: Any, frame: pd.DataFrame, where: str) -> str:
    if isinstance(name, str) and name in frame:
        return name
    raise DatasetError(f"The mapping's '{where}' names the column '{str(name)[:60]}', which the table does not have.")


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise DatasetError(f"The mapping's '{where}' must be a table of names and values.")


def _list(value: Any, where: str) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    raise DatasetError(f"The mapping's '{where}' must be a list.")


def _known_keys(told: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    strange = [key for key in told if key not in known]
    if strange:
        raise DatasetError(f"'{str(strange[0])[:40]}' means nothing in {where}. Known: {', '.join(known)}.")
