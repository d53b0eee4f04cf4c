"""One modality, and nothing else."""

from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from emoviz.errors import UnknownNameError
from tests.models.baselines import rivals


def test_it_reads_the_modality_that_is_asked_for():
    model, batch = rivals.trained("alone", "modality=voice")
    other = replace(batch, features={**batch.features, "face": batch.features["face"] + 9})
    with torch.inference_mode():
        one, two = model(batch), model(other)
    assert_close(one.fused, two.fused)
    assert_close(one.fused, one.q[1])
    assert_close(one.q[0], model.prior().expand_as(one.q[0]))


def test_without_a_name_it_is_the_first():
    model, batch = rivals.trained("alone")
    with torch.inference_mode():
        output = model(batch)
    assert_close(output.fused, output.q[0])


def test_where_its_modality_is_missing_it_says_the_prior():
    model, batch = rivals.trained("alone", missing=0.3)
    with torch.inference_mode():
        fused = model(batch).fused[~batch.present["face"]]
    assert len(fused) and (fused == model.prior()).all()


def test_a_modality_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(UnknownNameError, match="face, voice"):
        rivals.trained("alone", "modality=gait")
