"""The same words on the command line.

Results go to standard output, everything else to standard error. Exit codes: 0 done; 1 something
that the user can put right, and one sentence says how; 2 a command that does not exist. A traceback
is a bug.

Each command is a function of plain values, called with what was typed. Libraries are imported where
the work begins, so that ``emoviz --help`` answers at once.
"""

import argparse
import json
import math
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import emoviz
from emoviz import progress
from emoviz.errors import DatasetError, EmovizError
from emoviz.jobs.pace import Report, is_passing, spell, time_left
from emoviz.progress import Progress, Work

T = TypeVar("T")

DEVICES = ("auto", "cpu", "cuda")
REPORTS = (".html", ".pdf")


def main() -> int:
    """The command that was typed; gives its exit code."""
    # Blocks that tidy up shall run when the command is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads of torch that wait shall not compute
    return run(sys.argv[1:])


def run(words: Sequence[str]) -> int:
    """Run one command and give its exit code; ``words`` are what follows ``emoviz``."""
    values = vars(parser().parse_args(words))
    command = values.pop("command")
    try:
        return command(**values) or 0
    except EmovizError as error:
        return _complain(str(error))
    except BrokenPipeError:
        # Whoever reads our output has seen enough; what is still buffered must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        where = f" ('{error.filename}')" if error.filename else ""
        return _complain(f"{error.strerror or error}{where}.")
    except KeyboardInterrupt:
        _complain("Stopped; nothing half-made is left.")
        return 128 + signal.SIGINT


