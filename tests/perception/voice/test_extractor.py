from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from emoviz.perception import common
from emoviz.perception.base import Cue, Extractor, Frame, Media, Reading, Sound
from emoviz.perception.voice import extractor, features
from emoviz.perception.voice.extractor import VoiceExtractor
from emoviz.perception.voice.features import RATE
from tests.perception.voice.test_activity import still, syllables


@dataclass(frozen=True)
class Heard:
    """A clip of nothing but sound."""

    samples: np.ndarray | None
    start: float = 0.0

    @property
    def seconds(self) -> float:
        return 0.0 if self.samples is None else self.start + len(self.samples) / RATE

    def frames(self, rate: float) -> Iterator[Frame]:
        return iter(())

    def sound(self) -> Sound | None:
        return None if self.samples is None else Sound(RATE, self.start, self.samples)

    def cues(self) -> tuple[Cue, ...]:
        return ()


@pytest.fixture(scope="module")
def voice(voice_model) -> VoiceExtractor:
    return VoiceExtractor(voice_model)


def last(voice: VoiceExtractor, media: Media) -> Reading:
    *_, reading = voice.read(media)
    return reading


def test_it_is_an_extractor(voice):
    read: Extractor = voice
    assert read.modality == "voice"
    assert read.version


def test_what_is_said_becomes_windows_on_the_clock_of_the_clip(voice):
    reading = last(voice, Heard(np.concatenate([still(1), syllables(6), still(1)]), start=0.5))
    assert reading.status == "read"
    windows = reading.windows
    assert windows.labels[0] == "neutral"
    assert_allclose(windows.native.sum(1), 1, atol=1e-6)
    assert windows.start[0] == pytest.approx(1.5, abs=0.2)
    assert windows.end[-1] == pytest.approx(7.5, abs=0.2)
    assert (np.diff(windows.start) <= 0.65).all()
    assert_allclose(reading.distribution.sum(), 1)


def test_a_softer_recording_says_the_same(voice):
    samples = np.concatenate([still(1), syllables(3), still(1)])
    loud, soft = last(voice, Heard(samples)), last(voice, Heard(samples * np.float32(10**-1.5)))
    assert_allclose(soft.windows.start, loud.windows.start)
    assert_allclose(soft.distribution, loud.distribution, atol=0.02)


def test_a_window_never_reaches_beyond_the_clip(voice):
    windows = last(voice, Heard(syllables(1.0))).windows
    assert len(windows) == 1
    assert windows.start[0] == 0
    assert windows.end[0] == 1


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (None, "no sound"),
        (np.zeros(0, np.float32), "no sound"),
        (np.zeros(3 * RATE, np.float32), "No speech"),
        (still(3, 0.1), "No speech"),
        (np.full(100, 0.5, np.float32), "No speech"),
    ],
    ids=["no sound", "no samples", "silence", "noise", "six milliseconds"],
)
def test_where_nobody_speaks_the_voice_is_missing_and_says_why(voice, samples, reason):
    reading = last(voice, Heard(samples))
    assert reading.status == "missing"
    assert reason in reading.reason
    assert reading.windows is None


def test_samples_that_are_no_numbers_do_no_harm(voice):
    samples = np.concatenate([still(1), syllables(2), still(1)])
    samples[::1000] = np.nan
    samples[1::1000] = np.inf
    reading = last(voice, Heard(samples))
    for trace in reading.traces:
        if trace.name == "energy":
            assert np.isfinite(trace.values).all()
    assert reading.windows is None or np.isfinite(reading.windows.native).all()


def test_a_long_clip_gives_partial_readings_that_only_grow(voice):
    samples = np.concatenate([syllables(4), still(2)] * 8)
    readings = list(voice.read(Heard(samples)))
    assert [reading.status for reading in readings] == ["reading", "reading", "read"]
    counts = [len(reading.windows) for reading in readings]
    assert counts == sorted(counts)
    for before, after in pairwise(readings):
        assert_array_equal(after.windows.native[: len(before.windows)], before.windows.native)
    times = readings[-1].trace("pitch").time
    assert_allclose(np.diff(times), 0.02, atol=1e-9)
    assert len(times) == 48 * 50
    assert (np.diff(readings[-1].windows.start) > 0).all()


