"""Label distributions from MATLAB files."""

import pickle

import numpy as np
import pytest
from scipy.io import savemat

from emoviz.data import importers
from emoviz.data.importers import ldl
from emoviz.errors import DatasetError


def written(path, rows=10, count=6, **changes):
    random = np.random.default_rng(0)
    given = {"features": random.random((rows, 5)), "labels": random.dirichlet(np.ones(count), rows)} | changes
    savemat(path, {name: value for name, value in given.items() if value is not None})
    return path


def test_features_and_distributions_become_a_dataset(tmp_path):
    path = written(tmp_path / "SJAFFE.mat")
    assert importers.detect(path) == "ldl"
    dataset, report = ldl.read(path)
    assert (len(dataset), report.accepted, report.rows_refused) == (10, 10, 0)
    assert dataset.title == "s-JAFFE" and dataset.label_names == ldl.SIX
    assert dataset.features["face"].values.shape == (10, 5)
    np.testing.assert_allclose(dataset.distribution("fused").sum(1), 1)


def test_labels_that_are_not_six_are_counted(tmp_path):
    dataset, _ = ldl.read(written(tmp_path / "other.mat", count=3))
    assert dataset.label_names == ("label 1", "label 2", "label 3")


def test_a_bad_row_never_costs_the_others(tmp_path):
    labels = np.random.default_rng(1).dirichlet(np.ones(6), 10)
    labels[0] *= 1.02
    labels[1] *= 2
    labels[2, 0] = -0.1
    labels[3, 0] = np.nan
    features = np.ones((10, 5))
    features[4, 0] = np.inf
    dataset, report = ldl.read(written(tmp_path / "faces.mat", labels=labels, features=features))
    assert (report.accepted, report.rows_refused, len(report.repaired)) == (6, 4, 1)
    assert [note.row for note in report.refused] == [5, 4, 3, 2]
    np.testing.assert_allclose(dataset.distribution("fused").sum(1), 1)


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"labels": None}, "a matrix 'labels'"),
        ({"features": np.ones((4, 5))}, "a row for each sample"),
        ({"labels": np.ones((10, 1))}, "two"),
        ({"features": np.array(["a", "b"])}, "not a matrix of numbers"),
        ({"features": np.ones((10, 5)) * 1j}, "not a matrix of numbers"),
        ({"labels": np.full((10, 6), np.nan)}, "No row"),
    ],
)
def test_other_matrices_are_refused_in_a_sentence(tmp_path, changes, said):
    with pytest.raises(DatasetError, match=said):
        ldl.read(written(tmp_path / "faces.mat", **changes))


@pytest.mark.parametrize("data", [b"", b"MATLAB", pickle.dumps([1]), b"\x89HDF\r\n\x1a\n" + bytes(600), bytes(200)])
def test_a_file_that_is_none_is_refused_in_a_sentence(tmp_path, data):
    (tmp_path / "faces.mat").write_bytes(data)
    with pytest.raises(DatasetError, match=r"faces\.mat"):
        ldl.read(tmp_path / "faces.mat")


@pytest.mark.parametrize("seed", range(40))
def test_damaged_files_are_refused_or_read(tmp_path, seed):
    random = np.random.default_rng(seed)
    data = bytearray(written(tmp_path / "faces.mat").read_bytes())
    for place in random.integers(0, len(data), 6):
        data[place] = random.integers(0, 256)
    (tmp_path / "faces.mat").write_bytes(data[: random.integers(1, len(data) + 1)])
    try:
        dataset, _ = ldl.read(tmp_path / "faces.mat")
    except DatasetError as error:
        assert "faces.mat" in str(error)
    else:
        np.testing.assert_allclose(dataset.distribution("fused").sum(1), 1)


@pytest.mark.external
@pytest.mark.parametrize("name, rows", [("SBU_3DFE", 2500), ("SJAFFE", 213)])
def test_the_two_benchmarks_are_read_whole(test_data, name, rows):
    dataset, report = ldl.read(test_data / "ldl" / f"{name}.mat")
    assert report.accepted == rows and not report.repaired
    assert dataset.features["face"].values.shape == (rows, 243)
