# The project's commands. `make` alone lists them.
#
# `demo` and `test` need the Rust toolchain and a Debian-like system; what else they need they install themselves,
# once (see scripts/). A development build is used throughout: it is ready in half the time of a release build, the
# tests share it, and the time of a run is the browser's anyway.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
CARGO_DENY_VERSION := 0.18.9

# Cargo's own lookups never change the lock file behind our back.
CARGO_FLAGS ?= --locked

.PHONY: help setup demo run test test-setup fmt fmt-check lint deny advisories doc fuzz figures tokens bench compare eval soak

help: ## List the commands
	@grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

setup: ## Install Chromium from Debian unless there is one
	@scripts/ensure-chromium

demo: setup ## Build, serve the demo shop, order a kettle through the service, check the order
	cargo build $(CARGO_FLAGS) --bin browser-use-service --example demo
	target/debug/examples/demo target/debug/browser-use-service

run: setup ## Run the service with the settings in .env
	cargo run $(CARGO_FLAGS) --bin browser-use-service

test-setup: setup
	@scripts/ensure-clients
	@scripts/ensure-xvfb

test: test-setup ## Run every test, those with a real browser and real clients too
	cargo test $(CARGO_FLAGS) --no-fail-fast

fmt: ## Format the code
	cargo fmt --all
	cargo fmt --manifest-path fuzz/Cargo.toml

fmt-check:
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check

lint: ## Run clippy; a warning is an error
	cargo clippy $(CARGO_FLAGS) --all-targets -- -D warnings

deny: ## Check the licences, bans and sources of all dependencies
	@scripts/ensure-cargo-deny $(CARGO_DENY_VERSION)
	cargo deny $(CARGO_FLAGS) check --hide-inclusion-graph bans licenses sources

# Apart from `deny`, as it clones the RustSec database from GitHub: a check that the network can fail is no gate.
advisories: ## Check the dependencies against the RustSec database (needs github.com)
	@scripts/ensure-cargo-deny $(CARGO_DENY_VERSION)
	cargo deny $(CARGO_FLAGS) check advisories

doc: ## Build the documentation; a warning is an error
	RUSTDOCFLAGS="-D warnings" cargo doc $(CARGO_FLAGS) --no-deps --document-private-items

FUZZ_SECONDS ?= 30

fuzz: ## Fuzz every reader of untrusted bytes, FUZZ_SECONDS each; FUZZ_TARGETS names some of them
	@scripts/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)

figures: setup ## Measure a release build and print a table
	cargo build $(CARGO_FLAGS) --release --bin browser-use-service --example figures
	target/release/examples/figures target/release/browser-use-service

SOAK_MINUTES ?= 5

soak: setup ## Load the service for SOAK_MINUTES while things break around it; SOAK_SEED repeats what was done
	cargo build $(CARGO_FLAGS) --bin browser-use-service --example soak
	SOAK_MINUTES='$(SOAK_MINUTES)' SOAK_SEED='$(SOAK_SEED)' target/debug/examples/soak target/debug/browser-use-service

eval: setup ## Send every goal of the evaluation set to the service; PROVIDER and MODEL name who decides
	cargo build $(CARGO_FLAGS) --bin browser-use-service --example evaluation
	PROVIDER='$(PROVIDER)' MODEL='$(MODEL)' target/debug/examples/evaluation target/debug/browser-use-service $(GOALS)

tokens: setup ## Count what a login in five calls sends to its model and print a table (needs PyPI)
	cargo build $(CARGO_FLAGS) --bin browser-use-service --example prompts
	scripts/tokens/run target/debug/examples/prompts target/debug/browser-use-service

bench: setup ## Measure what reading pages of 100 to 50,000 nodes costs and print tables
	cargo build $(CARGO_FLAGS) --release --example bench
	target/release/examples/bench

compare: setup ## Compare the view of ten real pages with the leading library's (needs npm and PyPI)
	cargo build $(CARGO_FLAGS) --bin browser-use-service --example look
	scripts/compare/run target/debug/examples/look target/debug/browser-use-service
