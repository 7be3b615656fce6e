# What there is to do with this repository. `make` alone explains it.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run up down check fmt test chaos bench overload needs

# Slow networks: a download is tried again before a build fails.
export CARGO_NET_RETRY ?= 5
export CARGO_HTTP_TIMEOUT ?= 60

# For `make run`: make run ARGS="--port 9000 --fresh"
ARGS ?=
# Built with little optimisation and no link-time optimisation: quick to build, pleasant to use.
FAST := --profile fast

help: ## Explain what can be done here
	@echo 'Unified API Gateway'
	@echo
	@grep -hE '^[a-z]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -e 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name words; do printf '  make %-8s %s\n' "$$name" "$$words"; done
	@echo
	@echo '  make run ARGS="--help" shows what `run` can be told.'

run: needs ## Build and start everything on this machine: gateway, simulated providers, embedded store
	@if [ ! -x target/fast/unified-gateway ]; then \
		echo 'Building for the first time. This takes a few minutes; the next start takes seconds.'; \
	fi
	@exec cargo run $(FAST) --bin unified-gateway -- dev $(ARGS)

up: ## Start PostgreSQL and Redis on this machine, private ones, and say which settings use them
	@bash deploy/servers.sh up

down: ## Stop them; what they keep stays
	@bash deploy/servers.sh down

check: needs ## Compile everything, tests and benches too, without making programs of it
	cargo check $(FAST) --workspace --all-targets

fmt: needs ## Format the code
	cargo fmt --all

test: needs ## Everything that must hold before a change is taken
	@echo '== 1/7 scripts: are they shell'
	@for script in .ci/run loadtest/compare.sh benches/startup.sh tests/official_sdks/run.sh deploy/servers.sh; do bash -n "$$script" || exit 1; done
	@echo '== 2/7 servers: are PostgreSQL, Redis and PgBouncer here'
	@bash deploy/servers.sh install
	@echo '== 3/7 format: is the code as `make fmt` leaves it'
	@cargo fmt --all -- --check
	@echo '== 4/7 lints: clippy on everything, a warning is a failure'
	@cargo clippy $(FAST) --workspace --all-targets --locked -- -D warnings
	@echo '== 5/7 documentation: does every link lead somewhere'
	@RUSTDOCFLAGS='-D warnings' cargo doc $(FAST) --workspace --no-deps --locked --document-private-items --quiet
	@echo '== 6/7 official clients: what the providers'"'"' own SDKs say of what our adapters made'
	@cargo build $(FAST) --locked --bin unified-gateway
	@bash tests/official_sdks/run.sh
	@echo '== 7/7 tests: unit tests, then every crate against its contract, then the whole gateway'
	@cargo test $(FAST) --workspace --locked

chaos: needs ## Ten thousand calls while everything breaks, and a judge: takes minutes, prints a table
	@bash deploy/servers.sh install
	@cargo test $(FAST) --locked --test it faults -- --ignored --nocapture --test-threads 1

bench: needs ## Measure: parts, memory of 100,000 tenants, and the whole path against nginx
	@echo '== 1/2 parts: Criterion, the store, resident tenants (release build: takes several minutes first)'
	cargo bench --workspace --exclude unified-gateway --bench '*'
	cargo bench -p unified-gateway --bench bench --bench residents
	@echo '== 2/2 the whole path of a request against a bare nginx: on the embedded store, then on PostgreSQL and Redis'
	bash loadtest/compare.sh
	STORE=postgres bash loadtest/compare.sh
	@echo '== the start: from exec to the first answer, and memory when idle'
	bash benches/startup.sh

overload: needs ## Measure what calls that hang cost others, and three times the load that fits; fails where a promise is missed
	cargo bench -p unified-gateway --bench overload

needs:
	@command -v cargo >/dev/null 2>&1 || { \
		echo 'cargo is missing: install Rust (https://rustup.rs), open a new terminal, and try again.' >&2; exit 1; }
	@command -v cc >/dev/null 2>&1 || { \
		echo 'A C compiler is missing; the embedded database and the cryptography need one. On Debian: apt-get install gcc libc6-dev' >&2; exit 1; }
