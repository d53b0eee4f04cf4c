import numpy as np
import torch
from torch.testing import assert_close

from emoviz.perception.voice.features import BANDS
from emoviz.perception.voice.network import EMBEDDING, HEIGHT, MOTION, VOICED, WINDOW, VoiceNetwork, batch

DRAW = torch.Generator().manual_seed(0)
MEL = -70 + 20 * torch.randn(3, WINDOW, BANDS, generator=DRAW)
PITCH = 100 + 200 * torch.rand(3, WINDOW, generator=DRAW)


def test_a_louder_recording_looks_the_same():
    assert_close(batch(MEL + 17, PITCH).picture, batch(MEL, PITCH).picture, atol=1e-4, rtol=0)


def test_a_picture_reaches_from_silence_to_the_loudest_frame():
    picture = batch(MEL, PITCH).picture
    assert picture.shape == (3, BANDS, WINDOW)
    assert picture.min() == -1
    assert 0.5 < picture.max() <= 1


def test_a_microphone_changes_the_picture_and_hardly_the_relief():
    mel = -40 + 5 * torch.randn(3, WINDOW, BANDS, generator=torch.Generator().manual_seed(1))
    tilted = mel + torch.linspace(-8, 8, BANDS)
    one, other = batch(mel, PITCH), batch(tilted, PITCH)
    assert (one.picture - other.picture).abs().mean() > 0.1
    assert (one.relief - other.relief).abs().mean() < 0.01


def test_curves_are_octaves_and_zero_where_nothing_is_voiced():
    pitch = torch.full((1, WINDOW), float("nan"))
    pitch[0, 10:20] = 160
    pitch[0, 20:30] = 320
    curve = batch(MEL[:1], pitch).curve[0]
    assert curve[VOICED].sum() == 20
    assert curve[HEIGHT, 10] == 0 and curve[HEIGHT, 25] == 1
    assert curve[MOTION, 25] - curve[MOTION, 15] == 1
    assert (curve[:, 40:] == 0).all()


def test_a_window_without_any_pitch_gives_numbers():
    nothing = torch.full((2, WINDOW), float("nan"))
    assert torch.isfinite(VoiceNetwork(8).eval()(batch(MEL[:2], nothing))).all()


def test_the_answer_to_a_window_does_not_depend_on_its_company():
    network = VoiceNetwork(8).eval()
    together = network(batch(MEL, PITCH))
    assert together.shape == (3, 8)
    assert network.embed(batch(MEL, PITCH)).shape == (3, EMBEDDING)
    assert_close(network(batch(MEL[1:2], PITCH[1:2]))[0], together[1], atol=1e-4, rtol=1e-4)


def test_the_network_stays_small():
    assert sum(np.prod(p.shape) for p in VoiceNetwork(8).parameters()) < 250_000
