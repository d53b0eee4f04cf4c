"""How the face model was made: FER+ votes, a residual network, faces moved, lit and blurred as cameras do.

Rare emotions are drawn more often; bias and temperature, fitted on the validation part afterwards, give the
distributions their natural shares again. The test part is read when all of that is done.
"""

import os
import platform
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from emoviz.data.corpora import fer_plus
from emoviz.data.corpora.fer_plus import Faces
from emoviz.errors import DivergedError
from emoviz.measures import intervals, metrics
from emoviz.perception import weights
from emoviz.perception.face import model, network
from emoviz.perception.face.model import FaceModel
from emoviz.perception.face.network import FaceNet
from emoviz.perception.weights import Card, Metric, Weights
from emoviz.progress import Progress, Work, part

TITLE = "Emotions that people see in a face"
LICENCE = (
    "FER+ votes: MIT. The FER2013 pictures were gathered from the web and carry no licence: these weights are for "
    "research and teaching."
)
LIMITS = (
    "It predicts what others would see in a face, not what somebody feels.",
    "Most pictures it learned from are posed or from the media; ages, origins and lighting are not balanced, and "
    "nothing in the data tells how well it serves each group.",
    "Disgust, fear and contempt are rare there and often missed.",
    "It must not be used to judge people: not for hiring, policing, grading or diagnosis.",
)
EXAMPLES = 3000  # training faces that tell what is a whole face
TESTS: dict[str, fer_plus.Part] = {"FER+ test": "test", "FER+ test without copies": "unseen"}


@dataclass(frozen=True)
class Recipe:
    """The choices of a training.

    Attributes:
        epochs: each draws as many faces as there are
        batch: faces a step
        rate: of learning, after the first epoch and until the rate falls
        falling: share of the epochs over which the rate falls to nothing
        encore: epochs after these, calm ones, over which it falls once more, from half
        calm: share of the epochs, the last ones, in which faces are moved half as much: they end nearer to real ones
        decay: of the weights
        momentum: of the steps
        average: of the weights over steps; what is kept are the averaged ones
        rarity: how much oftener rare emotions are drawn: by the power -rarity of their share
        threads: of the processor
    """

    epochs: int = 36
    batch: int = 128
    rate: float = 0.08
    falling: float = 0.5
    encore: int = 8
    calm: float = 0.2
    decay: float = 5e-4
    momentum: float = 0.9
    average: float = 0.998
    rarity: float = 0.5
    threads: int = 2


SHIPPED = Recipe()


def train(
    folder: Path, *, seed: int = 0, recipe: Recipe = SHIPPED, state: Path | None = None, into: Path = weights.FOLDER
) -> Work[Card]:
    """Train the face model, measure it and keep it as ``into/face``.

    Args:
        folder: holds FER+ (:func:`emoviz.data.corpora.fer_plus.read`)
        seed: of weights, draws and movements
        recipe: the choices
        state: file that keeps the training after each epoch; gone on from if it exists
        into: where models lie

    Raises:
        DatasetError: if the folder does not hold FER+
        DivergedError: when the loss stops being finite
    """
    start = time.monotonic()
    faces = fer_plus.read(folder)
    net = yield from part(fitted(faces, recipe, seed, state), 0, 0.95)
    yield Progress(0.95, "calibrating and measuring")
    tensors = calibrated(net, faces)
    card = Card(
        name=model.NAME,
        modality="face",
        title=TITLE,
        labels=fer_plus.LABELS,
        data="FER+ (microsoft/FERPlus ae2128a), 48 x 48 grey, copies and doubles dropped",
        licence=LICENCE,
        metrics=(),
        limits=LIMITS,
        seed=seed,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - start),
        versions={"python": platform.python_version()} | {name: version(name) for name in ("torch", "numpy")},
        settings={name: float(value) for name, value in asdict(recipe).items()},
    )
    measured = evaluate(FaceModel(Weights(card, tensors)), faces)
    return weights.save(replace(card, metrics=measured), tensors, into)


