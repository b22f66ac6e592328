# Two commands do everything: `make train` and `make test`. Both set up what is missing first.

SHELL := /bin/bash
.SHELLFLAGS := -e -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup train test smoke bench check format constraints clean

PYTHON ?= python3
ARGS ?=
checked := setup src tests launch benchmarks notebooks stand_ins config
folders = $(wildcard $(checked))
in_workspace := source setup/environment.sh &&
at_once := --numprocesses=auto --maxprocesses=4 --dist=loadfile
in_tools := PATH="$(CURDIR)/.venv/bin:$$PATH" &&

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Find or install what is missing; at once when nothing is
	@$(PYTHON) -m setup

train: setup ## Train, watch it, and race the best model at the end; ARGS="..." are its options
	@$(in_workspace) exec deepracer train $(ARGS)

test: setup ## Run all tests, several at once; ARGS="..." are options of pytest (-n0: one by one)
	@$(PYTHON) -m setup --only browser --only network
	@$(in_workspace) exec python -m pytest $(at_once) $(ARGS)

smoke: setup ## Try the whole cycle on real parts, one line for each part
	@$(in_workspace) exec deepracer smoke $(ARGS)

bench: setup ## Measure, and write to benchmarks/results; ARGS="NAME ..." is one, with options
	@$(in_workspace) exec python -m benchmarks $(ARGS)

check: ## Formatter, linter, types, spelling: what every change must pass
	@$(PYTHON) -m setup --only python
	@$(in_tools) ruff format --check $(folders)
	@$(in_tools) ruff check $(folders)
	@$(in_tools) mypy
	@$(in_tools) codespell

format: ## Format and mend what the linter can mend by itself
	@$(PYTHON) -m setup --only python
	@$(in_tools) ruff format $(folders)
	@$(in_tools) ruff check --fix $(folders)

constraints: ## Fix the newest versions that requirements.txt allows (needs Python 3.10, 3.11 and 3.12)
	@$(PYTHON) -m setup.constraints $(ARGS)

clean: ## Remove what was built; the virtual environment and the cache stay
	rm -rf build install log .setup .pytest_cache .mypy_cache .ruff_cache .hypothesis
