"""Label distribution learning benchmarks as MATLAB files: one matrix of features, one of distributions.

SBU_3DFE and s-JAFFE are the two that concern emotions: pictures of faces as 243 texture features, and how
strongly people saw six emotions in them, scaled to sum to 1. Any ``.mat`` file (version 7.2 or older) of the
same shape will do. These files name nothing, so labels are named after the two benchmarks' published order
where there are six, and counted otherwise.

Source: Geng. Label Distribution Learning. IEEE TKDE 2016; its data page, and PyLDL, which passes them on.
"""

import re
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from emoviz.data import emotions
from emoviz.data.checks import ROUNDING, samples_table
from emoviz.data.dataset import FUSED, Annotation, Dataset, Features
from emoviz.data.report import Ledger, LoadReport
from emoviz.errors import DatasetError

SIX = ("happiness", "sadness", "surprise", "anger", "disgust", "fear")
FEATURES = ("features", "feature", "X")
DISTRIBUTIONS = ("labels", "labelDistribution", "label_distribution", "distributions", "Y")
TITLES = {"sbu_3dfe": "SBU 3D facial expressions", "sjaffe": "s-JAFFE"}
TOLERANCE = 0.05  # how far a row may be from summing to 1 and still be scaled
MOST_BYTES = 1 << 30


def read(path: str | Path, media: str | Path | None = None, *, mapping: object = None) -> tuple[Dataset, LoadReport]:
    """A dataset with one modality, ``face``, whose distribution is that of the whole.

    Args:
        path: the ``.mat`` file
        media: not used; these files know no pictures
        mapping: not needed here, and refused

    Raises:
        DatasetError: if the file holds no such matrices
    """
    if mapping is not None:
        raise DatasetError("A .mat file of label distributions needs no mapping file. Import without it.")
    path = Path(path)
    features, distributions = _matrices(path)
    ledger = Ledger(pd.RangeIndex(1, len(features) + 1))
    ledger.refuse(~np.isfinite(features).all(1), None, "its features are not all numbers")
    ledger.refuse(~np.isfinite(distributions).all(1), None, "its distribution holds values that are not numbers")
    ledger.refuse(np.any(distributions < 0, axis=1), None, "its distribution has a negative value")
    total = distributions.sum(1)
    off = np.abs(total - 1)
    ledger.refuse((off > TOLERANCE) | np.isnan(off), None, "its distribution does not sum to 1")
    ledger.mend(off > ROUNDING, None, "its distribution did not sum to 1; scaled")
    taken = ledger.taken
    if not taken.any():
        raise DatasetError(f"No row of '{path.name}' can be used. {ledger.refused[0].sentence()}")
    values = features[taken].astype(np.float32)
    rows = np.flatnonzero(taken)
    count = distributions.shape[1]
    stem = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_") or "faces"
    dataset = Dataset(
        name=stem[:64],
        title=TITLES.get(stem, path.stem[:80]),
        description=f"{len(rows):,} pictures of faces as {values.shape[1]} features, each with a distribution over "
        f"{count} emotions.",
        licence="no licence of its own: for research, not to be passed on",
        source=f"{path.name}, in the form of PyLDL",
        simulated=False,
        labels=emotions.labels(SIX if count == len(SIX) else tuple(f"label {k + 1}" for k in range(count))),
        modalities=("face",),
        samples=samples_table([f"{stem[:40]}_{row + 1:05d}" for row in rows]),
        annotations={FUSED: Annotation("distribution", distributions[taken] / total[taken, None])},
        features={
            "face": Features(values, tuple(f"f{i}" for i in range(values.shape[1])), ("texture",) * values.shape[1])
        },
    )
    return dataset, LoadReport(len(rows), ledger.repaired, ledger.refused, int((~taken).sum()))


def _matrices(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Features ``(N, F)`` and distributions ``(N, K)`` of a file."""
    if path.stat().st_size > MOST_BYTES:
        raise DatasetError(f"'{path.name}' is larger than {MOST_BYTES / 1e9:.1f} GB. Import a part of it.")
    try:
        found = loadmat(path, variable_names=[*FEATURES, *DISTRIBUTIONS])
    except NotImplementedError as error:
        raise DatasetError(f"'{path.name}' is a MATLAB file of version 7.3. Save it again with '-v7'.") from error
    except (MatReadError, ValueError, TypeError, KeyError, IndexError, EOFError, OSError, zlib.error, MemoryError) as e:
        raise DatasetError(f"'{path.name}' is no MATLAB file that can be read. Choose a .mat file (-v7).") from e
    features, distributions = (
        next((found[n] for n in names if n in found), None) for names in (FEATURES, DISTRIBUTIONS)
    )
    if features is None or distributions is None:
        raise DatasetError(
            f"'{path.name}' holds no label distributions: it needs a matrix 'features' and a matrix 'labels'."
        )
    for name, matrix in (("features", features), ("labels", distributions)):
        if matrix.ndim != 2 or not np.issubdtype(matrix.dtype, np.number) or np.iscomplexobj(matrix):
            raise DatasetError(f"'{name}' in '{path.name}' is not a matrix of numbers.")
    if len(features) != len(distributions) or not features.size or distributions.shape[1] < 2:
        raise DatasetError(
            f"'{path.name}' has features {features.shape[0]} x {features.shape[1]} and labels "
            f"{distributions.shape[0]} x {distributions.shape[1]}; both need a row for each sample, and labels two "
            "columns or more."
        )
    return features.astype(float), distributions.astype(float)
