# One target for each thing a person does. A fresh machine needs Python 3.11 or newer, nothing else.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
WORKERS ?= 2
CLIENTS := .venv-journeys
CLIENTS_NODE := tests/journeys/clients/node

.PHONY: help demo test check journeys faults bench dist lock system clean

help:
	@echo "make demo          play the article's story over HTTPS and leave the server up (CHECK=1: print JSON and stop)"
	@echo "make test          the whole test suite"
	@echo "make check         format, lint, types, import contracts"
	@echo "make journeys      unmodified Microsoft clients, relying parties and home providers against a server (1.7 GB on disk)"
	@echo "make faults        the long fault tests"
	@echo "make bench         benchmarks, as ratios within one run"
	@echo "make dist          wheel and source archive in dist/"
	@echo "make lock          renew the locked requirements"

$(VENV)/made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; install it and run make again." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "This Python cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/runtime: $(VENV)/made requirements/runtime.txt requirements/build.txt pyproject.toml
	@$(PIP) install --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/develop: $(VENV)/runtime requirements/develop.txt
	@$(PIP) install --require-hashes -r requirements/develop.txt
	@touch $@

demo: $(VENV)/runtime
	@$(BIN)/readmit demo $(if $(CHECK),--check)

test: $(VENV)/develop system
	$(BIN)/python -m pytest -n $(WORKERS) -rs $(ARGS)

check: $(VENV)/develop
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports

# The foreign clients and providers, Node included, come from PyPI and npm, locked; they share nothing with readmit's environment.
$(CLIENTS)/python: requirements/journeys.txt $(VENV)/made
	@$(PYTHON) -m venv $(CLIENTS)
	@$(CLIENTS)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/journeys.txt
	@touch $@

$(CLIENTS)/node: $(CLIENTS)/python $(CLIENTS_NODE)/package-lock.json
	@cd $(CLIENTS_NODE) && PATH="$(CURDIR)/$(CLIENTS)/bin:$$PATH" npm ci --ignore-scripts --loglevel=error
	@touch $@

journeys: $(VENV)/develop $(CLIENTS)/node system
	$(BIN)/python -m pytest -n $(WORKERS) -rs --clients tests/journeys/clients $(ARGS)

faults: $(VENV)/develop
	$(BIN)/python -m pytest -p no:randomly -rs tests/faults --faults $(ARGS)

bench: $(VENV)/develop
	$(BIN)/python bench/resets.py
	$(BIN)/python bench/reads.py
	$(BIN)/python bench/changes.py

dist: $(VENV)/develop
	$(BIN)/python -m hatchling build

# Programs of the system that some tests use, where they may be installed; without them those tests are skipped by name.
system:
	@command -v chromium >/dev/null 2>&1 || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	    (apt-get update && apt-get install -y --no-install-recommends chromium) >/dev/null 2>&1 \
	      || echo "chromium could not be installed; browser tests are skipped" >&2; \
	  fi; }

lock: $(VENV)/made
	@$(PIP) install uv
	for name in runtime build develop journeys; do \
	  $(BIN)/uv pip compile --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-header \
	    --no-annotate --no-strip-extras --quiet --upgrade requirements/$$name.in -o requirements/$$name.txt; done

clean:
	rm -rf $(VENV) $(CLIENTS) $(CLIENTS_NODE)/node_modules dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
