# Verbs: demo, test, lab, check, bench, accept. Each sets up what it needs first; a second call installs nothing.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
LISTS := pyproject.toml constraints.txt apt-packages.txt scripts/setup.sh

.DEFAULT_GOAL := help
.PHONY: help demo test lab check bench accept setup

help:
	@echo "make demo    draw, score, contrast, learn: replays a recorded practice (no key, no GPU)"
	@echo "make test    the whole test suite, offline, on the CPU"
	@echo "make lab     JupyterLab with the notebooks"
	@echo "make check   ruff and mypy"
	@echo "make bench   every benchmark under benchmarks/"
	@echo "make accept  the long acceptance runs (kills, faults, mutations)"

demo: $(VENV)/.ready-demo
	$(BIN)/drawagent demo

test: $(VENV)/.ready-dev
	$(BIN)/python -m pytest

lab: $(VENV)/.ready-dev
	$(BIN)/jupyter lab --notebook-dir=notebooks

check: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/.ready-dev
	@set -e; for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python "$$file"; done

accept: $(VENV)/.ready-dev
	$(BIN)/python -m pytest -m acceptance --timeout=3600

setup: $(VENV)/.ready-dev

$(VENV)/.ready-demo: $(LISTS)
	@sh scripts/setup.sh demo "$(PYTHON)" "$(VENV)"

$(VENV)/.ready-dev: $(LISTS)
	@sh scripts/setup.sh dev "$(PYTHON)" "$(VENV)"
