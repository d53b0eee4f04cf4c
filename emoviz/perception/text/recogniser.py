"""A speech recogniser of the user's own, for clips without a transcript; nothing is ever fetched for it.

``EMOVIZ_ASR_MODEL`` names a folder with a model of faster-whisper (``model.bin``) or of vosk (``am/final.mdl``).
"""

import json
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from emoviz.errors import ConfigError
from emoviz.perception.base import Cue, Sound

SETTING = "EMOVIZ_ASR_MODEL"
CHUNK = 8000  # samples that vosk is given at once: half a second


def folder() -> Path | None:
    """The folder of the model, or ``None`` where none is set."""
    named = os.environ.get(SETTING)
    return Path(named).expanduser() if named else None


def recognised(sound: Sound, model: Path) -> Iterator[Cue]:
    """What is said, a stretch at a time.

    Args:
        sound: at 16 kHz
        model: its folder

    Raises:
        ConfigError: if there is no such model, or what runs it is not installed
    """
    for mark, package, run in (("model.bin", "faster_whisper", _whisper), ("am/final.mdl", "vosk", _vosk)):
        if (model / mark).is_file():
            if find_spec(package) is None:
                raise ConfigError(
                    f"The model in {SETTING} needs the package {package.replace('_', '-')}: pip install 'emoviz[asr]'"
                )
            yield from run(sound, model)
            return
    raise ConfigError(
        f"{SETTING} names '{model}', where no speech model lies: neither model.bin (faster-whisper) nor "
        "am/final.mdl (vosk) is there."
    )


def _whisper(sound: Sound, model: Path) -> Iterator[Cue]:
    from faster_whisper import WhisperModel

    loaded = WhisperModel(str(model), device="cpu", compute_type="int8", local_files_only=True)
    pieces, _ = loaded.transcribe(np.ascontiguousarray(sound.samples, np.float32), beam_size=1)
    for piece in pieces:
        if piece.text.strip():
            yield Cue(sound.start + piece.start, sound.start + piece.end, piece.text.strip())


def _vosk(sound: Sound, model: Path) -> Iterator[Cue]:
    from vosk import KaldiRecognizer, Model

    loaded = KaldiRecognizer(Model(str(model)), sound.rate)
    loaded.SetWords(True)
    for first in range(0, len(sound.samples), CHUNK):
        if loaded.AcceptWaveform((sound.samples[first : first + CHUNK] * 32767).astype("<i2").tobytes()):
            yield from _said(loaded.Result(), sound.start)
    yield from _said(loaded.FinalResult(), sound.start)


def _said(told: str, start: float) -> Iterator[Cue]:
    words = json.loads(told).get("result", [])
    if words:
        yield Cue(start + words[0]["start"], start + words[-1]["end"], " ".join(word["word"] for word in words))
