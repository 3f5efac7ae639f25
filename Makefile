# The menu. `make` alone prints it.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
# Bytecode is written whatever the surroundings say: without it every start compiles everything again.
unexport PYTHONDONTWRITEBYTECODE
unexport PYTHONPATH
unexport PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow check lint types boundaries format default-config docs simulate small-worlds kill-campaign bench bench-check reliability mutate tools tools-sam tools-cfn-lint tools-osls samconfig check-deploy-aws tools-s tools-ros check-deploy-alibaba package requirements tools-ric tools-uv check-package tools-fun check-deploy-funcraft check-deploy-rendered check-deploy deploy tools-serverless e2e-aws tools-ministack clean

help: ## this menu
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

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

simulate: setup ## 3,000 worlds with every fault, another seed each day (RUNS=… SEED=…)
	$(BIN)/rearm simulate --runs $(or $(RUNS),3000) --seed $(or $(SEED),$(shell date -u +%Y%m%d))

small-worlds: setup ## every interleaving of the 167 variants of the small worlds (a minute)
	$(BIN)/python -m rearm_workbench.simulator.small_world --variants

kill-campaign: setup ## kill `rearm emulate` 50 times while waits go on: each has to end as it should (KILLS=50 SEED=…)
	$(BIN)/python tests/campaigns/kill_campaign.py --kills $(or $(KILLS),50) $(if $(SEED),--seed $(SEED))

bench: setup tools-ric ## cold start, warm look, calls, scale, beside what one would write by hand: docs/performance.md (ONLY=cold,warm RUNS=9)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt 'moto[server]'
	$(BIN)/python bench/performance $(if $(ONLY),--only "$(ONLY)") $(if $(RUNS),--runs "$(RUNS)")

bench-check: setup tools-ric ## measure cold start, warm look, memory and sizes again: did one get worse than bench/performance.json says?
	$(BIN)/python bench/performance --check $(if $(ONLY),--only "$(ONLY)") $(if $(RUNS),--runs "$(RUNS)")

reliability: setup ## play the experiments of docs/reliability.md and write the page and its picture anew
	$(BIN)/python -m rearm_workbench.simulator.experiments docs

mutate: setup ## change every line of the core in small ways: do its tests notice? (docs/mutation.md)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target build/mutation cosmic-ray==8.7.0 parso==0.8.7
	PYTHONPATH=build/mutation $(BIN)/python bench/mutation

# The deployers' own tools, pinned, each in its place under build/tools; a stamp says which version is there.
tools: tools-sam tools-cfn-lint tools-osls tools-s tools-ros tools-fun tools-ric tools-ministack ## install the deployers' own tools into build/tools

tools-sam: build/tools/sam/.ready-1.170.0
tools-cfn-lint: build/tools/cfn-lint/.ready-1.58.0
tools-osls: build/tools/osls/.ready-4.3.1
tools-fun: build/tools/fun/.ready-3.6.24

build/tools/sam/.ready-%:
	$(PYTHON) -m venv build/tools/sam
	build/tools/sam/bin/python -m pip install --quiet --disable-pip-version-check aws-sam-cli==$*
	@touch $@

build/tools/cfn-lint/.ready-%:
	$(PYTHON) -m venv build/tools/cfn-lint
	build/tools/cfn-lint/bin/python -m pip install --quiet --disable-pip-version-check cfn-lint==$*
	@touch $@

build/tools/osls/.ready-%:
	npm install --silent --no-audit --no-fund --prefix build/tools/osls osls@$*
	@touch $@

build/tools/fun/.ready-%:
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix build/tools/fun @alicloud/fun@$*
	@touch $@

samconfig: setup ## write samconfig.toml anew from environments/
	$(BIN)/python -m rearm_workbench.deploy.samconfig

check-deploy-aws: setup tools-sam tools-cfn-lint tools-osls ## the AWS descriptions, read by SAM, cfn-lint and osls
	$(BIN)/rearm package --env dev --cloud aws
	$(BIN)/python -m pytest -m 'deploy or not deploy' --dist=loadfile tests/deploy/test_tools_aws.py tests/deploy/test_mutations_aws.py \
		tests/deploy/test_iam_aws.py tests/deploy/test_iam_aws_denied.py tests/deploy/test_metrics_aws.py tests/deploy/test_samconfig.py \
		tests/deploy/test_deploy_docs_aws.py

tools-s: build/tools/s/.ready-3.1.10
tools-ros: build/tools/ros/.ready-0.28.1

build/tools/s/.ready-%:
	npm install --silent --no-audit --no-fund --prefix build/tools/s @serverless-devs/s@$*
	@touch $@

