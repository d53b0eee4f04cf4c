"""Small models for tests of single rivals."""

from dataclasses import dataclass

import numpy as np
import torch

from emoviz.data import store
from emoviz.data.dataset import FUSED
from emoviz.models import zoo
from emoviz.models.inputs import Ordered, Samples, declare
from emoviz.progress import finish
from emoviz.training import loop
from tests import tiny

CPU = torch.device("cpu")
SMALL = ("width=8", "batch=16", "epochs=2")


def fresh(name, *settings, **dataset):
    """A model that has learned nothing but means, and its training samples in one batch."""
    made = tiny.dataset(**dataset)
    config = zoo.config_from(name, (*SMALL, *settings))
    samples = Samples(declare(made), made, np.arange(len(made)), CPU)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = zoo.entry(name).model(config, samples.inputs)
    batches = Ordered(samples, torch.arange(len(made)))
    model.prepare(batches)
    return model, batches


def trained(name, *settings, **dataset):
    """A model after a short training, and all samples as one batch."""
    made = tiny.dataset(**dataset)
    config = zoo.config_from(name, (*SMALL, "refit=false", "lr=0.01", *settings))
    samples = Samples(declare(made), made, np.arange(len(made)), CPU)
    held = loop.held_out(made.samples["group"].to_numpy(str), 0.2, 0)
    model = finish(loop.train(name, config, samples, np.flatnonzero(~held), np.flatnonzero(held), 0))
    return model, samples.batch(torch.arange(len(made)))


@dataclass(frozen=True)
class Moved:
    """How often pseudo labels are not the label of the whole, as a share of the samples."""

    moved_where_it_dissents: float
    moved_where_it_agrees: float


def on_planted_conflict(config):
    """What becomes of the training labels of the dataset that emoviz starts with."""
    dataset = store.read("simulated")
    rows = np.flatnonzero(dataset.samples["split"].to_numpy(str) == "train")
    samples = Samples(declare(dataset), dataset, rows, CPU)
    held = loop.held_out(dataset.samples["group"].to_numpy(str)[rows], 0.15, 0)
    name = zoo.name_of(config)
    model = finish(loop.train(name, config, samples, np.flatnonzero(~held), np.flatnonzero(held), 0))
    with torch.inference_mode():
        named = model.pseudo(samples.batch(torch.arange(len(rows)))).argmax(-1).numpy()
    moved = named != np.asarray(dataset.annotations[FUSED].values)[rows]
    dissents = np.array(dataset.modalities)[:, None] == dataset.samples["planted_dissenter"].to_numpy(str)[rows]
    clean = dataset.samples["kind"].to_numpy(str)[rows] == "clean"
    return Moved(float(moved[dissents].mean()), float(moved[:, clean].mean()))
