# `make demo` and `make test` need Python 3.11 or later and a network that reaches PyPI.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test test-full lint docs lock install clean

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --editable '.[demo,slurm,generic,dev,docs]'
	touch $@

# The default study from nothing to Table 1, then the table in the terminal.
demo: install
	$(BIN)/snakemake --cores all results/tables/table1.tex results/demo/figures/contact_sheet.png
	$(BIN)/lead show

# Two processes of one thread each, up to 3 GB apiece; TEST_PROCESSES=0 is pytest as it is.
TEST_PROCESSES ?= 2
test: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(TEST_PROCESSES)

# Every test, and half a minute of damaged files of each kind: an hour on two cores.
test-full: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(TEST_PROCESSES) -m ""
	$(BIN)/python benchmarks/fuzz.py --minutes 0.5

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

# The documentation as a site, in build/site.
docs: install
	$(BIN)/python -m mkdocs build --quiet --config-file docs/site/mkdocs.yml

# Versions and hashes for Python 3.11 on Linux x86_64, the newest that pyproject.toml allows; `pip install uv` first.
# torch, and what it needs of CUDA as PyPI has it, stand apart: without a GPU another build of torch is wanted.
LOCK := UV_CUSTOM_COMPILE_COMMAND='make lock' uv pip compile --quiet --upgrade --generate-hashes \
  --python-version 3.11 --python-platform x86_64-manylinux_2_28
CUDA := torch triton cuda-bindings cuda-pathfinder cuda-toolkit $(addprefix nvidia-, cublas cuda-cupti cuda-nvrtc \
  cuda-runtime cudnn-cu13 cufft cufile curand cusolver cusparse cusparselt-cu13 nccl-cu13 nvjitlink nvshmem-cu13 nvtx)
lock:
	$(LOCK) pyproject.toml --extra demo --extra slurm --extra generic $(CUDA:%=--no-emit-package %) \
	  --output-file requirements.lock
	echo torch==2.13.0 | $(LOCK) - --constraint requirements.lock --output-file requirements-cuda.lock

clean:
	rm -rf results/[!R]* results/.state .snakemake
