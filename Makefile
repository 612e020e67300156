# Verbs: demo, test, lab, check, bench, accept, blender. Each sets up what it needs first; a second call installs nothing.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
LISTS := pyproject.toml constraints.txt apt-packages.txt scripts/setup.sh

.DEFAULT_GOAL := help
.PHONY: help demo test lab check bench accept setup blender blender-if-possible

help:
	@echo "make demo    replays a recorded practice of sketches, then a recorded object of parts (no key, no GPU)"
	@echo "make setup   install everything, for the notebooks and the laboratory"
	@echo "make test    the whole test suite, offline, on the CPU"
	@echo "make lab     JupyterLab with the notebooks"
	@echo "make check   ruff and mypy"
	@echo "make bench   every benchmark under benchmarks/"
	@echo "make blender Blender 4.5 in an interpreter of its own, and bubblewrap (test, demo and lab do it too)"
	@echo "make accept  the long acceptance runs (kills, faults, mutations)"

demo: $(VENV)/.ready-demo blender-if-possible
	$(BIN)/drawagent demo
	$(BIN)/shapecraft demo

test: $(VENV)/.ready-dev blender-if-possible
	$(BIN)/python -m pytest -n 2 --dist loadfile

lab: $(VENV)/.ready-dev blender-if-possible
	$(BIN)/jupyter lab --notebook-dir=notebooks

check: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/.ready-dev blender-if-possible
	@set -e; for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python "$$file"; done

accept: $(VENV)/.ready-dev blender-if-possible
	$(BIN)/python -m pytest -m acceptance --timeout=3600

setup: $(VENV)/.ready-dev

blender:
	@sh scripts/setup_blender.sh must "$(PYTHON)"

blender-if-possible:
	@sh scripts/setup_blender.sh may "$(PYTHON)"

$(VENV)/.ready-demo: $(LISTS)
	@sh scripts/setup.sh demo "$(PYTHON)" "$(VENV)"

$(VENV)/.ready-dev: $(LISTS)
	@sh scripts/setup.sh dev "$(PYTHON)" "$(VENV)"
