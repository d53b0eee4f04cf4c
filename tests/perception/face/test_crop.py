import numpy as np
import pytest

from emoviz.perception.face import crop
from emoviz.perception.face.detect import Box
from tests.faces import coloured, drawn, scene


def test_a_square_of_the_right_size_is_cut_out_as_it_is():
    face = drawn(48)
    assert np.array_equal(crop.face(scene((100, 60, face)), Box(100, 60, 48)), face)


@pytest.mark.parametrize("side", [2, 30, 48, 150])
def test_every_face_has_one_size(side):
    assert crop.face(scene(), Box(20, 20, side)).shape == (48, 48)


@pytest.mark.parametrize("box", [Box(-20, -20, 60), Box(300, 220, 60), Box(-50, 0, 400)])
def test_beyond_the_picture_its_edge_goes_on(box):
    assert (crop.face(scene(), box) == scene()[0, 0]).all()


def test_a_square_beside_the_picture_is_black():
    assert not crop.face(scene(), Box(900, 900, 50)).any()


def test_grey_of_a_grey_picture_is_the_same():
    picture = scene((100, 60, drawn(48)))
    assert np.array_equal(crop.grey(coloured(picture)), picture)
