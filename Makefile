# Isthmus: `make run` starts everything on this machine, `make test` tests all of it. Both set up what they need, once.
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
# More arguments for the command behind a target, for example: make run ARGS="--devices 4"
ARGS ?=
# Parallel test processes, each with a Redis and a database of its own. Many tests wait for processes, so one more than cores pays.
WORKERS ?= 3

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Stamps: a set-up is done again only when what is to be installed changes.
RUNS := $(VENV)/.installed
TESTS := $(VENV)/.installed-dev
NODE := node_modules/.installed
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# A bench is a folder that can be started; bench/harness serves them all.
BENCHES = $(patsubst bench/%/__main__.py,%,$(wildcard bench/*/__main__.py))

# Each of the many processes that are started would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test long coverage containers boards lint lock bench agent screenshots catalogues clean

help:  ## list targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|' 2>/dev/null \
		|| grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST)

# exec: Ctrl-C and a supervisor's SIGTERM reach the program itself, not a shell in front of it.
run: $(RUNS)  ## start everything on this machine (PORT=8000), until Ctrl-C
	@exec $(BIN)/python manage.py up --port $(PORT) $(ARGS)

test: $(TESTS)  ## run the tests, including those in a browser
	@exec $(PYTEST) $(ARGS)

long: $(TESTS)  ## run the tests that take longer than `make test` may
	@exec $(PYTEST) -m long $(ARGS)

# Apart from `test`: counting lines doubles the time of everything that runs in the test processes themselves.
coverage: $(TESTS)  ## run every test and print which lines none of them reached
	@exec $(PYTEST) --cov --cov-report=term:skip-covered $(ARGS)

containers: $(TESTS)  ## build the containers, start them and try them (needs Docker; ARGS=--keep leaves them running)
	@exec $(BIN)/python -m tests.containers $(ARGS)

# Needs a network: it asks the package index, and installs into folders of its own. An emulated board needs root and qemu.
boards: $(TESTS)  ## resolve the agent's packages for boards, run its tests under their Pythons, and emulate one of them
	@$(BIN)/python -m tests.boards.resolve
	@$(BIN)/python -m tests.boards.pythons $(ARGS)
	@$(BIN)/python -m tests.boards.aarch64 || [ $$? = 2 ]  # 2: it says what is missing

lint: $(TESTS)  ## check style and types, of the JavaScript too where Node is installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy manage.py webapp inference devices federation bench
	@# What runs on nodes, for the oldest Python that a board brings.
	$(BIN)/mypy --python-version 3.10 devices/agent devices/compute devices/contract inference/engine inference/stages federation/app federation/node
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(NODE) && node_modules/.bin/tsc; \
		else echo "JavaScript was not checked: install Node.js 18 or newer."; fi

# uv comes with Flower.
lock: $(RUNS)  ## pin every dependency of the server with its hashes
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" \
		--output-file requirements.lock requirements.txt

bench: $(TESTS)  ## run quick benchmarks (in full: ARGS=--json)
	@failed=; for name in $(BENCHES); do echo "== $$name"; \
		$(BIN)/python -m bench.$$name $(or $(ARGS),--quick) || failed="$$failed $$name"; done; \
	test -z "$$failed" || { echo "These could not be measured:$$failed"; exit 1; }

agent: $(RUNS)  ## build the agent's wheel into var/agent, as the server does for boards
	@cd devices/agent && $(abspath $(BIN))/python -m hatchling build --target wheel --directory ../../var/agent

screenshots: $(TESTS)  ## take the pictures in docs/screenshots (needs Chromium; ARGS="--photo FILE")
	@exec $(BIN)/python docs/make_screenshots.py $(ARGS)

catalogues: $(TESTS)  ## collect the sentences to translate and compile the translations (a new language: ARGS=pt-BR)
	@exec $(BIN)/python -m docs.make_catalogues $(ARGS)

clean:  ## remove caches; the environment and everything in var/ stay
	@find . \( -path ./var -o -path './$(VENV)' -o -path ./.git \) -prune -o -type d -name __pycache__ -print | xargs -r rm -rf
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(RUNS): requirements.txt devices/agent/pyproject.toml
	@command -v $(PYTHON) >/dev/null \
		|| { echo "There is no $(PYTHON); install Python 3.11 or newer, or name one: make PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is too old; Isthmus needs Python 3.11 or newer: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "$(PYTHON) has no venv module; install it (Debian, Ubuntu: apt install python3-venv) and try again."; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV); the first time takes a few minutes."
	@$(PIP) -r requirements.txt
	@# Nodes on this machine find their capabilities by the entry points of the agent's package.
	@$(PIP) --no-deps --no-build-isolation -e devices/agent
	@touch $@

$(TESTS): $(RUNS) requirements-dev.txt requirements-traces.txt
	@$(PIP) -r requirements-dev.txt
	@touch $@

$(NODE): package-lock.json
	@npm ci --silent --no-audit --no-fund
	@touch $@
