"""What is measured of a model's answers: one entry a metric, with its meaning in a sentence.

A metric is a function of sums over samples. So its value for any draw of groups follows from the sums of each group,
and intervals and tests take milliseconds. The functions themselves stand in :mod:`emoviz.measures.metrics`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.stats import rankdata

from emoviz.benchmark.results import About, Answers
from emoviz.measures import metrics

BINS = 15  # of confidence
MOST_NUMBERS = 200_000  # sums kept of all groups: finer scores are joined to bins of equal frequency
Sums = Callable[[Answers, np.ndarray, int], np.ndarray]


@dataclass(frozen=True)
class Metric:
    """What a column of numbers means.

    Attributes:
        name: in tables
        title: as shown
        meaning: one sentence for a newcomer
        better: which way is better
    """

    name: str
    title: str
    meaning: str
    better: Literal["higher", "lower", "neither"]


@dataclass(frozen=True)
class Score(Metric):
    """A metric of answers or of conflict scores.

    Attributes:
        sums: of answers, each sample's group ``(N,)`` and the number of groups G: sums ``(R, G, S)``
        value: of sums, ``(..., S)`` to ``(...)``; NaN where nothing can be judged
        about: whether it judges the ``answer`` or the ``conflict`` score
    """

    sums: Sums
    value: Callable[[np.ndarray], np.ndarray]
    about: Literal["answer", "conflict"] = "answer"

    def gain(self, difference: np.ndarray | float) -> np.ndarray | float:
        """A difference, positive where it is for the better (or simply more, where neither way is)."""
        return -difference if self.better == "lower" else difference

    def each(self, answers: Answers) -> np.ndarray:
        """Its value for each training, ``(R,)``."""
        return self.value(self.sums(answers, np.zeros(len(answers.group), int), 1)[:, 0])


@dataclass(frozen=True)
class LabelScore(Metric):
    """A metric of the labels that a model gives to single modalities of training samples.

    Attributes:
        value: of summed counts of :class:`emoviz.benchmark.results.Relabelled`, ``(..., 6)`` to ``(...)``
    """

    value: Callable[[np.ndarray], np.ndarray]


def legend(about: About) -> tuple[Metric, ...]:
    """Every metric that tables of a dataset may name."""
    return (*of_answers(about), *of_conflict(about), *LABELS)


def of_answers(about: About) -> tuple[Score, ...]:
    """What is measured of fused answers, the chief metric first."""
    if about.target == "score":
        return SCORES
    return (*(DISTRIBUTIONS if about.target == "distribution" else ()), *CLASSES, *of_masses(about))


def of_masses(about: About) -> tuple[Score, ...]:
    """What says whether people's fusion is kept where modalities differ; nothing where nobody judged them alone."""
    told = about.reference == "people" and about.target != "score"
    return tuple(_kept(m, name) for m, name in enumerate(about.modalities)) if told else ()


def of_conflict(about: About) -> tuple[Score, ...]:
    """What is measured of conflict scores; nothing where the truth about conflict is unknown."""
    people = about.reference == "people" and about.detects
    return (*(PLANTED if about.planted else ()), *((AGREES,) if people else ()))


def named(name: str, about: About) -> Score:
    """A metric by its name; the chief one where the name is empty or means nothing for this dataset."""
    known = (*of_answers(about), *of_conflict(about))
    return next((score for score in known if score.name == name), known[0])


def take(answers: Answers, chosen: np.ndarray) -> Answers:
    """Answers for chosen samples, ``(N,)`` bool."""
    return Answers(
        sample_id=answers.sample_id[chosen],
        group=answers.group[chosen],
        target=answers.target[chosen],
        fused=answers.fused[:, chosen],
        said=answers.said[:, :, chosen],
        conflict=answers.conflict[:, chosen],
        dissenter=answers.dissenter[:, chosen],
        kind=answers.kind[chosen],
        planted=answers.planted[chosen],
        planted_dissenter=answers.planted_dissenter[chosen],
        shown=answers.shown[:, chosen],
        reference=answers.reference[chosen],
        observer=answers.observer[chosen],
        trainings=answers.trainings,
    )


