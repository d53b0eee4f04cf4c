"""A furnished workspace for pages without a browser."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from emoviz.workspace import ROOT
from tests.furnished import furnish


@pytest.fixture(scope="session")
def furnished(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("furnished")
    furnish(home)
    return home


@pytest.fixture
def app(furnished, monkeypatch) -> AppTest:
    """The app with one dataset of votes and one with a model."""
    monkeypatch.setenv("EMOVIZ_HOME", str(furnished))
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
