# make run       builds Spanwise and starts it at http://127.0.0.1:5000, with demo traces, on ./data
# make test      formatting, lints as errors, and every test there is
# make release   builds everything into target/release/spanwise

SHELL := /bin/sh
CARGO ?= cargo
export PYTHON ?= python3

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
BINARY := $(TARGET_DIR)/release/spanwise
LOGS := $(TARGET_DIR)/test-logs
STEP := scripts/step.sh
RUN_TESTS := scripts/run-tests.sh
PYTEST := .venv/bin/python -m pytest -c tests/pytest.ini
# The client tests mostly wait for each other's network; more workers than cores pay off.
E2E_WORKERS ?= 4
# These mostly wait for servers that start and end.
FAULT_WORKERS ?= 4

# Libraries that programs use beside the Rust SDK, and the programs that show them; a workspace of its own.
EXAMPLES_DIR := $(abspath $(TARGET_DIR))/examples

.PHONY: pack-prices run release ui test fmt fmt-check lint lint-python test-rust test-e2e test-upstream test-replay test-parity test-faults test-ui test-browser lint-ui examples test-examples venv openapi bench bench-peers bench-build bench-evaluate bench-sdk soak

run:
	@scripts/check-tools.sh cargo node npm cc
	@$(MAKE) --no-print-directory release
	@exec $(BINARY) serve --demo --data-dir ./data

# The web UI goes into the binary, so it is built first.
release: ui
	$(CARGO) build --release --package spanwise-cli

test:
	@scripts/check-tools.sh cargo cc node npm python3 venv cargo-nextest strace chromium postgresql
	@$(STEP) "formatting" $(MAKE) --no-print-directory fmt-check
	@$(STEP) "lints" $(MAKE) --no-print-directory lint
	@$(STEP) "Rust tests" $(MAKE) --no-print-directory test-rust
	@$(STEP) "UI packages" scripts/npm-packages.sh
	@$(STEP) "UI lints and types" $(MAKE) --no-print-directory lint-ui
	@$(STEP) "UI unit tests" $(MAKE) --no-print-directory test-ui
	@$(STEP) "release build" $(MAKE) --no-print-directory release
	@$(STEP) "Python environment" $(MAKE) --no-print-directory venv
	@$(STEP) "Python lints" $(MAKE) --no-print-directory lint-python
	@$(STEP) "browser tests" $(MAKE) --no-print-directory test-browser
	@$(STEP) "Rust examples" $(MAKE) --no-print-directory examples test-examples
	@$(STEP) "end-to-end tests" $(MAKE) --no-print-directory test-e2e
	@$(STEP) "client tests against MLflow's server" $(MAKE) --no-print-directory test-upstream UPSTREAM_TESTS="$(UPSTREAM_PART)"
	@$(STEP) "replay" $(MAKE) --no-print-directory test-replay
	@$(STEP) "parity with MLflow's server" $(MAKE) --no-print-directory test-parity
	@$(STEP) "fault tests" $(MAKE) --no-print-directory test-faults
	@scripts/count-tests.sh $(LOGS)/rust.log $(LOGS)/doc.log $(LOGS)/examples.log $(LOGS)/examples-doc.log $(LOGS)/ui.log $(LOGS)/browser.log $(LOGS)/e2e.log $(LOGS)/upstream.log $(LOGS)/replay.log $(LOGS)/parity.log $(LOGS)/faults.log $(LOGS)/faults-alone.log

fmt:
	$(CARGO) fmt --all
	$(CARGO) fmt --manifest-path examples/rust/Cargo.toml --all

fmt-check:
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path examples/rust/Cargo.toml --all --check

# What programs depend on, so that its documentation is read.
SDK_CRATES := spanwise spanwise-macros spanwise-sdk-core spanwise-sdk-providers spanwise-inbox

# The SDK's parts that are not in its default features are checked and tested with the others.
lint:
	$(CARGO) clippy --workspace --all-targets --all-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --all-features $(SDK_CRATES:%=--package %)

lint-python: venv
	.venv/bin/ruff check tests bench
	.venv/bin/ruff format --check tests bench

test-rust:
	$(RUN_TESTS) $(LOGS)/rust.log $(CARGO) nextest run --workspace --all-features
	$(RUN_TESTS) $(LOGS)/doc.log $(CARGO) test --workspace --doc --all-features

# What the end-to-end tests run of `examples/rust`, built before them so that its time shows.
examples:
	$(CARGO) build --manifest-path examples/rust/Cargo.toml --locked --workspace --target-dir $(EXAMPLES_DIR)