def evaluate(faces_model: FaceModel, faces: Faces) -> tuple[Metric, ...]:
    """The numbers of a model on the official test part, with copies and without, each with its interval.

    How sure the model is that its likeliest label is the majority's is compared with how often it is (ECE); the
    label's share with its share of the votes (ECE of votes): a distribution of votes is right when half of the people
    agree with what it calls .5.
    """
    made = []
    for on, name in TESTS.items():
        rows = faces.rows(name)
        told, votes = faces_model.look(faces.images[rows]).native, faces.distribution[rows]
        truth = votes.argmax(1)  # ties by the order of columns, as its authors count
        first = told.argmax(1)
        right, share = metrics.hits(truth, first), votes[np.arange(len(rows)), first]
        sure = faces_model.majority(told)
        for title, interval in {
            "accuracy": intervals.bootstrap(right),
            "macro recall": intervals.bootstrap(np.column_stack([truth, first]), statistic=_uar, resamples=500),
            "KL": intervals.bootstrap(metrics.kl(votes, told)),
            "ECE": intervals.bootstrap(np.column_stack([sure, right]), statistic=_ece, resamples=500),
            "ECE of votes": intervals.bootstrap(np.column_stack([told.max(1), share]), statistic=_ece, resamples=500),
        }.items():
            made.append(Metric(title, on, interval.value, interval.low, interval.high, interval.n))
    return tuple(made)


