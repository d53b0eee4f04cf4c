"""Pages that follow from the code say what the code says."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
SPEC = importlib.util.spec_from_file_location("write", DOCS / "write.py")
write = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(write)


@pytest.mark.parametrize("file", write.PAGES)
def test_the_page_is_up_to_date(file):
    assert (DOCS / file).read_text(encoding="utf-8") == write.PAGES[file](), "run 'python docs/write.py'"


def test_every_setting_of_a_model_has_a_sentence():
    page = write.cli_page()
    assert "| `epochs` |" in page
    assert not [line for line in page.splitlines() if line.endswith("|  |")]
