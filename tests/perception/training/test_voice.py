from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from emoviz.data.corpora import ravdess
from emoviz.errors import DivergedError
from emoviz.perception import weights
from emoviz.perception.training import voice
from emoviz.perception.training.voice import TrainingConfig, Windowed
from emoviz.perception.voice import model
from emoviz.perception.voice.features import BANDS
from emoviz.perception.voice.network import EMBEDDING, WINDOW
from emoviz.progress import finish
from tests.perception.voice.test_activity import still, syllables

SHORT = TrainingConfig(epochs=2, batch_size=8)


@dataclass(frozen=True)
class Invented(ravdess.Voices):
    """A corpus of sounds that only resemble speech; the pitch tells the emotion."""

    def sounds(self):
        for index, label in enumerate(self.labels):
            yield np.concatenate([still(0.3), syllables(1.0, 90 + 30 * label, seed=index), still(0.3)])


@pytest.fixture(scope="module")
def voices():
    actors = np.tile(np.arange(1, 11), 4)  # both sexes in each part
    labels = np.repeat(np.arange(8), 5)
    return Invented(None, tuple(f"{k}.flac" for k in range(40)), labels, actors, np.zeros(40, bool))


@pytest.fixture(scope="module")
def given(voices):
    return finish(voice.measured(voices))


def test_recordings_are_measured_at_all_speeds(given, voices):
    assert given.rows.shape == (40, len(voice.SPEEDS))
    assert given.rows.sum() == len(given.mel) == len(given.pitch)
    slow, fast = given.said[:, 0].float(), given.said[:, -1].float()
    assert_close((slow / fast).median(), torch.tensor(1.44), atol=0.1, rtol=0)
    middle = finish(voice.measured(replace(voices, files=voices.files[:1], labels=voices.labels[:1])))
    pitch = [
        float(middle.pitch[first : first + rows].nanmedian())
        for first, rows in zip(middle.first[0].tolist(), middle.rows[0].tolist(), strict=True)
    ]
    assert pitch == sorted(pitch)


def test_what_is_said_stands_in_the_middle_of_a_centred_window(given):
    windows = voice.centred(given, torch.arange(40))
    assert windows.mel.shape == (40, WINDOW, BANDS)
    loud = windows.mel.amax(2) > -60
    middle = (loud * torch.arange(WINDOW)).sum(1) / loud.sum(1)
    assert_close(middle, torch.full((40,), WINDOW / 2.0), atol=6, rtol=0)


def test_disturbances_change_much_and_keep_numbers(given):
    clean = voice.centred(given, torch.arange(40))
    worse = voice.disturbed(clean, torch.Generator().manual_seed(0))
    assert torch.isfinite(worse.mel).all()
    assert (worse.mel - clean.mel).abs().mean() > 5
    assert worse.pitch.isfinite().sum() < clean.pitch.isfinite().sum()
    again = voice.disturbed(clean, torch.Generator().manual_seed(0))
    assert_close(again.mel, worse.mel)


def test_a_share_is_left_as_recorded_but_for_gaps(given):
    clean = voice.centred(given, torch.arange(40))
    kept = voice.disturbed(clean, torch.Generator().manual_seed(0), clean=1.0)
    same = (kept.mel == clean.mel).float().mean((1, 2))
    assert (same > 0.3).all()


def test_a_room_only_adds_and_dies_away():
    mel = torch.full((64, WINDOW, BANDS), -100.0)
    mel[:, 20] = 0.0
    heard = voice._reverberant(mel, torch.Generator().manual_seed(0))
    assert (heard >= mel - 1e-3).all()
    tail = heard[:, 22:, 0]
    assert (tail.diff(dim=1) <= 1e-3).all()
    assert (tail[:, 0] > -60).any() and (tail[:, 0] < -90).any()


def test_noise_takes_the_pitch_of_what_it_covers(given):
    clean = voice.centred(given, torch.arange(40))
    mel, pitch = voice._noisy(clean, torch.Generator().manual_seed(0))
    assert (mel >= clean.mel - 1e-3).all()
    lost = clean.pitch.isfinite() & pitch.isnan()
    kept = pitch.isfinite()
    assert lost.any() and kept.any()
    risen = (mel - clean.mel)[:, :, :32].amax(2)
    assert risen[lost].mean() > risen[kept].mean() + 5


def test_a_coarse_line_adds_what_follows_the_voice(given):
    clean = voice.centred(given, torch.arange(40))
    mel = voice._coarse(clean.mel, torch.Generator().manual_seed(0))
    risen = (mel - clean.mel).amax(2)
    assert (mel >= clean.mel - 1e-3).all()
    assert (risen.amax(1) > 10).float().mean() == pytest.approx(0.3, abs=0.25)
    assert (mel.amax(2) - clean.mel.amax(2)).max() < 1


