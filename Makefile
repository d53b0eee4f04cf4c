# Every target sets up what it needs: each works as the first command in a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Without PASSIVE, a training job on all cores makes the page's own inference up to a hundred times slower.
export OMP_WAIT_POLICY = PASSIVE

.PHONY: help run test lint bench clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 8

run: $(VENV)/.run  ## start the app on http://127.0.0.1:8501 with its embedded dataset
	$(BIN)/emoviz app

test: $(VENV)/.dev  ## run every test that can run here
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: $(VENV)/.dev  ## check style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev  ## measure everything again and write benchmarks/RESULTS.md (EMOVIZ_TEST_DATA names the real data)
	$(BIN)/python benchmarks/run.py

clean:  ## remove the environment
	rm -rf $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	touch $@
