"""What the findings of a whole dataset come to, with intervals and the number of samples behind each.

Rows that a model predicted in-sample are left out of everything said of the model.
"""

from dataclasses import dataclass

import numpy as np

from emoviz.analysis.findings import IN_SAMPLE, Findings
from emoviz.analysis.slices import Judge, column, differs, judges, modes
from emoviz.data.dataset import FUSED
from emoviz.measures import intervals
from emoviz.measures.conflict import TYPES
from emoviz.measures.intervals import Interval


@dataclass(frozen=True)
class Disagreement:
    """How many samples show different emotions in different modalities, beyond noise.

    Attributes:
        judge: who says so
        share: of the judged samples, with its interval over speakers
        count: how many samples
        judged: how many samples the judge could compare
        pairs: the same for each pair of modalities, ``(a, b, count, judged)``
    """

    judge: Judge
    share: Interval
    count: int
    judged: int
    pairs: tuple[tuple[str, str, int, int], ...]


@dataclass(frozen=True)
class Winner:
    """Whom the whole follows where two modalities clearly show different emotions.

    Attributes:
        judge: who says so
        a: the first modality
        b: the second
        follows_a: share of the samples whose fused emotion is that of ``a``
        follows_b: that of ``b``
        neither: another one
    """

    judge: Judge
    a: str
    b: str
    follows_a: Interval
    follows_b: Interval
    neither: Interval

    @property
    def n(self) -> int:
        """How many samples have three clear emotions, the first two of them different."""
        return self.neither.n


@dataclass(frozen=True)
class Matrix:
    """Which emotion one modality shows while another shows which.

    Attributes:
        judge: who says so
        a: the modality of the rows
        b: the modality of the columns
        labels: the emotions of both
        counts: ``(K, K)`` samples whose emotions are clear in both
        beyond: ``(K, K)`` how many of them differ beyond noise
        clear: ``(K, K)`` how many of them have a clear fused emotion
        follows_a: ``(K, K)`` how many of the clear ones take the emotion of ``a``
        follows_b: ``(K, K)`` how many take that of ``b``
    """

    judge: Judge
    a: str
    b: str
    labels: tuple[str, ...]
    counts: np.ndarray
    beyond: np.ndarray
    clear: np.ndarray
    follows_a: np.ndarray
    follows_b: np.ndarray


@dataclass(frozen=True)
class Kinds:
    """How samples disagree, by one judge.

    Attributes:
        judge: who says so
        counts: kind of conflict to the number of samples
    """

    judge: Judge
    counts: dict[str, int]


@dataclass(frozen=True)
class Summary:
    """Everything the overview says.

    Attributes:
        samples: N
        groups: speakers, 0 where unknown
        flagged: samples that carry a flag
        disagreements: one for each judge
        winners: for each judge and pair with at least one such sample
        matrices: for each judge and pair
        kinds: for each judge that can tell kinds
    """

    samples: int
    groups: int
    flagged: int
    disagreements: tuple[Disagreement, ...]
    winners: tuple[Winner, ...]
    matrices: tuple[Matrix, ...]
    kinds: tuple[Kinds, ...]

    def disagreement(self, judge: Judge) -> Disagreement:
        """What one judge says."""
        return next(found for found in self.disagreements if found.judge == judge)

    def matrix(self, judge: Judge, a: str, b: str) -> Matrix:
        """The emotions of one pair by one judge."""
        return next(found for found in self.matrices if (found.judge, found.a, found.b) == (judge, a, b))

    def of_pair(self, a: str, b: str) -> tuple[Winner, ...]:
        """Who wins between two modalities, by each judge that knows."""
        return tuple(winner for winner in self.winners if (winner.a, winner.b) == (a, b))