def calibrated(net: FaceNet, faces: Faces) -> dict[str, np.ndarray]:
    """The network's numbers with those of its calibration, as they are kept.

    Bias and temperature make validation votes likeliest; a line through the log odds of the likeliest label's share
    tells how often it is the majority's; a line through the embeddings parts whole faces from spoilt ones.
    """
    logits, _ = _answers(net, faces.images[faces.rows("validation")])
    votes = torch.from_numpy(faces.distribution[faces.rows("validation")]).float()
    bias, heat = torch.zeros(votes.shape[1], requires_grad=True), torch.zeros((), requires_grad=True)
    optimiser = torch.optim.LBFGS([bias, heat], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = nn.functional.cross_entropy((logits + bias) / heat.exp(), votes)
        value.backward()
        return value

    optimiser.step(loss)
    told = ((logits + bias) / heat.exp()).softmax(1).detach().double().numpy()
    about = {
        "bias": bias.detach() - bias.detach().mean(),
        "temperature": heat.detach().exp(),
        "majority": _majority(told, votes.numpy()),
        "whole": _wholeness(net, faces.images[faces.rows("train")[:EXAMPLES]]),
    }
    kept = {name: tensor.half() for name, tensor in net.state_dict().items() if tensor.is_floating_point()}
    return {name: tensor.numpy() for name, tensor in (kept | about).items()}


def _majority(told: np.ndarray, votes: np.ndarray) -> Tensor:
    """Slope and offset, over log odds of the likeliest label's share, of the log odds that it is the majority's."""
    right = metrics.hits(votes.argmax(1), told.argmax(1))
    line = LogisticRegression(C=np.inf).fit(model.odds(told)[:, None], right)
    return torch.tensor([line.coef_[0, 0], line.intercept_[0]]).float()


def _wholeness(net: FaceNet, images: np.ndarray) -> Tensor:
    """Slopes and offset of the line through embeddings that parts faces from the same faces spoilt, ``(E + 1,)``."""
    both = np.concatenate([images, spoilt(images, np.random.default_rng(0))])
    embedded = _answers(net, both)[1].numpy()
    scale = embedded.std(0) + 1e-6
    line = LogisticRegression(C=0.1, max_iter=1000).fit(embedded / scale, np.arange(len(both)) < len(images))
    return torch.from_numpy(np.append(line.coef_[0] / scale, line.intercept_[0])).float()


def spoilt(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Faces that cannot be read well: a third covered, cut off, soft, or hardly anything of a face left.

    Args:
        images: ``(N, 48, 48)`` uint8
        generator: of all chance
    """
    made, side = [], images.shape[-1]
    for number, image in enumerate(images):
        match number % 4:
            case 0:
                width, height = generator.integers(18, 32, 2)
                left, top = generator.integers(0, side - width), generator.integers(0, side - height)
                other = images[generator.integers(len(images))][::-1]
                grey = np.full_like(other, generator.integers(256))
                image = image.copy()
                image[top : top + height, left : left + width] = (other if generator.random() < 0.5 else grey)[
                    top : top + height, left : left + width
                ]
            case 1:
                image = np.roll(image, generator.integers(12, 36, 2), (0, 1))
            case 2:
                image = cv2.GaussianBlur(image, (0, 0), generator.uniform(1.5, 3))
            case 3:
                size = int(generator.integers(3, side))
                rough = generator.integers(0, 256, (size, size)).astype(np.uint8)
                image = cv2.resize(rough, (side, side), interpolation=cv2.INTER_CUBIC)
        made.append(image)
    return np.stack(made)


@torch.inference_mode()
def _answers(net: FaceNet, images: np.ndarray) -> tuple[Tensor, Tensor]:
    """Logits and embeddings of grey pictures ``(N, 48, 48)``, averaged with the mirror images'."""
    logits, embedded = [], []
    for batch in network.tensor(images).split(256):
        x = network.standardised(batch)
        both = net.embedded(torch.cat([x, x.flip(-1)])).unflatten(0, (2, -1))
        logits.append(net.head(both).mean(0))
        embedded.append(both.mean(0))
    return torch.cat(logits), torch.cat(embedded)


def _uar(table: np.ndarray) -> float:
    return metrics.uar(table[:, 0], table[:, 1])


def _ece(table: np.ndarray, bins: int = 15) -> float:
    """How far confidence, the first column, is from what came true, the second, over bins of confidence."""
    place = np.minimum((table[:, 0] * bins).astype(int), bins - 1)
    return float(np.abs(np.bincount(place, weights=table[:, 1] - table[:, 0])).sum() / len(table))


def fitted(faces: Faces, recipe: Recipe, seed: int, state: Path | None = None) -> Work[FaceNet]:
    """Train a network on the training part.

    Args:
        faces: all of FER+
        recipe: the choices
        seed: of weights, draws and movements
        state: file that keeps the training after each epoch; gone on from if it exists

    Yields:
        after each epoch, how it does on the validation part

    Returns:
        the averaged network, in eval mode
    """
    torch.set_num_threads(recipe.threads)
    rows, held = faces.rows("train"), faces.rows("validation")
    truth = faces.distribution
    run = _Run(torch.from_numpy(faces.images[rows]), torch.from_numpy(truth[rows]).float(), recipe, seed)
    if state is not None and state.is_file():
        run.restore(state)
    while run.epoch < recipe.epochs + recipe.encore:
        start = time.monotonic()
        loss = run.one_epoch()
        if state is not None:
            run.save(state)
        told = run.told(faces.images[held])
        right = metrics.accuracy(truth[held].argmax(1), told.argmax(1))
        divergence = metrics.kl(truth[held], told).mean()
        yield Progress(
            run.epoch / (recipe.epochs + recipe.encore),
            f"epoch {run.epoch}: training loss {loss:.4f}; validation accuracy {right:.4f}, "
            f"KL {divergence:.4f}; {time.monotonic() - start:.0f} s",
        )
    return run.averaged


def moved(faces: Tensor, generator: torch.Generator, strength: float = 1.0) -> Tensor:
    """Faces as another detector, camera and light would give them.

    Turned, scaled, shifted and mirrored; gamma, a lamp from one side, blur, noise, something in front.

    Args:
        faces: ``(B, 1, 48, 48)`` in [0, 1]
        generator: of all chance
        strength: by which every change and its chance is multiplied
    """
    count = len(faces)

    def drawn(low: float, high: float) -> Tensor:
        return torch.rand(count, generator=generator) * (high - low) + low

    def between(low: float, high: float) -> Tensor:
        return strength * drawn(low, high)

    def some(share: float) -> Tensor:
        return drawn(0, 1) < strength * share

    angle = between(-0.22, 0.22)
    across = torch.exp(between(-0.2, 0.17))
    down = across * torch.exp(between(-0.08, 0.08))
    flip = torch.where(drawn(0, 1) < 0.5, -1.0, 1.0)
    rows = torch.stack(
        [
            torch.stack([flip * across * angle.cos(), -down * angle.sin(), between(-0.15, 0.15)], 1),
            torch.stack([flip * across * angle.sin(), down * angle.cos(), between(-0.15, 0.15)], 1),
        ],
        1,
    )
    grid = nn.functional.affine_grid(rows, list(faces.shape), align_corners=False)
    x = nn.functional.grid_sample(faces, grid, padding_mode="border", align_corners=False).clamp(0, 1)
    x = x ** torch.exp(between(-0.4, 0.4))[:, None, None, None]
    ramp = torch.linspace(-1, 1, x.shape[-1])
    x = x * (1 + between(-0.3, 0.3)[:, None, None, None] * ramp)
    small = nn.functional.interpolate(x, scale_factor=0.5, mode="bilinear", antialias=True)
    soft = nn.functional.interpolate(small, size=x.shape[-2:], mode="bilinear")
    share = (drawn(0.2, 1) * some(0.2))[:, None, None, None]
    x = x + share * (soft - x)
    x = x + torch.randn(x.shape, generator=generator) * (drawn(0, 0.04) * some(0.3))[:, None, None, None]
    covered = _covered(drawn(0, 1), drawn(0, 1), drawn(0.15, 0.35), drawn(0.15, 0.35), x.shape[-1])
    covered &= some(0.25)[:, None, None, None]
    return torch.where(covered, drawn(0, 1)[:, None, None, None], x)


def _covered(left: Tensor, top: Tensor, width: Tensor, height: Tensor, side: int) -> Tensor:
    """Where a rectangle lies in each picture, ``(B, 1, side, side)`` bool; corners and sides as shares."""
    place = (torch.arange(side) + 0.5) / side
    left, top = left * (1 - width), top * (1 - height)
    across = (place >= left[:, None]) & (place < (left + width)[:, None])
    down = (place >= top[:, None]) & (place < (top + height)[:, None])
    return (down[:, :, None] & across[:, None, :])[:, None]


class _Run:
    """A training between two epochs."""

    def __init__(self, images: Tensor, targets: Tensor, recipe: Recipe, seed: int):
        torch.manual_seed(seed)
        self.images, self.targets, self.recipe, self.seed = images, targets, recipe, seed
        self.net = network.laid_out(FaceNet(targets.shape[1]))
        self.averaged = network.laid_out(FaceNet(targets.shape[1]))
        self.averaged.load_state_dict(self.net.state_dict())
        self.averaged.eval().requires_grad_(False)
        matrices = [p for p in self.net.parameters() if p.ndim > 1]
        vectors = [p for p in self.net.parameters() if p.ndim == 1]
        self.optimiser = torch.optim.SGD(
            [{"params": matrices, "weight_decay": recipe.decay}, {"params": vectors, "weight_decay": 0.0}],
            lr=recipe.rate,
            momentum=recipe.momentum,
            nesterov=True,
        )
        self.weights = (targets * targets.mean(0) ** -recipe.rarity).sum(1).double()
        self.epoch = 0

    def one_epoch(self) -> float:
        """Draw as many faces as there are; gives the mean loss."""
        generator = torch.Generator().manual_seed(self.seed * 100_003 + self.epoch)
        torch.manual_seed(self.seed * 100_003 + self.epoch)  # for dropout
        drawn = torch.multinomial(self.weights, len(self.weights), replacement=True, generator=generator)
        batches = drawn.split(self.recipe.batch)
        strength = 0.5 if self.epoch >= (1 - self.recipe.calm) * self.recipe.epochs else 1.0
        losses = []
        self.net.train()
        for step, rows in enumerate(batches):
            for group in self.optimiser.param_groups:
                group["lr"] = self.recipe.rate * self._pace(self.epoch + step / len(batches))
            x = network.standardised(moved(network.tensor(self.images[rows].numpy()), generator, strength))
            with torch.autocast("cpu", torch.bfloat16):
                logits = self.net(x)
            loss = nn.functional.cross_entropy(logits.float(), self.targets[rows])
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            self._keep_average()
            losses.append(loss.item())
            if not np.isfinite(losses[-1]):
                raise DivergedError(self.epoch + 1, step + 1)
        self.epoch += 1
        return float(np.mean(losses))

    @torch.inference_mode()
    def told(self, images: np.ndarray) -> np.ndarray:
        """Distributions of the averaged network as it is now, in low precision."""
        with torch.autocast("cpu", torch.bfloat16):
            batches = [self.averaged(network.standardised(x)) for x in network.tensor(images).split(256)]
        return torch.cat(batches).float().softmax(1).double().numpy()

    def _pace(self, epoch: float) -> float:
        """Share of the full rate: rises over the first epoch, stays, falls to 0; and falls again."""
        first = self.recipe.epochs
        if epoch >= first:
            return 0.5 * (1 - (epoch - first) / self.recipe.encore)
        return min(1.0, epoch + 0.01, (first - epoch) / (self.recipe.falling * first))

    def _keep_average(self) -> None:
        with torch.no_grad():
            for kept, new in zip(self.averaged.state_dict().values(), self.net.state_dict().values(), strict=True):
                if kept.is_floating_point():
                    kept.lerp_(new, 1 - self.recipe.average)
                else:
                    kept.copy_(new)

    def save(self, path: Path) -> None:
        """Everything that the next epoch needs, written whole or not at all."""
        tensors = {f"net.{name}": tensor for name, tensor in self.net.state_dict().items()}
        tensors |= {f"averaged.{name}": tensor for name, tensor in self.averaged.state_dict().items()}
        for name, parameter in self.net.named_parameters():
            tensors[f"momentum.{name}"] = self.optimiser.state[parameter]["momentum_buffer"]
        tensors["epoch"] = torch.tensor(self.epoch)
        beside = path.with_suffix(".part")
        save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, beside)
        os.replace(beside, path)

    def restore(self, path: Path) -> None:
        """Go on from what :meth:`save` wrote."""
        tensors = load_file(path)
        for prefix, net in (("net.", self.net), ("averaged.", self.averaged)):
            net.load_state_dict({n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)})
        for name, parameter in self.net.named_parameters():
            self.optimiser.state[parameter]["momentum_buffer"] = tensors[f"momentum.{name}"].clone()
        self.epoch = int(tensors["epoch"])
