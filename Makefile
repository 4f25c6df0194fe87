# Every target sets up what it needs first; run any of them again at any time. A failed step ends make with exit code 2.
.DEFAULT_GOAL := help
.PHONY: help demo test lint fuzz bench up down clean venv
.NOTPARALLEL:

# The first Python that is new enough; name another one with `make PYTHON=... TARGET`.
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$python && break; done)
endif
NO_PYTHON = coalmine: Python 3.11 or newer is needed: install it, or name it with make PYTHON=...

# PLUGINS=official runs with Pulumi's own plug-ins instead of the bundled ones.
export PLUGINS

# Set in containers often: every command would compile the whole package again.
export PYTHONDONTWRITEBYTECODE =

SET_UP = $(if $(PYTHON),$(PYTHON) -m localcluster.bootstrap,echo '$(NO_PYTHON)' >&2; exit 1;)
IN_VENV = .venv/bin/

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

demo: ## set everything up, then show five releases that real traffic decides
	@$(SET_UP)
	@$(IN_VENV)coalmine demo

# What starts no cluster shares the processors; a cluster, and the traffic through it, has them for itself.
QUICK = tests/unit tests/contract tests/golden tests/policies
SLOW = tests/cluster tests/delivery

# PYTEST holds arguments instead of all tests, as in `make test PYTEST=tests/unit`.
test: ## set everything up, then run all tests
	@$(SET_UP) --tests
ifdef PYTEST
	@$(IN_VENV)python -m pytest $(PYTEST)
else
	@status=0; \
	$(IN_VENV)python -m pytest --numprocesses=2 $(QUICK) || status=1; \
	$(IN_VENV)python -m pytest $(SLOW) || status=1; \
	exit $$status
endif

lint: ## check style, types and layers
	@$(SET_UP) --no-tools
	@status=0; \
	$(IN_VENV)ruff check . || status=1; \
	$(IN_VENV)ruff format --check . || status=1; \
	$(IN_VENV)mypy --strict components policies localcluster || status=1; \
	$(IN_VENV)lint-imports --no-cache || status=1; \
	exit $$status

# SECONDS says for how long, SEED repeats a run.
fuzz: SECONDS := 600
fuzz: ## throw odd YAML at the offline commands, for ten minutes
	@$(SET_UP) --no-tools
	@$(IN_VENV)python -m tests.fuzz --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

bench: ## measure compiling, previews, updates, policies, releases and starts, write benchmarks/RESULTS.md
	@$(SET_UP)
	@$(IN_VENV)python -m benchmarks

up: ## start the local cluster, or restart the pieces of it that died
	@$(SET_UP)
	@$(IN_VENV)coalmine local up

down: ## stop the local cluster
	@test ! -x $(IN_VENV)coalmine || $(IN_VENV)coalmine local down

venv: ## only .venv with the coalmine command, for a cluster of your own
	@$(SET_UP) --no-tools

clean: down ## stop the local cluster, remove all that was made in this folder (the built tools stay in the cache)
	@rm -rf .venv .local build dist coalmine.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .fuzz .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