def summary(findings: Findings) -> Summary:
    """All of it, computed once a dataset and model."""
    table, pairs = findings.table, findings.meta.pairs
    known = judges(findings)
    return Summary(
        samples=len(table),
        groups=table["group"][table["group"] != ""].nunique(),
        flagged=int((table["flag"] != "").sum()),
        disagreements=tuple(disagreement(findings, judge) for judge in known),
        winners=tuple(
            found for judge in known for a, b in pairs if (found := winner(findings, judge, a, b)) is not None
        ),
        matrices=tuple(matrix(findings, judge, a, b) for judge in known for a, b in pairs),
        kinds=tuple(kinds(findings, judge) for judge in known if column(judge, "type") in table),
    )


def kinds(findings: Findings, judge: Judge) -> Kinds:
    """How many samples of each kind of conflict."""
    found = findings.table[column(judge, "type")][_fair(findings, judge)].value_counts()
    return Kinds(judge, {name: int(found.get(name, 0)) for name in TYPES})


def disagreement(findings: Findings, judge: Judge) -> Disagreement:
    """How many samples disagree beyond noise in some pair."""
    fair = _fair(findings, judge)
    name = "human_conflict" if judge == "people" else "conflict"
    found, judged, pairs = np.zeros(len(fair), bool), np.zeros(len(fair), bool), []
    for a, b in findings.meta.pairs:
        if f"{name}_{a}_{b}" not in findings.table:
            continue
        apart = differs(findings, judge, a, b) & fair
        compared = findings.table[f"{name}_{a}_{b}"].notna().to_numpy() & fair
        pairs.append((a, b, int(apart.sum()), int(compared.sum())))
        found, judged = found | apart, judged | compared
    share = _share(findings, found[judged], judged)
    return Disagreement(judge, share, int(found.sum()), int(judged.sum()), tuple(pairs))


def winner(findings: Findings, judge: Judge, a: str, b: str) -> Winner | None:
    """Whom the whole follows where ``a`` and ``b`` differ, or ``None`` where that never happens."""
    first, second, whole = (modes(findings, judge, side) for side in (a, b, FUSED))
    rows = (first >= 0) & (second >= 0) & (whole >= 0) & (first != second) & _fair(findings, judge)
    if not rows.any():
        return None
    to_a, to_b = whole[rows] == first[rows], whole[rows] == second[rows]
    return Winner(judge, a, b, *(_share(findings, told, rows) for told in (to_a, to_b, ~(to_a | to_b))))


def matrix(findings: Findings, judge: Judge, a: str, b: str) -> Matrix:
    """Which emotions meet, how often, how surely and who wins."""
    labels = findings.meta.label_names
    first, second, whole = (modes(findings, judge, side) for side in (a, b, FUSED))
    rows = (first >= 0) & (second >= 0) & _fair(findings, judge)

    def count(which: np.ndarray) -> np.ndarray:
        cells = first[which] * len(labels) + second[which]
        return np.bincount(cells, minlength=len(labels) ** 2).reshape(len(labels), -1)

    clear = rows & (whole >= 0)
    return Matrix(
        judge,
        a,
        b,
        labels,
        counts=count(rows),
        beyond=count(rows & differs(findings, judge, a, b)),
        clear=count(clear),
        follows_a=count(clear & (whole == first)),
        follows_b=count(clear & (whole == second)),
    )


def cell(findings: Findings, judge: Judge, a: str, first: str, b: str, second: str) -> np.ndarray:
    """The samples of one cell of :func:`matrix`, ``(N,)`` bool."""
    labels = findings.meta.label_names
    shown = modes(findings, judge, a) == labels.index(first), modes(findings, judge, b) == labels.index(second)
    return shown[0] & shown[1] & _fair(findings, judge)


def _fair(findings: Findings, judge: Judge) -> np.ndarray:
    """Rows that may speak for a judge: everything people said, and what a model said of samples it had not learnt."""
    if judge == "people" or "fold" not in findings.table:
        return np.ones(len(findings.table), bool)
    return (findings.table["fold"] != IN_SAMPLE).to_numpy()


def _share(findings: Findings, told: np.ndarray, rows: np.ndarray) -> Interval:
    """A share of samples with its interval: speakers are drawn whole."""
    return intervals.share(told, findings.table["group"].astype(str).to_numpy()[rows])
