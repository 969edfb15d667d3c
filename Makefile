# Every task of the project; `make help` lists them. Each works alone on a fresh clone.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help setup dev demo test test-rust test-python check check-python check-rust ci bench fuzz nightly clean

BIN := .venv/bin
PYTHON_FILES := engine api strategies tests scripts benchmarks
export PYO3_PYTHON := $(CURDIR)/$(BIN)/python
export CARGO_TERM_QUIET ?= true

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## create .venv with everything, the Rust core as a release build
	@scripts/setup release

dev: ## the same with a quick, slower Rust build; `velox bench` refuses it
	@scripts/setup quick

demo: setup ## a whole trading day on paper, here, in about a minute
	@$(BIN)/velox demo

test: setup test-rust test-python ## every test but the nightly ones

test-rust:
	@scripts/test-rust

test-python:
	$(BIN)/python -m pytest

check: setup check-python check-rust ## format, lint, types, imports, house rules

check-python:
	$(BIN)/ruff format --check $(PYTHON_FILES)
	$(BIN)/ruff check $(PYTHON_FILES)
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/python -m mypy.stubtest velox_core
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest tests/test_tidy.py

check-rust:
	cargo fmt --check
	cargo metadata --locked --format-version 1 --manifest-path velox_core/fuzz/Cargo.toml >/dev/null
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --workspace --all-targets --features velox_core/python -- -D warnings

ci: ## what runs for every change
	@.ci/run

bench: setup ## measure the figures of the README
	@$(BIN)/velox bench

fuzz: ## two minutes of fuzzing over all targets (FUZZ_SECONDS=…)
	@scripts/fuzz $(or $(FUZZ_SECONDS),120)

nightly: setup ## the long tests; the result goes to benchmarks/nightly.md
	@$(BIN)/python scripts/nightly.py

clean: ## remove everything that was built
	rm -rf .venv target velox_core/fuzz/target .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	rm -f velox_core/python/velox_core/_core*.so
	find engine api strategies tests scripts velox_core/python -name __pycache__ -type d -prune -exec rm -rf {} +