# rostran reads ROS templates; of the ROS CDK only the lists of properties are of use, so its own packages are left out.
build/tools/ros/.ready-%:
	$(PYTHON) -m venv build/tools/ros
	build/tools/ros/bin/python -m pip install --quiet --disable-pip-version-check alibabacloud-ros-tran==$*
	build/tools/ros/bin/python -m pip install --quiet --disable-pip-version-check --no-deps $(foreach product,ram mns oos sls,ros-cdk-$(product)==1.15.0)
	@touch $@

check-deploy-alibaba: setup tools-s tools-ros ## s.yaml and its ROS template, read by Serverless Devs and rostran
	$(BIN)/python -m pytest -m 'deploy or not deploy' tests/deploy/test_s_tools.py tests/deploy/test_fc3.py tests/deploy/test_ros.py \
		tests/deploy/test_oos.py tests/deploy/test_ram.py tests/deploy/test_ram_verdict.py

check-deploy-funcraft: setup tools-fun ## Funcraft's description, read, built and deployed (to a stand-in) by Funcraft
	$(BIN)/python -m pytest -m deploy tests/deploy/test_funcraft_tool.py

package: setup ## build the archives that every deployer takes (ENV=dev|staging|prod, CLOUD=aws|alibaba; default both clouds)
	$(BIN)/rearm package --env "$(ENV)" $(if $(CLOUD),--cloud $(CLOUD))

check-package: setup tools-sam tools-ric ## build the archives twice, look into them, run them in the real Lambda runtime (PYTHONS="3.10 3.12")
	PYTHONS="$(PYTHONS)" $(BIN)/python -m pytest --dist=loadfile -m deploy tests/deploy/test_archives*.py

# Lambda's own runtime client, for each Python that a function can have.
tools-ric: $(foreach version,3.10 3.11 3.12 3.13,build/tools/ric-$(version)/.ready-4.2.2)

build/tools/ric-%/.ready-4.2.2:
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --target $(@D) --only-binary=:all: --implementation cp \
		--python-version $* --platform manylinux2014_$(shell uname -m) --platform manylinux_2_28_$(shell uname -m) awslambdaric==4.2.2
	@touch $@

e2e-aws: setup tools-sam tools-osls tools-ministack ## deploy the built archives into a local AWS with SAM, and let them serve a wait (about a minute)
	$(BIN)/python -m pytest -n0 -m e2e tests/deploy

tools-ministack: build/tools/ministack/.ready-1.5.33

build/tools/ministack/.ready-%:
	$(PYTHON) -m venv build/tools/ministack
	build/tools/ministack/bin/python -m pip install --quiet --disable-pip-version-check 'ministack[full]==$*'
	@touch $@

tools-uv: build/tools/uv/.ready-0.13.9

build/tools/uv/.ready-%:
	$(PYTHON) -m venv build/tools/uv
	build/tools/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$*
	@touch $@

PINNED := workbench/rearm_workbench/packaging/requirements
COMPILE = build/tools/uv/bin/uv pip compile --quiet --universal --python-version 3.10 --no-python-downloads --generate-hashes \
	--no-emit-index-url --custom-compile-command 'make requirements'

# The deployed packages are of the versions that constraints.txt has been tested with.
requirements: tools-uv ## pin the packages of the archives anew, with their hashes
	$(COMPILE) pyproject.toml --extra aws --constraint constraints.txt --output-file $(PINNED)-aws.txt
	$(COMPILE) pyproject.toml --extra alibaba --constraint constraints.txt --output-file $(PINNED)-alibaba.txt

check-deploy-rendered: setup tools-sam tools-cfn-lint tools-s ## what `rearm deploy` writes for an environment, taken by SAM, cfn-lint and Serverless Devs
	$(BIN)/python -m pytest -m deploy tests/deploy/test_deploy_tools.py

check-deploy: check-deploy-aws check-deploy-alibaba check-deploy-funcraft check-deploy-rendered ## every description, read by the deployers' own tools

# What `make deploy` was told. An unknown word is refused by `rearm deploy`, before any tool is installed.
DEPLOYMENT = --cloud "$(CLOUD)" --tool "$(TOOL)" --env "$(ENV)"

deploy: setup ## say what an environment would get, ask, and deploy it (CLOUD=aws TOOL=sam|serverless, CLOUD=alibaba TOOL=s|fun; ENV=… [DRY_RUN=1])
ifdef DRY_RUN
	@$(BIN)/rearm deploy $(DEPLOYMENT) --dry-run
else
	@$(BIN)/rearm deploy $(DEPLOYMENT) --dry-run > /dev/null
	@$(MAKE) --silent --no-print-directory tools-$(TOOL)
	@$(BIN)/rearm deploy $(DEPLOYMENT)
endif

tools-serverless: tools-osls

clean: ## remove what the other targets made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .serverless build dist
