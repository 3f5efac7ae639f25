# The menu. `make` alone prints it.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
# Bytecode is written whatever the surroundings say: without it every start compiles everything again.
unexport PYTHONDONTWRITEBYTECODE
unexport PYTHONPATH
unexport PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow check lint types boundaries format default-config docs simulate kill-campaign bench reliability mutate clean

help: ## this menu
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: $(BIN)/.ready ## make .venv with everything in it

$(BIN)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "rearm's workbench needs Python 3.11 or newer: make setup PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: setup ## replay the sample notifications of both clouds through the deployed handlers
	$(BIN)/rearm replay

test: setup ## run the tests
	$(BIN)/python -m pytest

test-slow: setup ## run the tests of long waits and killed processes
	$(BIN)/python -m pytest -m slow

check: lint types boundaries ## lint, types, import boundaries

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: setup
	$(BIN)/mypy shared workbench

boundaries: setup
	$(BIN)/python -m pytest tests/test_boundaries.py

format: setup ## put the code into its usual form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

default-config: setup ## compile the configuration shipped as the default
	$(BIN)/rearm config compile shared/python/rearm/default.yml -o shared/python/rearm/default.json

docs: setup ## make the generated pages anew
	$(BIN)/python -m rearm_workbench.emulate.coverage_page > docs/emulators.md
	$(BIN)/python -m rearm_workbench.permissions.page > docs/permissions.md

simulate: setup ## 3,000 worlds with every fault, another seed each day (RUNS=… SEED=…), and the variants of the small worlds
	$(BIN)/rearm simulate --runs $(or $(RUNS),3000) --seed $(or $(SEED),$(shell date -u +%Y%m%d))
	$(BIN)/python -m rearm_workbench.simulator.small_world --variants

kill-campaign: setup ## kill `rearm emulate` 50 times while waits go on: each has to end as it should (KILLS=50 SEED=…)
	$(BIN)/python tests/campaigns/kill_campaign.py --kills $(or $(KILLS),50) $(if $(SEED),--seed $(SEED))

bench: setup ## requests per second of the emulators, beside moto's server
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt 'moto[server]'
	$(BIN)/python bench/emulator_rps.py

reliability: setup ## play the experiments of docs/reliability.md and write the page and its picture anew
	$(BIN)/python -m rearm_workbench.simulator.experiments docs

mutate: setup ## change every line of the core in small ways: do its tests notice? (docs/mutation.md)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target build/mutation cosmic-ray==8.7.0 parso==0.8.7
	PYTHONPATH=build/mutation $(BIN)/python bench/mutation

clean: ## remove what the other targets made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
