"""The table of findings: one row a sample, and what each column means.

People's votes give the human columns, a checkpoint the model's; either may be missing. Predictions
are never in-sample: where a checkpoint was trained on the dataset itself, the fold model that never
saw a sample's group predicts it, and ``fold`` says which.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from emoviz import workspace
from emoviz.analysis import reduce
from emoviz.data.dataset import FUSED, Dataset
from emoviz.errors import DatasetError
from emoviz.measures import conflict, divergence
from emoviz.models.checkpoints import Checkpoint
from emoviz.progress import Progress, Work, finish
from emoviz.training import crossfit

VERSION = 1  # grows when a column changes its meaning: cached findings of older versions are computed again
IN_SAMPLE = -2
THRESHOLDS = conflict.Thresholds()
CAVEAT = (
    "Predictions of what others would perceive, never a readout of what somebody feels. "
    "That a face and a voice differ is normal, not deceit."
)


@dataclass(frozen=True)
class Column:
    """What a column of the findings means; ``{s}`` stands for a side, ``{a}_{b}`` for a pair of modalities."""

    name: str
    meaning: str
    unit: str = ""


COLUMNS = (
    Column("sample_id", "Name of the sample, unique in its dataset."),
    Column("group", "Who is seen or heard (speaker, subject); empty where unknown."),
    Column("split", "Part of the data the source assigned: train, validation, test; empty where it assigned none."),
    Column("flag", "Why to distrust the sample; empty where nothing speaks against it."),
    Column("text", "The words, where the dataset has them."),
    Column("media", "File of the whole clip inside the dataset's media folder; empty where there is none."),
    Column(
        "fold",
        "Which fold model predicted the row: it never saw the row's group. -1: the final model, on data it never saw; "
        "-2: the final model on its own training data, kept out of every statistic.",
    ),
    Column("label", "Emotion that most people chose for the whole sample; empty on ties and where nobody was asked."),
    Column("prediction", "Emotion with the largest predicted mass for the whole sample."),
    Column(
        "predicted_{s}_{label}", "Predicted emotion distribution of a side (a modality, or fused).", "0 to 1, sums to 1"
    ),
    Column("predicted_{s}", "Predicted score of a side, for datasets of scores.", "the dataset's own"),
    Column(
        "typicality_{s}",
        "How typical the side is of the emotion it seems to show, as the checkpoint's card defines it. Low values "
        "mean unlike the anchors of that emotion.",
        "0 to 1",
    ),
    Column("conflict", "How far the modalities are apart, by the model, without any label.", "0 to 1"),
    Column("consistency", "1 - conflict.", "0 to 1"),
    Column(
        "conflict_{a}_{b}",
        "Jensen-Shannon divergence of the predicted distributions of two modalities, over ln 2.",
        "0 to 1",
    ),
    Column("support", "How much is said at all: 1 - mean entropy of the modalities over ln K.", "0 to 1"),
    Column(
        "conflict_type",
        "By the model. unclear: fewer than two modalities, or hardly anything said; agreement: no pair beyond its "
        "floor; dominance: a pair differs and the fused answer is one side's; complement: it keeps both; conflict: it "
        "is neither.",
    ),
    Column(
        "dissenter", "The modality that stands against the rest, by the model; empty while conflict is under its floor."
    ),
    Column(
        "relation_disagreement",
        "How far the groups' relations to the prototypes differ after the memory, mean over pairs and both directions "
        "of the divergence. MPCL-style models only.",
        "nats",
    ),
    Column(
        "rater_ambiguity",
        "How far simulated raters differ about single modalities, mean over those. Models with raters only.",
        "nats",
    ),
    Column(
        "rater_conflict",
        "How far the modalities differ once their raters are averaged: with the ambiguity, all that answers differ. "
        "Models with raters only.",
        "nats",
    ),
    Column(
        "valence_{s}, arousal_{s}",
        "How pleasant and how excited a side is predicted to be perceived. Models with valence and arousal only.",
        "-1 to 1",
    ),
    Column(
        "valence_conflict",
        "How far apart the modalities are in valence, mean over pairs, over 2. Models with valence and arousal only.",
        "0 to 1",
    ),
    Column(
        "x_{s}, y_{s}",
        "Place of a side on the Poincaré disk (curvature -1); stored, never recomputed.",
        "inside the unit circle",
    ),
    Column(
        "distortion_{s}",
        "What the picture loses: relative error of the point's geodesic distances on the disk beside those in the "
        "model's ball.",
        "0 is exact",
    ),
    Column("human_label_{s}", "Emotion that most people chose for a side; empty on ties."),
    Column(
        "human_{s}_{label}",
        "What people said of a side: share of votes, or the given distribution.",
        "0 to 1, sums to 1",
    ),
    Column("human_{s}", "What people said of a side, for datasets of scores.", "the dataset's own"),
    Column("human_conflict", "Largest human_conflict_{a}_{b} of the sample.", "bits, 0 to 1"),
    Column(
        "human_conflict_{a}_{b}", "Jensen-Shannon divergence of people's answers to two modalities.", "bits, 0 to 1"
    ),
    Column(
        "human_conflict_excess_{a}_{b}",
        "The same minus its mean when the votes of both modalities are pooled and dealt out again (what chance alone "
        "gives).",
        "bits",
    ),
    Column(
        "human_conflict_p_{a}_{b}",
        "Share of those deals at least as far apart: the p-value of the vote null.",
        "0 to 1",
    ),
    Column(
        "human_conflict_q_{a}_{b}",
        "The same after Benjamini-Hochberg over all samples and pairs of the dataset.",
        "0 to 1",
    ),
    Column("human_type", "conflict_type of people's answers; a pair differs where human_conflict_q is at most .05."),
    Column("human_dissenter", "The modality farthest from what people said of the whole; empty where no pair differs."),
)


@dataclass(frozen=True)
class Anchor:
    """A named place on the disk: an emotion's prototype."""

    name: str
    colour: str
    x: float
    y: float


