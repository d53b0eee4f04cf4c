"""One sample of the findings, taken out of its columns and put into words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emoviz.analysis.findings import THRESHOLDS, Findings, FindingsMeta
from emoviz.analysis.slices import Judge

NAN = float("nan")


@dataclass(frozen=True)
class Side:
    """What one side of a sample shows.

    Attributes:
        name: a modality or ``fused``
        people: what people saw or heard in it, ``(K,)``; ``None`` where nobody was asked
        model: what the model expects people to say, ``(K,)``; ``None`` without a model or where it is missing
        typicality: how typical the model finds it, 0 to 1; NaN where unknown
        people_score: the same as a score, for datasets of scores; NaN where nobody was asked
        model_score: what the model expects there; NaN where unknown
    """

    name: str
    people: np.ndarray | None
    model: np.ndarray | None
    typicality: float = NAN
    people_score: float = NAN
    model_score: float = NAN

    def said(self, judge: Judge) -> np.ndarray | None:
        """The distribution of one judge."""
        return self.people if judge == "people" else self.model


@dataclass(frozen=True)
class Pair:
    """How far two sides of a sample are apart.

    Attributes:
        a: the first modality
        b: the second
        people: Jensen-Shannon divergence of people's votes, bits, 0 to 1
        excess: how much of it chance does not explain, bits
        p: how often chance alone gives as much
        q: the same after Benjamini-Hochberg over the dataset
        model: Jensen-Shannon divergence of the model's expectations, bits, 0 to 1
        floor: what the model gives for pairs that agree, bits
    """

    a: str
    b: str
    people: float = NAN
    excess: float = NAN
    p: float = NAN
    q: float = NAN
    model: float = NAN
    floor: float = NAN

    @property
    def beyond_noise(self) -> bool:
        """Whether people differ more than votes differ by chance."""
        return self.q <= THRESHOLDS.discovery


@dataclass(frozen=True)
class Portrait:
    """One sample with everything the findings say of it.

    Attributes:
        row: its row
        sample_id: unique within the dataset
        labels: emotion names, ``K``
        colours: of the emotions
        sides: the modalities in the dataset's order, then ``fused``
        pairs: every pair of modalities
        label: the emotion people gave the whole, empty where tied or unknown
        prediction: the emotion the model expects, empty without a model
        human_type: kind of conflict among people, empty where unknown
        human_dissenter: the side that stands apart, empty where none does
        model_type: the same by the model
        model_dissenter: the same by the model
        conflict: the model's conflict, 0 to 1
        support: how much the modalities say at all, 0 to 1
        fold: which fold model predicted it, -1 the final one, -2 in-sample; ``None`` without a model
        group: speaker, empty if unknown
        split: part of the dataset, or empty
        flag: why to distrust it, or empty
        text: words, or empty
        media: path inside the dataset's media folder, or empty
    """

    row: int
    sample_id: str
    labels: tuple[str, ...]
    colours: tuple[str, ...]
    sides: tuple[Side, ...]
    pairs: tuple[Pair, ...]
    label: str
    prediction: str
    human_type: str
    human_dissenter: str
    model_type: str
    model_dissenter: str
    conflict: float
    support: float
    fold: int | None
    group: str
    split: str
    flag: str
    text: str
    media: str

    def type(self, judge: Judge) -> str:
        """Kind of conflict by one judge."""
        return self.human_type if judge == "people" else self.model_type

    def dissenter(self, judge: Judge) -> str:
        """The side that stands apart by one judge."""
        return self.human_dissenter if judge == "people" else self.model_dissenter


def portrait(findings: Findings, row: int) -> Portrait:
    """One sample of the findings, by its row, 0 to N - 1."""
    return portraits(findings, [row])[0]


def portraits(findings: Findings, rows: Sequence[int] | np.ndarray) -> tuple[Portrait, ...]:
    """Some samples of the findings, in the order of ``rows``."""
    # Taken out column by column: a row of a table this wide is slow to take out, and a page shows many.
    columns = {str(name): values.to_numpy() for name, values in findings.table.iloc[list(rows)].items()}
    return tuple(_portrait(findings.meta, columns, place, int(row)) for place, row in enumerate(rows))


def _portrait(meta: FindingsMeta, columns: dict[str, np.ndarray], place: int, row: int) -> Portrait:
    def number(name: str) -> float:
        return float(columns[name][place]) if name in columns else NAN

    def word(name: str) -> str:
        value = columns[name][place] if name in columns else ""
        return value if isinstance(value, str) else ""

    def distribution(start: str) -> np.ndarray | None:
        names = [f"{start}_{name}" for name in meta.label_names]
        if names[0] not in columns:
            return None
        found = np.array([columns[name][place] for name in names], float)
        return None if np.isnan(found).any() else found

    return Portrait(
        row=row,
        sample_id=str(columns["sample_id"][place]),
        labels=meta.label_names,
        colours=tuple(colour for _, colour, _ in meta.labels),
        sides=tuple(
            Side(
                side,
                distribution(f"human_{side}"),
                distribution(f"predicted_{side}"),
                number(f"typicality_{side}"),
                number(f"human_{side}"),
                number(f"predicted_{side}"),
            )
            for side in meta.sides
        ),
        pairs=tuple(
            Pair(
                a,
                b,
                people=number(f"human_conflict_{a}_{b}"),
                excess=number(f"human_conflict_excess_{a}_{b}"),
                p=number(f"human_conflict_p_{a}_{b}"),
                q=number(f"human_conflict_q_{a}_{b}"),
                model=number(f"conflict_{a}_{b}"),
                floor=meta.floors.get(f"{a}_{b}", NAN),
            )
            for a, b in meta.pairs
        ),
        label=word("label"),
        prediction=word("prediction"),
        human_type=word("human_type"),
        human_dissenter=word("human_dissenter"),
        model_type=word("conflict_type"),
        model_dissenter=word("dissenter"),
        conflict=number("conflict"),
        support=number("support"),
        fold=int(columns["fold"][place]) if "fold" in columns else None,
        group=word("group"),
        split=word("split"),
        flag=word("flag"),
        text=word("text"),
        media=word("media"),
    )