test-examples:
	$(CARGO) clippy --manifest-path examples/rust/Cargo.toml --locked --workspace --all-targets --target-dir $(EXAMPLES_DIR) -- -D warnings
	$(RUN_TESTS) $(LOGS)/examples.log $(CARGO) test --manifest-path examples/rust/Cargo.toml --locked --workspace --test it --target-dir $(EXAMPLES_DIR)
	$(RUN_TESTS) $(LOGS)/examples-doc.log $(CARGO) test --manifest-path examples/rust/Cargo.toml --locked --workspace --doc --target-dir $(EXAMPLES_DIR)

ui:
	@scripts/build-ui.sh

lint-ui:
	@scripts/npm-packages.sh
	cd ui && npm run --silent lint && npm run --silent typecheck

test-ui:
	@scripts/npm-packages.sh
	cd ui && ../$(RUN_TESTS) $(abspath $(LOGS))/ui.log npm run --silent test

# These expect the binary of `make release`.
test-e2e: venv
	SPANWISE_BIN=$(abspath $(BINARY)) $(RUN_TESTS) $(LOGS)/e2e.log $(PYTEST) -n $(E2E_WORKERS) tests/e2e

# The same tests against MLflow's own server, which must answer alike but where a test says `differs`. All of them take
# several minutes there, so that CI runs a part.
UPSTREAM_TESTS ?= tests/e2e
UPSTREAM_PART := $(patsubst %,tests/e2e/test_mlflow_%.py,artifacts cli datasets experiments judges logged_models older_clients prompts runs scorers)
test-upstream: venv
	$(RUN_TESTS) $(LOGS)/upstream.log $(PYTEST) -n $(E2E_WORKERS) --target mlflow $(UPSTREAM_TESTS)

test-replay: venv
	SPANWISE_BIN=$(abspath $(BINARY)) $(RUN_TESTS) $(LOGS)/replay.log $(PYTEST) tests/replay

# MLflow's own server runs beside ours.
test-parity: venv
	SPANWISE_BIN=$(abspath $(BINARY)) $(RUN_TESTS) $(LOGS)/parity.log $(PYTEST) tests/parity

test-faults: venv
	SPANWISE_BIN=$(abspath $(BINARY)) $(RUN_TESTS) $(LOGS)/faults.log $(PYTEST) -n $(FAULT_WORKERS) --dist worksteal -m "not alone" tests/faults
	SPANWISE_BIN=$(abspath $(BINARY)) $(RUN_TESTS) $(LOGS)/faults-alone.log $(PYTEST) -m alone tests/faults

# Runs an example of the Rust SDK, too.
test-browser:
	@scripts/check-tools.sh cargo node chromium
	@scripts/npm-packages.sh
	cd ui && SPANWISE_BIN=$(abspath $(BINARY)) ../$(RUN_TESTS) $(abspath $(LOGS))/browser.log npm run --silent test:browser

venv:
	@scripts/make-venv.sh

# The built-in price list as it goes into the binary.
pack-prices:
	zstd -q -19 -f -k crates/genai/data/prices.jsonl -o crates/genai/data/prices.jsonl.zst

# What the server can do on this machine, beside what the machine can do (docs/performance.md). BENCH_SIZES=10000,100000,1000000
# takes about 16 GB of disk.
BENCH := $(TARGET_DIR)/release/spanwise-bench --binary $(BINARY) --folder $(TARGET_DIR)/bench
BENCH_SIZES ?= 10000,100000
bench: bench-build
	$(BENCH) --sizes $(BENCH_SIZES)
	$(MAKE) --no-print-directory bench-sdk

# The same requests for Spanwise and for MLflow's server, which gets an environment of its own.
bench-peers: bench-build
	$(BENCH) --mlflow "$$(scripts/mlflow-server.sh)"

# What a span costs a program, beside OpenTelemetry's SDK and tracing; outside the workspace, since it brings them along.
bench-sdk:
	cd bench/sdk && $(CARGO) run --release --quiet --target-dir $(abspath $(TARGET_DIR))/bench-sdk

# `mlflow.genai.evaluate` against Spanwise and MLflow's server, in turn; some minutes.
bench-evaluate: release venv
	SPANWISE_BIN=$(abspath $(BINARY)) .venv/bin/python bench/evaluate.py

# An hour of mixed load; a line a minute.
SOAK_MINUTES ?= 60
soak: bench-build
	$(BENCH) --soak $(SOAK_MINUTES)

bench-build: release
	$(CARGO) build --release --package spanwise-bench

# The description of the native API, from the code, and the types that the UI has from it.
openapi:
	UPDATE_OPENAPI=1 $(CARGO) nextest run --package spanwise-server native_openapi
	@scripts/npm-packages.sh
	cd ui && npm run --silent generate