@dataclass(frozen=True)
class FindingsMeta:
    """What the whole table was made from and with.

    Attributes:
        dataset: name
        dataset_hash: content hash
        checkpoint: name, empty without one
        checkpoint_sha: SHA-256 of its weights
        labels: ``(name, colour, valence)`` in the order of K
        modalities: names in the order of M
        anchors: the emotions on the disk
        distortion: root mean square of the points' distortions; NaN without a checkpoint
        floors: pair ``a_b`` to the model conflict that agreeing samples stay below
        simulated: whether no person was ever seen or heard
        caveat: what the numbers are not
        version: of the meaning of the columns
    """

    dataset: str
    dataset_hash: str
    labels: tuple[tuple[str, str, float], ...]
    modalities: tuple[str, ...]
    simulated: bool
    checkpoint: str = ""
    checkpoint_sha: str = ""
    anchors: tuple[Anchor, ...] = ()
    distortion: float = float("nan")
    floors: dict[str, float] = field(default_factory=dict)
    caveat: str = CAVEAT
    version: int = VERSION

    @property
    def label_names(self) -> tuple[str, ...]:
        return tuple(name for name, _, _ in self.labels)

    @property
    def sides(self) -> tuple[str, ...]:
        return (*self.modalities, FUSED)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple(combinations(self.modalities, 2))


@dataclass(frozen=True)
class Findings:
    """A dataset as people and one model see it.

    Attributes:
        table: one row a sample, columns as in :data:`COLUMNS`
        meta: what it was made from
        points: ``(N, D)`` fused points as the model shows them on the ball of curvature -1, float32, for neighbours;
            ``None`` without a checkpoint, or when read from a table alone
    """

    table: pd.DataFrame
    meta: FindingsMeta
    points: np.ndarray | None = None

    def distributions(self, who: str, side: str) -> np.ndarray | None:
        """``(N, K)`` of ``who`` (``human`` or ``predicted``) for a side, or ``None`` where there are none."""
        columns = [f"{who}_{side}_{name}" for name in self.meta.label_names]
        return self.table[columns].to_numpy() if columns[0] in self.table else None


def analyze(dataset: Dataset, checkpoint: Checkpoint | None = None, *, device: str = "auto", seed: int = 0) -> Findings:
    """Findings of a dataset; see :func:`analysis`, which says how far it is."""
    return finish(analysis(dataset, checkpoint, device=device, seed=seed))


