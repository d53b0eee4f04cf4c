"""How many training samples a second, beside the public MMSA package?

    python -m venv ENV; ENV/bin/pip install MMSA==2.2.1 -r requirements.txt; ENV/bin/python benchmarks/training_speed.py

One network, MMSA's own LF_DNN with its settings for MOSI, is trained on the same made-up samples of MOSI's size and
shape (text 50 x 300, audio 74, vision 35; regression, mean absolute error, Adam), in the same batches, by MMSA's own
training, with its threads and with one, and by the loop of emoviz, which keeps to one, turn by turn; each epoch ends
with the same validation samples. A ratio near 1 means that nothing but the network matters.
"""

import contextlib
import importlib.util
import io
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

sys.path.insert(0, str(Path(__file__).parents[1]))

if importlib.util.find_spec("MMSA") is None:
    print("MMSA is not installed here: the first lines of this script say how to run it.")
    sys.exit()

from common import report
from easydict import EasyDict
from MMSA.config import get_config_regression
from MMSA.data_loader import MMDataset
from MMSA.models import AMIO
from MMSA.trains import ATIO

from emoviz.data.checks import samples_table
from emoviz.data.dataset import FUSED, Annotation, Dataset, Features
from emoviz.models import zoo
from emoviz.models.base import Batch, EmotionModel, ModelConfig, Output
from emoviz.models.inputs import Inputs, Samples, declare
from emoviz.training import loop

TRAIN, HELD, EPOCHS, TURNS = 1284, 229, 3, 5
SHAPES = {"text": (50, 300), "audio": (1, 74), "vision": (1, 35)}


def made(seed: int = 0) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Features ``(N, T, F)`` by modality, and scores between -3 and 3."""
    draw = np.random.default_rng(seed)
    features = {m: draw.normal(size=(TRAIN + HELD, *shape)).astype(np.float32) for m, shape in SHAPES.items()}
    score = sum(values.mean(1)[:, :4].sum(1) for values in features.values())
    return features, np.clip(score, -3, 3).astype(np.float32)


def settings(folder: Path) -> EasyDict:
    """MMSA's own for LF_DNN on MOSI."""
    args = get_config_regression("lf_dnn", "mosi")
    args.update(
        model_name="lf_dnn",
        dataset_name="mosi",
        train_mode="regression",
        device="cpu",
        cur_seed=1,
        model_save_path=folder / "lf_dnn.pth",
        feature_dims=[shape[1] for shape in SHAPES.values()],
        early_stop=EPOCHS,
        KeyEval="Loss",
    )
    return EasyDict(args)


# MMSA


class Part(MMDataset):
    """Samples as MMSA holds and collates them, without its file."""

    def __init__(self, args: EasyDict, rows: slice, features: dict[str, np.ndarray], score: np.ndarray):
        self.args, self.mode = args, "train"
        self.text, self.audio, self.vision = (features[m][rows] for m in SHAPES)
        self.labels = {"M": score[rows]}
        self.raw_text = self.ids = [str(i) for i in range(len(score[rows]))]
        self.audio_lengths = self.vision_lengths = [1] * len(self.ids)


class EnoughError(Exception):
    """After the last epoch that is measured."""


class Counted(DataLoader):
    """Tells when each epoch begins, and ends the training after a number of them."""

    begun: list[float]

    def __iter__(self):
        self.begun.append(time.perf_counter())
        if len(self.begun) > EPOCHS:
            raise EnoughError
        return super().__iter__()


def theirs(args: EasyDict, features: dict[str, np.ndarray], score: np.ndarray) -> float:
    """Samples a second of MMSA's own training."""
    batch = args.batch_size
    train = Counted(Part(args, slice(TRAIN), features, score), batch_size=batch, num_workers=0, shuffle=True)
    held = DataLoader(Part(args, slice(TRAIN, None), features, score), batch_size=batch, num_workers=0, shuffle=True)
    train.begun = []
    model = AMIO(args)
    with contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(EnoughError):  # its progress bars
        ATIO().getTrain(args).do_train(model, {"train": train, "valid": held, "test": held})
    return TRAIN * EPOCHS / (train.begun[-1] - train.begun[0])


# The same network in the loop of emoviz


@dataclass(frozen=True)
class TheirConfig(ModelConfig):
    """As MMSA trains it: no running average of the weights, no refit."""

    average: float = 0.0
    refit: bool = False


