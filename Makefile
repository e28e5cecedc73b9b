# `make demo` shows the main job, `make test` proves it. Both install what they need.
.PHONY: demo test test-compose test-interop test-clients test-fuzz crashes lint lint-document openapi release-document examples mutants-routing mutants-tenancy bench bench-quick bench-routing

demo:
	@scripts/install build
	cargo build
	@cargo run --quiet -- --log warn demo

test: lint
	scripts/with-postgres scripts/run-tests --features otlp

# Brings up what docker-compose.yml says, calls it, stops a replica, takes it down. Needs a container engine.
test-compose:
	@scripts/test-compose

# Hands every OSCAL document and CISO Assistant library to the tools they are for. Needs Python 3.11 or later.
test-interop:
	@scripts/test-interop

# Makes clients with every common generator and runs the same script with each. Needs Node.js 20, JDK 17, Python 3.11.
test-clients:
	@scripts/test-clients

# Sends some 15,000 made-up calls for two tenants, and holds every answer against the document. Needs Python 3.11.
test-fuzz:
	@scripts/test-fuzz

# Kills the service 200 times on each database, under load, and says how much was acknowledged and what is there.
crashes:
	@scripts/install build
	@scripts/install postgresql
	CYCLES=200 cargo test --test operations crashes:: -- --nocapture

lint:
	@scripts/install build
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings

# Holds the OpenAPI documents against Redocly and Spectral. Needs Node.js 20 or later.
lint-document:
	@scripts/lint-document

# Rewrites what is made from the code and checked in: the OpenAPI documents, and the list of errors.
openapi:
	cargo run --quiet -- openapi --write

# With a release: from now on this is what clients have been generated from.
release-document:
	cp openapi/openapi.json openapi/released.json

# Writes down what the service answers to the requests of openapi/examples, for the document.
examples:
	RECORD_EXAMPLES=1 cargo test --test api examples::every_request_of_the_examples_is_taken_and_every_operation_has_one::engine_1
	$(MAKE) openapi

# Changes each comparison of the routing rules, one at a time, and says how many: each must turn a case red. It is
# a part of `make test`, where it says nothing.
mutants-routing:
	cargo test --lib routing::tables::killing -- --nocapture

# Takes down each condition that keeps tenants apart, one at a time: some test must notice. Takes minutes. On SQLite,
# and on PostgreSQL those that stand there only; with ENGINE=Postgres all of them there. WALL=src/clients only those.
mutants-tenancy:
	@scripts/install build
	scripts/with-postgres cargo test --features mutants --test api somebody_notices_when_a_wall_is_down -- --ignored --nocapture

# How long a decision takes, in a release build.
bench-routing:
	cargo test --release --lib how_long_a_decision_takes -- --ignored --nocapture

# What is promised of speed, measured beside its reference, into docs/benchmarks.md. Takes a while; the quick one
# three minutes after the build, and writes target/bench-quick.md. The machine should have nothing else to do.
bench bench-quick:
	@scripts/install build
	@scripts/install bench
	cargo bench --bench speed $(if $(filter bench-quick,$@),-- --quick)
