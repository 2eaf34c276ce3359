# Everything a newcomer needs: `make up` runs the product, `make test` proves it.
# Nothing has to be installed first but Python 3.11 or newer; what is needed goes into .venv.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
WORKERS ?= 2

.PHONY: up down test test-long test-heal test-compose test-kubernetes test-logging test-engine-restart test-terraform test-drills prove check image sbom audit scan format lock bench docs clean help

help:            ## show this list
	@grep -hE '^[a-z-]+: .*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

up: $(VENV)/run  ## set up and run the product; safe to repeat
	@deployment/scripts/install_monitoring.sh
	$(BIN)/xiong up --detach

down: $(VENV)/run ## stop it gracefully
	$(BIN)/xiong down

test: $(VENV)/dev ## set up and pass the tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -q -m 'not long and not drill and not compose and not elastic and not kubernetes and not terraform'

test-long: $(VENV)/dev ## the stories that take minutes
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -q -m long

test-heal: $(VENV)/dev ## deep health, the healer and the bundle on running copies
	$(BIN)/python -m pytest -q -m drill --ignore-glob='*/test_drills*'

test-compose: $(VENV)/dev ## the image and the Compose platform, on the Docker engine that is there
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -q -m compose

test-kubernetes: $(VENV)/dev ## the Kubernetes platform and the manifests, on the cluster that is there
	$(BIN)/python -m pytest -q -m kubernetes

test-logging: $(VENV)/dev ## the log pipeline, on the Elasticsearch and the regex engine that are there
	$(BIN)/python -m pytest -q -m elastic

test-engine-restart: $(VENV)/dev ## the engine is restarted under a copy, by the command in XIONG_TEST_ENGINE_RESTART
	$(BIN)/python -m pytest -q tests/e2e/compose/test_engine_restart.py

test-terraform: $(VENV)/dev ## the Terraform modules with mocked providers, where tofu or terraform and the providers are
	$(BIN)/python -m pytest -n $(WORKERS) -q -m terraform tests/deployment/terraform

test-drills: $(VENV)/dev ## faults on running copies, and how they heal; on a quiet machine
	$(BIN)/python -m pytest -q -m drill

prove: $(VENV)/run ## each alert and dashboard on real components
	$(BIN)/xiong prove

check: $(VENV)/dev ## lint, types, layers
	deployment/ci-cd/steps/lint.sh

image:           ## build both images, each within its budget
	deployment/ci-cd/steps/image.sh service
	deployment/ci-cd/steps/image.sh operations

sbom: $(VENV)/dev ## write what is in each image to dist/, as CycloneDX
	deployment/ci-cd/steps/sbom.sh

audit: $(VENV)/dev ## known vulnerabilities of what is locked
	deployment/ci-cd/steps/audit.sh

scan:            ## what Debian has fixed since the images were built
	deployment/ci-cd/steps/scan.sh xiong-service:dev
	deployment/ci-cd/steps/scan.sh xiong-operations:dev

format: $(VENV)/dev ## format the code
	$(BIN)/ruff format src tests bench deployment
	$(BIN)/ruff check --fix src tests bench deployment

lock: $(UV)      ## compile requirements/ from pyproject.toml
	$(UV) pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 pyproject.toml -o requirements/run.txt
	$(UV) pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 pyproject.toml --group dev -c requirements/run.txt -o requirements/dev.txt
	$(UV) pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 --group service -c requirements/run.txt -o requirements/service.txt
	$(UV) pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 --group bench -o requirements/bench.txt
	awk '/^[a-z]/ { mine = /^uv==/ } mine && !/^ *#/' requirements/run.txt > requirements/uv.txt

bench: $(VENV)/dev ## measure, beside the alternatives
	$(BIN)/python -m bench

docs: $(VENV)/dev ## regenerate the reference pages and dashboards from the code
	$(BIN)/python -m deployment.docs
	$(BIN)/python -m deployment.monitoring
	$(BIN)/python -m deployment.kubernetes

clean:           ## forget the environment; data in .xiong stays
	rm -rf $(VENV)

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 up" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --require-hashes --only-binary :all: -r requirements/uv.txt

$(VENV)/run: requirements/run.txt pyproject.toml | $(UV)
	$(UV) pip install -q --require-hashes --compile-bytecode -r requirements/run.txt
	$(UV) pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev: requirements/dev.txt pyproject.toml | $(UV)
	$(UV) pip install -q --require-hashes --compile-bytecode -r requirements/dev.txt
	$(UV) pip install -q --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/run
