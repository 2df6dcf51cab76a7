# `make demo` and `make test` work on a fresh machine, and may be repeated.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TUNE := demo.abc
RUN := checkpoints/demo

.PHONY: demo test browser faults lint docs clean

demo: $(VENV)/.installed
	@test -f $(RUN)/best.safetensors || \
		$(BIN)/charnn train folk --minutes 1 --name demo $$(test ! -f $(RUN)/last.safetensors || echo --resume)
	@echo; $(BIN)/charnn sample demo --seed 1 > $(TUNE) && cat $(TUNE)
	@echo; $(BIN)/charnn export-midi $(TUNE) -o demo.mid
	@echo; echo "Four commands to try next:"
	@echo "  $(BIN)/charnn sample demo --rhythm jig --key G --num 3 --save tunes/"
	@echo "  $(BIN)/charnn train folk --minutes 5"
	@echo "  $(BIN)/charnn train prose --cell gru --name my-first-text"
	@echo "  $(BIN)/pip install --editable '.[compose]' && $(BIN)/charnn compose"

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

# With Chromium, `make test` then drives the local page too.
browser: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group browser

faults: $(VENV)/.installed-dev
	$(BIN)/python -m pytest tests/faults --whole

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# Write docs/cli.md from the help of the commands.
docs: $(VENV)/.installed
	$(BIN)/python docs/generate_cli.py

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev
	@touch $@