def parser() -> argparse.ArgumentParser:
    """Every command and what it takes; ``docs/cli.md`` is written from it."""
    top = argparse.ArgumentParser(
        prog="emoviz",
        description="Explore where a face, a voice and words disagree about an emotion.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"emoviz {emoviz.__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    made = _command(commands, "app", app, "start the app in the browser")
    made.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; anybody who reaches it can use the app"
    )
    port = os.environ.get("STREAMLIT_SERVER_PORT", "8501")
    made.add_argument("--port", type=_port, default=port, help="port to listen on; STREAMLIT_SERVER_PORT changes it")

    data = _group(commands, "data", "datasets: fetch, list, show, import, mix, remove")
    made = _command(data, "get", data_get, "download a public dataset; its licence and size are shown first", json=True)
    made.add_argument("source", metavar="SOURCE", help="which, for example crema-d")
    made.add_argument(
        "--from", dest="base_url", metavar="URL", help="fetch the files from a mirror; they are checked all the same"
    )
    _command(data, "list", data_list, "what datasets there are", json=True)
    made = _command(data, "show", data_show, "what one dataset holds", json=True)
    made.add_argument("name", metavar="NAME", help="name of the dataset")
    made = _command(data, "import", data_import, "make a dataset of a table or a folder", json=True)
    made.add_argument(
        "path", metavar="PATH", type=Path, help="CSV, TSV, JSONL or Parquet with one row a sample, or a folder"
    )
    made.add_argument("--name", required=True, help="name of the dataset to be")
    made.add_argument(
        "--format", dest="importer", metavar="FORMAT", help="name of the importer; found out where not given"
    )
    made.add_argument(
        "--map", dest="mapping", metavar="FILE", type=Path, help="JSON or TOML that says what each column is"
    )
    made.add_argument("--media", metavar="DIR", type=Path, help="folder with the clips")
    made = _command(
        data, "mix", data_mix, "make a dataset of real faces, voices and texts with planted conflicts", json=True
    )
    made.add_argument("--name", required=True, help="name of the dataset to be")
    made.add_argument(
        "--corpora",
        metavar="DIR",
        type=Path,
        required=True,
        help="folder with FER+, RAVDESS and GoEmotions as fer2013plus, ravdess and goemotions; for valence EmoBank as "
        "emobank too",
    )
    made.add_argument("--n", type=int, default=20_000, help="how many samples")
    made.add_argument("--seed", type=int, default=0, help="seed of everything drawn by chance")
    made.add_argument(
        "--conflict-rate", type=float, default=0.3, metavar="SHARE", help="share of samples with a conflict, 0 to 1"
    )
    made.add_argument(
        "--noise", type=float, default=0.1, metavar="SHARE", help="share of raters who answer anything, 0 to 1"
    )
    made.add_argument(
        "--balance",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="how even emotions are: 0 as frequent as in the corpora, 1 all alike",
    )
    made.add_argument(
        "--target",
        choices=("label", "votes", "score"),
        default="label",
        help="what is to be learned: what most of ten raters said, all they said, or their mean valence from -1 to 1",
    )
    made.add_argument(
        "--asked",
        choices=("emotion", "valence"),
        default="emotion",
        help="what raters say of a sample: an emotion, or how pleasant it is, with EmoBank's sentences for texts",
    )
    made = _command(data, "remove", data_remove, "delete a dataset from the workspace")
    made.add_argument("name", metavar="NAME", help="name of the dataset")

    made = _command(
        commands, "train", train, "train a model; the last line printed is the checkpoint's name", json=True
    )
    made.add_argument("dataset", metavar="DATASET", help="name of the dataset")
    made.add_argument("--model", default="tical", help="which model of the zoo")
    made.add_argument("--seed", type=int, default=0, help="seed of everything drawn by chance")
    made.add_argument(
        "--folds", type=int, default=5, help="models that each leave out some groups, beside the final one"
    )
    made.add_argument("--device", choices=DEVICES, default="auto", help="where to compute")
    made.add_argument("--name", help="name of the checkpoint to be; chosen where not given")
    made.add_argument(
        "--set",
        dest="settings",
        metavar="KEY=VALUE",
        nargs="+",
        action="extend",
        default=[],
        help="change fields of the model's config",
    )
    made.add_argument(
        "--background",
        action="store_true",
        help="start a job that outlives this command and print its id instead (see jobs)",
    )

    made = _command(
        commands,
        "benchmark",
        benchmark,
        "compare models on datasets as a plan says; the last line printed is the folder of the results",
        json=True,
    )
    made.add_argument("plan", metavar="FILE.toml", type=Path, help="the plan, see docs/benchmark.md")
    made.add_argument(
        "-o", "--output", metavar="DIR", type=Path, help="folder of the results; in the workspace where not given"
    )
    made.add_argument("--jobs", type=int, metavar="N", help="trainings at the same time; chosen where not given")
    made.add_argument("--device", choices=DEVICES, default="auto", help="where to compute")

    made = _command(
        commands, "analyze", analyze, "compute the findings: one row a sample, one column a finding", json=True
    )
    made.add_argument("dataset", metavar="DATASET", help="name of the dataset")
    made.add_argument(
        "--model",
        dest="checkpoint",
        metavar="CHECKPOINT",
        help="whose predictions; only what people said where not given",
    )
    made.add_argument("-o", "--output", metavar="OUT", type=Path, required=True, help="file to write, .parquet or .csv")

    made = _command(
        commands,
        "extract",
        extract,
        "make a dataset of a folder of clips: what face, voice and words convey",
        json=True,
    )
    made.add_argument(
        "folder",
        metavar="FOLDER",
        type=Path,
        help="with clips, transcripts of the same name (.srt, .vtt, .txt) and labels.csv where there are any",
    )
    made.add_argument("--name", required=True, help="name of the dataset to be")
    made.add_argument("--jobs", type=int, metavar="N", help="clips read at the same time; chosen where not given")
    made.add_argument(
        "--background",
        action="store_true",
        help="start a job that outlives this command and print its id instead (see jobs)",
    )

    made = _command(
        commands, "explain", explain, "what face, voice and words of one clip convey, and where they disagree"
    )
    made.add_argument("file", metavar="FILE", type=Path, help="video, sound, or words (.srt, .vtt, .txt)")
    made.add_argument("--text", help="what is said in it; else a transcript of the same name, or its subtitles")
    made.add_argument("--dataset", metavar="D", help="name of a dataset among whose samples it is placed")
    made.add_argument("--model", dest="checkpoint", metavar="CHECKPOINT", help="on whose disk; goes with --dataset")
    made.add_argument("--json", dest="json_to", metavar="OUT", type=Path, help="file to write everything to")
    made.add_argument(
        "--report",
        dest="report_to",
        metavar="OUT",
        type=Path,
        help="file to write a report of one page to, .html or .pdf; faces in it are blurred",
    )

    perception = _group(commands, "perception", "the models that read faces, voices and words: train, evaluate")
    for name, command, words in (
        ("train", perception_train, "train one on its corpus, measure it and keep it with its card"),
        ("evaluate", perception_evaluate, "measure the shipped one again on its corpus"),
    ):
        made = _command(perception, name, command, words, json=True)
        made.add_argument("modality", metavar="MODALITY", help="face, voice or text")
        made.add_argument(
            "--data", metavar="DIR", type=Path, required=True, help="folder with FER+, RAVDESS or GoEmotions"
        )
        if name == "train":
            made.add_argument("--seed", type=int, default=0, help="seed of everything drawn by chance")
            made.add_argument(
                "--into", metavar="DIR", type=Path, help="folder of models to write to; emoviz's own where not given"
            )

    models = _group(commands, "models", "checkpoints: list, show, remove")
    _command(models, "list", models_list, "what checkpoints there are", json=True)
    made = _command(models, "show", models_show, "the card of one checkpoint", json=True)
    made.add_argument("name", metavar="NAME", help="name of the checkpoint")
    made = _command(models, "remove", models_remove, "delete a checkpoint from the workspace")
    made.add_argument("name", metavar="NAME", help="name of the checkpoint")

    jobs = _group(commands, "jobs", "long work in the background: list, show, cancel, resume, remove")
    _command(jobs, "list", jobs_list, "all jobs, the newest first", json=True)
    made = _command(jobs, "show", jobs_show, "one job and what it said", json=True)
    made.add_argument("job_id", metavar="ID", help="id of the job")
    made = _command(jobs, "cancel", jobs_cancel, "stop a job; what it had half made goes with it")
    made.add_argument("job_id", metavar="ID", help="id of the job")
    made = _command(jobs, "resume", jobs_resume, "start a job again; a training goes on where it stopped")
    made.add_argument("job_id", metavar="ID", help="id of the job")
    made = _command(jobs, "remove", jobs_remove, "forget a job that has ended; what it made stays")
    made.add_argument("job_id", metavar="ID", help="id of the job")

    _command(commands, "doctor", doctor, "check the installation, the workspace and everything in it", json=True)
    return top


def _port(words: str) -> int:
    if not (words.isdecimal() and 0 < int(words) < 65536):
        raise argparse.ArgumentTypeError(f"'{words[:20]}' is no port: choose a number from 1 to 65535")
    return int(words)


def _group(commands: Any, name: str, words: str) -> Any:
    group = commands.add_parser(name, help=words, description=_sentence(words), allow_abbrev=False)
    return group.add_subparsers(title="commands", required=True, metavar="COMMAND")


def _command(commands: Any, name: str, command: Callable, words: str, *, json: bool = False) -> argparse.ArgumentParser:
    made = commands.add_parser(name, help=words, description=_sentence(words), allow_abbrev=False)
    made.set_defaults(command=command)
    if json:
        made.add_argument("--json", dest="as_json", action="store_true", help="print JSON for a machine to read")
    return made


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


# Commands. Each takes what its part of the parser reads; one that gives a number gives the exit code.


def app(host: str, port: int) -> None:
    """Serve the app until it is interrupted."""
    import socket

    from emoviz.app import serve

    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        raise EmovizError(
            f"The app cannot listen on {host}, port {port} ({error}). Choose others with --host and --port."
        ) from error
    serve.serve(host, port)


def data_get(source: str, base_url: str | None, as_json: bool) -> None:
    """Download a public dataset."""
    from emoviz.jobs import kinds

    _print_made("dataset", told(kinds.Download(source, base_url).run()), as_json)


def data_list(as_json: bool) -> int:
    """List the datasets; 1 where one is damaged."""
    from emoviz.data import store

    infos, code = _readable(store.info, store.names())
    if as_json:
        _print_json(infos)
    else:
        rows = [(i.name, f"{i.samples:,}", ", ".join(i.modalities), len(i.labels), i.title) for i in infos]
        print(table([("name", "samples", "modalities", "emotions", "title"), *rows]))
    return code


def data_show(name: str, as_json: bool) -> None:
    """Show one dataset."""
    from emoviz.data import store

    info = store.info(name)
    if as_json:
        _print_json(info)
        return
    annotations = [f"{side} ({kind})" for side, kind in info.annotations.items()]
    features = [f"{m} ({len(f.columns)}{' a time step' if f.sequence else ''})" for m, f in info.features.items()]
    rows = [
        ("title", info.title),
        ("samples", f"{info.samples:,}{' (simulated)' if info.simulated else ''}"),
        ("modalities", ", ".join(info.modalities)),
        ("emotions", ", ".join(label.name for label in info.labels)),
        ("annotations", ", ".join(annotations) or "none"),
        ("features", ", ".join(features) or "none"),
        ("licence", info.licence),
        ("source", info.source),
        ("folder", info.folder),
        ("hash", info.content_hash),
    ]
    print(f"{_shown(info.description)}\n\n{table(rows)}")


def data_import(
    path: Path, name: str, importer: str | None, mapping: Path | None, media: Path | None, as_json: bool
) -> None:
    """Make a dataset, and tell what became of its rows."""
    from emoviz.data import importers

    dataset, report = told(importers.load(path, name, format=importer, mapping=mapping, media=media))
    print(*map(_shown, report.sentences()), sep="\n", file=sys.stderr)
    if as_json:
        _print_json({"dataset": dataset.name, "hash": dataset.content_hash, "report": report})
    else:
        print(dataset.name)


def data_mix(
    name: str,
    corpora: Path,
    n: int,
    seed: int,
    conflict_rate: float,
    noise: float,
    balance: float,
    target: str,
    asked: Literal["emotion", "valence"],
    as_json: bool,
) -> None:
    """Make a proving ground."""
    from emoviz.perception import ground

    plan = ground.Plan(n, seed, conflict_rate, noise, balance, target, asked)
    dataset = told(ground.ground(corpora, name, plan))
    if as_json:
        _print_json({"dataset": dataset.name, "hash": dataset.content_hash, "source": dataset.source})
    else:
        print(dataset.name)


def data_remove(name: str) -> None:
    """Delete a dataset."""
    from emoviz.data import store

    store.remove(name)


def train(
    dataset: str,
    model: str,
    seed: int,
    folds: int,
    device: str,
    name: str | None,
    settings: Sequence[str],
    background: bool,
    as_json: bool,
) -> None:
    """Train a model here, or start a job that does."""
    from emoviz.jobs import kinds, store

    order = kinds.Train(dataset, model, tuple(settings), seed, folds, device, name)
    if background:
        _print_made("job", store.submit(order).job_id, as_json)
    else:
        _print_made("checkpoint", told(order.run()), as_json)


def benchmark(plan: Path, output: Path | None, jobs: int | None, device: str, as_json: bool) -> None:
    """Run what is missing of a benchmark, and say what it proves."""
    from emoviz.benchmark import plan as plans
    from emoviz.benchmark import run, words

    found = told(run.run(plans.read(plan), output, jobs=jobs, device=device))
    sentences = words.proven(found)
    if as_json:
        _print_json({"folder": found.folder, "cells": len(found.cells), "failed": found.failed, "proven": sentences})
    else:
        print(*map(_shown, sentences), found.folder, sep="\n")


def analyze(dataset: str, checkpoint: str | None, output: Path, as_json: bool) -> None:
    """Write the findings of a dataset."""
    # Looked at before the work, not after it.
    if output.suffix not in (".parquet", ".csv"):
        raise DatasetError(f"Findings are written as .parquet or .csv, not as '{output.name}'.")
    if output.is_dir() or not output.absolute().parent.is_dir():
        why = "it is a folder" if output.is_dir() else "its folder does not exist"
        raise DatasetError(f"Findings cannot be written to '{output}': {why}.")
    from emoviz.analysis import findings
    from emoviz.data import store
    from emoviz.models import checkpoints

    model = None if checkpoint is None else checkpoints.load(checkpoint)
    found = told(findings.kept(store.read(dataset), model))
    findings.write(found, output)
    if as_json:
        _print_json({"path": output, "samples": len(found.table), "columns": [*found.table], "meta": found.meta})
    else:
        print(output)


def extract(folder: Path, name: str, jobs: int | None, background: bool, as_json: bool) -> None:
    """Make a dataset of a folder of clips, and tell what became of each, or start a job that does."""
    if background:
        from emoviz.jobs import kinds, store

        order = kinds.Extract(str(folder.absolute()), name, jobs)
        _print_made("job", store.submit(order).job_id, as_json)
        return
    from emoviz.perception import extract

    dataset, report = told(extract.extract(folder, name, jobs=jobs))
    print(*map(_shown, report.sentences()), sep="\n", file=sys.stderr)
    if as_json:
        _print_json({"dataset": dataset.name, "hash": dataset.content_hash, "report": report})
    else:
        print(dataset.name)


def explain(
    file: Path,
    text: str | None,
    dataset: str | None,
    checkpoint: str | None,
    json_to: Path | None,
    report_to: Path | None,
) -> None:
    """Explain one clip: sentences to read, everything as JSON and a report where asked for."""
    if (dataset is None) != (checkpoint is None):
        raise EmovizError("A place among samples takes both --dataset and --model.")
    if report_to is not None and report_to.suffix.lower() not in REPORTS:
        raise EmovizError(f"A report cannot be written to '{report_to.name}'. Let its name end in .html or .pdf.")
    from emoviz.analysis.clip.evidence import evidence
    from emoviz.analysis.clip.explain import explain
    from emoviz.data import store
    from emoviz.models import checkpoints
    from emoviz.perception import pipeline
    from emoviz.perception.media import Clip, Words
    from emoviz.perception.text import transcript

    among = None if dataset is None else store.read(dataset)
    model = None if checkpoint is None else checkpoints.load(checkpoint)
    words = file if file.suffix.lower() in transcript.SUFFIXES else None if text else transcript.beside(file)
    cues = None if words is None else transcript.read(words).cues
    perceived = told(pipeline.perceive(None if words == file else file, text=text, transcript=cues))
    found = explain(perceived, dataset=among, checkpoint=model)
    if json_to is not None:
        with Words(cues or ()) if words == file else Clip(file) as media:
            complete = replace(found, evidence=evidence(found, media))
        json_to.write_text(complete.to_json(), encoding="utf-8")
    if report_to is not None:
        from emoviz.plots import report

        report.write(found, report_to, None if words == file else file)
    shown = [
        (side.modality, "missing" if side.said is None else f"{side.said.label} {_share(side.said.share)}")
        for side in found.sides
    ]
    if found.fused is not None:
        shown.append(("together", f"{found.fused.label} {_share(found.fused.share)}"))
    notes = [*found.notes, *(() if found.place is None else found.place.notes)]
    sentences = [sentence.replace("\u00a0", " ") for sentence in found.sentences]
    print(*map(_shown, sentences), "", table(shown), "", *map(_shown, notes), found.caveat, sep="\n")


def perception_train(modality: str, data: Path, seed: int, into: Path | None, as_json: bool) -> None:
    """Train a perception model, and show its numbers."""
    from emoviz.perception import weights
    from emoviz.perception.training import shipped

    card = told(shipped.train(modality, data, seed=seed, into=into or weights.FOLDER))
    if as_json:
        _print_json(card)
    else:
        print(_measured(card.metrics))


def perception_evaluate(modality: str, data: Path, as_json: bool) -> None:
    """Measure a shipped perception model, and show the numbers."""
    from emoviz.perception.training import shipped

    metrics = told(shipped.evaluate(modality, data))
    if as_json:
        _print_json(metrics)
    else:
        print(_measured(metrics))


def models_list(as_json: bool) -> int:
    """List the checkpoints; 1 where one is damaged."""
    from emoviz.models import checkpoints

    cards, code = _readable(checkpoints.card, checkpoints.names())
    if as_json:
        _print_json(cards)
    else:
        rows = [(card.name, card.model, card.dataset, card.folds, card.created) for card in cards]
        print(table([("name", "model", "dataset", "folds", "created"), *rows]))
    return code


def models_show(name: str, as_json: bool) -> None:
    """Show the card of one checkpoint, and what became of its prototypes where it has any."""
    from emoviz.models import checkpoints
    from emoviz.models.mpcl import Mpcl

    card = checkpoints.card(name)
    if as_json:
        _print_json(card)
        return
    rows = [
        ("model", card.model),
        ("dataset", f"{card.dataset}{' (simulated)' if card.simulated else ''}"),
        ("modalities", ", ".join(card.modalities)),
        ("emotions", ", ".join(card.labels)),
        ("folds", f"{card.folds}, by {'sample' if card.by_sample else 'group'}" if card.folds else "none"),
        ("config", " ".join(f"{key}={value}" for key, value in card.config.items())),
        ("seed", card.seed),
        ("created", f"{card.created}, in {spell(card.seconds)}"),
        ("hash", card.sha256),
    ]
    print(table(rows), _measured(card.metrics), sep="\n\n")
    told = card.limits
    if card.model == "mpcl" and isinstance(model := checkpoints.load(name).final, Mpcl):
        told += model.diagnosis.sentences(card.labels)
    print(*map(_shown, told), sep="\n")


def models_remove(name: str) -> None:
    """Delete a checkpoint."""
    from emoviz.models import checkpoints

    checkpoints.remove(name)


def jobs_list(as_json: bool) -> None:
    """List the jobs."""
    from emoviz.jobs import store

    jobs = store.list()
    if as_json:
        _print_json(jobs)
    else:
        rows = [(j.job_id, _clock(j.submitted), j.state, _share(j.fraction), spell(j.left), j.title) for j in jobs]
        print(table([("id", "asked for", "state", "done", "left", "what"), *rows]))


def jobs_show(job_id: str, as_json: bool) -> None:
    """Show one job and the end of what it said."""
    from emoviz.jobs import store

    job, lines = store.get(job_id), store.reports(job_id)
    if as_json:
        _print_json({**_plain(job), "reports": lines})
        return
    rows = [
        ("what", job.title),
        ("state", f"{job.state}{', stopping' if job.stopping else ''}"),
        ("asked for", _clock(job.submitted)),
        ("done", _share(job.fraction)),
        ("left", spell(job.left)),
        ("made", job.result),
        ("error", job.error),
        ("log", store.log(job_id)),
    ]
    print(table(rows))
    for line in lines[-20:]:
        print(f"{_clock(line.at)}  {_share(line.fraction):>4}  {_shown(line.message)}")


def jobs_cancel(job_id: str) -> None:
    """Stop a job."""
    from emoviz.jobs import store

    print(f"Job {job_id} is {store.cancel(job_id).state}.", file=sys.stderr)


def jobs_resume(job_id: str) -> None:
    """Start a job that failed or was cancelled once more."""
    from emoviz.jobs import store

    print(f"Job {job_id} is {store.resume(job_id).state}.", file=sys.stderr)


def jobs_remove(job_id: str) -> None:
    """Forget a job."""
    from emoviz.jobs import store

    store.remove(job_id)


def doctor(as_json: bool) -> int:
    """Look at everything; 1 where something that is needed is not well."""
    from emoviz.doctor import examine

    checks = []
    for check in examine():
        checks.append(check)
        if not as_json:
            verdict = "well" if check.well else "BAD" if check.needed else "none"
            print(f"{verdict:5} {check.name:24} {_shown(check.detail)}")
    if as_json:
        _print_json(checks)
    return int(any(check.needed and not check.well for check in checks))


# What the commands say, and how


def told(work: "Work[T]") -> T:
    """Run long work to its end and tell on standard error how far it is."""
    with Teller() as teller, closing(work):
        return progress.finish(work, teller)


class Teller:
    """Tells progress: beginnings, ends and sentences, and what passes between as often as it can be read.

    On a terminal what passes is one line that changes, elsewhere a line now and then.
    """

    def __init__(self):
        self.terminal = sys.stderr.isatty()
        self.pause = 0.1 if self.terminal else 2  # seconds between two passing lines
        self.lines: list[Report] = []
        self.last = -math.inf
        self.open = False  # whether the line on the terminal may still change

    def __enter__(self) -> "Teller":
        return self

    def __exit__(self, *_: object) -> None:
        if self.open:
            print(file=sys.stderr)

    def __call__(self, line: Progress) -> None:
        """Take note of one line of progress, and tell it if it is time."""
        now, passing = time.time(), is_passing(line.fraction)
        self.lines.append(Report(now, line.fraction, line.message))
        if passing and now - self.last < self.pause:
            return
        self.last = now
        left = time_left(self.lines, now) if passing else None
        words = f"{_share(line.fraction):>4}  {_shown(line.message)}" + (f", {spell(left)} left" if left else "")
        if self.terminal and passing:
            words = words[: shutil.get_terminal_size().columns - 1]
        before, after = ("\r", "\x1b[K") if self.open or (self.terminal and passing) else ("", "")
        self.open = self.terminal and passing
        print(f"{before}{words}{after}", end="" if self.open else "\n", file=sys.stderr, flush=True)


def table(rows: Iterable[Sequence[object]]) -> str:
    """Rows of words as aligned columns."""
    cells = [[_shown(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)


def _measured(metrics: Iterable[Any]) -> str:
    """Measured numbers as a table."""
    rows = [(m.name, f"{m.value:.4f}", f"{m.low:.4f} to {m.high:.4f}", f"{m.n:,}", m.on) for m in metrics]
    return table([("measured", "value", "95 % interval", "samples", "on"), *rows])


def _readable(read: Callable[[str], T], names: Iterable[str]) -> tuple[list[T], int]:
    """What can be read, and the exit code: a damaged one is complained of and does not hide the others."""
    found, code = [], 0
    for name in names:
        try:
            found.append(read(name))
        except EmovizError as error:
            code = _complain(str(error))
    return found, code


def _complain(sentence: str) -> int:
    print(f"emoviz: {_shown(sentence)}", file=sys.stderr)
    return 1


def _print_made(kind: str, name: str, as_json: bool) -> None:
    if as_json:
        _print_json({kind: name})
    else:
        print(name)


def _print_json(value: object) -> None:
    print(json.dumps(_plain(value), indent=1, ensure_ascii=False))


def _shown(words: str) -> str:
    """Words as one line that no terminal takes for orders: names and files may hold anything."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in words)


def _plain(value: Any) -> Any:
    """A value as JSON knows it; numbers that are none become null."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _clock(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def _share(fraction: float | None) -> str:
    return "" if fraction is None else f"{fraction:.0%}"


if __name__ == "__main__":
    sys.exit(main())
