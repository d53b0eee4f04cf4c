"""A documented argument has to exist: catches docstrings left behind by a rename."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "emoviz").rglob("*.py"))
ARGS = re.compile(r"^Args:\n((?:[ \t]+.*\n?|\n)+)", re.M)


def documented(doc: str) -> set[str]:
    """Names in the ``Args:`` section: the words before the colon at its own indent."""
    names: set[str] = set()
    for block in ARGS.findall(doc):
        indent = min(len(line) - len(line.lstrip()) for line in block.splitlines() if line.strip())
        for heads in re.findall(rf"^ {{{indent}}}([*\w, ]+):", block, re.M):
            names |= {head.strip(" *") for head in heads.split(",")}
    return names


def public_functions(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node):
            spec = node.args
            names = {a.arg for a in [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg, spec.kwarg] if a}
            yield node.name, names, documented(ast.get_docstring(node))


@pytest.mark.parametrize("path", MODULES, ids=[str(path.relative_to(ROOT)) for path in MODULES])
def test_documented_arguments_exist(path):
    assert not {name: docs - args for name, args, docs in public_functions(path) if docs - args}