def analysis(
    dataset: Dataset, checkpoint: Checkpoint | None = None, *, device: str = "auto", seed: int = 0
) -> Work[Findings]:
    """Compute every column that the dataset and the checkpoint give.

    Args:
        dataset: what to look at
        checkpoint: whose predictions; ``None`` for the human columns alone
        device: where the model runs: ``cpu``, ``cuda`` or ``auto``
        seed: draws the landmarks of the picture, and deals votes where there are too many to enumerate

    Returns:
        the findings

    Raises:
        CheckpointError: if the checkpoint reads what the dataset does not have
    """
    meta = FindingsMeta(
        dataset=dataset.name,
        dataset_hash=dataset.content_hash,
        labels=tuple((label.name, label.colour, label.valence) for label in dataset.labels),
        modalities=dataset.modalities,
        simulated=dataset.simulated,
    )
    yield Progress(0.0, "reading what people said")
    columns = _identity(dataset)
    columns |= _human(dataset, seed)
    points = None
    if checkpoint is not None:
        yield Progress(0.3, "asking the model")
        predicted = crossfit.predict(checkpoint, dataset, device=device)
        columns |= _predicted(dataset, predicted)
        yield Progress(0.6, "laying the points on the disk")
        placed, anchors = _on_the_disk(dataset, predicted, seed)
        columns |= placed
        points = predicted.fused_points.astype(np.float32)
        meta = replace(
            meta,
            checkpoint=checkpoint.card.name,
            checkpoint_sha=checkpoint.card.sha256,
            anchors=anchors,
            distortion=float(np.sqrt(np.nanmean(np.square([placed[f"distortion_{side}"] for side in meta.sides])))),
            floors={f"{a}_{b}": float(f) for (a, b), f in zip(meta.pairs, predicted.floors, strict=True)},
        )
    yield Progress(1.0, f"{len(dataset):,} samples")
    return Findings(pd.DataFrame(columns), meta, points)


def _names(names: tuple[str, ...], index: np.ndarray) -> pd.Categorical:
    """Names by index, empty where the index is negative."""
    return pd.Categorical.from_codes(np.where(index < 0, len(names), index), [*names, ""])


def _unique_mode(distribution: np.ndarray) -> np.ndarray:
    """Index of the largest entry of each row ``(N, K)``, -1 on ties and where missing."""
    top = distribution.max(1)
    tied = (distribution == top[:, None]).sum(1) != 1
    return np.where(tied | np.isnan(top), -1, np.nan_to_num(distribution).argmax(1))


def _identity(dataset: Dataset) -> dict[str, Any]:
    samples = dataset.samples
    columns: dict[str, Any] = {"sample_id": samples["sample_id"].to_numpy()}
    for name in ("group", "split", "flag", "text", "media"):
        values = samples[name] if name in samples else pd.Series([""] * len(samples))
        columns[name] = values.to_numpy() if name in ("text", "media") else pd.Categorical(values.astype(str))
    return columns


