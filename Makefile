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

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format schema workspace env clean fuzz bench workspace-page

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(READY): requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) on PATH: install Python 3.11 or newer (or name one: make PYTHON=...)"; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("Python %d.%d is too old: install 3.11 or newer (or name one: make PYTHON=...)" % v[:2])'
	@echo "Making the virtual environment $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --no-compile --disable-pip-version-check -r requirements.txt
	@$(COMPILE)
	@touch $@

$(READY_DEV): requirements-dev.txt $(READY)
	@$(PY) -m pip install --quiet --no-compile --disable-pip-version-check -r requirements-dev.txt
	@$(COMPILE)
	@touch $@

setup: $(READY) ## virtual environment and Pulumi engine, whatever of them is missing
	@$(PY) -m toolchain install

demo: setup ## the whole story in a minute: create, query, nothing to do, a refused pull request
	@$(PY) -m demo

# Three at a time even on two cores: the engine's tests wait more than they compute.
test: $(READY_DEV) setup ## every test, those on the real engine included
	@$(PY) -m pytest --numprocesses 3 --dist worksteal

check: $(READY_DEV) ## style and types
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy model_serving toolchain demo bench __main__.py

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
