# `make demo` shows the main job, `make test` proves it. Both install what they need.
.PHONY: demo test test-compose test-interop lint openapi mutants-routing bench bench-quick bench-routing

demo:
	@scripts/install build
	cargo build
	@cargo run --quiet -- --log warn demo

test: lint
	scripts/with-postgres scripts/run-tests --all-features

# Brings up what docker-compose.yml says, calls it, stops a replica, takes it down. Needs a container engine.
test-compose:
	@scripts/test-compose

# Hands every OSCAL document and CISO Assistant library to the tools they are for. Needs Python 3.11 or later.
test-interop:
	@scripts/test-interop

lint:
	@scripts/install build
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings

# Rewrites the checked-in OpenAPI document.
openapi:
	cargo run --quiet -- openapi > openapi/openapi.json.new
	mv openapi/openapi.json.new openapi/openapi.json

# Changes each comparison of the routing rules, one at a time: some case must come out differently.
mutants-routing:
	cargo test --release --lib routing::tables::mutants -- --ignored --nocapture

# How long a decision takes, in a release build.
bench-routing:
	cargo test --release --lib how_long_a_decision_takes -- --ignored --nocapture

# What is promised of speed, measured beside its reference, into docs/benchmarks.md. Takes a while; the quick one
# a few minutes after the build. The machine should have nothing else to do.
bench bench-quick:
	@scripts/install build
	@scripts/install bench
	cargo bench --bench speed $(if $(filter bench-quick,$@),-- --quick)
