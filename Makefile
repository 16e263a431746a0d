# `make` prints what there is to do.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Stamps, so that an installation is done once and again when a lock or the front end changes.
RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development
FUZZING := $(VENV)/.fuzzing
FRONT := frontend/package-lock.json frontend/package.json frontend/build.py pyproject.toml

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Seamark needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements/runtime.lock $(FRONT) | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/runtime.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEVELOPMENT): requirements/dev.lock $(FRONT) | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/dev.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(RUNTIME)

.PHONY: install
install: $(RUNTIME) ## Install into .venv; the command is .venv/bin/seamark

.PHONY: demo
demo: $(RUNTIME) ## Import the example, print what to fix first, serve it on http://127.0.0.1:8000
	@SEAMARK_HOME=$${SEAMARK_HOME:-$(CURDIR)/.run/demo} $(BIN)/seamark demo

.PHONY: test
test: $(DEVELOPMENT) ## Run the whole test-suite on SQLite, and on PostgreSQL and Chromium where those are there
	$(BIN)/python -m pytest -n 2 --dist loadscope --ignore tests/browser
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/browser
	$(BIN)/python -m tests.support.on_postgres -n 2 --dist loadscope tests/store tests/pipeline tests/triage tests/api tests/web tests/cli tests/ledger tests/waivers tests/automation tests/engagements --ignore tests/cli/test_hostile.py

.PHONY: lint
lint: $(DEVELOPMENT) ## Style, types, and who may import whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/mypy

.PHONY: format
format: $(DEVELOPMENT) ## Format the code
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

.PHONY: bench
bench: $(DEVELOPMENT) ## Measure speed beside its limits, on both databases
	$(BIN)/python -m benchmarks

.PHONY: bench-web
bench-web: $(DEVELOPMENT) ## Measure the web pages over a million issues on PostgreSQL
	$(BIN)/python -m benchmarks.web

.PHONY: accuracy
accuracy: $(DEVELOPMENT) ## Precision and recall of merging across tools, on labelled findings where those are there
	$(BIN)/python -m benchmarks.accuracy

.PHONY: conformance
conformance: $(DEVELOPMENT) ## Compare the parsers with a folder of real reports, where it is there
	$(BIN)/python -m pytest -n 2 --dist loadscope -m corpus
	$(BIN)/python -m tests.conformance.oracle --table

$(FUZZING): requirements/fuzz.lock $(DEVELOPMENT)
	$(PIP) install --require-hashes -r requirements/fuzz.lock
	@touch $@

.PHONY: fuzz
fuzz: $(FUZZING) ## Search for reports that a parser fails at: make fuzz SECONDS=3600
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),600)

.PHONY: docs
docs: $(DEVELOPMENT) ## Build the documentation into site/
	$(BIN)/mkdocs build --strict --quiet

.PHONY: new-parser
new-parser: $(DEVELOPMENT) ## Scaffold a parser: make new-parser NAME=acme
	$(BIN)/python -m tests.support.new_parser $(NAME)

FIRST := src/seamark/store/migrations/0001_initial.py

.PHONY: migration
migration: $(DEVELOPMENT) ## Write the one migration anew: as long as nothing is released, there is no second
	rm -f $(FIRST)
	DJANGO_SETTINGS_MODULE=seamark.site.settings $(BIN)/django-admin makemigrations --skip-checks store -n initial
	sed -i -e 's/^class Migration(migrations.Migration):/class Migration(Initial):/' \
	  -e 's/^from django.db import migrations, models$$/&\n\nfrom seamark.store.initial import Initial/' $(FIRST)

.PHONY: golden
golden: $(DEVELOPMENT) ## Write the parsers' golden files anew; the review is the diff
	$(BIN)/python -m pytest tests/parsers --golden

.PHONY: lock
lock: ## Resolve the dependencies anew (needs uv)
	uv pip compile --universal --python-version 3.11 pyproject.toml --group build --generate-hashes --no-emit-index-url --no-header --no-annotate -q -o requirements/runtime.lock
	uv pip compile --universal --python-version 3.11 pyproject.toml --group build --group test --generate-hashes --no-emit-index-url --no-header --no-annotate -q -o requirements/dev.lock
	uv pip compile --universal --python-version 3.11 --group fuzz --generate-hashes --no-emit-index-url --no-header --no-annotate -q -o requirements/fuzz.lock

.PHONY: clean
clean: ## Remove what was built, installed and run here
	rm -rf $(VENV) .run dist site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
