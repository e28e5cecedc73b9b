# `make demo` shows the main job, `make test` proves it. Both install what they need.
.PHONY: demo test test-compose test-interop lint openapi mutants-routing bench-routing

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

# Changes each comparison of the routing rules, one at a time, and says how many: each must turn a case red. It is
# a part of `make test`, where it says nothing.
mutants-routing:
	cargo test --lib routing::tables::killing -- --nocapture

# How long a decision takes, in a release build.
bench-routing:
	cargo test --release --lib how_long_a_decision_takes -- --ignored --nocapture
