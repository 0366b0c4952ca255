# The few commands of the project; `make help` lists them. Everything Python lives in .venv, made from the lock.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
BIN := .venv/bin
# Touched when .venv holds what the lock says; older than the lock means: install again.
VENV_STAMP := .venv/.installed
# Likewise for the server and the client alone, which is all that the demos need; a full .venv holds them too.
RUN_STAMP := .venv/.installed-run
# Likewise for what the tests take from npm.
NODE_STAMP := node_modules/.installed
# What a test run is narrowed by, as in: make test PYTEST_ARGS="tests/unit -k reader"
PYTEST_ARGS ?=
# How many files of tests run at a time, and how many of them begin with those that listen in real time, which wait
# for sound to go by and leave most of two processors to the others (tests/support/run/priority.py). With five in all,
# two processors had nothing to do for a third of the time.
PYTEST_PROCESSES ?= 7
REALTIME_PROCESSES ?= 4
# How often a test that listens in real time may run until it passes; all others have one try.
TRIES := --realtime-tries 3
# The tests of the packages whose lines are counted (pyproject.toml): these alone pay for the tracing, and have to reach
# all lines without the help of others.
COVERED := tests/unit/hls tests/unit/ogg tests/unit/stream
# Some tests run make: on their own, and not as a part of this one.
PYTEST := env --unset=MAKEFLAGS $(BIN)/pytest -q
# Which mutants, as in: make mutants MUTANTS_ARGS="--seed 2 --packages hls"
MUTANTS_ARGS ?=
# What is fuzzed, as in: make fuzz FUZZ_ARGS="--seed 7 --minutes 5 --ways ogg,http"
FUZZ_ARGS ?=
# How long the API is walked, as in: make walk WALK_ARGS="--seed 7 --minutes 2"
WALK_ARGS ?=
# Which pictures, as in: make pictures PICTURES_ARGS="--states home,control"
PICTURES_ARGS ?=
# How often the tests that listen in real time run, and how many programs keep the machine busy at that time.
RUNS ?= 10
BUSY ?= 1
# What is measured, as in: make bench BENCH_ARGS=--quick
BENCH_ARGS ?=
# What builds images, and how, as in: make image ENGINE=podman IMAGE_ARGS="--build-arg PYTHON_IMAGE=ours/python:3.12"
ENGINE ?= docker
IMAGE_ARGS ?=
# The two addresses that only a publisher knows, and this is the one place that asks for them. REGISTRY is where images and
# charts go, as host/path: charts and compose file of a release then name its images. HOME_URL is where the sources are:
# the page of the wheel links there. Empty: no registry, no links.
REGISTRY ?=
HOME_URL ?=
# More for a release, as in: make release RELEASE_ARGS="--debian trixie --architectures arm64 --need-all"
RELEASE_ARGS ?=
# What of a release is tried in a bare Debian, as in: make release-check CHECK_ARGS="--only deb"
CHECK_ARGS ?=
# Bytecode is kept, also where a machine asks for none: the tests start some hundred Pythons.
unexport PYTHONDONTWRITEBYTECODE
VERSION := $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' audiocast/__init__.py)

.PHONY: help run cluster test check audit mutants fuzz walk pictures realtime bench decoder image release release-check publish e2e lock clean \
	lint suite covered debian-packages

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUN_STAMP) ## start a server with a demo broadcast and print the link to listen
	@$(BIN)/python cmd/decoder.py || true
	@$(BIN)/python cmd/demo.py

cluster: $(RUN_STAMP) ## start three members behind HAProxy with a demo broadcast, and say which one to kill
	@$(BIN)/python cmd/cluster.py

test: ## set up what is missing, then check and run every test
	@$(MAKE) --no-print-directory --jobs=2 $(VENV_STAMP) debian-packages
	@$(MAKE) --no-print-directory $(NODE_STAMP) decoder
	@$(MAKE) --no-print-directory --jobs=2 lint suite $(if $(PYTEST_ARGS),,covered)

check: $(VENV_STAMP) lint audit ## ruff, mypy --strict, import-linter, the pages' types, the repository's own promises
	@$(PYTEST) tests/repo

audit: $(VENV_STAMP) ## ask pip-audit and npm for known holes in the packages of the locks
	@$(BIN)/python cmd/audit.py

mutants: $(VENV_STAMP) ## count the seeded mistakes in ogg, stream, hls and cluster that their unit tests notice
	@$(BIN)/python -m tests.mutants $(MUTANTS_ARGS)

fuzz: $(VENV_STAMP) ## send hostile input by every way in for an hour, beside a listener who must not notice
	@$(BIN)/python -m tests.fuzz $(FUZZ_ARGS)

walk: $(VENV_STAMP) ## ask every operation of the OpenAPI document for ten minutes, and compare the answers with it
	@$(BIN)/python -m tests.contract $(WALK_ARGS)

pictures: $(VENV_STAMP) debian-packages ## make pictures of all pages in all states, for build/pictures/index.html
	@$(BIN)/python -m tests.browser.pictures $(PICTURES_ARGS)

realtime: $(VENV_STAMP) debian-packages $(NODE_STAMP) decoder ## run the tests that listen RUNS times beside BUSY busy programs
	@$(BIN)/python -m tests.support.run.realtime_runs --runs $(RUNS) --busy $(BUSY) --processes $(PYTEST_PROCESSES)

