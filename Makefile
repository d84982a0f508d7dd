# Two commands do everything: `make demo` and `make test`. Both set up what they need by
# themselves, from python3 (3.11 or newer) and the package registry alone.

PYTHON ?= python3
BIN := .venv/bin
GWAS := examples/gwas
KILLS ?= 300
DEMO := $(BIN)/runbatch
# Thousands of small ledgers, each synced to disk: where there is one, to a disk in memory. And the
# command is started a thousand times: it is not compiled each time, whatever the environment says.
SCRATCH := env -u PYTHONDONTWRITEBYTECODE \
	TMPDIR=$(shell test -w /dev/shm && echo /dev/shm || echo $${TMPDIR:-/tmp})
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: demo incident simulate breaks kills test lint mutate browser pictures measure format
.PHONY: reference docs setup clean shells
.DEFAULT_GOAL := help

.PHONY: help
help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: setup  ## run 40 traits of a made-up cohort on this machine, 4 at a time
	@rm -rf $(GWAS)/data $(GWAS)/outputs $(GWAS)/late $(GWAS)/state
	$(BIN)/python $(GWAS)/make_cohort.py --out $(GWAS)/data
	@mkdir $(GWAS)/outputs
	$(DEMO) submit -b $(GWAS)/batch.toml --state-dir $(GWAS)/state --yes --wait
	$(BIN)/python $(GWAS)/summary.py --data $(GWAS)/data --outputs $(GWAS)/outputs
	@echo; echo "--- Six more: the output folder is not there yet, and trait 1 is a wrong configuration."
	@$(DEMO) submit -b $(GWAS)/broken.toml --state-dir $(GWAS)/state --yes --wait; test $$? -eq 3
	@mkdir $(GWAS)/late
	@echo; echo "--- The folder is there now: retry starts what that broke, and leaves the configuration error."
	@$(DEMO) retry -b $(GWAS)/broken.toml --state-dir $(GWAS)/state --yes; test $$? -eq 3

incident: setup  ## replay the incident on a simulated Run:ai cluster: the old rule and this one
	$(BIN)/python -m tests.incident

simulate: setup  ## play SEEDS histories (1000) in which everything goes wrong, on all cores
	$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),1000)

breaks: setup  ## break the tool on purpose in sixteen ways, and see which check catches it
	$(BIN)/python -m tests.breaks

test: lint browser shells  ## run all checks
	$(SCRATCH) $(BIN)/pytest -n 2 tests/unit --cov --cov-report=term
	@# More workers than cores: many of these tests wait for real processes.
	$(SCRATCH) $(BIN)/pytest -n 4 --ignore tests/unit

kills: setup  ## kill -9 the commands 300 times on each cluster (KILLS=n); what held is counted
	$(SCRATCH) KILLS=$(KILLS) $(BIN)/pytest -n 2 tests/kills

lint: setup  ## style, types and which way imports go
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

mutate: setup  ## break the core in hundreds of ways: a unit test must notice each (or MODULE=planner)
	@$(BIN)/uv sync --quiet --frozen --inexact --group mutation
	$(BIN)/python tests/mutate.py $(MODULE)

browser:  ## install Chromium, which the report is tested in, where it is missing and that may be
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	{ test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	&& apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium fonts-dejavu-core >/dev/null; } \
	|| echo "No Chromium here, and it cannot be installed: the report is not tested in a browser."

shells:  ## install the shells that the texts for containers are tested in, where that may be
	@command -v dash >/dev/null && command -v busybox >/dev/null && command -v unshare >/dev/null && exit 0; \
	{ test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	&& apt-get -qq update && apt-get -qq install -y --no-install-recommends dash busybox util-linux >/dev/null; } \
	|| echo "dash, busybox or unshare is missing, and cannot be installed: some shells are not tested."

pictures: setup browser  ## make the pictures in docs/pictures anew
	$(BIN)/python -m docs.pictures.status
	$(BIN)/python -m tests.browser.pictures

measure: setup browser  ## how long reports of 100 to 10 000 jobs take, and how large they are
	$(BIN)/python -m tests.browser.measure

reference: setup  ## make the generated pages of docs/reference anew
	$(BIN)/python -m docs.generate

docs: setup  ## build the documentation's site into build/docs; every warning is an error
	$(BIN)/python -m docs.site build/docs

format: setup  ## put the code into the project's style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

setup: .venv/ready  ## make .venv with exactly the locked versions

.venv/ready: uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "runbatch needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.9
	$(BIN)/uv sync --quiet --frozen --compile-bytecode
	@touch $@

clean:  ## forget everything that was made
	rm -rf .venv .mutants build $(GWAS)/data $(GWAS)/outputs $(GWAS)/late $(GWAS)/state
