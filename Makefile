# make book      everything: environment, notebooks, site          make serve   look at it
# make html      rebuild what changed; with SOLUTIONS=no           make test    everything tested
#                exercises without their solutions
# make bench     measure                                           make lock    renew the pins
# make lab       the chapters in JupyterLab, readable and with your changes kept in _build/notebooks
# make pdf       the printed book; with ADDRESS=https://... each figure has the address that opens it alive
# make assignments   what students get, what grades it, the solutions      make grade ASSIGNMENT=... SUBMISSIONS=...   a class's
# make engines   what tries the book in Firefox and WebKit, and measures it with Lighthouse: npm's and, as root on Debian, apt's
# make mutants   how many small faults in the models the tests find: an hour or more
# make audit     known vulnerabilities, and licences       make links     every address outside the book, and whether it is alive
# make atlas     every system against its twin: book/data/atlas.csv      make covers    the chapters' covers: book/covers
PYTHON ?= python3
BIN := .venv/bin
PY := $(BIN)/python
SITE := _build/html
TORCH_CPU := https://download.pytorch.org/whl/cpu

NEWEST ?=

.PHONY: book html serve lab pdf assignments grade engines test test-long mutants audit links bench atlas covers lock clean

book: html
	@echo
	@echo "The book is at $(CURDIR)/$(SITE)/index.html"
	@echo "Open that file, or run 'make serve'."

html: .venv/ready
	$(PY) book/_ext/living_book/pyodide.py
	$(BIN)/jupyter-book build . -W --keep-going -n

serve: .venv/ready
	@$(PY) book/_ext/living_book/serve.py

lab: .venv/ready
	@test -d _build/notebooks -a ! -d _build/jupyter_execute || $(PY) book/_ext/living_book/live_notebooks.py --at-home _build/notebooks
	$(BIN)/jupyter lab _build/notebooks

pdf: html
	$(PY) tests/browser/chromium.py
	$(PY) book/_ext/living_book/paper.py --site "$(ADDRESS)"

assignments: .venv/ready
	$(PY) book/_ext/living_book/assign.py

grade: .venv/ready
	@test -d "$(SUBMISSIONS)" || { echo "Say which: make grade ASSIGNMENT=01_crowd SUBMISSIONS=a_folder_of_notebooks"; exit 1; }
	$(PY) book/teaching/grade.py _build/assignments/$(ASSIGNMENT)/autograder.zip "$(SUBMISSIONS)"

test: html
	$(PY) tests/browser/chromium.py
	$(PY) -m pytest -n 2 --durations=10

# Every statistical test with every seed from 0 to 99, every explorer and cover drawn anew, every chapter run in a browser, and the
# models' tests in Pyodide; the reports are committed.
test-long: SHELL := /bin/bash
test-long: html engines
	set -o pipefail; $(PY) -m pytest tests/helpers tests/book tests/browser tests/long --all-seeds --every-notebook -n 2 --durations=15 | tee tests/LONG.txt
	set -o pipefail; $(BIN)/../lib/python3*/site-packages/playwright/driver/node tests/pyodide.mjs $(SITE)/_pyodide | tee tests/LONG_PYODIDE.txt

mutants: .venv/ready
	$(PY) -m pip install --quiet --no-deps --upgrade --target _build/mutmut -r tests/mutmut.txt
	$(PY) tests/mutants.py

audit: .venv/ready
	$(PY) tests/audit.py

links: html
	$(PY) tests/links.py --ask

engines:
	npm ci --no-audit --no-fund
	@if command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && apt-get install -y -qq firefox-esr webkit2gtk-driver xvfb > /dev/null; fi

bench: html engines
	$(PY) tests/browser/chromium.py
	$(PY) bench/reader.py
	$(PY) bench/front_end.py
	$(PY) bench/stages.py
	$(PY) bench/models.py
	$(PY) bench/sweeps.py
	$(PY) bench/peers.py
	$(PY) bench/notebooks.py
	$(PY) bench/lite.py

# Goes on where it was stopped; after a change of a model remove _build/atlas.jsonl first.
atlas: .venv/ready
	$(PY) book/data/atlas.py

covers: .venv/ready
	$(PY) book/covers.py

# The exact environment, with hashes. torch comes apart: on Linux its CPU build, when PyTorch's own
# index answers within 3 s (2.13.0+cpu sorts above 2.13.0), else what the configured index gives.
.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "This book needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version)."; \
	    echo "Name another one: make book PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --require-hashes -r requirements.lock
	@index=""; \
	if [ "$$(uname -s)" = Linux ] && $(PY) -c 'import urllib.request as web; \
	    web.urlopen("$(TORCH_CPU)/torch/", timeout=3)' 2>/dev/null; \
	then index="--extra-index-url $(TORCH_CPU)"; fi; \
	echo "installing torch $$index"; \
	$(PY) -m pip install --quiet torch==2.13.0 $$index
	$(PY) -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# NEWEST=--upgrade takes the newest releases that requirements.txt allows.
lock: .venv/ready
	$(BIN)/uv pip compile --quiet $(NEWEST) --universal --python-version 3.11 --generate-hashes \
	  --no-emit-package torch --no-header requirements-dev.txt -o requirements.lock
	$(BIN)/uv pip compile --quiet --python-version 3.11 --python-platform x86_64-manylinux_2_28 --no-annotate \
	  --custom-compile-command "make lock" -c requirements.txt -c requirements.lock binder/requirements.in -o binder/requirements.txt
	echo "--extra-index-url $(TORCH_CPU)" >> binder/requirements.txt

clean:
	rm -rf _build
