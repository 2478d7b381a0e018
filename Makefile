# Cleargate: every task of a developer. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help prepare build demo up down status clean fmt lint test bench faults faults-short simulate laboratory sqlx ci

# SQL is checked against the data committed under crates/*/.sqlx; `make sqlx` writes them anew.
export SQLX_OFFLINE := true

TARGET := $(or $(CARGO_TARGET_DIR),target)
CLEARGATE := $(TARGET)/release/cleargate

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

prepare:
	@bash deploy/local/prepare.sh

build: prepare
	cargo build --release --locked

# Only when it was never built: these commands work with any build.
$(CLEARGATE):
	$(MAKE) build

demo: build ## Start everything, send a day of declarations through it, audit it; KCS_DIR=... adds real ones
	$(CLEARGATE) demo $(if $(KCS_DIR),--kcs "$(KCS_DIR)")

up: build ## Start Kafka, PostgreSQL and two replicas of the four services
	$(CLEARGATE) up

down: $(CLEARGATE) ## Stop them and keep the data
	$(CLEARGATE) down

status: $(CLEARGATE) ## What runs, where and since when
	@$(CLEARGATE) status || test $$? -eq 3

clean: $(CLEARGATE) ## Stop them and remove the local stack's data
	$(CLEARGATE) clean --yes

fmt: ## Format the code
	cargo fmt --all

lint: prepare ## Formatting, clippy, the alarms by promtool, and licences and advisories where cargo-deny is installed
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets --locked -- -D warnings
	@if command -v promtool >/dev/null; then promtool check rules deploy/alarms/*.yml && promtool test rules deploy/alarms/tests/*.yml; else echo "promtool is not installed: alarms not checked"; fi
	@if command -v cargo-deny >/dev/null; then cargo deny check; else echo "cargo-deny is not installed: licences and advisories not checked"; fi

test: build ## All tests, on real Kafka and real PostgreSQL
	$(CLEARGATE) up --no-services
	cargo test --release --workspace --locked

# What is measured is what runs for long: everything optimised across crates, the floor too.
bench: prepare ## Every figure beside its must, stretch and anchor, as a table and in target/bench.json; hours, BENCH=--quick for minutes
	cargo build --profile dist --locked -p intake -p risk -p tracking -p reporting -p cleargate -p floor
	$(TARGET)/dist/cleargate bench $(BENCH)

# The services once more with crash points, beside those that ship.
laboratory: build
	cargo build --release --locked -p faults --features laboratory

faults: laboratory simulate ## The fault laboratory in full: hours; writes the table of docs/reliability.md
	$(TARGET)/release/faults all; status=$$?; $(TARGET)/release/faults table; exit $$status

faults-short: laboratory ## Faults of every kind once, small: at most ten minutes
	$(TARGET)/release/faults short

simulate: prepare ## The protocol of journal, relay and readers under 100,000 seeded schedules
	cargo run --release --locked -p simulation -- --seeds 100000 --figures docs/reliability/simulation.json

sqlx: ## Write the data for checking SQL without a database anew
	bash deploy/local/sqlx.sh

ci: lint test ## What must hold before a change lands
