# `make` alone lists what it can do. Needs Python 3.11 or newer; the check of the page's JavaScript
# also npm, and says so where there is none.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PAGE := .page-tools

.DEFAULT_GOAL := help
.PHONY: help demo test test-busy attacks check check-page format embedded bench peers mutants models docs clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# What the demo needs, and what developing needs, in one environment.
$(VENV)/plain: pyproject.toml
	@echo "Setting up $(VENV): NumPy, OpenCV, Matplotlib and some more, about 300 MB."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -e '.[plots]'
	@touch $@

$(VENV)/installed: pyproject.toml
	@echo "Setting up $(VENV) with the developers' tools, about 900 MB; this takes some minutes."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -e '.[dev]'
	@touch $(VENV)/plain $@

demo: $(VENV)/plain  ## set up, train on the synthetic digits, read the pictures in test_images/
	$(BIN)/digitnet train --epochs 25 --out model
	$(BIN)/digitnet predict --model model test_images/digi_*.png
	$(BIN)/digitnet compare model cnn --on test_images --labels first

# A file of tests stays in one process, which starts its server, browser or cluster once.
test: $(VENV)/installed  ## set up and run the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-busy: $(VENV)/installed  ## the tests, while four processes beside them compute
	$(BIN)/python tools/busy.py

attacks: $(VENV)/installed  ## every attack of docs/trust.md in full; the tests make a tenth of them
	ATTACKS=1 $(BIN)/python -m pytest -n 2 --dist loadfile tests/attacks

check: $(VENV)/installed check-page  ## lint, format and types, of Python and of the page
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# Where npm cannot be had, the page is not checked, and that is said; in CI it is a failure.
$(PAGE)/installed: tools/page/package.json
	@mkdir -p $(PAGE) && cp $< $(PAGE)/
	@if timeout 180 npm install --silent --no-audit --no-fund --no-package-lock --prefix $(PAGE) \
	  >/dev/null 2>&1; then touch $@; \
	else echo "npm cannot be had here: the page is neither type-checked nor linted." >&2; \
	  test -z "$$CI"; fi

check-page: $(PAGE)/installed
	@if [ ! -f $(PAGE)/installed ]; then exit 0; fi; set -ex; \
	  $(PAGE)/node_modules/.bin/tsc; $(PAGE)/node_modules/.bin/biome check --error-on-warnings

format: $(VENV)/installed $(PAGE)/installed  ## lay the code out
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	if [ -f $(PAGE)/installed ]; then $(PAGE)/node_modules/.bin/biome check --write; fi

embedded: $(VENV)/installed  ## build the C examples and run them in emulators, as far as they are installed
	$(MAKE) -C examples DIGITNET=$(CURDIR)/$(BIN)/digitnet

bench: $(VENV)/installed  ## the board: digitnet beside its peers, as far as they are installed
	$(BIN)/python -m benchmarks.board

peers:  ## install the peers (PyTorch, JAX, ...) into an environment of their own, .peers
	$(PYTHON) -m venv .peers
	.peers/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt

mutants: $(VENV)/installed  ## plant small faults and count those that the tests notice
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[mutants]'
	$(BIN)/python tools/mutants.py --sample 300

models: $(VENV)/installed  ## train the models in the box anew by their recipes
	for name in mlp cnn; do \
		$(BIN)/digitnet train --recipe $$name --out runs/$$name && \
		$(BIN)/digitnet train --recipe $$name-hands --out runs/$$name-hands && \
		$(BIN)/digitnet calibrate runs/$$name-hands && \
		mkdir -p src/digitnet/models/box/$$name && \
		cp runs/$$name-hands/*.npy runs/$$name-hands/model.json src/digitnet/models/box/$$name/ \
		|| exit 1; \
	done
	$(BIN)/digitnet train --recipe mcu-4k --out runs/mcu
	mkdir -p src/digitnet/models/box/mcu
	cp runs/mcu/*.npy runs/mcu/model.json src/digitnet/models/box/mcu/

# The tests run the code of the README and the quickstart, too.
docs: $(VENV)/installed  ## bring lists and tables up to date, run the notebooks, build the site
	$(BIN)/python tools/house.py
	$(BIN)/python tools/forms.py
	$(BIN)/python tools/source_lines.py
	$(BIN)/python tools/notebooks.py
	$(BIN)/python tools/notebooks.py --run
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --fresh-env --nitpicky docs build/site
	@echo "The site is in build/site/index.html."

clean:  ## drop the environments and caches; the model stays
	rm -rf $(VENV) $(PAGE) .peers .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis
