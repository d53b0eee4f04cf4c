import cv2
import numpy as np
import pytest

from emoviz.perception.face import quality
from emoviz.perception.face.quality import Quality, judged

ONE = np.ones(1)


def textured(detail: int = 24) -> np.ndarray:
    """Something with so many details across, ``(1, 48, 48)``."""
    rough = np.random.default_rng(0).integers(40, 215, (detail, detail)).astype(np.uint8)
    return cv2.resize(rough, (48, 48), interpolation=cv2.INTER_CUBIC)[None]


def judge(faces: np.ndarray, side: float = 120, sure: float = 1, whole: float = 1) -> Quality:
    return judged(faces, side * ONE, sure * ONE, whole * ONE)


def test_a_large_sharp_well_lit_face_is_trusted_fully():
    assert judge(textured()).overall[0] == 1


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("size", judge(textured(), side=12)),
        ("sharpness", judge(textured(6))),
        ("light", judge((textured() * 0.02).astype(np.uint8))),
        ("light", judge(np.where(textured() > 128, 255, 0).astype(np.uint8))),
        ("pose", judge(textured(), sure=0)),
        ("openness", judge(textured(), whole=0)),
    ],
)
def test_each_flaw_shows_in_its_own_answer_and_in_the_whole(part, told):
    assert getattr(told, part)[0] < 0.2
    assert told.overall[0] == quality.WORST


def test_quality_falls_with_size():
    overall = [judge(textured(), side=side).overall[0] for side in range(16, 64, 4)]
    assert (np.diff(overall) >= 0).all()