bench: $(VENV_STAMP) debian-packages decoder ## measure beside Icecast (docs/benchmarks.md), long pages (docs/delay.md), the page
	@status=0; $(BIN)/python -m loadtest.bench.compare $(BENCH_ARGS) || status=$$?; \
		$(BIN)/python -m loadtest.player.page_delay || status=$$?; \
		$(BIN)/python -m loadtest.player.player_bench || status=$$?; exit $$status

decoder: $(VENV_STAMP) ## fetch the listener's WebAssembly decoder by npm, for the pages, wheels and images made here
	@$(BIN)/python cmd/decoder.py

e2e: $(VENV_STAMP) ## try both charts on the cluster that KUBECONFIG names, with three images (CONTRIBUTING.md)
	@$(PYTEST) -m e2e tests/e2e $(PYTEST_ARGS)

image: decoder ## build the images audiocast and audiocast-operator
	@$(ENGINE) version > /dev/null 2>&1 || \
		{ echo "make image: expected a container engine that answers '$(ENGINE) version', found none" >&2; exit 1; }
	@$(ENGINE) build $(IMAGE_ARGS) --target server --build-arg VERSION=$(VERSION) --tag audiocast:$(VERSION) .
	@$(ENGINE) build $(IMAGE_ARGS) --target operator --build-arg VERSION=$(VERSION) --tag audiocast-operator:$(VERSION) .

release: decoder ## build what is published into dist: wheel, .debs, charts, images, SBOMs, sums (docs/install.md)
	@$(RELEASE) build --home-url "$(HOME_URL)" $(RELEASE_ARGS)

release-check: $(VENV_STAMP) ## install what is in dist in bare Debians, up to the first sound
	@$(BIN)/python -m tests.release $(CHECK_ARGS)

publish: $(VENV_STAMP) ## push the charts and images of dist to REGISTRY
	@$(RELEASE) push $(RELEASE_ARGS)

lock: $(VENV_STAMP) ## remake the locks, six from pyproject.toml and one from package.json
	@$(UV_LOCK) --upgrade --all-extras --group operator pyproject.toml --output-file requirements.lock
	@$(UV_LOCK) --constraints requirements.lock --extra recordings pyproject.toml --output-file requirements-server.lock
	@$(UV_LOCK) --constraints requirements.lock --extra client pyproject.toml --output-file requirements-client.lock
	@$(UV_LOCK) --constraints requirements.lock --extra notify pyproject.toml --output-file requirements-notify.lock
	@$(UV_LOCK) --constraints requirements.lock --extra client --group editable pyproject.toml --output-file requirements-run.lock
	@$(UV_LOCK) --constraints requirements.lock --group pyproject.toml:operator --output-file requirements-operator.lock
	@$(NPM) update --package-lock-only --omit-lockfile-registry-resolved

clean: ## remove everything that was made here, .venv too
	@rm -rf .venv node_modules .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build \
		audiocast/web/static/player/live/opus-decoder.min.js
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Second tries: tests/support/run/second_tries.py.
suite: $(VENV_STAMP)
	@$(PYTEST) --numprocesses $(PYTEST_PROCESSES) --realtime-processes $(REALTIME_PROCESSES) $(TRIES) --no-cov --durations=20 --file-seconds=30 \
		$(or $(PYTEST_ARGS),$(COVERED:%=--ignore=%))

# Begins beside the rest when lint has ended.
covered: $(VENV_STAMP)
	@nice $(PYTEST) $(COVERED) --cov

# The last line is for the pages' scripts: types by TypeScript, form by Prettier (package.json).
lint: $(VENV_STAMP) $(NODE_STAMP)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --check .; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache > .venv/lint-imports.log || { cat .venv/lint-imports.log; exit 1; }
	@$(NPM) run lint

debian-packages:
	@tests/debian-packages

# One lock for every Python from 3.11 up and every system, with the hashes of the files and no address in it.
UV_LOCK = UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --no-config --quiet --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links

RELEASE = $(BIN)/python cmd/release/release.py --registry "$(REGISTRY)" --engine "$(ENGINE)" --image-args="$(IMAGE_ARGS)"

SET_UP = $(PYTHON) cmd/python_packages.py

$(VENV_STAMP): requirements.lock pyproject.toml
	@$(SET_UP) requirements.lock .venv
	@$(BIN)/python -m pip check --disable-pip-version-check > .venv/pip-check.log || { cat .venv/pip-check.log; exit 1; }
	@touch $(RUN_STAMP) $@

$(RUN_STAMP): requirements-run.lock pyproject.toml
	@$(SET_UP) requirements-run.lock .venv
	@touch $@

# An npm of the machine, else that of .venv. Packages run nothing of their own, at their installation or later: tests
# read files out of them.
NPM = PATH="$$PATH:$(CURDIR)/$(BIN)" npm --silent --ignore-scripts --no-audit --no-fund
$(NODE_STAMP): package.json package-lock.json | $(VENV_STAMP)
	@$(NPM) ci || { echo "npm could not install what package-lock.json names" >&2; exit 1; }
	@touch $@
