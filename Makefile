# Needs GNU make 3.81 or newer and Python 3.11 or newer; `make PYTHON=python3.13 run` names another Python.
# ARGS reaches the command behind a target: `make test ARGS="-k quota"`.

PYTHON ?= python3
ARGS =

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input

# A stamp is younger than all that it was installed from. To run installs no tool of the developers.
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
BENCH_STAMP := $(VENV)/.installed-bench

UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" --no-emit-index-url --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help run demo test soak check audit screenshots bench bench-full lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

run: $(RUN_STAMP) ## start all that is configured; with nothing configured the playground at http://127.0.0.1:8080
	@exec $(BIN)/reverie run $(ARGS)

demo: $(RUN_STAMP) ## start the playground with the simulator, even where keys are set
	@exec $(BIN)/reverie demo $(ARGS)

# Most long tests wait for processes and browsers: three workers share a core, and whoever is free takes the
# next test, the long ones first. They step back behind whoever sits at this machine, and the workers of the
# bots, which step back behind the bots, are not starved by the rest. Bytecode is kept: hundreds of
# interpreters begin in a run.
WORKERS = $(shell $(BIN)/python -c 'import os; print(min(8, 3 * (os.cpu_count() or 1)))')
PYTEST := PYTHONDONTWRITEBYTECODE= nice -n 15 $(BIN)/python -m pytest

test: $(DEV_STAMP) ## run all tests but the long random ones
	@$(PYTEST) -n $(WORKERS) --dist load --maxschedchunk 1 $(ARGS)

soak: $(DEV_STAMP) ## run the long random tests; they take several minutes
	@$(PYTEST) -n 2 -m soak $(ARGS)

# What looks random is left out: locks and test data are full of digests. Known forms of tokens and keys stay.
SECRETS := --exclude-files '\.lock$$' --disable-plugin KeywordDetector --disable-plugin IPPublicDetector \
	--disable-plugin HexHighEntropyString --disable-plugin Base64HighEntropyString

check: $(DEV_STAMP) ## lint, formatting, types, direction of imports, container, secrets
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile
	$(BIN)/python -m pytest -q tests/frame/test_container.py
	git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook $(SECRETS)

audit: $(BIN)/pip-audit ## look for known vulnerabilities of what is locked; asks the package index
	$(BIN)/pip-audit --disable-pip --require-hashes --requirement requirements-dev.lock $(ARGS)

screenshots: $(DEV_STAMP) ## draw the pictures of the docs again; SHOTS=folder adds one of each kind of card
	@$(BIN)/python -m tests.playground.screenshots docs/playground.png $(SHOTS)
	@$(BIN)/python -m tests.platforms.with_discord.screenshots docs/discord.png $(SHOTS)
	@$(BIN)/python -m tests.platforms.with_slack.screenshots docs/slack.png $(SHOTS)

bench: $(BENCH_STAMP) ## run the benchmarks, shortened
	@$(BIN)/python -m benchmarks $(ARGS)

bench-full: $(BENCH_STAMP) ## run the benchmarks whole; ARGS=--report writes docs/performance.md
	@$(BIN)/python -m benchmarks --full $(ARGS)

lock: $(BIN)/uv ## renew the locks after a change of pyproject.toml; ARGS=--upgrade takes the newest
	$(UV_COMPILE) $(ARGS) --group dev pyproject.toml --output-file requirements-dev.lock
	$(UV_COMPILE) --constraints requirements-dev.lock pyproject.toml --output-file requirements.lock
	$(UV_COMPILE) --constraints requirements-dev.lock --group build --output-file requirements-build.lock
	$(UV_COMPILE) --constraints requirements-dev.lock $(ARGS) --group bench --output-file requirements-bench.lock

clean: ## remove the virtual environment, caches and builds; never data
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find bot adapters simulator tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# A half-made environment would look like a whole one to the next run of make, so it goes at once.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo \
		"Reverie needs Python 3.11 or newer, and $(PYTHON) is" \
		"$$(command -v $(PYTHON) >/dev/null && $(PYTHON) --version 2>&1 || echo missing):" \
		"install one and name it, as in: make PYTHON=python3.13 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf .venv; echo \
		"$(PYTHON) cannot make a virtual environment: on Debian and Ubuntu install python3-venv" >&2; exit 1; }

$(BIN)/uv: | $(BIN)/python
	$(INSTALL) uv

$(BIN)/pip-audit: | $(BIN)/python
	$(INSTALL) pip-audit

# The project goes in last, without a look at any index: all that it needs is already there.
$(RUN_STAMP): requirements.lock requirements-build.lock pyproject.toml | $(BIN)/python
	@echo "Installing Reverie into $(VENV) …"
	@$(INSTALL) --requirement requirements.lock --requirement requirements-build.lock
	@$(INSTALL) --no-index --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_STAMP): requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "Installing Reverie and what its developers use into $(VENV) …"
	@$(INSTALL) --requirement requirements-dev.lock
	@$(INSTALL) --no-index --no-deps --no-build-isolation --editable .
	@touch $@

$(BENCH_STAMP): requirements-bench.lock $(DEV_STAMP)
	@echo "Installing what Reverie is compared with into $(VENV) …"
	@$(INSTALL) --requirement requirements-bench.lock
	@touch $@
