# `make` lists the targets.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
COMMAND := $(PY) -m model_serving
# The port of the embedded workspace; the local stack expects 8787.
PORT ?= 8787
# Each `pulumi` run starts Python several times, so everything is compiled once, on every core; pip would use one.
COMPILE := $(PY) -m compileall -qq -j 0 $(VENV)/lib || true
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
# Build and check programs, in an environment of their own: fewer packages in .venv make previews faster.
TOOLS := .local/tools
READY_TOOLS := $(TOOLS)/.ready
# Installs only the packages of the lock files, by hash.
INSTALL := pip install --quiet --no-compile --disable-pip-version-check --require-hashes
UV_LOCK := $(TOOLS)/bin/uv pip compile --quiet --universal --generate-hashes

.DEFAULT_GOAL := help
.PHONY: help setup demo example test test-unit test-http test-engine check accept format schema workspace env clean fuzz bench bench-migration bench-adoption workspace-page lock wheel tools

# The targets of each group; those of the pipeline are the others in .ci/pipeline.mk, and the rest is for maintainers.
START := setup demo workspace env
EVERY_DAY := review-check review smoke drift deploy
help: ## list the targets
	@awk -v start=" $(START) " -v daily=" $(EVERY_DAY) " -f .ci/help.awk $(MAKEFILE_LIST)

$(READY): requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) on PATH: install Python 3.11 or newer (or name one: make PYTHON=...)"; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("Python %d.%d is too old: install 3.11 or newer (or name one: make PYTHON=...)" % v[:2])'
	@echo "Creating the virtual environment $(VENV)"
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

setup: $(READY) ## install the virtual environment and the Pulumi engine, if missing
	@$(PY) -m toolchain install

demo: setup ## a one-minute tour: create, query, deploy again without changes, reject a change of route_optimized
	@$(PY) -m demo

example: setup ## play a story of examples/ on a workspace of its own: make example NAME=first_endpoint
	@$(PY) -m demo.stories $(NAME)

# Without compiled files, each process that a test starts would compile the project anew.
unexport PYTHONDONTWRITEBYTECODE
# Three at a time even on two cores: the engine's tests wait more than they compute.
# Each takes the next file in the order of tests/conftest.py, so what a file's tests share is made once.
PYTEST := $(PY) -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

test: $(READY_DEV) $(READY_TOOLS) setup ## run every test, including those on the real engine
	@$(PYTEST)

test-unit: $(READY_DEV) ## run the tests that need no other process
	@$(PYTEST) tests/unit tests/test_*.py

test-http: $(READY_DEV) ## run the tests on the embedded workspace
	@$(PYTEST) tests/http

test-engine: $(READY_DEV) $(READY_TOOLS) setup ## run the tests on the real engine
	@$(PYTEST) tests/engine

check: $(READY_DEV) ## check style, types and docstrings of the code and of the tests
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy model_serving toolchain demo bench tests __main__.py
	@cd examples/own_program && MYPYPATH=../.. ../../$(PY) -m mypy --config-file=../../pyproject.toml --cache-dir=../../.mypy_cache .

accept: $(READY_DEV) setup ## update the review's golden comments on the real engine; read the diff before committing it
	@$(PY) -m tests.support.golden_cases

format: $(READY_DEV) ## format the code
	@$(PY) -m ruff check --fix --quiet .
	@$(PY) -m ruff format --quiet .

schema: $(READY) ## generate the JSON Schemas and the tables of docs/stack-files.md and docs/policies.md
	@$(PY) -m model_serving.policies.pack.reference_docs
	@$(PY) -m model_serving.spec.json_schema
	@$(PY) -m model_serving.spec.reference_docs
	@$(PY) -m model_serving.databricks.prices.reference_docs

workspace: $(READY) ## start the embedded workspace for the local stack (Ctrl-C stops it)
	@echo 'Next, in another terminal: eval "$$(make -s env)", then pulumi up. In a browser: http://127.0.0.1:$(PORT)'
	@$(COMMAND) workspace --port $(PORT) || { status=$$?; $(PY) -c "import socket; socket.create_connection(('127.0.0.1', $(PORT)), 1)" \
	  2>/dev/null && echo 'Port $(PORT) is in use. Take another one here and in stacks/Pulumi.local.yaml (databricks:host):' \
	  'make workspace PORT=8788' >&2; exit $$status; }

env: setup-quietly ## print the exports for working on the local stack in a shell (see README.md)
	@$(PY) -m toolchain env
	@$(COMMAND) workspace credentials --port $(PORT)

.PHONY: setup-quietly
setup-quietly: $(READY)
	@$(PY) -m toolchain install >&2

# Versions change on request only: make lock UPGRADE=--upgrade, or UPGRADE=--upgrade-package=rich
lock: $(READY_TOOLS) ## generate requirements*.txt from pyproject.toml: every package with its hashes
	@$(UV_LOCK) $(UPGRADE) pyproject.toml --extra=delivery --extra=workspace --output-file=requirements.txt
	@$(UV_LOCK) $(UPGRADE) pyproject.toml --extra=delivery --extra=workspace --group=dev --constraint=requirements.txt --output-file=requirements-dev.txt
	@$(UV_LOCK) $(UPGRADE) requirements-tools.in --python-version=3.11 --output-file=requirements-tools.txt

wheel: $(READY_TOOLS) ## build the wheel into dist/
	@$(TOOLS)/bin/python -m hatchling build -d dist

tools: $(READY_TOOLS) ## install pre-commit and the build tools into .local/tools

workspace-page: $(READY) ## generate docs/workspace.md from the workspace's routes and rules
	@$(PY) -m model_serving.workspace.http.reference_docs > docs/workspace.md

fuzz: $(READY_DEV) ## send generated requests to the embedded workspace for five minutes; none may end in a 5xx
	@$(PY) -m bench.fuzz --seconds 300

bench: $(READY_DEV) setup ## measure the workspace, what the policy pack adds to a preview, and drift of 1,000 endpoints
	@$(PY) -m bench.workspace_latency
	@$(PY) -m bench.policy_overhead
	@$(PY) -m bench.drift_speed

bench-migration: $(READY_DEV) setup ## interrupt each phase of a migration at each API call, and print what the next run makes of it
	@$(PY) -m bench.migration_kills

bench-adoption: $(READY_DEV) setup ## adopt a workspace of 300 random endpoints: no write, and an empty preview after it
	@$(PY) -m bench.adoption

clean: ## delete the engine, the virtual environment, the local workspace and its stack
	rm -rf $(VENV) .local

include .ci/pipeline.mk