def observed(answers: Answers) -> Answers:
    """The best observer's evidence in place of the model's conflict, as one training."""
    first = {name: getattr(answers, name)[:1] for name in ("fused", "said", "dissenter", "trainings")}
    return replace(answers, **first, conflict=answers.observer[None])


def people(answers: Answers) -> Answers:
    """What people said of the whole in place of a model's answer, as one training."""
    return replace(
        answers,
        fused=answers.target[None],
        **{name: getattr(answers, name)[:1] for name in ("said", "conflict", "dissenter", "trainings")},
    )


# How sums come about


def _mean(each: Callable[[Answers, int], np.ndarray]) -> tuple[Sums, Callable[[np.ndarray], np.ndarray]]:
    """A mean over samples of one number a sample and training, ``(N,)``, NaN left out."""

    def sums(answers: Answers, member: np.ndarray, groups: int) -> np.ndarray:
        values = np.stack([each(answers, r) for r in range(len(answers.trainings))])
        known = ~np.isnan(values)
        return _added(np.stack([np.where(known, values, 0), known], -1), member, groups)

    return sums, lambda s: metrics.ratio(s[..., 0], s[..., 1])


def _added(values: np.ndarray, member: np.ndarray, groups: int) -> np.ndarray:
    """Sums over the samples of each group, ``(R, N, S)`` to ``(R, G, S)``."""
    out = np.zeros((len(values), groups, values.shape[2]))
    for r, rows in enumerate(values):
        for s in range(values.shape[2]):
            out[r, :, s] = np.bincount(member, weights=rows[:, s], minlength=groups)
    return out


def _counted(place: np.ndarray, member: np.ndarray, groups: int, size: int) -> np.ndarray:
    """How often each place occurs in each group, ``(R, N)`` to ``(R, G, size)``; places below 0 are left out."""
    out = np.zeros((len(place), groups, size))
    for r, row in enumerate(place):
        known = row >= 0
        counts = np.bincount(member[known] * size + row[known], minlength=groups * size)
        out[r] = counts.reshape(groups, size)
    return out


def _confusion(answers: Answers, member: np.ndarray, groups: int) -> np.ndarray:
    truth, labels = metrics.modes(answers.target), answers.target.shape[1]
    place = np.where(truth >= 0, truth * labels + answers.fused.argmax(-1), -1)
    return _counted(place, member, groups, labels**2)


def _square(sums: np.ndarray) -> np.ndarray:
    labels = round(sums.shape[-1] ** 0.5)
    return sums.reshape(*sums.shape[:-1], labels, labels)


def _gaps(answers: Answers, member: np.ndarray, groups: int) -> np.ndarray:
    """How far confidence is from being right, in each bin of confidence, and the number of samples."""
    truth, confidence = metrics.modes(answers.target), answers.fused.max(-1)
    gap = np.where(truth >= 0, (answers.fused.argmax(-1) == truth) - confidence, 0)
    place = metrics.confidence_bin(confidence, BINS)
    columns = [np.where(place == b, gap, 0) for b in range(BINS)]
    return _added(np.stack([*columns, np.broadcast_to(truth >= 0, gap.shape)], -1), member, groups)