def test_reading_twice_gives_the_same(voice):
    media = Heard(np.concatenate([still(1), syllables(3)]))
    one, two = last(voice, media), last(voice, media)
    assert_array_equal(one.windows.native, two.windows.native)
    assert_array_equal(one.windows.quality, two.windows.quality)


def test_a_voice_in_noise_counts_less(voice):
    quality = [
        last(voice, Heard(np.concatenate([still(1, level), syllables(3), still(1, level)]))).windows.quality.mean()
        for level in (0.0005, 0.015)
    ]
    assert quality[1] < quality[0]


def test_traces_tell_pitch_loudness_speech_and_tempo(voice):
    reading = last(voice, Heard(np.concatenate([still(1), syllables(4, 200, a_second=4), still(1)])))
    assert np.nanmedian(reading.trace("pitch").values) == pytest.approx(200, rel=0.1)
    level = reading.trace("energy").values
    assert level[100:250].mean() > level[:40].mean() + 20
    spoken = reading.trace("speech").values
    assert set(spoken) == {0.0, 1.0}
    rate = reading.trace("rate").values
    assert np.isnan(rate[spoken == 0]).all()
    assert np.nanmedian(rate) == pytest.approx(4, rel=0.25)


def test_the_waveform_keeps_the_extremes_in_few_columns(voice):
    samples = np.concatenate([still(30), np.float32([0.9, -0.8]), still(30)])
    waveform = last(voice, Heard(samples)).trace("waveform")
    assert len(waveform.time) <= extractor.COLUMNS
    assert waveform.values.shape == (len(waveform.time), 2)
    assert waveform.values[:, 1].max() == pytest.approx(0.9)
    assert waveform.values[:, 0].min() == pytest.approx(-0.8)
    assert (np.diff(waveform.time) > 0).all()


def test_prosody_sums_up_how_somebody_speaks(voice):
    told = extractor.prosody(last(voice, Heard(np.concatenate([syllables(2, 150), still(1.5), syllables(2, 150)]))))
    assert told.pitch == pytest.approx(150, rel=0.1)
    assert 0 < told.span < 8
    assert told.rate == pytest.approx(4, rel=0.3)
    assert told.longest_pause == pytest.approx(1.5, abs=0.3)
    assert told.pauses == pytest.approx(1.5 / 5.5, abs=0.1)
    assert extractor.prosody(last(voice, Heard(np.zeros(RATE, np.float32)))) is None
    assert extractor.prosody(Reading("voice", "missing")) is None


def test_evidence_lies_on_the_clock_of_the_clip_and_ends_with_it(voice):
    media = Heard(np.concatenate([still(0.2), syllables(1.5)]), start=2.0)
    window = last(voice, media).windows
    evidence = voice.evidence(media.sound(), window.start[0], "anger")
    assert evidence.share.shape == evidence.level.shape == (len(evidence.time), features.BANDS)
    assert evidence.time[0] == pytest.approx(window.start[0], abs=0.02)
    assert evidence.time[-1] <= window.end[0]
    assert len(evidence.hertz) == features.BANDS
    assert np.abs(evidence.share).max() <= 1


def test_evidence_is_about_the_window_that_was_read(voice, monkeypatch):
    media = Heard(np.concatenate([syllables(25), still(1)]))
    windows = last(voice, media).windows
    seen = []
    monkeypatch.setattr(
        voice.model, "evidence", lambda mel, pitch, label: seen.append((mel, pitch)) or np.zeros(mel.shape)
    )
    index = len(windows) - 2  # of a later block
    voice.evidence(media.sound(), windows.start[index], common.LABELS[0])
    (mel, pitch), *_ = seen
    heard = voice.model.hear(mel[None], pitch[None])
    assert_allclose(heard.native[0], windows.native[index], atol=1e-3)


@pytest.mark.external
def test_real_voices_are_found_in_real_clips(voice, test_data):
    from emoviz.perception.media import Clip

    for path in sorted((test_data / "crema-d-clips").glob("100*")):
        with Clip(path) as clip:
            reading = last(voice, clip)
        assert reading.status == "read"
        spoken = reading.trace("speech")
        assert 0.5 < spoken.values.sum() / 50 < 2.5
