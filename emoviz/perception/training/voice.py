"""How the voice model was made: RAVDESS, copies that each never heard a fifth of the actors.

What a microphone, a room, a telephone or another speaker do to a voice is done to the log-mel bands while
training: speed and pitch, tempo, reverberation, colour, band limits, few bits, noise, compression, gaps. Each copy's
held-out actors measure it, set the temperature of the others' answers and show how far a new speaker lies
from the known ones.
"""

import argparse
import copy
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from scipy.signal import resample_poly
from torch import Tensor
from torch.nn import functional

from emoviz.data.corpora import ravdess
from emoviz.data.corpora.ravdess import Voices
from emoviz.errors import DivergedError
from emoviz.measures import metrics as measures
from emoviz.measures.intervals import bootstrap
from emoviz.perception import weights
from emoviz.perception.base import Cue, Frame, Sound
from emoviz.perception.voice import activity, features, model
from emoviz.perception.voice.extractor import VoiceExtractor
from emoviz.perception.voice.features import BANDS, FRAMES
from emoviz.perception.voice.model import Copy, VoiceModel
from emoviz.perception.voice.network import EMBEDDING, WINDOW, Batch, VoiceNetwork, batch, summary
from emoviz.perception.weights import Card, Metric, Weights
from emoviz.progress import Progress, Work, finish, part

SPEEDS = ((6, 5), (12, 11), (1, 1), (11, 12), (5, 6))  # samples made of samples: pitch and tempo together
AROUND = FRAMES  # rows kept before and after what is said
ABSENT = -200.0  # dB, beyond the ends of a recording
HEATS = [float(heat) for heat in np.geomspace(0.3, 5, 80)]  # temperatures to choose from
# How much the temperature rises with strangeness. Within one corpus nothing asks for it: with it answers are too
# careful through noise (ECE .11 and .18 at 20 and 10 dB, benchmarks/results/perception_voice.md). Between corpora
# recognition is known to fall by half, and that cannot be measured with one: a choice, not a fit.
WIDENING = 0.25
SMOOTH = 1e-3  # of the mean variance: how strongly a copy's way into the shared space is kept plain
FLOOR = 0.05  # share of the mean variance that every direction has at least
STATISTICS = {
    "accuracy": lambda told: measures.accuracy(told[:, 0], told[:, 1:].argmax(1)),
    "uar": lambda told: measures.uar(told[:, 0], told[:, 1:].argmax(1)),
    "ece": lambda told: measures.ece(told[:, 0], told[:, 1:]),
    "nll": lambda told: float(-np.log(told[np.arange(len(told)), 1 + told[:, 0].astype(int)]).mean()),
}
LIMITS = (
    "It predicts what others would perceive in a voice, never what somebody feels.",
    "It learned from 24 North American actors who spoke two sentences each as told: everyday speech is less marked, "
    "and other languages, accents, ages and illnesses were never heard.",
    "Whispering is found in part only; singing and several voices at once are not told apart.",
    "Its distribution grows wider where a voice or a microphone is unlike the training data; it does not become right.",
)


@dataclass(frozen=True)
class TrainingConfig:
    """How one copy is trained.

    Attributes:
        epochs: rounds over the recordings
        batch_size: windows a step
        lr: highest rate of one cycle
        decay: of the weights
        smoothing: share of the target spread over all labels
        clean: share of the windows that are heard as recorded
        averaging: how much of the averaged weights a step keeps
        relief: whether it also sees how far each band lies above its own mean, which takes the microphone out
        seed: of everything drawn
    """

    epochs: int = 60
    batch_size: int = 32
    lr: float = 4e-3
    decay: float = 0.03
    smoothing: float = 0.05
    clean: float = 0.3
    averaging: float = 0.99
    relief: bool = True
    seed: int = 0


# One copy of each for every part of the actors. Copies that see differently are a little better together: .66 of
# RAVDESS by actor, two with the relief (``rounds=(TrainingConfig(),) * 2``) .65.
ROUNDS = (TrainingConfig(), TrainingConfig(clean=0.4, relief=False))


@dataclass(frozen=True)
class Windowed:
    """Windows before they are seen by the network.

    Attributes:
        mel: ``(B, T, BANDS)`` in dB
        pitch: ``(B, T)`` in Hz, NaN where unvoiced
    """

    mel: Tensor
    pitch: Tensor


