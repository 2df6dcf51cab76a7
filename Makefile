# `make demo` and `make test` work on a fresh machine, and may be repeated.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TUNE := demo.abc
RUN := checkpoints/demo

.PHONY: demo test browser faults lint docs check-docs release-check clean

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

# Write docs/cli.md from the help of the commands, and the site of docs/ into build/site.
docs: $(VENV)/.installed-docs
	$(BIN)/python -m docs.generate_cli
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "The site is build/site/index.html"

# Run every command that README.md and docs/ show, with small corpora and short training.
check-docs: $(VENV)/.installed-dev
	$(BIN)/python -m pytest tests/test_docs_commands.py --whole --log-cli-level info

# Build the packages, install them into new environments, and check all that a release needs.
release-check: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --group release
	$(BIN)/python -m release

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

$(VENV)/.installed-docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group docs
	@touch $@
