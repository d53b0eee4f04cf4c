from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from emoviz.perception import weights as kept
from emoviz.perception.voice import model
from emoviz.perception.voice.features import BANDS
from emoviz.perception.voice.model import VoiceModel
from emoviz.perception.voice.network import EMBEDDING, WINDOW, batch

DRAW = np.random.default_rng(0)
MEL = -70 + 20 * DRAW.normal(size=(5, WINDOW, BANDS))
PITCH = DRAW.uniform(100, 300, (5, WINDOW))


def test_windows_become_distributions_and_embeddings(voice_model):
    heard = voice_model.hear(MEL, PITCH)
    assert heard.native.shape == (5, 8)
    assert_allclose(heard.native.sum(1), 1, atol=1e-6)
    assert heard.embedding.shape == (5, EMBEDDING)
    assert heard.embedding.dtype == np.float32
    assert ((heard.unlike >= 0) & (heard.unlike <= 1)).all()


def test_no_windows_are_no_answers(voice_model):
    heard = voice_model.hear(MEL[:0], PITCH[:0])
    assert heard.native.shape == (0, 8)
    assert heard.embedding.shape == (0, EMBEDDING)


def test_all_copies_together_answer_their_mean(voice_weights, voice_model):
    alone = [VoiceModel(voice_weights, number).hear(MEL, PITCH).native for number in (0, 1)]
    assert_allclose(voice_model.hear(MEL, PITCH).native, np.mean(alone, 0), atol=1e-6)


def test_the_stranger_a_voice_the_wider_its_distribution(voice_weights):
    narrow, wide = (
        replace(
            voice_weights, card=replace(voice_weights.card, settings=voice_weights.card.settings | {"widening": more})
        )
        for more in (0.0, 3.0)
    )
    tensors = voice_weights.tensors | {f"{k}.reach": np.float32([0.5, 1.0]) for k in (0, 1)}  # everybody is strange
    sure, unsure = (VoiceModel(replace(given, tensors=tensors)).hear(MEL, PITCH) for given in (narrow, wide))
    assert (sure.unlike == 1).all()
    assert (unsure.native.max(1) < sure.native.max(1)).all()
    assert_array_equal(unsure.native.argmax(1).shape, sure.native.argmax(1).shape)


def test_evidence_covers_the_window_and_is_scaled_by_its_strongest_patch(voice_model):
    share = voice_model.evidence(MEL[0], PITCH[0], "sadness")
    assert share.shape == (WINDOW, BANDS)
    assert np.abs(share).max() == pytest.approx(1)
    assert_array_equal(share, voice_model.evidence(MEL[0], PITCH[0], "sadness"))


def test_evidence_for_all_that_there_is_can_not_be_taken_away(voice_model):
    # A sound that is the same everywhere loses nothing when a patch takes the mean level.
    assert not voice_model.evidence(np.full((WINDOW, BANDS), -40.0), PITCH[0], "anger").any()


def test_a_copy_is_the_same_after_it_was_kept(voice_model):
    copy = voice_model.copies[1]
    again = model.Copy.of({name: torch.from_numpy(x) for name, x in copy.tensors(1).items()}, 1, 8)
    windows = batch(torch.from_numpy(MEL).float(), torch.from_numpy(PITCH).float())
    torch.testing.assert_close(again.distance(windows), copy.distance(windows))
    torch.testing.assert_close(again.network(windows), copy.network(windows))


def test_strangeness_begins_beyond_the_usual_reach_and_ends_somewhere(voice_model):
    windows = batch(torch.from_numpy(MEL).float(), torch.from_numpy(PITCH).float())
    copy = voice_model.copies[0]
    distance = float(copy.distance(windows)[0])
    for usual, far, strange in ((1, distance + 1, 0), (0, distance / 1.5, 0.5), (0, 1e-3, model.STRANGEST)):
        told = replace(copy, reach=torch.tensor([usual, far])).strangeness(windows)
        assert float(told[0]) == pytest.approx(strange, abs=1e-3)


def test_the_shipped_model_loads_whole_and_in_part_and_says_how_good_it_is():
    whole, part = model.load(), model.load(unheard=3)
    assert len(whole.copies) == 10
    assert len(part.copies) == 2
    card = kept.load(model.NAME).card
    told = {metric.name: metric.value for metric in card.metrics if metric.on == "RAVDESS by actor, 5 folds"}
    assert told["accuracy"] > 0.6
    assert told["ece"] < 0.05
