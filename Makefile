# `make run` and `make test` set everything up first; nothing is installed twice.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
HOME_FOLDER := $(or $(DATA_PLATFORM_HOME),$(CURDIR)/.data-platform)

.PHONY: run test test-slow ui lint peers clean

run: $(STAMP)  ## Run the demo: the whole factory on what is installed here, offline.
	$(BIN)/data-platform run recipes/demo.yaml

test: $(STAMP)  ## Run the tests.
	$(BIN)/python -m pytest -m "not slow" --numprocesses 2 --no-loadscope-reorder

test-slow: $(STAMP)  ## Run the tests that take minutes: real processes killed and racing.
	$(BIN)/python -m pytest -m slow

ui: $(STAMP)  ## Open the Dagster UI on http://localhost:3000.
	$(BIN)/data-platform ui

lint: $(STAMP)  ## Check style, and the arrows between rooms.
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache

peers: .venv-peers/installed .venv-peers-licenses/installed  ## Install what the benchmarks compare with, apart from the platform.

.venv-peers/installed: benchmarks/peers.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/peers.txt
	touch $@

.venv-peers-licenses/installed: benchmarks/peers_licenses.txt
	$(PYTHON) -m venv .venv-peers-licenses
	.venv-peers-licenses/bin/python -m pip install --quiet --disable-pip-version-check \
	    --requirement benchmarks/peers_licenses.txt
	touch $@

clean:  ## Remove what was installed and written here.
	rm -rf $(VENV) .venv-peers .venv-peers-licenses .data-platform

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip==26.3  # faster than what comes with Python
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check \
	    --constraint constraints.txt --editable '.[test]'
	# On all cores, which pip does not do; some packages bring files that are no Python of today.
	$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true
	touch $@