def _human(dataset: Dataset, seed: int) -> dict[str, Any]:
    """Columns of what people said."""
    columns: dict[str, Any] = {}
    given: dict[str, np.ndarray] = {}
    for side in (*dataset.modalities, FUSED):
        annotation = dataset.annotations.get(side)
        if annotation is None:
            continue
        if annotation.kind == "score":
            columns[f"human_{side}"] = annotation.values
            continue
        distribution = annotation.distribution(len(dataset.labels))
        assert distribution is not None  # only scores have none
        given[side] = distribution
        mode = _names(dataset.label_names, _unique_mode(distribution))
        columns[f"human_label_{side}"] = mode
        columns |= {f"human_{side}_{name}": distribution[:, k] for k, name in enumerate(dataset.label_names)}
        if side == FUSED:
            columns["label"] = mode
    modalities = [m for m in dataset.modalities if m in given]
    pairs = list(combinations(modalities, 2))
    if not pairs:
        return columns
    p_values = []
    for a, b in pairs:
        kinds = dataset.annotations[a].kind, dataset.annotations[b].kind
        if kinds == ("votes", "votes"):
            null = divergence.vote_null(dataset.annotations[a].values, dataset.annotations[b].values, seed=seed)
            columns[f"human_conflict_{a}_{b}"] = null.observed
            columns[f"human_conflict_excess_{a}_{b}"] = null.observed - null.expected
            p_values.append(null.p)
        else:
            columns[f"human_conflict_{a}_{b}"] = divergence.jsd(given[a], given[b]) / divergence.LN2
            p_values.append(np.full(len(dataset), np.nan))
    q_values = divergence.benjamini_hochberg(np.concatenate(p_values)).reshape(len(pairs), -1)
    for (a, b), p, q in zip(pairs, p_values, q_values, strict=True):
        if not np.isnan(p).all():
            columns[f"human_conflict_p_{a}_{b}"], columns[f"human_conflict_q_{a}_{b}"] = p, q
    bits = np.stack([columns[f"human_conflict_{a}_{b}"] for a, b in pairs])
    columns["human_conflict"] = np.where(np.isnan(bits).all(0), np.nan, np.nan_to_num(bits, nan=-1).max(0))
    if FUSED in given and not np.isnan(q_values).all():
        q = np.stack([given[m] for m in modalities])
        differs = q_values <= THRESHOLDS.discovery
        columns["human_type"] = pd.Categorical(conflict.types(q, given[FUSED], differs), conflict.TYPES)
        columns["human_dissenter"] = _names(
            tuple(modalities), conflict.dissenter(q, given[FUSED], differs=differs.any(0))
        )
    return columns


def _predicted(dataset: Dataset, predicted: crossfit.Predictions) -> dict[str, Any]:
    """Columns of what the model says."""
    columns: dict[str, Any] = {"fold": predicted.fold}
    sides = dict(zip(dataset.modalities, predicted.q, strict=True))
    if predicted.score is not None:
        assert predicted.scores is not None  # a score for the whole comes with one for each side
        columns |= {f"predicted_{side}": values for side, values in zip(sides, predicted.scores, strict=True)}
        columns[f"predicted_{FUSED}"] = predicted.score
    if predicted.fused is not None:
        columns["prediction"] = _names(dataset.label_names, _first_mode(predicted.fused))
        for side, distribution in {**sides, FUSED: predicted.fused}.items():
            columns |= {f"predicted_{side}_{name}": distribution[:, k] for k, name in enumerate(dataset.label_names)}
    for side, values in zip(dataset.modalities, predicted.typicality, strict=True):
        columns[f"typicality_{side}"] = values
    columns[f"typicality_{FUSED}"] = predicted.typicality_fused
    columns["conflict"], columns["consistency"] = predicted.conflict, 1 - predicted.conflict
    for (a, b), apart in zip(combinations(dataset.modalities, 2), conflict.pair_values(predicted.q), strict=True):
        columns[f"conflict_{a}_{b}"] = apart
    columns["support"] = conflict.support(predicted.q)
    columns["dissenter"] = _names(dataset.modalities, predicted.dissenter)
    if predicted.fused is not None:
        types = conflict.types(predicted.q, predicted.fused, predicted.floors)
        columns["conflict_type"] = pd.Categorical(types, conflict.TYPES)
    return columns | predicted.more


def _first_mode(distribution: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(distribution).any(1), -1, np.nan_to_num(distribution).argmax(1))


def _on_the_disk(
    dataset: Dataset, predicted: crossfit.Predictions, seed: int
) -> tuple[dict[str, np.ndarray], tuple[Anchor, ...]]:
    """Coordinates and distortion of every side, and the anchors, on one disk."""
    points = dict(zip((*dataset.modalities, FUSED), [*predicted.points, predicted.fused_points], strict=True))
    disk = reduce.fit(np.concatenate(list(points.values())), keep=predicted.prototypes, seed=seed)
    columns: dict[str, np.ndarray] = {}
    for side, there in points.items():
        placed = disk.place(there)
        columns |= {f"x_{side}": placed.xy[:, 0], f"y_{side}": placed.xy[:, 1], f"distortion_{side}": placed.distortion}
    if predicted.fused is None:
        return columns, ()  # the prototypes of scores are bins, which have no name
    anchors = disk.place(predicted.prototypes).xy
    return columns, tuple(
        Anchor(label.name, label.colour, float(x), float(y))
        for label, (x, y) in zip(dataset.labels, anchors, strict=True)
    )


