# The two commands of the README are `make run` and `make test`; the rest is for developers.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# More arguments for pytest, e.g. make test PYTEST="--guide=path/to/guide.md"
PYTEST ?=

.PHONY: run test lint types imports unit wheel bench snapshots picture clean

run: $(VENV)/.installed
	$(BIN)/escalated-workbench demo

test: lint types imports unit wheel

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/pyright --pythonpath $(BIN)/python

imports: $(VENV)/.installed-dev
	PYTHONPATH=core:workbench $(BIN)/lint-imports --no-cache

unit: $(VENV)/.installed-dev
	$(BIN)/pytest $(PYTEST)

# The wheel that users get: built, installed into a clean environment, and run from there.
wheel: $(VENV)/.installed-dev
	rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/python -m build --wheel --outdir build/wheel .
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/pip install --quiet build/wheel/*.whl
	cd build/wheel && venv/bin/escalated-workbench demo --print-only > copy.txt
	cd build/wheel && venv/bin/escalated-workbench fire ticket_data --plugins "$$(cat copy.txt)"

bench: $(VENV)/.installed-dev
	$(BIN)/pytest tests/benchmarks -q -o python_files="bench_*.py" $(PYTEST)

snapshots: $(VENV)/.installed-dev
	$(BIN)/pytest tests/tui --snapshot-update

picture: $(VENV)/.installed-dev
	$(BIN)/python docs/make_picture.py

$(VENV)/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.installed-dev: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis
