# What can be done here: make help.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OLDEST := 3.11

.PHONY: help run test check coverage mutations format system bench faults messages pictures audit lock

help: ## Say what can be done
	@grep -hE '^[a-z.]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-10s %s\n", $$1, $$2}'

run: $(VENV)/run .env ## Run the portal, a registry and images to try, on this machine
	@exec $(BIN)/python manage.py demo

test: $(VENV)/dev ## Test everything that can run on this machine
	@$(BIN)/python -m tests.run

check: $(VENV)/dev ## Check format, lint, types and templates
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	SECRET_KEY=check $(BIN)/mypy portal tokens manage.py
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml portal tokens
	SECRET_KEY=check VAR_DIR=$$(mktemp -d) $(BIN)/python manage.py makemigrations --check

coverage: $(VENV)/dev ## Fail unless the quick tests reach every line and branch of tokens/
	@$(BIN)/python -m tests.covering

mutations: $(VENV)/dev ## Look for faults in rules and deeds that no test finds: a quarter of an hour
	@$(BIN)/python -m tests.mutations.run

format: $(VENV)/dev ## Put code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

system: ## Install the Debian packages that the tests drive (as root)
	@deploy/system-packages

bench: $(VENV)/dev ## Measure the realm beside what it could be, and large companies beside small ones
	@$(BIN)/python -m bench.realm
	@$(BIN)/python -m bench.profile
	@$(BIN)/python -m bench.screens
	@$(BIN)/python -m bench.rows
	@$(BIN)/python -m bench.timing
	@$(BIN)/python -m bench.outage
	@$(BIN)/python -m bench.revocation
	@$(BIN)/python -m bench.layers
	@$(BIN)/python -m bench.scale
	@$(BIN)/python -m bench.restore

faults: $(VENV)/dev ## Break everything around the portal, and see that nothing is lost: half an hour
	@$(BIN)/python -m tests.faults.run

messages: $(VENV)/dev ## Write what is to be translated into locale/, and compile what is
	@SECRET_KEY=messages VAR_DIR=$$(mktemp -d) $(BIN)/python manage.py makemessages --locale nl \
	  --no-wrap --no-obsolete --add-location file --ignore 'tests/*' --ignore 'bench/*' --ignore 'var/*'
	@msgfmt --check --statistics --output-file=locale/nl/LC_MESSAGES/django.mo locale/nl/LC_MESSAGES/django.po

pictures: $(VENV)/dev ## Take a picture of every screen, into var/pictures/
	@$(BIN)/python -m pytest -q tests/journeys/pictures.py

audit: $(VENV)/dev ## Look the locked packages up among the known vulnerabilities (needs the network)
	@$(BIN)/uv tool run pip-audit --strict --disable-pip --require-hashes -r requirements.lock
	@$(BIN)/uv tool run pip-audit --strict --disable-pip --require-hashes -r requirements-dev.lock

lock: $(VENV)/dev ## Write the locks anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version $(OLDEST) pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version $(OLDEST) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

.env: | $(VENV)/run
	@$(BIN)/python -m portal.new_env .env

# Stamps: the lock that an environment was made from.
$(VENV)/python:
	@command -v $(PYTHON) > /dev/null || { echo "Python $(OLDEST) or newer is needed; $(PYTHON) is not here."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < tuple(map(int, "$(OLDEST)".split("."))))' \
	  || { echo "Python $(OLDEST) or newer is needed; $(PYTHON) is $$($(PYTHON) -V). Name another with PYTHON=…"; exit 1; }
	@echo "· Making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV) > /dev/null 2>&1 \
	  || { rm -rf $(VENV); echo "A virtual environment cannot be made: apt-get install python3-venv, please."; exit 1; }
	@touch $@

$(VENV)/run: requirements.lock | $(VENV)/python
	@echo "· Installing the packages of requirements.lock"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/dev: requirements-dev.lock | $(VENV)/python
	@echo "· Installing the packages of requirements-dev.lock"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/run
