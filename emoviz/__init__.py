"""emoviz: explore where the modalities of a clip disagree about an emotion.

    dataset = emoviz.read("simulated")
    findings = emoviz.analyze(dataset, emoviz.load("simulated-tical"))

Submodules are imported when they are first used, so that ``import emoviz`` stays light.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Public name -> where it lives.
PUBLIC = {
    "analyze": "emoviz.analysis.findings",
    "read": "emoviz.data.store",
    "load": "emoviz.models.checkpoints",
}

__all__ = ["__version__", *PUBLIC]


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'emoviz' has no attribute '{name}'")
    return getattr(import_module(PUBLIC[name]), name)
