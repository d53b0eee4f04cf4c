"""Writes the pages of this folder that follow from the code: ``python docs/write.py``."""

import argparse
import dataclasses
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from emoviz import cli
from emoviz.analysis import findings
from emoviz.models import zoo

HERE = Path(__file__).parent
HEAD = """# The command line

Results go to standard output, everything else (progress, complaints) to standard error. With `--json`, standard output
holds one JSON value and nothing else. `EMOVIZ_HOME` names the workspace (`~/.emoviz` where it is not set).

Exit codes: 0 done; 1 something you can put right, and one sentence says how; 2 a command that does not exist; 130
stopped by Ctrl-C.

This page is written by `python docs/write.py` from the commands themselves.
"""


def cli_page() -> str:
    """``cli.md``: every command with what it takes, then the settings of every model."""
    return "\n".join([HEAD, *_commands(cli.parser()), *_settings()])


def _commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for group in groups:
        for inner in group.choices.values():
            yield from _commands(inner)
    if groups:
        return
    yield f"## {parser.prog}\n"
    yield f"{parser.description}\n"
    actions = [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]
    if actions:
        yield "| takes | what it is |\n| --- | --- |"
        for action in actions:
            yield f"| {_names(action)} | {_meaning(action)} |"
        yield ""


def _names(action: argparse.Action) -> str:
    value = action.metavar or ("{" + ", ".join(action.choices) + "}" if action.choices else action.dest.upper())
    if not action.option_strings:
        return f"`{value}`"
    names = ", ".join(action.option_strings)
    return f"`{names}`" if action.nargs == 0 else f"`{names} {value}{' ...' if action.nargs == '+' else ''}`"


def _meaning(action: argparse.Action) -> str:
    meaning = action.help or ""
    if action.option_strings and action.required:
        return f"{meaning} (required)"
    if not action.option_strings or action.default in (None, []) or action.default is False:
        return meaning
    return f"{meaning} ({action.default} where not given)"


def _settings() -> Iterator[str]:
    for name, entry in zoo.MODELS.items():
        yield f"## Settings of {name}\n"
        yield f"{entry.title}: what `--set KEY=VALUE` of `emoviz train --model {name}` can change.\n"
        yield "| setting | where not given | what it is |\n| --- | --- | --- |"
        meanings: dict[str, str] = {}
        for kind in reversed(entry.config.__mro__[:-1]):
            meanings |= _attributes(inspect.getdoc(kind) or "")
        for field in dataclasses.fields(entry.config):
            meaning = meanings[field.name].replace("``", "`").replace("|", "\\|")
            yield f"| `{field.name}` | {str(field.default).lower()} | {meaning} |"
        yield ""


def _attributes(doc: str) -> dict[str, str]:
    """Names and sentences of the ``Attributes:`` section of a docstring; none where it has no such section."""
    section = doc.partition("Attributes:\n")[2].split("\n\n")[0]
    entries = re.split(r"\n {4}(?=\w+: )", "\n" + section.rstrip())[1:]
    return {name: " ".join(words.split()) for name, words in (entry.split(": ", 1) for entry in entries)}


PAGES = {"cli.md": cli_page, "columns.md": findings.documentation}

if __name__ == "__main__":
    for file, page in PAGES.items():
        (HERE / file).write_text(page(), encoding="utf-8")
