# Everything that a person does with this checkout. `make help` lists it.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Set-up begins on a bare machine, so this needs no package; a shim that leads nowhere is passed over.
BARE_PYTHON := $(shell for name in python3 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo "$$name" && break; done)
LOCAL := $(or $(BARE_PYTHON),$(error Python 3.10 or later is needed: apt-get install python3)) -m lpr_project.local

.PHONY: help
help: ## Show this list
	@sed -n 's/^\([a-z0-9 -]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

.PHONY: setup
setup: ## Install and create what is missing
	@$(LOCAL) setup

.PHONY: run
export SOURCE ?=
run: ## Set up and run the server here; SOURCE=my.mp4 or rtsp://… reads your own video, LPR_PORT=8001 takes another port
	@$(LOCAL) run --source "$$SOURCE"

.PHONY: stop
stop: ## Stop what `make run` started, from another terminal
	@$(LOCAL) stop

.PHONY: test check
test check: ## Set up and run every check; the gate for a change
	@$(LOCAL) check

.PHONY: lint types django schema tests e2e
lint: ## Check style and the order of the rooms
types: ## Check types
django: ## Check settings and migrations
schema: ## Check the description of the REST API
tests: ## Run the tests, without the browser
e2e: ## Run the tests that drive a browser
lint types django schema tests e2e:
	@$(LOCAL) check $@

.PHONY: fix
fix: ## Repair style where that can be done by itself
	@$(LOCAL) setup --for-tests
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

.PHONY: bench
bench: ## Run all benchmarks and write docs/benchmarks.md
	@$(LOCAL) with-services -- python -m benchmarks --write docs/benchmarks.md

.PHONY: docs
docs: ## Write the description of the REST API to docs/openapi.yaml
	@$(LOCAL) with-services -- python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

.PHONY: lock
LOCK = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'
lock: ## Compile requirements/*.in to pinned files with hashes
	@$(LOCAL) setup --for-tests
	@$(LOCK) requirements/server.in --output-file requirements/server.txt
	@$(LOCK) requirements/recognition.in --constraint requirements/server.txt --output-file requirements/recognition.txt
	@$(LOCK) requirements/dev.in --constraint requirements/recognition.txt --output-file requirements/dev.txt
	@$(LOCK) requirements/gpu.in --constraint requirements/recognition.txt --output-file requirements/gpu.txt
	@$(LOCK) requirements/training.in --output-file requirements/training.txt