@dataclass(frozen=True)
class Measured:
    """All recordings measured at all :data:`SPEEDS`, S of them, one after the other.

    Attributes:
        mel: ``(R, BANDS)`` float16 in dB
        pitch: ``(R,)`` in Hz, NaN where unvoiced
        first: first row of each recording, ``(N, S)``
        rows: how many it has, ``(N, S)``
        middle: of what is said in it, as a row counted from its first, ``(N, S)``
        said: rows from the first to the last word, ``(N, S)``
    """

    mel: Tensor
    pitch: Tensor
    first: Tensor
    rows: Tensor
    middle: Tensor
    said: Tensor


def measured(voices: Voices) -> Work[Measured]:
    """Measure all recordings at all speeds; two minutes on one core."""
    mels, pitches, spans = [], [], []
    for index, sound in enumerate(voices.sounds()):
        if index % 50 == 0:
            yield Progress(index / len(voices), "measuring the recordings")
        for up, down in SPEEDS:
            faster = sound if up == down else resample_poly(sound, up, down).astype(np.float32)
            told = features.measure(faster)
            pieces = activity.pieces(activity.speech(told))
            start, end = (pieces[0, 0], pieces[-1, 1]) if len(pieces) else (0, len(told.level))
            low, high = max(0, start - AROUND), end + AROUND
            mels.append(told.mel[low:high].astype(np.float16))
            pitches.append(told.pitch[low:high].astype(np.float32))
            spans.append((len(mels[-1]), (start + end) / 2 - low, end - start))
    rows, middle, said = (torch.tensor(column).reshape(len(voices), -1) for column in zip(*spans, strict=True))
    first = rows.flatten().cumsum(0).reshape(rows.shape) - rows
    return Measured(
        torch.from_numpy(np.concatenate(mels)), torch.from_numpy(np.concatenate(pitches)), first, rows, middle, said
    )


