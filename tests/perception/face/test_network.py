import numpy as np
import torch
from numpy.testing import assert_allclose

from emoviz.perception.face.network import EMBEDDED, FaceNet, laid_out, standardised, tensor


def test_the_network_is_small_enough_to_be_shipped():
    assert sum(p.numel() for p in FaceNet(8).parameters()) < 1_500_000


def test_logits_are_read_from_the_embedding():
    net = FaceNet(8).eval()
    x = torch.randn(2, 1, 48, 48)
    with torch.inference_mode():
        assert net.embedded(x).shape == (2, EMBEDDED)
        torch.testing.assert_close(net(x), net.head(net.embedded(x)))


def test_the_order_of_numbers_changes_no_answer():
    net, x = FaceNet(8).eval(), torch.randn(2, 1, 48, 48)
    with torch.inference_mode():
        torch.testing.assert_close(laid_out(net)(x), net(x))


def test_standardised_faces_have_mean_0_and_deviation_1():
    x = standardised(torch.rand(3, 1, 48, 48))
    torch.testing.assert_close(x.mean((1, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(x.std((1, 2, 3)), torch.ones(3), atol=0.01, rtol=0)


def test_a_face_of_one_grey_stays_finite():
    assert standardised(torch.full((1, 1, 48, 48), 0.4)).abs().max() < 1e-3


def test_pictures_become_numbers_from_0_to_1():
    assert_allclose(tensor(np.array([[[0, 255]]], np.uint8)), [[[[0.0, 1.0]]]])
