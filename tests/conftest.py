"""Fixtures that more than one folder of tests uses."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The first torch call takes half a second, and a red build shall be red again tomorrow.
settings.register_profile("emoviz", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("emoviz")


@pytest.fixture(autouse=True)
def own_workspace(tmp_path, monkeypatch):
    """Every test has a workspace of its own."""
    monkeypatch.setenv("EMOVIZ_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder with real data, or a skip with the reason."""
    folder = os.environ.get("EMOVIZ_TEST_DATA")
    if not folder:
        pytest.skip("EMOVIZ_TEST_DATA is not set: it names the folder with real data (crema-d, ...)")
    return Path(folder)
