# Every target has one line of help: `make` shows them.
# CARGO_FLAGS goes to cargo, for example `make test CARGO_FLAGS=-j1`.

CARGO ?= cargo
CARGO_FLAGS ?=
CARGO_TARGET_DIR ?= target

.DEFAULT_GOAL := help
.PHONY: help run editor test catalogue pictures check build orders soak mutants bench bench-engine bench-circle bench-nodes bench-files bench-xslt doc fmt lint dependencies clean

help: ## Shows these lines
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Starts the XML gateway on 127.0.0.1:8080 and prints requests to try
	@scripts/run

test: ## Runs all tests
	@scripts/setup test
	$(CARGO) test --workspace --all-features $(CARGO_FLAGS)
	@$(MAKE) --silent orders

catalogue: ## Writes the page of all actors anew, docs/guide/actors.md; a part of `test` tells when that is due
	@scripts/setup build
	$(CARGO) build --quiet --package compysition --bin compysition --all-features $(CARGO_FLAGS)
	$(CARGO_TARGET_DIR)/debug/compysition actors --format markdown > docs/guide/actors.md

pictures: ## Draws anew the pictures that tests hold: that of the README, and those in crates/draw/tests/pictures
	@scripts/setup build
	DRAW=1 $(CARGO) test --quiet --package compysition-draw --test pictures $(CARGO_FLAGS)
	$(CARGO) build --quiet --package compysition --bin compysition --all-features $(CARGO_FLAGS)
	$(CARGO_TARGET_DIR)/debug/compysition graph examples/xml_gateway/gateway.yaml --output docs/pictures/gateway.svg

check: lint doc dependencies ## Checks format, lints, manual and dependencies (all of CI but the tests)

build: ## Builds the program with all features: target/release/compysition
	@scripts/setup build
	$(CARGO) build --release --package compysition --bin compysition --all-features $(CARGO_FLAGS)
	@ls -l $(CARGO_TARGET_DIR)/release/compysition

editor: ## Drives yaml-language-server with the schema of flow files (needs node and npm; no part of `test`)
	@scripts/setup build
	$(CARGO) build --quiet --package compysition --bin compysition --all-features $(CARGO_FLAGS)
	npm install --silent --no-fund --no-audit --prefix $(CARGO_TARGET_DIR)/editor yaml-language-server@1
	scripts/editor $(CARGO_TARGET_DIR)/debug/compysition \
		$(CARGO_TARGET_DIR)/editor/node_modules/yaml-language-server/bin/yaml-language-server

orders: ## Tries links, receipts and permits in every order of threads (part of `test`)
	@scripts/setup test
	RUSTFLAGS="--cfg compysition_loom" CARGO_TARGET_DIR="$(CARGO_TARGET_DIR)/loom" \
		$(CARGO) test --package compysition-core --lib loom_ $(CARGO_FLAGS)

soak: ## Runs 10,000 random flows, saturates a cycle for a minute, floods one with children, hangs a branch (4 minutes)
	@scripts/setup test
	SEEDS=10000 FIRST_SEED=2000 $(CARGO) test --release --package compysition-core --test simulation $(CARGO_FLAGS)
	$(CARGO) run --release --package compysition-core --example saturate $(CARGO_FLAGS)
	$(CARGO) run --release --package compysition-core --example flood $(CARGO_FLAGS)
	$(CARGO) run --release --package compysition-actors --example hanging_branch $(CARGO_FLAGS)

mutants: ## Breaks the engine on purpose and shows that a test fails each time (5 minutes)
	@scripts/setup test
	@scripts/mutants

bench: bench-engine bench-circle bench-nodes bench-files bench-xslt ## Runs all benchmarks against their peers (25 minutes, quiet machine please)

bench-engine: ## Measures the engine against channels and other actor frameworks
	@scripts/bench engine

bench-circle: ## Measures the full HTTP circle against a bare axum handler
	@scripts/bench circle

bench-nodes: ## Measures the links between processes against libzmq
	@scripts/bench nodes

bench-files: ## Measures file_in to file_out against mawk
	@scripts/bench files

bench-xslt: ## Measures the XSLT actor against lxml and xsltproc
	@scripts/bench xslt

doc: ## Builds the manual of all crates: target/doc/compysition/index.html
	@scripts/setup build
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --all-features --no-deps $(CARGO_FLAGS)

fmt: ## Formats the code
	@scripts/setup lint
	$(CARGO) fmt --all

lint: ## Checks format and lints, and takes every warning for an error
	@scripts/setup lint
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-features --all-targets $(CARGO_FLAGS) -- -D warnings

dependencies: ## Checks licences, sources, duplicates, layers and the dependency budget
	@scripts/setup test
	@.ci/dependencies

clean: ## Removes what was built
	$(CARGO) clean
	rm -rf benches/target
