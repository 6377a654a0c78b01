# `make` alone tells what there is.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
# where the embedded workspace listens; the local stack looks for it on 8787
PORT ?= 8787
# On every core, where pip would take one: each `pulumi` run starts Python several times.
COMPILE := $(PY) -m compileall -qq -j 0 $(VENV)/lib || true
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
# Programs that build and check, out of the way of what `pulumi` runs on.
TOOLS := .local/tools
READY_TOOLS := $(TOOLS)/.ready
# Only what the lock files name, by hash.
INSTALL := pip install --quiet --no-compile --disable-pip-version-check --require-hashes
UV_LOCK := $(TOOLS)/bin/uv pip compile --quiet --universal --generate-hashes

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-unit test-http test-engine check format schema workspace env clean fuzz bench workspace-page lock wheel tools

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(READY): requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) on PATH: install Python 3.11 or newer (or name one: make PYTHON=...)"; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("Python %d.%d is too old: install 3.11 or newer (or name one: make PYTHON=...)" % v[:2])'
	@echo "Making the virtual environment $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m $(INSTALL) -r requirements.txt
	@cp .ci/model-serving $(VENV)/bin/
	@$(COMPILE)
	@touch $@

$(READY_DEV): requirements-dev.txt $(READY)
	@$(PY) -m $(INSTALL) -r requirements-dev.txt
	@$(COMPILE)
	@touch $@

$(READY_TOOLS): requirements-tools.txt
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m $(INSTALL) -r requirements-tools.txt
	@touch $@

setup: $(READY) ## virtual environment and Pulumi engine, whatever of them is missing
	@$(PY) -m toolchain install

demo: setup ## the whole story in a minute: create, query, nothing to do, a refused pull request
	@$(PY) -m demo

# Three at a time even on two cores: the engine's tests wait more than they compute.
PYTEST := $(PY) -m pytest --numprocesses 3 --dist worksteal

test: $(READY_DEV) $(READY_TOOLS) setup ## every test, those on the real engine included
	@$(PYTEST)

test-unit: $(READY_DEV) ## the tests that need no other process
	@$(PYTEST) tests/unit tests/test_*.py

test-http: $(READY_DEV) ## the tests on the embedded workspace
	@$(PYTEST) tests/http

test-engine: $(READY_DEV) $(READY_TOOLS) setup ## the tests on the real engine
	@$(PYTEST) tests/engine

check: $(READY_DEV) ## style, types and docstrings of the code and of the tests
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy model_serving toolchain demo bench tests __main__.py

accept: $(READY_DEV) setup ## make the review's golden comments anew, on the real engine; read the difference before committing it
	@$(PY) -m tests.support.golden_cases

format: $(READY_DEV) ## put the style right
	@$(PY) -m ruff check --fix --quiet .
	@$(PY) -m ruff format --quiet .

schema: $(READY) ## write what is generated from the vocabulary of stack files: their JSON Schema, their tables in docs
	@$(PY) -m model_serving.spec.json_schema
	@$(PY) -m model_serving.spec.reference_docs

workspace: $(READY) ## start the embedded workspace that the local stack talks to (Ctrl-C stops it)
	@$(PY) -m workspace --port $(PORT)

env: setup-quietly ## what a shell needs to work by hand on the local stack (README.md says how)
	@$(PY) -m toolchain env
	@$(PY) -m workspace credentials --port $(PORT)

.PHONY: setup-quietly
setup-quietly: $(READY)
	@$(PY) -m toolchain install >&2

# A new version is taken where one is asked for: make lock UPGRADE=--upgrade, or UPGRADE=--upgrade-package=rich
lock: $(READY_TOOLS) ## write requirements*.txt from pyproject.toml: every package, direct or not, with its hashes
	@$(UV_LOCK) $(UPGRADE) pyproject.toml --extra=workspace --output-file=requirements.txt
	@$(UV_LOCK) $(UPGRADE) pyproject.toml --extra=workspace --group=dev --constraint=requirements.txt --output-file=requirements-dev.txt
	@$(UV_LOCK) $(UPGRADE) requirements-tools.in --python-version=3.11 --output-file=requirements-tools.txt

wheel: $(READY_TOOLS) ## build the wheel into dist/
	@$(TOOLS)/bin/python -m hatchling build -d dist

tools: $(READY_TOOLS)

workspace-page: $(READY) ## write docs/workspace.md from the workspace's routes and rules
	@$(PY) -m model_serving.workspace.http.reference_docs > docs/workspace.md

fuzz: $(READY_DEV) ## five minutes of made-up requests to the embedded workspace; none may end in a 5xx
	@$(PY) -m bench.fuzz --seconds 300

bench: $(READY_DEV) setup ## how fast: the workspace's answers, and what the policy pack adds to a preview
	@$(PY) -m bench.workspace
	@$(PY) -m bench.policies

clean: ## forget what was built and kept on this machine: engine, virtual environment, local workspace and its stack
	rm -rf $(VENV) .local

include .ci/pipeline.mk
