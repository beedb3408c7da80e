# Inpaint's commands. `make` alone lists them.
#
# Everything is installed into $(VENV), which is made from nothing. Stamp files in it say what is installed, so that a
# second call does only what changed. Folders and Python are taken as: make test VENV=.venv-312 PYTHON=python3.12

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin

PHOTO := docs/demo/photo.jpg
MASK := docs/demo/mask.png
FILLED := demo.out/filled.png

# What goes into the package. Folders count too: their time changes when a file is added or deleted.
PACKAGES := $(wildcard cli core gimp_plugin studio training weights)
SOURCES := pyproject.toml README.md inpaint_photo.py $(shell find $(PACKAGES) -name __pycache__ -prune -o -print)

.DEFAULT_GOAL := help
.PHONY: help demo test gimp-test lint format dev picture clean

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.installed  ## fill the demo photograph with the bundled model (base install, no torch)
	@mkdir -p $(dir $(FILLED))
	$(BIN)/inpaint fill $(PHOTO) --mask $(MASK) -o $(FILLED)
	@printf '\nphoto   %s\nmask    %s\nfilled  %s\n' $(abspath $(PHOTO)) $(abspath $(MASK)) $(abspath $(FILLED))

test: lint  ## check style and types, then run every test against a normal install
	$(BIN)/pytest $(ARGS)

gimp-test:  ## try the plug-in in a real GIMP 3.0 (GIMP_SUITE=forky: 3.2); as root on Debian or Ubuntu
	tests/gimp/run.sh

lint: $(VENV)/.installed-dev  ## check style and types only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --project pyproject.toml --pythonpath $(BIN)/python

format: $(VENV)/.installed-dev  ## put the code into the one style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

dev: $(VENV)/pyvenv.cfg  ## install editable, for working on the code (`make test` goes back to a normal install)
	rm -f $(VENV)/.installed $(VENV)/.installed-dev
	$(BIN)/python -m pip uninstall --quiet --yes inpaint
	$(BIN)/python -m pip install --editable '.[dev]'

picture: demo  ## make the README's before/after picture again
	$(BIN)/python docs/demo/make_before_after.py $(FILLED)

clean:  ## delete what building and testing left behind, but not $(VENV) and not runs/
	rm -rf build dist demo.out *.egg-info .pytest_cache .ruff_cache .hypothesis
	find $(PACKAGES) tests benchmarks docs -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/pyvenv.cfg:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "There is no $(PYTHON) here; install Python 3.11 or newer, or name one: make $(MAKECMDGOALS) PYTHON=python3.12"; \
	  exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is $$($(PYTHON) -V 2>&1), and Inpaint needs 3.11 or newer; name one: make $(MAKECMDGOALS) PYTHON=python3.12"; \
	  exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	  echo "$(PYTHON) cannot make virtual environments; install its venv package (Debian and Ubuntu: apt install python3-venv)."; \
	  exit 1; }
	$(PYTHON) -m venv $(VENV)

# Before 0.2 the distribution was called `inpaint`; two of them in one environment own the same files.
# A left-over build/ or *.egg-info would bring files into the package that are no longer in the tree.
$(VENV)/.installed: $(SOURCES) | $(VENV)/pyvenv.cfg
	rm -rf build *.egg-info
	$(BIN)/python -m pip uninstall --quiet --yes inpaint
	$(BIN)/python -m pip install .
	@touch $@

# One pip command: torch and torchvision have to be chosen together.
$(VENV)/.installed-dev: $(SOURCES) | $(VENV)/pyvenv.cfg
	rm -rf build *.egg-info
	$(BIN)/python -m pip uninstall --quiet --yes inpaint
	$(BIN)/python -m pip install '.[dev]'
	@touch $(VENV)/.installed $@
