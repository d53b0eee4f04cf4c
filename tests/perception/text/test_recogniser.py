"""A local speech recogniser, where the user has one. No model can be had here: its package is played by a stand-in."""

import json
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from emoviz.errors import ConfigError
from emoviz.perception.base import Cue, Sound
from emoviz.perception.text import recogniser

SOUND = Sound(16_000, 0.25, np.zeros(20_000, np.float32))


def package(monkeypatch, name, **members):
    module = ModuleType(name)
    module.__spec__ = SimpleNamespace(name=name)
    vars(module).update(members)
    monkeypatch.setitem(sys.modules, name, module)


def test_faster_whisper_gives_cues(tmp_path, monkeypatch):
    (tmp_path / "model.bin").touch()

    class WhisperModel:
        def __init__(self, path, device, compute_type, local_files_only):
            assert path == str(tmp_path) and local_files_only

        def transcribe(self, samples, beam_size):
            assert samples.dtype == np.float32
            heard = [
                SimpleNamespace(start=0.0, end=1.0, text=" Hello. "),
                SimpleNamespace(start=1.0, end=1.2, text=" "),
            ]
            return iter(heard), None

    package(monkeypatch, "faster_whisper", WhisperModel=WhisperModel)
    assert list(recogniser.recognised(SOUND, tmp_path)) == [Cue(0.25, 1.25, "Hello.")]


def test_vosk_gives_cues(tmp_path, monkeypatch):
    (tmp_path / "am").mkdir()
    (tmp_path / "am" / "final.mdl").touch()

    class KaldiRecognizer:
        def __init__(self, model, rate):
            assert (model, rate) == (str(tmp_path), 16_000)

        def SetWords(self, wanted):  # noqa: N802
            assert wanted

        def AcceptWaveform(self, data):  # noqa: N802
            assert len(data) <= 2 * recogniser.CHUNK
            return False

        def FinalResult(self):  # noqa: N802
            said = [{"word": "hello", "start": 0.5, "end": 0.7}, {"word": "you", "start": 0.7, "end": 1.0}]
            return json.dumps({"result": said})

    package(monkeypatch, "vosk", Model=str, KaldiRecognizer=KaldiRecognizer)
    assert list(recogniser.recognised(SOUND, tmp_path)) == [Cue(0.75, 1.25, "hello you")]


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"neither model\.bin"):
        list(recogniser.recognised(SOUND, tmp_path))


def test_a_missing_package_is_named(tmp_path):
    (tmp_path / "model.bin").touch()
    with pytest.raises(ConfigError, match=r"pip install 'emoviz\[asr\]'"):
        list(recogniser.recognised(SOUND, tmp_path))
