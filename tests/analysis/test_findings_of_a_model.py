"""The model's columns, on the embedded dataset with the checkpoint that is shipped for it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import roc_auc_score

from emoviz.analysis import findings
from emoviz.data import store
from emoviz.models import checkpoints
from tests.analysis.test_findings import documented


@pytest.fixture(scope="module")
def dataset():
    return store.read("simulated")


@pytest.fixture(scope="module")
def found(dataset):
    return findings.analyze(dataset, checkpoints.load("simulated-tical"), device="cpu")


def test_every_column_is_documented(found):
    assert not [column for column in found.table if not documented(column, found.meta)]


def test_no_row_is_predicted_by_a_model_that_saw_its_group(dataset, found):
    fold_of = checkpoints.card("simulated-tical").fold_of
    trained = (dataset.samples["split"] == "train").to_numpy()
    assert_array_equal(found.table["fold"][~trained], -1)
    assert_array_equal(found.table["fold"][trained], [fold_of[group] for group in dataset.samples["group"][trained]])


def test_distributions_sum_to_one_and_shares_stay_in_their_range(found):
    for side in found.meta.sides:
        assert_allclose(found.distributions("predicted", side).sum(1), 1, atol=1e-5)
    for column in ("conflict", "consistency", "support", *[f"typicality_{side}" for side in found.meta.sides]):
        assert found.table[column].between(0, 1).all(), column
    assert_allclose(found.table["consistency"], 1 - found.table["conflict"])


def test_every_side_lies_inside_the_disk_with_its_distortion(found):
    for side in found.meta.sides:
        assert (np.hypot(found.table[f"x_{side}"], found.table[f"y_{side}"]) < 1).all()
        assert found.table[f"distortion_{side}"].between(0, 1).all()
    assert [anchor.name for anchor in found.meta.anchors] == list(found.meta.label_names)
    assert 0 < found.meta.distortion < 0.5


def test_conflict_finds_what_was_planted(dataset, found):
    unseen = (found.table["fold"] == -1).to_numpy()
    planted = (dataset.samples["kind"] == "conflict").to_numpy()
    assert roc_auc_score(planted[unseen], found.table["conflict"][unseen]) > 0.85


def test_the_dissenter_named_is_mostly_the_planted_one(dataset, found):
    named = (dataset.samples["kind"] == "conflict").to_numpy() & (found.table["dissenter"] != "").to_numpy()
    right = found.table["dissenter"].astype(str)[named] == dataset.samples["planted_dissenter"].astype(str)[named]
    assert right.mean() > 0.7  # a third by chance


def test_the_same_dataset_and_checkpoint_give_the_same_findings(dataset, found):
    again = findings.analyze(dataset, checkpoints.load("simulated-tical"), device="cpu")
    pd.testing.assert_frame_equal(again.table, found.table)


def test_labels_are_not_read(dataset, found):
    blind = replace(dataset, annotations={})
    again = findings.analyze(blind, checkpoints.load("simulated-tical"), device="cpu")
    columns = [c for c in again.table if c.startswith(("predicted", "conflict", "typicality", "x_", "dissenter"))]
    pd.testing.assert_frame_equal(again.table[columns], found.table[columns])


def test_a_missing_modality_is_missing_and_the_rest_goes_on(dataset):
    face = dataset.features["face"]
    values = np.array(face.values)
    values[:3] = np.nan
    gap = replace(dataset, features={**dataset.features, "face": replace(face, values=values)})
    table = findings.analyze(gap, checkpoints.load("simulated-tical"), device="cpu").table[:3]
    assert table[["typicality_face", "x_face", "conflict_face_voice", "predicted_face_anger"]].isna().all(axis=None)
    assert table[["typicality_voice", "x_fused", "conflict", "predicted_fused_anger"]].notna().all(axis=None)
