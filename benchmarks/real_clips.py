"""Real clips with people's votes: do voice and face come out as people heard and saw them, and the conflict too?

    python benchmarks/real_clips.py        (EMOVIZ_TEST_DATA names the folder with crema-d-clips and crema-d)

Six clips of CREMA-D that no model has seen, of two actors of a corpus that no model has seen. Divergence between
predicted distributions and people's votes for the voice alone and the face alone, over CREMA-D's six emotions; beside
it that of a flat answer, of the mean of the corpus that the model learned from, and of the mean of CREMA-D's own
votes (which knows more than a model can). Then whether 1001_DFA_HAP (to people the voice is neutral, the face happy)
has more conflict than 1001_DFA_ANG (where both are angry), and who dissents. Nothing was chosen by these six clips.
"""

import os
from pathlib import Path

import numpy as np
from common import report

from emoviz.analysis.clip.explain import explain
from emoviz.analysis.clip.explanation import Explanation
from emoviz.analysis.words import listed
from emoviz.data.corpora import fer_plus, ravdess
from emoviz.data.dataset import Dataset
from emoviz.data.importers import crema_d
from emoviz.measures import divergence
from emoviz.perception import common, pipeline
from emoviz.perception.common import LABELS
from emoviz.progress import finish

KNOWN = [LABELS.index(label) for label in ("anger", "disgust", "fear", "happiness", "neutral", "sadness")]


def apart(p: np.ndarray, q: np.ndarray) -> float:
    """Jensen-Shannon divergence in bits."""
    return float(divergence.jsd(p[None], q[None])[0] / divergence.LN2)


def six(distribution: np.ndarray) -> np.ndarray:
    """Over CREMA-D's emotions, ``(K,)`` to ``(6,)``: surprise is left out."""
    return distribution[KNOWN] / distribution[KNOWN].sum()


def means(data: Path) -> dict[str, np.ndarray]:
    """Mean distribution of the corpora that face and voice learned from, over the six emotions."""
    faces = fer_plus.read(data / "fer2013plus")
    voice = np.bincount(ravdess.read(data / "ravdess").labels, minlength=len(ravdess.LABELS))
    face = np.nanmean(faces.distribution[faces.rows("train")], 0)
    told = {"face": (face, fer_plus.LABELS), "voice": (voice / voice.sum(), ravdess.LABELS)}
    return {side: six(common.shared(*given).distribution) for side, given in told.items()}


def compared(name: str, one: Explanation, people: Dataset, learned: dict[str, np.ndarray]) -> list[list[str | float]]:
    """One row for each side that was read: divergences from people's votes."""
    row = int(np.flatnonzero(people.samples["sample_id"] == name)[0])
    rows: list[list[str | float]] = []
    for side in one.sides:
        votes = people.distribution(side.modality)
        if votes is None or side.said is None or side.reading.distribution is None:
            continue
        truth, others = votes[row], np.delete(votes, row, 0)
        rows.append(
            [
                name,
                side.modality,
                people.label_names[truth.argmax()],
                LABELS[int(side.reading.distribution.argmax())],
                apart(six(side.reading.distribution), truth),
                apart(six(side.said.distribution), truth),
                apart(np.full(6, 1 / 6), truth),
                apart(learned[side.modality], truth),
                apart(np.nanmean(others, 0), truth),
            ]
        )
    return rows


def main() -> None:
    data = Path(os.environ["EMOVIZ_TEST_DATA"])
    people = crema_d.read(data / "crema-d")[0]
    learned = means(data)
    paths = sorted(path for path in (data / "crema-d-clips").iterdir() if path.suffix in (".flv", ".mp3"))
    explained = {path.stem: explain(finish(pipeline.perceive(path, cache=False))) for path in paths}
    rows = [row for name, one in explained.items() for row in compared(name, one, people, learned)]
    lines = [
        "Divergence from people's votes, bits. Own: as the model gives it; shown: on equal terms.",
        "",
        "| clip | side | people | own | own, JSD | shown, JSD | flat | mean of its corpus | mean of CREMA-D |",
        "| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [f"| {' | '.join(cell if isinstance(cell, str) else f'{cell:.3f}' for cell in row)} |" for row in rows]
    numbers = np.array([row[4:] for row in rows], float)
    lines.append(f"| mean | | | | {' | '.join(f'{value:.3f}' for value in numbers.mean(0))} |")
    names = np.array([row[0] for row in rows])
    clips = np.array([numbers[names == name].mean(0) for name in explained if (names == name).any()])
    closer = [[(clips[:, mine] < clips[:, other]).sum() for other in (2, 3, 4)] for mine in (0, 1)]
    lines += [
        "",
        f"All {len(explained)} clips ran. Of {len(clips)} (mean over their sides) the model's own distribution is "
        "closer than the flat one, the mean of its corpus and the mean of CREMA-D's votes in "
        f"{listed([*map(str, closer[0])])}; the shown one in {listed([*map(str, closer[1])])}.",
        "",
        "| clip | face | voice | together | conflict | floor | clear | dissenter | farther from the fused answer |",
        "| --- | --- | --- | --- | ---: | ---: | --- | --- | --- |",
    ]
    for name, one in explained.items():
        if np.isnan(one.conflict):
            continue
        said = {side.modality: side.said for side in one.sides if side.said is not None}
        far = max(said, key=lambda side: apart(said[side].distribution, one.fused.distribution))
        told = [f"{said[side].label} {said[side].share:.2f}" if side in said else "" for side in ("face", "voice")]
        lines.append(
            f"| {name} | {' | '.join(told)} | {one.fused.label} {one.fused.share:.2f} | {one.conflict:.3f} | "
            f"{one.floor:.3f} | {'yes' if one.clear else 'no'} | {one.dissenter or 'none named'} | {far} |"
        )
    report("real_clips", "Real clips: CREMA-D's voices and faces against people's votes", lines)


if __name__ == "__main__":
    main()