def test_two_trainings_with_one_seed_are_the_same(given, voices):
    labels, heard = torch.from_numpy(voices.labels), torch.arange(40)
    one, two = (finish(voice.trained(given, labels, heard, SHORT)).state_dict() for _ in range(2))
    for name in one:
        assert_close(one[name], two[name])


@torch.inference_mode()
def test_a_copy_that_learns_without_the_relief_never_looks_at_it(given, voices):
    labels, config = torch.from_numpy(voices.labels), replace(SHORT, relief=False)
    with torch.inference_mode(False):
        network = finish(voice.trained(given, labels, torch.arange(40), config))
    windows = voice._batch(given, torch.arange(40))
    other = replace(windows, relief=torch.randn(windows.relief.shape))
    assert_close(network(other), network(windows))


def test_a_loss_that_is_not_finite_is_said(given, voices):
    with pytest.raises(DivergedError):
        labels = torch.from_numpy(voices.labels)
        finish(voice.trained(given, labels, torch.arange(40), replace(SHORT, lr=1e30, epochs=4)))


def test_the_temperature_for_one_part_comes_from_the_others(given, voices, voice_model):
    copies = [voice_model.copies[part % 2] for part in range(ravdess.FOLDS)]
    before = voice.temperatures(copies, range(ravdess.FOLDS), given, voices)
    labels = np.where(voices.folds == 0, 7, voices.labels)
    after = voice.temperatures(copies, range(ravdess.FOLDS), given, replace(voices, labels=labels))
    assert after[0] == before[0]
    assert after[1:] != before[1:]


@torch.inference_mode()
def test_what_copies_see_is_near_in_one_space_whichever_of_them_listened(given, voice_model):
    # The same network whose last layer is turned, moved and mixed sees the same, in a space of its own.
    one = voice_model.copies[0]
    windows = voice._batch(given, torch.arange(40))
    true = one.network.embed(windows)
    turn = torch.linalg.qr(torch.randn(EMBEDDING, EMBEDDING, generator=torch.Generator().manual_seed(0)))[0]

    class Turned(torch.nn.Module):
        def embed(self, windows):
            return one.network.embed(windows) @ turn + 3

    other = replace(one, network=Turned())
    led = voice.in_one_space([one, other], [torch.arange(30), torch.arange(10, 40)], given)
    seen = [copy.shared(copy.network.embed(windows)) for copy in led]
    far = torch.cdist(seen[0], seen[1])
    assert torch.corrcoef(torch.stack([far.flatten(), torch.cdist(true, true).flatten()]))[0, 1] > 0.99
    assert far.diagonal().mean() < 0.05 * far.mean()


def test_training_ends_in_a_model_that_loads_and_is_measured_by_sex(voices, monkeypatch, tmp_path):
    monkeypatch.setattr(ravdess, "read", lambda folder: voices)
    lines = []
    card = finish(voice.train(tmp_path, tmp_path / "state", 0, [SHORT], tmp_path / "models"), lines.append)
    assert [line.fraction for line in lines] == sorted(line.fraction for line in lines)
    assert {metric.name for metric in card.metrics} == {"accuracy", "uar", "ece", "nll"}
    assert {metric.n for metric in card.metrics} == {40, 20}
    loaded = model.VoiceModel(weights.load("voice", tmp_path / "models"))
    assert len(loaded.copies) == ravdess.FOLDS
    assert loaded.labels == ravdess.LABELS
    assert not list((tmp_path / "state").iterdir())


def test_a_finished_copy_is_not_trained_again(given, voices, tmp_path):
    labels, kept = torch.from_numpy(voices.labels), tmp_path / "voice-0.safetensors"
    lines = []
    first = finish(voice._resumed(given, labels, torch.arange(40), SHORT, kept), lines.append)
    again = finish(voice._resumed(given, labels, torch.arange(40), replace(SHORT, epochs=99), kept), lines.append)
    assert len(lines) == SHORT.epochs
    for name, tensor in first.state_dict().items():
        assert_close(again.state_dict()[name], tensor)


def test_windows_are_read_between_rows_where_the_tempo_is_not_one(given):
    drawn = voice.drawn(given, torch.arange(40), torch.Generator().manual_seed(1))
    assert isinstance(drawn, Windowed)
    assert torch.isfinite(drawn.mel).all()
    assert drawn.pitch.isfinite().any(1).all()
