# Svod. `make demo` to look, `make test` before a push. See docs/development.md.

.DEFAULT_GOAL := help
.PHONY: help demo test bench conformance-ngsi-ld conformance-api conformance-oidc conformance-dmn drill fuzz storm sbom lint web clean
export HTTP MQTT OPEN DATA SPEED STATE EMPTY SUITE PARTS OUT EXAMPLES SEED TARGET SECONDS_EACH KEEP RUNS
export CARGO_TARGET_DIR ?= $(HOME)/.cache/svod/target

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 8

demo: ## install, build, start the demo: http://127.0.0.1:8080 (HTTP= MQTT= DATA= SPEED= STATE= EMPTY=1)
	@exec scripts/demo

test: ## all gates and tests, both engines, the browser
	@exec scripts/test

bench: ## readings per second and latency, beside mosquitto + PostgreSQL
	@exec bench/ingest

conformance-ngsi-ld: ## the ETSI NGSI-LD suite against the sandbox (SUITE= PARTS=)
	@exec scripts/conformance-ngsi-ld

conformance-api: ## random requests made from the API's own description (EXAMPLES= SEED=)
	@exec scripts/conformance-api

conformance-oidc: ## client libraries of others through every flow of the OpenID provider
	@exec scripts/conformance-oidc

conformance-dmn: ## the public DMN TCK through the HTTP door (SUITE= PARTS=)
	@exec scripts/conformance-dmn

drill: ## backups sealed, tried, restored; PostgreSQL back to a moment
	@exec scripts/drill

sbom: ## what the program is made of, CycloneDX (OUT=)
	@exec scripts/sbom

fuzz: ## parsers that meet outside bytes (TARGET= SECONDS_EACH= KEEP=1)
	@exec scripts/fuzz

storm: ## ten thousand seeded runs of the executor of processes, both engines (RUNS= SEED=)
	@exec scripts/storm

lint: ## format, clippy, tidy: quick
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo xtask tidy

web: ## the islands
	@exec scripts/web check

clean: ## the islands, reports and pictures (cargo's target folder is shared by clones: remove it yourself)
	rm -rf web/dist web/node_modules e2e/node_modules e2e/pictures bench/results
