"""Modalities that read each other."""

from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from emoviz.errors import ConfigError
from emoviz.models import zoo
from tests.models.baselines import rivals


@pytest.mark.parametrize("changed, kept", [("face", 1), ("voice", 0)])
def test_what_a_modality_says_is_its_own_and_the_whole_hears_all(changed, kept):
    model, batch = rivals.trained("mult")
    other = replace(batch, features={**batch.features, changed: batch.features[changed].flip(0)})
    with torch.inference_mode():
        one, two = model(batch), model(other)
    assert_close(one.q[kept], two.q[kept])
    assert (one.fused - two.fused).abs().max() > 0.01


def test_one_modality_is_enough():
    model, batch = rivals.trained("mult", modalities=("voice",))
    with torch.inference_mode():
        assert_close(model(batch).fused.sum(1), torch.ones(len(batch.rows)))


def test_the_order_of_steps_matters():
    model, batch = rivals.trained("mult", sequences=("voice",))
    whole = batch.steps["voice"].all(1)
    turned = replace(batch, features={**batch.features, "voice": batch.features["voice"].flip(1)})
    with torch.inference_mode():
        assert whole.any() and (model(batch).fused - model(turned).fused)[whole].abs().max() > 1e-4


def test_a_width_that_cannot_be_cut_into_heads_is_refused():
    with pytest.raises(ConfigError, match="multiple of 4"):
        zoo.config_from("mult", ["width=10"])
