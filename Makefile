# `make` lists the commands. `demo` and `test` need Rust and a Debian-like system, and install the rest (see scripts/).
# Most commands share one debug build: it takes half the time of a release build, and runs are bound by the browser.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
CARGO_DENY_VERSION := 0.18.9

# Fail instead of changing the lock file.
CARGO_FLAGS ?= --locked

.PHONY: help setup demo run test nightly test-setup fmt fmt-check lint deny advisories doc scripts scripts-check fuzz figures tokens bench egress compare apps eval soak

help: ## List the commands
	@grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{ printf "  make %-13s %s\n", $$1, $$2 }'

setup: ## Install Debian's Chromium if none is found
	@scripts/ensure-chromium

demo: setup ## Order a kettle in a demo shop through the service and check the order
	cargo build $(CARGO_FLAGS) --bin browser-use-service --example demo
	target/debug/examples/demo target/debug/browser-use-service

run: setup ## Run the service with the settings in .env
	cargo run $(CARGO_FLAGS) --bin browser-use-service

test-setup: setup
	@scripts/ensure-clients
	@scripts/ensure-xvfb

# Not cargo-nextest: it starts a process for each test, and most browser tests share one browser in one process.
CARGO_TEST := cargo test $(CARGO_FLAGS) --workspace --tests --no-fail-fast
# Browser tests wait more than they compute.
TEST_THREADS ?= 5
# Some tests mount file systems and change users.
PRIVILEGED := unshare --mount true 2>/dev/null

test: test-setup ## Run the tests, including those with real browsers and clients
	@$(PRIVILEGED) || echo 'skipping tests named privileged: they need root with CAP_SYS_ADMIN'
	scripts/leaving-nothing $(CARGO_TEST) -- --test-threads=$(TEST_THREADS) --skip nightly:: $$($(PRIVILEGED) || echo --skip privileged::)

nightly: test-setup ## Run what takes too long for every change: the whole Chromium, a hundred runs, all goals, soak, fuzzing, real pages
	scripts/leaving-nothing $(CARGO_TEST) -- nightly::
	BROWSER_EXECUTABLE=$$(command -v chromium) scripts/leaving-nothing cargo test $(CARGO_FLAGS) --workspace --test browser -- --test-threads=$(TEST_THREADS) --skip nightly::
	scripts/leaving-nothing $(MAKE) eval soak
	$(MAKE) fuzz compare apps

fmt: ## Format the code
	cargo fmt --all
	cargo fmt --manifest-path fuzz/Cargo.toml

fmt-check:
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check

lint: ## Run clippy; warnings are errors
	cargo clippy $(CARGO_FLAGS) --workspace --all-targets -- -D warnings

scripts: ## Bundle the scripts that run in pages
	@scripts/page-scripts

scripts-check: ## Check types, style and bundles of the scripts that run in pages
	@scripts/page-scripts check

deny: ## Check licences, bans and sources of dependencies
	@scripts/ensure-cargo-deny $(CARGO_DENY_VERSION)
	cargo deny $(CARGO_FLAGS) check --hide-inclusion-graph bans licenses sources

# Separate from `deny` and not in CI, which must not depend on github.com.
advisories: ## Check dependencies against the RustSec database (needs github.com)
	@scripts/ensure-cargo-deny $(CARGO_DENY_VERSION)
	cargo deny $(CARGO_FLAGS) check advisories

doc: ## Build the documentation; warnings are errors
	RUSTDOCFLAGS="-D warnings" cargo doc $(CARGO_FLAGS) --workspace --no-deps --document-private-items

FUZZ_SECONDS ?= 30

fuzz: ## Fuzz all parsers of untrusted input, or FUZZ_TARGETS, for FUZZ_SECONDS each
	@scripts/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)

figures: setup ## Measure latency and memory of a release build
	cargo build $(CARGO_FLAGS) --release --bin browser-use-service --example figures
	target/release/examples/figures target/release/browser-use-service

SOAK_MINUTES ?= 5

soak: setup ## Load the service for SOAK_MINUTES under injected faults; SOAK_SEED repeats a run
	cargo build $(CARGO_FLAGS) --bin browser-use-service --example soak
	SOAK_MINUTES='$(SOAK_MINUTES)' SOAK_SEED='$(SOAK_SEED)' target/debug/examples/soak target/debug/browser-use-service

eval: setup ## Score the evaluation set, or GOALS, with the built-in planner or PROVIDER and MODEL
	cargo build $(CARGO_FLAGS) --bin browser-use-service --example evaluation
	PROVIDER='$(PROVIDER)' MODEL='$(MODEL)' target/debug/examples/evaluation target/debug/browser-use-service $(GOALS)

tokens: setup ## Count the tokens a login in five calls sends to its model (needs PyPI)
	cargo build $(CARGO_FLAGS) --bin browser-use-service --example prompts
	scripts/tokens/run target/debug/examples/prompts target/debug/browser-use-service

bench: setup ## Measure reading pages of 100 to 50,000 nodes
	cargo build $(CARGO_FLAGS) --release --example measure
	target/release/examples/measure bench

egress: setup ## Measure the overhead of request checks and the proxy
	cargo build $(CARGO_FLAGS) --release --example measure
	target/release/examples/measure egress

compare: setup ## Compare the view of ten real pages with the leading library (needs npm and PyPI)
	cargo build $(CARGO_FLAGS) --bin browser-use-service --example measure
	scripts/compare/run target/debug/examples/measure target/debug/browser-use-service

apps: setup ## Check the views of Node-RED, JupyterLab, a Streamlit form and AG Grid, or APPS (needs npm and PyPI)
	@scripts/ensure-node
	cargo build $(CARGO_FLAGS) --example measure
	scripts/apps/run target/debug/examples/measure $(APPS)