def documentation() -> str:
    """What each column means, as Markdown: the one source of ``docs/columns.md`` and of the app's help."""
    head = "# Columns of the findings\n\n`{s}` is a side: a modality of the dataset, or `fused`.\n\n"
    rows = [f"| `{c.name}` | {c.meaning} | {c.unit} |" for c in COLUMNS]
    return head + "\n".join(["| column | meaning | unit or range |", "| --- | --- | --- |", *rows]) + "\n"


# Kept findings


def key(dataset: Dataset, checkpoint: Checkpoint | None) -> str:
    """Names the findings of one dataset and one checkpoint, whatever they are called."""
    return key_of(dataset.content_hash, "" if checkpoint is None else checkpoint.card.sha256)


def key_of(content_hash: str, sha256: str) -> str:
    """The same by their hashes, without reading either; ``sha256`` is empty without a checkpoint."""
    return f"{content_hash[:16]}-{sha256[:16] or 'votes'}-v{VERSION}"


def kept(dataset: Dataset, checkpoint: Checkpoint | None = None) -> Work[Findings]:
    """Findings from the workspace, computed and kept there if they are not."""
    path = workspace.place("findings") / f"{key(dataset, checkpoint)}.parquet"
    if path.is_file():
        return read(path)
    findings = yield from analysis(dataset, checkpoint)
    if findings.points is not None:
        with _replaced(path.with_suffix(".npy")) as temporary, temporary.open("wb") as file:
            np.save(file, findings.points, allow_pickle=False)
    write(findings, path)
    return findings


def write(findings: Findings, path: Path) -> None:
    """Write the table as Parquet with its meta inside (or as CSV, by the path's ending); never half of it.

    Raises:
        DatasetError: if the path ends otherwise, or its folder cannot be written to
    """
    if path.suffix not in (".parquet", ".csv"):
        raise DatasetError(f"Findings are written as .parquet or .csv, not as '{path.name}'.")
    try:
        with _replaced(path) as temporary:
            if path.suffix == ".csv":
                safe_text(findings.table).to_csv(temporary, index=False)
            else:
                table = pa.Table.from_pandas(findings.table, preserve_index=False)
                meta = {b"emoviz": json.dumps(asdict(findings.meta)).encode()}
                table = table.replace_schema_metadata({**(table.schema.metadata or {}), **meta})
                pq.write_table(table, temporary, compression="zstd")
    except OSError as error:
        raise DatasetError(f"Cannot write '{path}': {error.strerror}.") from error


def safe_text(table: pd.DataFrame) -> pd.DataFrame:
    """The table with text that a spreadsheet would run as a formula made harmless by a leading apostrophe."""
    texts = table.select_dtypes(exclude="number").columns
    risky = {name: table[name].astype(str).str.match(r"\s*[=+\-@]|[\t\r]") for name in texts}
    return table.assign(
        **{name: table[name].astype(str).where(~bad, "'" + table[name].astype(str)) for name, bad in risky.items()}
    )


@contextmanager
def _replaced(path: Path) -> Iterator[Path]:
    """A temporary file beside ``path`` that takes its place when the block ends well."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path) -> Findings:
    """Findings that :func:`write` wrote, with the points that :func:`kept` laid beside them.

    Raises:
        DatasetError: if the file holds none
    """
    try:
        table = pq.read_table(path)
        found = json.loads(table.schema.metadata[b"emoviz"])
    except (OSError, pa.ArrowInvalid, KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"'{path}' holds no findings; 'emoviz analyze DATASET -o {path.name}' makes some."
        ) from error
    found["anchors"] = tuple(Anchor(**anchor) for anchor in found["anchors"])
    found["labels"] = tuple((name, colour, valence) for name, colour, valence in found["labels"])
    found["modalities"] = tuple(found["modalities"])
    beside = path.with_suffix(".npy")
    points = np.load(beside, mmap_mode="r", allow_pickle=False) if beside.is_file() else None
    return Findings(table.to_pandas(), FindingsMeta(**found), points)
