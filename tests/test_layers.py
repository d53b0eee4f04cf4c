"""The direction of imports is a promise; this is where it is kept."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Lowest first. A module may import from its own layer and from those before it.
LAYERS = [
    *["errors", "workspace", "progress", "processes", "geometry", "measures", "data", "models", "training"],
    *["perception", "analysis", "benchmark", "jobs", "doctor", "plots", "app", "cli"],
]
MODULES = sorted((ROOT / "emoviz").rglob("*.py"))
IDS = [str(path.relative_to(ROOT)) for path in MODULES]


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def layer(dotted: str) -> str | None:
    parts = dotted.split(".")
    return parts[1] if parts[0] == "emoviz" and len(parts) > 1 else None


@pytest.mark.parametrize("path", MODULES, ids=IDS)
def test_imports_point_downwards(path):
    own = layer(".".join(path.relative_to(ROOT).with_suffix("").parts))
    if own in (None, "__init__"):
        return
    for name in imports(path):
        other = layer(name)
        assert other is None or LAYERS.index(other) <= LAYERS.index(own), f"{own} must not import {name}"


@pytest.mark.parametrize("path", MODULES, ids=IDS)
def test_only_the_app_layer_knows_streamlit(path):
    if path.is_relative_to(ROOT / "emoviz" / "app"):
        return
    assert not any(name.split(".")[0] == "streamlit" for name in imports(path))


def test_the_folder_of_shipped_models_holds_no_code():
    assert not list((ROOT / "models").rglob("*.py"))
