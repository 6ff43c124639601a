# Everything a person or a CI server runs. Needs Python 3.11 or newer and make; the rest goes into .venv.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

.PHONY: help demo test check lint format lock docs messages plugins clean
.DEFAULT_GOAL := help

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUNTIME) ## Start the simulator, the bot and a sample company; prints the page's address
	@$(BIN)/botcrm demo

test: $(DEV) ## Run all tests on SQLite and PostgreSQL
	$(BIN)/python -m pytest -n auto --dist worksteal

check: lint ## Everything a commit must pass: lint, all tests, the contributed plugins
	$(BIN)/python -m pytest -n auto --dist worksteal
	$(BIN)/python -m tools.contrib

plugins: $(DEV) ## Build each contributed plugin, install it in a clean environment, run its tests
	$(BIN)/python -m tools.contrib

lint: $(DEV) ## Formatting, lint, types, import directions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV) ## Rewrite the code as ruff wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(DEV) ## Check that the documentation is true: run its examples and compare the generated pages
	$(BIN)/python -m pytest tests/docs

messages: $(DEV) ## Write the translators' template anew from the code
	$(BIN)/python tools/messages.py

lock: $(DEV) ## Write requirements.lock and requirements-dev.lock anew from pyproject.toml
	$(BIN)/python tools/lock.py

clean: ## Remove .venv, caches and build results
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is touched last, so an interrupted install is taken up again; later runs find it and start at once.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "botcrm needs Python 3.11 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>&1)." >&2; \
		echo "Name another one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --quiet -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	$(PIP) install --quiet -r requirements-dev.lock
	@touch $@
