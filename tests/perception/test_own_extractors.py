"""The extractors of ``docs/extractors.md`` do what they say."""

import importlib.util
import re
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from emoviz.perception import pipeline
from emoviz.progress import finish
from tests.media import sound, video

PAGE = Path(__file__).parents[2] / "docs" / "extractors.md"


@pytest.fixture
def told(tmp_path):
    """The page's classes, in a module."""
    blocks = [block for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S) if "class " in block]
    (tmp_path / "told.py").write_text("\n\n".join(blocks))
    spec = importlib.util.spec_from_file_location("told", tmp_path / "told.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Session:
    """Hears anger in what is loud; stands for an ONNX model."""

    def __init__(self, path):
        assert path == "somewhere/model.onnx"

    def run(self, outputs, inputs):
        loud = np.abs(inputs["input"]).mean(1, keepdims=True)
        return np.hstack([loud * 20, np.zeros((len(loud), 3))]), loud


def test_a_classifier_from_a_local_folder_reads_the_voice(told, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", SimpleNamespace(InferenceSession=Session))
    own = {"voice": partial(told.OnnxVoice, "somewhere")}
    done = finish(pipeline.perceive(sound(tmp_path / "a.wav", 3), extractors=own))
    voice = done.readings["voice"]
    assert voice.status == "read"
    assert len(voice.windows) == 2
    assert voice.distribution.argmax() == 0
    silent = finish(pipeline.perceive(video(tmp_path / "b.mp4", silent=True), extractors=own))
    assert silent.readings["voice"].reason == "The clip has no sound."


def test_a_table_of_features_stands_for_the_face(told, tmp_path):
    table = {"timestamp": [0, 0.04, 0.08], "confidence": [0.9, 0.1, 0.8], "AU12_r": [3.0, 0, 2]}
    table |= {"anger": [0.1, 1, 0], "happiness": [0.8, 0, 3], "neutral": [0.1, 0, 1], "sadness": [0, 0, 0]}
    pd.DataFrame(table).to_csv(tmp_path / "clip.csv", index=False)
    own = {"face": partial(told.FaceTable, tmp_path / "clip.csv")}
    done = finish(pipeline.perceive(video(tmp_path / "a.mp4"), extractors=own))
    face = done.readings["face"]
    np.testing.assert_allclose(face.windows.native[:, 1], [0.8, 0.75])
    assert face.distribution[3] == pytest.approx(0.776, abs=0.01)