def trained(given: Measured, labels: Tensor, items: Tensor, config: TrainingConfig) -> Work[VoiceNetwork]:
    """One copy.

    Args:
        given: the recordings
        labels: of all recordings, ``(N,)``
        items: which of them are heard, ``(n,)``
        config: how

    Raises:
        DivergedError: when the loss stops being finite
    """
    torch.manual_seed(config.seed)
    draw = torch.Generator().manual_seed(config.seed)
    network = VoiceNetwork(int(labels.max()) + 1)
    if not config.relief:
        network.blind()
    averaged = copy.deepcopy(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.lr, weight_decay=config.decay)
    steps = config.epochs * (len(items) // config.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.lr, total_steps=steps, pct_start=0.2)
    done = 0
    for epoch in range(1, config.epochs + 1):
        order = items[torch.randperm(len(items), generator=draw)]
        for rows in order[: len(items) // config.batch_size * config.batch_size].split(config.batch_size):
            windows = disturbed(drawn(given, rows, draw), draw, config.clean)
            heard = batch(windows.mel, windows.pitch)
            if not config.relief:  # what is nothing teaches its weights nothing: they stay zero
                heard = replace(heard, relief=torch.zeros_like(heard.relief))
            loss = functional.cross_entropy(network(heard), labels[rows], label_smoothing=config.smoothing)
            if not math.isfinite(loss.item()):
                raise DivergedError(epoch, done)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            done += 1
            _follow(averaged, network, min(config.averaging, done / (done + 10)))
        yield Progress(epoch / config.epochs, f"epoch {epoch} of {config.epochs}: loss {loss.item():.2f}")
    return averaged.eval()


def drawn(given: Measured, items: Tensor, draw: torch.Generator) -> Windowed:
    """A window of each recording, at any speed and tempo, about where something is said."""
    speed = torch.randint(len(SPEEDS), (len(items),), generator=draw)
    tempo = _uniform(draw, len(items), 0.85, 1.18)
    spare = (given.said[items, speed] - WINDOW * tempo).clamp_min(0) / 2 + 0.25 * FRAMES
    middle = given.middle[items, speed] + spare * _uniform(draw, len(items), -1, 1)
    return _cut(given, items, speed, middle, tempo)


def centred(given: Measured, items: Tensor) -> Windowed:
    """The middle of each recording as it is."""
    speed = torch.full((len(items),), SPEEDS.index((1, 1)))
    return _cut(given, items, speed, given.middle[items, speed].round(), torch.ones(len(items)))


def _cut(given: Measured, items: Tensor, speed: Tensor, middle: Tensor, tempo: Tensor) -> Windowed:
    """Windows around ``middle``, rows read between rows where ``tempo`` is not 1."""
    wanted = middle[:, None] + (torch.arange(WINDOW) - WINDOW / 2) * tempo[:, None]
    low = wanted.floor()
    share, rows = wanted - low, given.rows[items, speed][:, None]
    there = (wanted >= 0) & (wanted <= rows - 1)
    place = [given.first[items, speed][:, None] + (low + more).clamp_min(0).minimum(rows - 1).long() for more in (0, 1)]
    mel = torch.lerp(given.mel[place[0]].float(), given.mel[place[1]].float(), share[..., None].float())
    pitch = given.pitch[place[0]]  # between voiced and unvoiced nothing can be interpolated
    return Windowed(mel.where(there[..., None], ABSENT), pitch.where(there, float("nan")))


@torch.no_grad()
def _follow(averaged: VoiceNetwork, network: VoiceNetwork, keep: float) -> None:
    """Move the averaged weights and batch statistics a step towards the network's."""
    for mean, now in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(now, 1 - keep)


def disturbed(given: Windowed, draw: torch.Generator, clean: float = 0.0) -> Windowed:
    """The same voices from other microphones, rooms and lines; a share of them as they are."""
    kept = _chance(draw, len(given.mel), clean)
    heard = _coloured(_reverberant(given.mel, draw), draw)
    mel, pitch = _noisy(Windowed(_coarse(heard, draw), given.pitch), draw)
    loudest = mel.amax((1, 2), keepdim=True)
    mel = loudest + (mel - loudest) * _uniform(draw, len(mel), 0.8, 1.2)[:, None, None]  # compressors and expanders
    mel, pitch = torch.where(kept[:, None, None], given.mel, mel), torch.where(kept[:, None], given.pitch, pitch)
    return _gappy(Windowed(mel, pitch), draw)


def _coloured(mel: Tensor, draw: torch.Generator) -> Tensor:
    """Another microphone: a tilt, waves over the bands; a line that lets no low or high bands through, or neither."""
    count, band = len(mel), torch.linspace(-1, 1, BANDS)
    colour = torch.randn(count, 1, generator=draw) * 5 * band
    for waves in (1, 2, 3):
        phase = _uniform(draw, count, 0, 2 * np.pi)[:, None]
        colour += torch.randn(count, 1, generator=draw) * 2.5 * torch.sin(np.pi * waves * band + phase)
    rank = torch.arange(BANDS).float()
    telephone, dull, thin = (_chance(draw, count, chance) for chance in (0.2, 0.25, 0.2))
    top = torch.where(dull, _uniform(draw, count, 40, BANDS), float(BANDS))
    bottom = torch.where(thin, _uniform(draw, count, 0, 12), 0.0)
    top = torch.where(telephone, _uniform(draw, count, 42, 49), top)[:, None]
    bottom = torch.where(telephone, _uniform(draw, count, 4, 10), bottom)[:, None]
    slope = _uniform(draw, count, 4, 12)[:, None]
    colour -= slope * ((rank - top).clamp_min(0) + (bottom - rank).clamp_min(0))
    return mel + colour[:, None]


def _coarse(mel: Tensor, draw: torch.Generator) -> Tensor:
    """A line that spends few bits: white noise 20 to 45 dB below whatever is heard at the moment."""
    count = len(mel)
    level = mel.amax(2, keepdim=True)
    grain = _grain(mel, draw)
    below = torch.where(_chance(draw, count, 0.3), _uniform(draw, count, 20, 45), 100.0)
    wide = torch.linspace(-4, 4, BANDS)  # higher bands are wider
    return _added(mel, level - below[:, None, None] + grain + wide)


def _reverberant(mel: Tensor, draw: torch.Generator) -> Tensor:
    """A room: each band dies away within .15 to .9 s."""
    count = len(mel)
    fading = 10 ** (-6 / (FRAMES * _uniform(draw, count, 0.15, 0.9)))[:, None]
    share = torch.where(_chance(draw, count, 0.4), _uniform(draw, count, 0.05, 0.6), 0.0)[:, None] * (1 - fading)
    power, tail = (mel / 10 * np.log(10)).exp(), torch.zeros(count, BANDS)
    rows = []
    for row in power.unbind(1):
        rows.append(row + share * tail)
        tail = fading * (tail + row)
    return 10 * torch.stack(rows, 1).log10()


def _noisy(given: Windowed, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    """A background 3 to 50 dB below the loudest of the voice, of any colour, steady or not.

    What it covers has no pitch any more.
    """
    mel, count = given.mel, len(given.mel)
    band = torch.linspace(-1, 1, BANDS)
    colour = torch.randn(count, 1, generator=draw) * 8 * band
    colour += torch.randn(count, 1, generator=draw) * 5 * torch.sin(np.pi * band + _uniform(draw, count, 0, 6)[:, None])
    swell = functional.interpolate(torch.randn(count, 1, 8, generator=draw), WINDOW, mode="linear")[:, 0]
    swell = swell * _uniform(draw, count, 0, 4)[:, None]
    noise = _grain(mel, draw) + colour[:, None] + swell[:, :, None]
    loud = mel.amax((1, 2))
    below = torch.where(_chance(draw, count, 0.75), 3 + 47 * _uniform(draw, count, 0, 1) ** 1.4, 100.0)
    noise += (loud - below)[:, None, None] - noise.mean(1).amax(1)[:, None, None]
    over = mel[:, :, :32].amax(2) - noise[:, :, :32].amax(2)  # below 1.6 kHz, where pitch is found
    covered = over < _uniform(draw, count, -3, 6)[:, None]
    return _added(mel, noise), given.pitch.masked_fill(covered, float("nan"))


def _grain(mel: Tensor, draw: torch.Generator) -> Tensor:
    """How noise wavers around its level from frame to frame and band to band, in dB."""
    return torch.rand(mel.shape, generator=draw).clamp_min(1e-3).log().neg().log10() * 5


def _added(one: Tensor, other: Tensor) -> Tensor:
    """Levels of two sounds heard together, in dB."""
    return torch.logaddexp(one / 10 * np.log(10), other / 10 * np.log(10)) * 10 / np.log(10)


def _gappy(given: Windowed, draw: torch.Generator) -> Windowed:
    """Bands and moments lost, pitch lost for parts: what is read must not rest on one place."""
    count, (mel, pitch) = len(given.mel), (given.mel, given.pitch)
    mean = mel.mean((1, 2), keepdim=True)
    for length, widest, axis in ((BANDS, 10, 2), (BANDS, 10, 2), (WINDOW, 20, 1)):
        start = _uniform(draw, count, -widest, length)[:, None]
        place = torch.arange(length).float()
        lost = (place >= start) & (place < start + _uniform(draw, count, 0, widest)[:, None])
        mel = torch.where(lost[:, None] if axis == 2 else lost[:, :, None], mean, mel)
    unsure = functional.interpolate(torch.rand(count, 1, 12, generator=draw), WINDOW)[:, 0]
    lost = unsure < torch.where(_chance(draw, count, 0.5), _uniform(draw, count, 0, 0.6), 0.0)[:, None]
    return Windowed(mel, pitch.masked_fill(lost, float("nan")))


def _uniform(draw: torch.Generator, count: int, low: float, high: float) -> Tensor:
    return low + (high - low) * torch.rand(count, generator=draw)


def _chance(draw: torch.Generator, count: int, chance: float) -> Tensor:
    return torch.rand(count, generator=draw) < chance


@torch.inference_mode()
def acquainted(network: VoiceNetwork, given: Measured, heard: Tensor, unheard: Tensor) -> Copy:
    """A trained network with what it knows of the voices it heard, and how far from them other actors' lie.

    Args:
        network: trained on ``heard``
        given: the recordings
        heard: recordings that it was trained on, ``(n,)``
        unheard: recordings of other actors, ``(m,)``
    """
    known = summary(_batch(given, heard))
    spread = torch.cov(known.T)
    # A share of the mean variance everywhere: directions in which nothing ever moves shall not decide.
    values, axes = torch.linalg.eigh(spread + FLOOR * spread.diagonal().mean() * torch.eye(len(spread)))
    whitening, reach = axes * values.rsqrt(), torch.tensor([0.0, 1.0])
    copy = Copy(network, known.mean(0), whitening, reach, torch.zeros(EMBEDDING), torch.eye(EMBEDDING))
    return replace(copy, reach=copy.distance(_batch(given, unheard)).quantile(torch.tensor([0.5, 0.95])))


@torch.inference_mode()
def temperatures(copies: Sequence[Copy], unheard: Sequence[int], given: Measured, voices: Voices) -> list[float]:
    """How much less sure than its network each copy may be, from the actors that others did not hear.

    The temperature for one part of the actors comes from the other parts, so that each stays a fair test.

    Args:
        copies: trained
        unheard: the part that each of them did not hear
        given: the recordings
        voices: the same
    """
    logits, labels = {}, {}
    for missed in sorted(set(unheard)):
        items = torch.from_numpy(np.flatnonzero(voices.folds == missed))
        alone = [copy for copy, own in zip(copies, unheard, strict=True) if own == missed]
        logits[missed] = torch.stack([copy.network(_batch(given, items)) for copy in alone])
        labels[missed] = torch.from_numpy(voices.labels)[items]

    def loss(part: int, heat: float) -> float:
        mean = (logits[part] / heat).softmax(2).mean(0)
        return float(functional.nll_loss(mean.clamp_min(1e-9).log(), labels[part], reduction="sum"))

    best = {
        missed: min(HEATS, key=lambda heat: sum(loss(other, heat) for other in logits if other != missed))
        for missed in logits
    }
    return [best[missed] for missed in unheard]


@torch.inference_mode()
def in_one_space(copies: Sequence[Copy], heard: Sequence[Tensor], given: Measured) -> list[Copy]:
    """Copies with their way into one space, so that what any of them sees can be compared.

    That space is the one in which all of them together tell the recordings apart best. The way of each is the linear
    map that fits what it did hear, for what a network learned from lies otherwise than what it did not.

    Args:
        copies: trained
        heard: recordings that each of them was trained on, ``(n,)`` each
        given: the recordings
    """
    windows = _batch(given, torch.arange(len(given.rows)))
    seen = [copy.network.embed(windows).double() for copy in copies]
    together = torch.cat([own - own.mean(0) for own in seen], 1)
    _, _, axes = torch.linalg.svd(together, full_matrices=False)
    shared = together @ axes[:EMBEDDING].T / len(copies) ** 0.5
    led = []
    for one, own, rows in zip(copies, seen, heard, strict=True):
        origin = own.mean(0)
        x = own[rows] - origin
        square = x.T @ x
        pull = SMOOTH * square.trace() / EMBEDDING * torch.eye(EMBEDDING)
        way = torch.linalg.solve(square + pull, x.T @ shared[rows])
        led.append(replace(one, origin=origin.float(), axes=way.float()))
    return led


def _batch(given: Measured, items: Tensor) -> Batch:
    """The middle of recordings as the network takes it."""
    windows = centred(given, items)
    return batch(windows.mel, windows.pitch)


def train(
    folder: Path,
    state: Path | None = None,
    seed: int = 0,
    rounds: Sequence[TrainingConfig] = ROUNDS,
    target: Path = weights.FOLDER,
) -> Work[Card]:
    """Train all copies, measure them on the actors that each did not hear, and write weights and card.

    Args:
        folder: with RAVDESS
        state: folder in which finished copies wait for the others, so that a later call goes on from there
        seed: of everything drawn; each copy has its own
        rounds: how the copies are trained, each of them once for every part of the actors
        target: folder of the weights
    """
    began = time.monotonic()
    voices = ravdess.read(folder)
    labels, folds = torch.from_numpy(voices.labels), torch.from_numpy(voices.folds)
    given = yield from part(measured(voices), 0, 0.1)
    copies: list[Copy] = []
    learned: list[Tensor] = []
    unheard = list(range(ravdess.FOLDS)) * len(rounds)
    for number, missed in enumerate(unheard):
        config = replace(rounds[number // ravdess.FOLDS], seed=seed + number)
        heard = torch.nonzero(folds != missed).flatten()
        kept = state / f"voice-{number}.safetensors" if state else None
        work = _resumed(given, labels, heard, config, kept)
        start, end = (0.1 + 0.8 * step / len(unheard) for step in (number, number + 1))
        network = yield from part(work, start, end)
        copies.append(acquainted(network, given, heard, torch.nonzero(folds == missed).flatten()))
        learned.append(heard)
    copies = in_one_space(copies, learned, given)
    tensors = {name: tensor for k, copy in enumerate(copies) for name, tensor in copy.tensors(k).items()}
    card = Card(
        name=model.NAME,
        modality="voice",
        title=f"Voice: {len(copies)} small networks over log-mel bands and pitch",
        labels=ravdess.LABELS,
        data="RAVDESS speech (Livingstone & Russo 2018), 1,439 recordings of 24 actors, 16 kHz",
        licence="CC BY-NC-SA 4.0 (training data): research and teaching, no commercial use",
        metrics=(),
        limits=LIMITS,
        seed=seed,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - began, 1),
        versions={name: version(name) for name in ("torch", "numpy", "scipy")},
        settings={
            "temperature": temperatures(copies, unheard, given, voices),
            "unheard": [float(missed) for missed in unheard],
            "widening": WIDENING,
        },
    )
    metrics = yield from part(evaluated(voices, Weights(card, tensors)), 0.9, 1)
    card = weights.save(replace(card, metrics=metrics), tensors, target)
    for kept in state.glob("voice-*.safetensors") if state else ():
        kept.unlink()
    return card


def evaluate(folder: Path) -> Work[tuple[Metric, ...]]:
    """The shipped model, measured again on RAVDESS: each recording by the copy that did not hear its actor."""
    return (yield from evaluated(ravdess.read(folder), weights.load(model.NAME)))


def evaluated(voices: Voices, given: Weights) -> Work[tuple[Metric, ...]]:
    """Accuracy, unweighted recall and calibration error with intervals over actors, all together and by sex."""
    native = yield from answered(voices, given)
    metrics = []
    for group, rows in (("", np.full(len(voices), True)), (", women", voices.sex == "F"), (", men", voices.sex == "M")):
        told = np.column_stack([voices.labels, native])[rows]
        for name, statistic in STATISTICS.items():
            found = bootstrap(told, voices.actors[rows], statistic, resamples=500)
            metrics.append(
                Metric(
                    name, f"RAVDESS by actor, {ravdess.FOLDS} folds{group}", found.value, found.low, found.high, found.n
                )
            )
    return tuple(metrics)


def answered(
    voices: Voices, given: Weights, through: Callable[[np.ndarray], np.ndarray] = lambda sound: sound
) -> Work[np.ndarray]:
    """Distribution of each whole recording, ``(N, L)``, as the extractor and the fair copies give it.

    Args:
        voices: the recordings
        given: of the model
        through: what each sound, ``(S,)``, goes through first
    """
    alone = [VoiceExtractor(VoiceModel(given, part)) for part in range(ravdess.FOLDS)]
    native = np.full((len(voices), len(given.card.labels)), 1 / len(given.card.labels))  # where nobody is heard
    for index, sound in enumerate(voices.sounds()):
        if index % 50 == 0:
            yield Progress(index / len(voices), "asking each copy about the actors it did not hear")
        *_, reading = alone[voices.folds[index]].read(_Recording(Sound(ravdess.RATE, 0.0, through(sound))))
        if reading.native is not None:
            native[index] = reading.native
    return native


@dataclass(frozen=True)
class _Recording:
    """A recording as a clip without picture and words."""

    heard: Sound

    @property
    def seconds(self) -> float:
        return self.heard.seconds

    def frames(self, rate: float) -> Iterator[Frame]:
        return iter(())

    def sound(self) -> Sound:
        return self.heard

    def cues(self) -> tuple[Cue, ...]:
        return ()


def _resumed(
    given: Measured, labels: Tensor, heard: Tensor, config: TrainingConfig, path: Path | None
) -> Work[VoiceNetwork]:
    """A trained network, from ``path`` where it lies there already."""
    if path is not None and path.is_file():
        network = VoiceNetwork(int(labels.max()) + 1)
        network.load_state_dict(load_file(path))
        return network.eval()
    network = yield from trained(given, labels, heard, config)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(network.state_dict(), path)
    return network


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="with RAVDESS")
    parser.add_argument("--state", type=Path, help="folder for finished copies")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    card = finish(train(asked.folder, asked.state, asked.seed), lambda line: print(line.message, flush=True))
    for metric in card.metrics:
        print(f"{metric.name} on {metric.on}: {metric.value:.3f} [{metric.low:.3f}, {metric.high:.3f}]")


if __name__ == "__main__":
    main()