def _ranked(flag: np.ndarray, answers: Answers, member: np.ndarray, groups: int) -> np.ndarray:
    """How many flagged and other samples have each conflict, from the least on, ``(R, G, 2V)``."""
    place = np.full(answers.conflict.shape, -1)
    for r, score in enumerate(answers.conflict):
        known = ~np.isnan(score + flag)
        place[r, known] = np.unique(score[known], return_inverse=True)[1]
    size, most = int(place.max(initial=0)) + 1, max(2, MOST_NUMBERS // (2 * groups))
    if size > most:
        place, size = np.where(place >= 0, place * most // size, -1), most
    flagged = _counted(np.where(flag == 1, place, -1), member, groups, size)
    others = _counted(np.where(flag == 0, place, -1), member, groups, size)
    return np.concatenate([flagged, others], -1)


def _planted(answers: Answers, member: np.ndarray, groups: int) -> np.ndarray:
    return _ranked(answers.planted, answers, member, groups)


def _halves(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    half = sums.shape[-1] // 2
    return sums[..., :half], sums[..., half:]


def _ranks(answers: Answers, member: np.ndarray, groups: int) -> np.ndarray:
    """Moments of the ranks of conflict and reference; a draw of groups keeps the ranks among all."""
    out = []
    for score in answers.conflict:
        known = ~np.isnan(score + answers.reference)
        x, y = (np.where(known, values, np.nan) for values in (score, answers.reference))
        ranks = [rankdata(values, nan_policy="omit") / max(1, known.sum()) for values in (x, y)]
        out.append(metrics.moments(*ranks))
    return _added(np.stack(out), member, groups)


def _pairs(answers: Answers, member: np.ndarray, groups: int) -> np.ndarray:
    truth = answers.target[:, 0]
    return _added(np.stack([metrics.moments(truth, fused[:, 0]) for fused in answers.fused]), member, groups)


def _per_row(metric: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[[Answers, int], np.ndarray]:
    return lambda answers, r: metric(answers.target, answers.fused[r])


def _score_hits(classes: int) -> Callable[[Answers, int], np.ndarray]:
    return lambda answers, r: metrics.score_hits(answers.target[:, 0], answers.fused[r][:, 0], classes)


def _dissenters(answers: Answers, r: int) -> np.ndarray:
    known = (answers.planted_dissenter >= 0) & ~np.isnan(answers.conflict[r])
    return np.where(known, answers.dissenter[r] == answers.planted_dissenter, np.nan)


def _kept(m: int, modality: str) -> Score:
    """Mass of the answer on what one modality shows, in samples whose modalities all show something else."""

    def each(answers: Answers, r: int) -> np.ndarray:
        shown = np.sort(answers.shown, axis=0)
        differ = (shown[0] >= 0) & (np.diff(shown, axis=0) != 0).all(0) & (metrics.modes(answers.target) >= 0)
        mass = answers.fused[r][np.arange(len(differ)), answers.shown[m]]
        return np.where(differ & (len(shown) > 1), mass, np.nan)

    words = f"Mean mass that the answer leaves on what the {modality} alone shows, where every modality shows another."
    return Score(f"mass_{modality}", f"mass on the {modality}'s", words, "neither", *_mean(each))


CLASSES = (
    Score(
        "accuracy",
        "accuracy",
        "Share of the samples whose most likely emotion is the true one.",
        "higher",
        *_mean(lambda a, r: metrics.hits(metrics.modes(a.target), a.fused[r].argmax(1))),
    ),
    Score(
        "uar",
        "UAR",
        "Unweighted average recall: accuracy if every emotion were equally frequent.",
        "higher",
        _confusion,
        lambda s: metrics.uar_of(_square(s)),
    ),
    Score(
        "f1",
        "macro F1",
        "Mean over the emotions of the harmonic mean of precision and recall.",
        "higher",
        _confusion,
        lambda s: metrics.f1_of(_square(s)),
    ),
    Score(
        "f1_weighted",
        "weighted F1",
        "F1 of the emotions, weighted by how frequent each is.",
        "higher",
        _confusion,
        lambda s: metrics.f1_of(_square(s), "weighted"),
    ),
    Score(
        "ece",
        "ECE",
        "Expected calibration error: how far confidence is from accuracy; 0 is calibrated.",
        "lower",
        _gaps,
        lambda s: metrics.ratio(np.abs(s[..., :-1]).sum(-1), s[..., -1]),
    ),
    Score(
        "brier",
        "Brier",
        "Mean squared distance between the predicted distribution and the true emotion.",
        "lower",
        *_mean(lambda a, r: metrics.brier_each(metrics.modes(a.target), a.fused[r])),
    ),
)
DISTRIBUTIONS = (
    Score(
        "jsd",
        "JSD (bits)",
        "Jensen-Shannon divergence between predicted and people's distribution; 0 is the same.",
        "lower",
        *_mean(_per_row(metrics.jsd_bits)),
    ),
    Score(
        "chebyshev",
        "Chebyshev",
        "Largest difference of any emotion's share.",
        "lower",
        *_mean(_per_row(metrics.chebyshev)),
    ),
    Score(
        "clark", "Clark", "Root of the summed squared relative differences.", "lower", *_mean(_per_row(metrics.clark))
    ),
    Score("canberra", "Canberra", "Sum of the relative differences.", "lower", *_mean(_per_row(metrics.canberra))),
    Score(
        "kl",
        "KL (nats)",
        "Kullback-Leibler divergence of the prediction from people's distribution.",
        "lower",
        *_mean(_per_row(metrics.kl)),
    ),
    Score("cosine", "cosine", "Cosine of the angle between the two.", "higher", *_mean(_per_row(metrics.cosine))),
    Score(
        "intersection",
        "intersection",
        "Mass that both distributions share.",
        "higher",
        *_mean(_per_row(metrics.intersection)),
    ),
)
SCORES = (
    Score(
        "mae",
        "MAE",
        "Mean distance between predicted and true score.",
        "lower",
        *_mean(lambda a, r: np.abs(a.target - a.fused[r])[:, 0]),
    ),
    Score(
        "corr",
        "correlation",
        "Pearson's correlation of predicted and true scores.",
        "higher",
        _pairs,
        metrics.correlation_of,
    ),
    *(
        Score(
            f"acc{classes}",
            f"Acc-{classes}",
            f"Share of the scores from -3 to 3 that fall into the right of {classes} classes.",
            "higher",
            *_mean(_score_hits(classes)),
        )
        for classes in (2, 5, 7)
    ),
)
PLANTED = (
    Score(
        "auroc",
        "AUROC",
        "Chance that a sample with a planted conflict gets a higher conflict score than one without.",
        "higher",
        _planted,
        lambda s: metrics.auroc_of(*_halves(s)),
        "conflict",
    ),
    Score(
        "average_precision",
        "average precision",
        "Area under precision and recall of the conflict score for planted conflicts.",
        "higher",
        _planted,
        lambda s: metrics.average_precision_of(*_halves(s)),
        "conflict",
    ),
    Score(
        "dissenter",
        "dissenter found",
        "Share of the samples with one planted dissenter in which that modality is named.",
        "higher",
        *_mean(_dissenters),
        "conflict",
    ),
)
AGREES = Score(
    "spearman",
    "Spearman with people",
    "Rank correlation of the conflict score with how much people's verdicts on each modality alone differ.",
    "higher",
    _ranks,
    metrics.correlation_of,
    "conflict",
)
LABELS = (
    LabelScore(
        "pseudo",
        "pseudo labels right",
        "Share of the labels given to single modalities of training samples that name what the modality shows.",
        "higher",
        lambda s: metrics.ratio(s[..., 1], s[..., 0]),
    ),
    LabelScore(
        "pseudo_copied",
        "copied label right",
        "The same, were the label of the whole sample simply copied to each modality.",
        "neither",
        lambda s: metrics.ratio(s[..., 0] - s[..., 2], s[..., 0]),
    ),
    LabelScore(
        "pseudo_off",
        "right where it dissents",
        "Share of the modalities showing something else than the sample's label whose own label is found.",
        "higher",
        lambda s: metrics.ratio(s[..., 3], s[..., 2]),
    ),
    LabelScore(
        "pseudo_moved",
        "labels moved",
        "Share of the labels that are another one than the sample's.",
        "neither",
        lambda s: metrics.ratio(s[..., 4], s[..., 0]),
    ),
    LabelScore(
        "pseudo_moved_right",
        "right where moved",
        "Share of the labels moved away from the sample's that name what the modality shows.",
        "higher",
        lambda s: metrics.ratio(s[..., 5], s[..., 4]),
    ),
)
