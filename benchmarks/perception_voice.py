"""How well does the shipped voice model recognise emotions of actors it never heard, and through bad lines?

    EMOVIZ_TEST_DATA=... python benchmarks/perception_voice.py [MODELS ...]     (about 5 minutes on one core)

RAVDESS by actor, 5 folds, one recording at a time: the copy of the model that did not hear an actor answers for
them, through the whole extractor, with a temperature that was set on other actors. The disturbances are made on
the sound itself and by real codecs, not by what disturbed the training. Below .60 accuracy, above .05 ECE or where
a telephone costs more than a third of the accuracy, the training has to change. MODELS are folders with copies of other
seeds (``emoviz perception train voice --seed``), told by their cards.
"""

import argparse
import io
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import common
import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from emoviz.data.corpora import ravdess
from emoviz.data.corpora.ravdess import Voices
from emoviz.measures import metrics
from emoviz.measures.intervals import bootstrap
from emoviz.perception import weights
from emoviz.perception.training import voice
from emoviz.progress import finish

RATE = ravdess.RATE
EVERY = 5  # of the recordings, for the disturbances
BINS = np.array([0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path, help="folders with a model 'voice' of another seed")
    cards = [weights.load("voice", folder).card for folder in (weights.FOLDER, *parser.parse_args().models)]
    voices = ravdess.read(Path(os.environ["EMOVIZ_TEST_DATA"]) / "ravdess")
    given = weights.load("voice")
    native = finish(voice.answered(voices, given))
    common.report(
        "perception_voice",
        "Voice: RAVDESS by actor, 5 folds, one recording at a time",
        [
            f"Weights of {given.card.created}, seed {given.card.seed}; intervals draw actors anew. For comparison: "
            "logistic regression on 185 statistics has an accuracy of .519, the most frequent label one of .133.",
            "",
            *groups(voices, native),
            "",
            *seeds(cards),
            "",
            *recalls(voices, native),
            "",
            "How often the likeliest label is right, by how likely it is said to be:",
            "",
            *reliability(voices, native),
            "",
            f"Through other microphones and lines (every {EVERY}th recording):",
            "",
            *disturbed(voices, given),
        ],
    )


def seeds(cards: list[weights.Card]) -> list[str]:
    """Every training by its card, and their mean where there are several."""
    found = [
        [
            next(m for m in card.metrics if (m.name, m.on) == (name, f"RAVDESS by actor, {ravdess.FOLDS} folds"))
            for card in cards
        ]
        for name in voice.STATISTICS
    ]
    lines = ["| seed | accuracy | UAR | ECE | NLL |", "|---:|---:|---:|---:|---:|"]
    for place, card in enumerate(cards):
        lines.append(f"| {card.seed} | " + " | ".join(f"{metric[place].value:.3f}" for metric in found) + " |")
    if len(cards) > 1:
        values = np.array([[metric.value for metric in row] for row in found])
        told = zip(values.mean(1), values.std(1, ddof=1), strict=True)
        lines.append("| mean ± deviation | " + " | ".join(f"{mean:.3f} ± {spread:.3f}" for mean, spread in told) + " |")
    return lines


def groups(voices: Voices, native: np.ndarray) -> list[str]:
    lines = ["| recordings | n | accuracy | UAR | ECE, 15 bins | NLL |", "|---|---:|---:|---:|---:|---:|"]
    parts = {
        "all": np.full(len(voices), True),
        "women": voices.sex == "F",
        "men": voices.sex == "M",
        "acted normally": ~voices.strong,
        "acted strongly": voices.strong,
    }
    for name, rows in parts.items():
        told = np.column_stack([voices.labels, native])[rows]
        found = [
            bootstrap(told, voices.actors[rows], statistic, resamples=1000) for statistic in voice.STATISTICS.values()
        ]
        numbers = " | ".join(f"{f.value:.3f} [{f.low:.3f}, {f.high:.3f}]" for f in found)
        lines.append(f"| {name} | {rows.sum()} | {numbers} |")
    return lines


def recalls(voices: Voices, native: np.ndarray) -> list[str]:
    first = native.argmax(1)
    counted = np.histogram2d(voices.labels, first, bins=(np.arange(9), np.arange(9)))[0]
    shares = counted / counted.sum(1, keepdims=True)
    lines = ["| meant, then heard as | " + " | ".join(ravdess.LABELS) + " |", "|---|" + "---:|" * 8]
    return lines + [
        f"| {name} | " + " | ".join(f"{share:.2f}" for share in row) + " |"
        for name, row in zip(ravdess.LABELS, shares, strict=True)
    ]


def reliability(voices: Voices, native: np.ndarray) -> list[str]:
    sure, right = native.max(1), native.argmax(1) == voices.labels
    place = np.digitize(sure, BINS[1:-1])
    lines = ["| said | n | mean said | right |", "|---|---:|---:|---:|"]
    for k in np.unique(place):
        rows = place == k
        said = f"{BINS[k]:.1f} to {BINS[k + 1]:.1f} | {rows.sum()} | {sure[rows].mean():.3f}"
        lines.append(f"| {said} | {right[rows].mean():.3f} |")
    return lines


def disturbed(voices: Voices, given: weights.Weights) -> list[str]:
    some = replace(
        voices,
        files=voices.files[::EVERY],
        **{name: getattr(voices, name)[::EVERY] for name in ("labels", "actors", "strong")},
    )
    lines = ["| sound | accuracy | UAR | ECE | mean of the largest share |", "|---|---:|---:|---:|---:|"]
    for name, through in LINES.items():
        native = finish(voice.answered(some, given, through))
        first = native.argmax(1)
        found, recall = bootstrap(metrics.hits(some.labels, first), some.actors), metrics.uar(some.labels, first)
        lines.append(
            f"| {name} | {found.value:.3f} [{found.low:.3f}, {found.high:.3f}] | {recall:.3f} | "
            f"{metrics.ece(some.labels, native):.3f} | {native.max(1).mean():.3f} |"
        )
    return lines


def noisy(below: float) -> Callable[[np.ndarray], np.ndarray]:
    """Pink noise so many decibels below the loudest tenth of a second."""

    def through(sound: np.ndarray) -> np.ndarray:
        draw = np.random.default_rng(len(sound))
        spectrum = np.fft.rfft(draw.normal(size=len(sound))) / np.sqrt(np.arange(len(sound) // 2 + 1).clip(1))
        noise = np.fft.irfft(spectrum, len(sound))
        loud = max((piece**2).mean() for piece in np.array_split(sound, max(1, len(sound) // (RATE // 10))))
        return (sound + noise / noise.std() * np.sqrt(loud) * 10 ** (-below / 20)).astype(np.float32)

    return through


def room(sound: np.ndarray) -> np.ndarray:
    """Half a second of reverberation, as loud as the voice itself."""
    draw = np.random.default_rng(0)
    tail = draw.normal(size=RATE // 2) * 10 ** (-3 * np.arange(RATE // 2) / (RATE // 2))
    tail /= np.sqrt((tail**2).sum())
    return (sound + fftconvolve(sound, tail)[: len(sound)]).astype(np.float32)


def telephone(sound: np.ndarray) -> np.ndarray:
    """300 to 3400 Hz, 8 bits on a logarithmic scale, levelled beforehand."""
    band = sosfilt(butter(4, [300, 3400], "bandpass", fs=RATE, output="sos"), sound / np.abs(sound).max())
    squeezed = np.sign(band) * np.log1p(255 * np.abs(band).clip(0, 1)) / np.log(256)
    stepped = np.round(squeezed * 127) / 127
    return (np.sign(stepped) * (256 ** np.abs(stepped) - 1) / 255).astype(np.float32)


def coded(codec: str, kind: str, bits: int) -> Callable[[np.ndarray], np.ndarray]:
    """Through an encoder at so many bits a second."""

    def through(sound: np.ndarray) -> np.ndarray:
        file = io.BytesIO()
        with av.open(file, "w", format=kind) as made:
            stream = made.add_stream(codec, rate=RATE, layout="mono")
            stream.bit_rate = bits
            frame = av.AudioFrame.from_ndarray((sound.clip(-1, 1) * 32767).astype(np.int16)[None], "s16", "mono")
            frame.rate = RATE
            resampler = av.AudioResampler(stream.format.name, "mono", RATE, frame_size=stream.frame_size or 960)
            for piece in (*resampler.resample(frame), *resampler.resample(None)):
                made.mux(stream.encode(piece))
            made.mux(stream.encode(None))
        file.seek(0)
        back = av.AudioResampler("fltp", "mono", RATE)
        with av.open(file, "r") as clip:
            pieces = [piece.to_ndarray().ravel() for frame in clip.decode(audio=0) for piece in back.resample(frame)]
        return np.concatenate(pieces).astype(np.float32)

    return through


LINES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as recorded": lambda sound: sound,
    "30 dB softer": lambda sound: sound * np.float32(10**-1.5),
    "pink noise, 20 dB below": noisy(20),
    "pink noise, 10 dB below": noisy(10),
    "a room with half a second of reverberation": room,
    "telephone": telephone,
    "MP3, 24 kbit/s": coded("libmp3lame", "mp3", 24_000),
    "Opus, 8 kbit/s": coded("libopus", "ogg", 8_000),
}


if __name__ == "__main__":
    main()