class Theirs(EmotionModel):
    """MMSA's network, asked through emoviz."""

    args: EasyDict

    def __init__(self, config: TheirConfig, inputs: Inputs):
        super().__init__()
        self.config, self.network = config, AMIO(self.args)

    def prepare(self, batches: object) -> None:
        """Nothing to learn without gradients."""

    def score(self, batch: Batch) -> Tensor:
        text, audio, vision = (batch.features[m] for m in SHAPES)
        return self.network(text, audio[:, None], vision[:, None])["M"].squeeze(-1)

    def forward(self, batch: Batch) -> Output:
        score = self.score(batch)
        return Output(score, score[None], None, score, score, score)

    def loss(self, batch: Batch) -> Tensor:
        return nn.functional.l1_loss(self.score(batch), batch.target)

    def validate(self, output: Output, target: Tensor) -> Tensor:
        return (output.fused - target).abs()

    def optimizers(self) -> list[torch.optim.Optimizer]:
        args = self.args
        return [torch.optim.Adam(self.parameters(), lr=args.learning_rate, weight_decay=args.weight_decay)]


def ours(args: EasyDict, dataset: Dataset) -> float:
    """Samples a second of the same network in emoviz."""
    config = TheirConfig(epochs=EPOCHS + 1, batch=args.batch_size, lr=args.learning_rate, patience=EPOCHS + 1)
    samples = Samples(declare(dataset), dataset, np.arange(len(dataset)), torch.device("cpu"))
    training = loop.train("theirs", config, samples, np.arange(TRAIN), np.arange(TRAIN, TRAIN + HELD), 1)
    start = time.perf_counter()
    for _ in range(EPOCHS):
        next(training)
    return TRAIN * EPOCHS / (time.perf_counter() - start)


def as_dataset(features: dict[str, np.ndarray], score: np.ndarray) -> Dataset:
    count, steps = len(score), SHAPES["text"][0]
    text = features["text"].reshape(-1, SHAPES["text"][1])
    held = {
        m: Features(values[:, 0], names := tuple(f"f{i}" for i in range(values.shape[2])), ("made",) * len(names))
        for m, values in features.items()
        if m != "text"
    }
    names = tuple(f"f{i}" for i in range(text.shape[1]))
    return Dataset(
        name="speed",
        title="Speed",
        description="Made-up numbers.",
        licence="",
        source="",
        simulated=True,
        labels=(),
        modalities=tuple(SHAPES),
        samples=samples_table([str(i) for i in range(count)]),
        annotations={FUSED: Annotation("score", score.astype(float))},
        features={
            "text": Features(text, names, ("made",) * len(names), offsets=np.arange(count + 1) * steps),
            **held,
        },
    )


def main() -> None:
    features, score = made()
    with tempfile.TemporaryDirectory() as folder:
        args = settings(Path(folder))
        Theirs.args = args
        zoo.MODELS["theirs"] = zoo.Entry("LF_DNN", TheirConfig, Theirs)
        dataset = as_dataset(features, score)
        threads = torch.get_num_threads()
        turns = []
        for _ in range(TURNS):
            torch.set_num_threads(threads)
            as_it_starts = theirs(args, features, score)
            torch.set_num_threads(1)
            turns.append((as_it_starts, theirs(args, features, score), ours(args, dataset)))
        parameters = sum(p.numel() for p in AMIO(args).parameters())
    lines = [
        f"MMSA's LF_DNN, {parameters:,} parameters, {TRAIN:,} samples, batches of {args.batch_size}, {EPOCHS} epochs "
        f"in each of {TURNS} turns; {os.cpu_count()} cores. Nearly all time is spent in the network's own recurrence "
        "over text, forward and back, which both run in the same library: loading and bookkeeping are no bottleneck, "
        "and the loop of emoviz gives the second core away, to a second training or to the page.",
        "",
        "| training | samples a second, median | least to most | emoviz over it, median of turns |",
        "| --- | ---: | ---: | ---: |",
    ]
    names = (f"MMSA as it starts, {threads} threads", "MMSA, one thread", "emoviz, one thread")
    for column, name in enumerate(names):
        speeds = [turn[column] for turn in turns]
        ratio = statistics.median(turn[-1] / turn[column] for turn in turns)
        lines.append(
            f"| {name} | {statistics.median(speeds):,.0f} | {min(speeds):,.0f} to {max(speeds):,.0f} | {ratio:.2f} |"
        )
    report("training_speed", "Training beside MMSA", lines)


if __name__ == "__main__":
    main()
