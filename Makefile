# `make demo` shows what the policy does, `make test` runs everything. Nothing else is needed
# first: the targets below fetch or build what they use.

.DEFAULT_GOAL := policy.wasm
# A module that is not optimised must not look finished.
.DELETE_ON_ERROR:

TARGET := wasm32-wasip1
# Everything that a build reads: what the modules have in common, then what is specific to each.
SHARED := Makefile Cargo.toml Cargo.lock scripts/setup scripts/wasm-cargo
rust_files = $(shell find $(1) -name '*.rs' -o -name Cargo.toml)
# The core, from which both modules that evaluate requests are built.
CORE := src crates/credentials crates/json crates/kubernetes crates/text

MODULES := e2e-tests/modules
COMPARISONS := $(MODULES)/floor.wasm $(MODULES)/conventional.wasm

# The page that runs the policy's core in a browser.
PAGE := playground/page
WEB := wasm32-unknown-unknown
BINDINGS := $(PAGE)/wasm/policy.js

CARGO_TARGET_DIR ?= target
PROGRAMS := $(CARGO_TARGET_DIR)/debug

# Tests and programs for this machine are built in one way, so that nothing is built twice: for a single package, cargo
# would choose other features. `entra-auth` is tested with everything that a release of it contains. Clippy compiles,
# because a pass of its own would read all packages once more: three minutes.
WORKSPACE := --locked --workspace --features entra-auth/full
ifneq ($(shell clippy-driver --version 2>/dev/null),)
LINTED := RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-Dwarnings__CLIPPY_HACKERY__
endif
# With an example, because cargo chooses the features of tests only if a target may need what tests depend on.
build_programs = $(LINTED) cargo build -q $(WORKSPACE) --example verdicts

# Builds package $(1), whose library is called $(2), in profile $(3) and with exactly its own features.
# Cargo drops the profile's `strip` for a package with its own opt-level, so it is repeated here.
build_module = scripts/wasm-cargo $(TARGET) rustc --profile $(3) --locked --lib --crate-type cdylib -p $(1) -- -C strip=symbols $(4) \
	&& cp "$$(scripts/wasm-cargo --where $(TARGET))/$(3)/$(2).wasm" $@

# Makes module $(1) a tenth smaller, with as many instructions for a request. The compiler's own passes do not merge as
# much. The version is pinned, so that a module stays reproducible. The lowest kilobyte of the memory is the end of the
# stack, which nothing reaches.
BINARYEN := scripts/binaryen/node_modules
WASM_OPT := $(BINARYEN)/.bin/wasm-opt -Oz --low-memory-unused --reorder-functions --enable-bulk-memory --enable-simd --enable-sign-ext \
	--enable-mutable-globals --enable-nontrapping-float-to-int --enable-multivalue --enable-reference-types
optimise = $(WASM_OPT) $(1) -o $(1)

$(BINARYEN): scripts/binaryen/package.json scripts/binaryen/package-lock.json
	@scripts/setup-npm
	cd $(@D) && npm ci --no-progress
	@touch $@

# Where `publish` pushes to and `verify` looks: for your own registry, make publish
# REPOSITORY=myregistry.azurecr.io/entra-auth-policy
VERSION := $(shell sed -n 's/^ *io.kubewarden.policy.version: *//p' metadata.yml)
RELEASED := $(shell sed -n 's/^ *io.kubewarden.policy.ociUrl: *//p' metadata.yml)
REPOSITORY ?= $(RELEASED)
REFERENCE := $(REPOSITORY):v$(VERSION)
# A file of kwctl with the certificates of a private registry, or that it has none: docs/rollout.md.
SOURCES ?=
KWCTL_SOURCES := $(if $(SOURCES),--sources-path '$(SOURCES)')
UNREACHABLE := cannot be reached: check the address, that you are signed in, and SOURCES for a private registry
# The workflow that signs releases.
SIGNER := ^https://github\.com/entra-auth-policy/entra-auth-policy/\.github/workflows/release\.yml@refs/tags/v
WASM_LAYER := application/vnd.wasm.content.layer.v1+wasm
WASM_CONFIG := application/vnd.wasm.config.v1+json

# Some have the names of folders.
.PHONY: help setup modules demo playground playground-serve playground-test \
	playground-screenshots report-pages test test-native test-dates has-clippy fmt lint lint-files clippy reproducible deny e2e-tests bench budget codegen kustomize queries \
	address publish verify dist release-check clean has-kwctl-and-bats has-registry-client

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## setup             make sure that Rust can build for wasm (every target that needs it does)
setup:
	@scripts/setup $(TARGET) >/dev/null

# Hosts map an instance's memory as it is touched, by the page, which is most of what a small request costs. The size
# of the stack places the data so that the heap begins with a page, five pages before the end of the memory that
# the module starts with: a TokenRequest then touches three pages instead of four and takes a fifth less time, a
# RoleBinding a tenth less (measured in node). Larger constants move the heap, and the stack has to shrink as much.
LAYOUT := -C link-arg=-zstack-size=948672 -C link-arg=--initial-memory=1179648
# Less is inlined when the crates are linked: the module is 12 kB smaller and takes as many instructions.
INLINE := -C llvm-args=-inline-threshold=25

## policy.wasm       the policy
policy.wasm: $(call rust_files,$(CORE)) $(SHARED) | $(BINARYEN)
	$(call build_module,entra-auth-policy,entra_auth_policy,wasm,$(LAYOUT) $(INLINE))
	$(call optimise,$@)

## annotated-policy.wasm  the policy with its metadata: what a policy server loads
annotated-policy.wasm: policy.wasm metadata.yml README.md
	if command -v kwctl >/dev/null; then \
		kwctl annotate -m metadata.yml -u README.md -o $@ policy.wasm; \
	else \
		$(build_programs) --bin xtask && $(PROGRAMS)/xtask annotate --metadata metadata.yml --usage README.md --output $@ policy.wasm; \
	fi

## modules           the policy and the two modules it is compared with
modules: policy.wasm $(COMPARISONS)

$(MODULES)/floor.wasm: $(call rust_files,$(MODULES)/floor) $(SHARED)
	$(call build_module,floor,floor,wasm)

# The policies that Kubewarden publishes do not set a profile, so this is what people run.
$(MODULES)/conventional.wasm: $(call rust_files,$(MODULES)/conventional) $(SHARED)
	$(call build_module,conventional,conventional,release)

## demo              build the policy, check a small showcase, and say how to deploy
# The program is built in parallel with the module, whose last step uses one core, and without the features that bring
# most of its packages (git alone 129). The showcase has bad manifests, so the exit status of `check` is 1.
demo:
	@echo 'building policy.wasm and entra-auth'
	@cargo build -q --locked -p entra-auth --no-default-features & program=$$!; \
		$(MAKE) --no-print-directory policy.wasm; module=$$?; \
		wait $$program && exit $$module
	@echo
	@$(PROGRAMS)/entra-auth check --settings demo/settings.yml demo/ || [ $$? = 1 ]
	@echo
	@printf '%s\n' \
		"Built:   policy.wasm, the policy for the cluster ($$(wc -c <policy.wasm) bytes)" \
		'         $(PROGRAMS)/entra-auth, which checked the showcase' \
		'Check:   $(PROGRAMS)/entra-auth check YOUR-MANIFESTS' \
		'Deploy:  make publish REPOSITORY=<registry>/entra-auth-policy' \
		'         write that address into deploy/01-monitor.yaml, then' \
		'         kubectl apply -f deploy/01-monitor.yaml' \
		'         docs/rollout.md has every step.'

## playground        the page, ready for any static host, in playground/page/dist
playground: $(BINDINGS) $(PAGE)/node_modules
	cd $(PAGE) && BINDGEN=$(abspath $(PROGRAMS))/bindgen npm run --silent build

## playground-serve  the page, on this machine only
playground-serve: playground
	cd $(PAGE) && npm run --silent serve

## playground-test   the page in a real browser, and its module against the core on this machine
playground-test: playground
	@scripts/setup-chromium >/dev/null
	$(build_programs)
	$(PROGRAMS)/examples/verdicts >$(PAGE)/wasm/verdicts.json
	$(MAKE) --no-print-directory report-pages
	cd $(PAGE) && npm run --silent test

# What the tests of `entra-auth report` open: the report of a small cluster, and of 5,000 objects.
report-pages:
	@mkdir -p $(PAGE)/wasm
	$(build_programs) --bin entra-auth --example cluster_dump
	$(PROGRAMS)/entra-auth report --today 2026-06-01 --format html=$(PAGE)/wasm/report.html \
		crates/cli/tests/cluster/contoso.yaml
	$(PROGRAMS)/examples/cluster_dump 5000 >$(PAGE)/wasm/dump.json
	$(PROGRAMS)/entra-auth report --today 2026-06-01 --format html=$(PAGE)/wasm/large-report.html \
		$(PAGE)/wasm/dump.json

# Screenshots of the page for review, in target/screenshots.
playground-screenshots: playground
	@scripts/setup-chromium >/dev/null
	cd $(PAGE) && SCREENSHOTS=$(abspath $(CARGO_TARGET_DIR))/screenshots npm run --silent test

# The module for browsers, and the JavaScript around it.
$(BINDINGS): $(call rust_files,$(CORE) crates/admission crates/fixes crates/manifest playground/src playground/Cargo.toml playground/bindgen) $(SHARED) | $(BINARYEN)
	scripts/wasm-cargo $(WEB) rustc --profile web --locked --lib --crate-type cdylib -p playground
	$(build_programs) --bin bindgen
	$(PROGRAMS)/bindgen "$$(scripts/wasm-cargo --where $(WEB))/web/playground.wasm" $(@D) $(WASM_OPT)

$(PAGE)/node_modules: $(PAGE)/package.json $(PAGE)/package-lock.json
	@scripts/setup-npm
	cd $(PAGE) && npm ci --no-progress
	@touch $@

## test              everything: format, lints, module, tests, generated files, page, deployment
test: has-clippy
	cargo fmt --all --check
	$(MAKE) --no-print-directory -j2 test-native $(BINDINGS)
	$(PROGRAMS)/xtask codegen --check
	$(MAKE) --no-print-directory kustomize queries playground-test

test-native: lint-files policy.wasm $(MODULES)/floor.wasm
	$(LINTED) cargo test $(WORKSPACE)

has-clippy:
	@clippy-driver --version >/dev/null || { echo 'clippy is missing: rustup component add clippy' >&2; exit 1; }

# The tests that evaluate fixtures, and the check of generated files, on other days. Everything is built already.
OTHER_DAYS := 2024-02-29 2031-03-01
FIXTURE_TESTS := budget documentation deploy e2e_cases fixtures lookups module_against_core mutants

## test-dates        the tests of fixtures again, on other days
test-dates: policy.wasm
	$(MAKE) --no-print-directory -j2 --output-sync=target $(OTHER_DAYS:%=test-on-%)

test-on-%:
	ENTRA_AUTH_TEST_TODAY=$* $(LINTED) cargo test $(WORKSPACE) $(addprefix --test ,$(FIXTURE_TESTS))
	ENTRA_AUTH_TEST_TODAY=$* $(PROGRAMS)/xtask codegen --check

## fmt               format the source
fmt:
	cargo fmt --all

## lint              clippy; workflows, settings and schema by zizmor and check-jsonschema
lint: clippy lint-files

lint-files:
	@scripts/lint
	@cargo metadata --quiet --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null

clippy:
	cargo clippy -q $(WORKSPACE) --all-targets -- -D warnings

## reproducible      build the policy again, in another folder, and compare the bytes
reproducible: policy.wasm
	@scripts/reproducible policy.wasm

## kustomize         compare the overlays of deploy/ with what kustomize renders
kustomize:
	$(build_programs) --bin xtask
	$(PROGRAMS)/xtask kustomize "$$(scripts/kubectl)"

## queries           check the queries for the audit log with Microsoft's parser
queries: scripts/queries/node_modules
	cd scripts/queries && npm run --silent check

scripts/queries/node_modules: scripts/queries/package.json scripts/queries/package-lock.json
	cd scripts/queries && npm ci --no-progress
	@touch $@

## deny              check licences, sources and advisories of all dependencies; needs cargo-deny
deny:
	cargo deny --locked --workspace check -A license-exception-not-encountered
	cargo deny --locked --manifest-path fuzz/Cargo.toml check -A license-not-encountered -A advisory-not-detected

## e2e-tests         run the annotated policy in kwctl; needs kwctl and bats
e2e-tests: has-kwctl-and-bats annotated-policy.wasm
	bats e2e-tests/e2e.bats

has-kwctl-and-bats:
	@command -v kwctl >/dev/null || { echo 'kwctl is missing: see https://docs.kubewarden.io, "Install kwctl", or brew install kwctl' >&2; exit 1; }
	@command -v bats >/dev/null || { echo 'bats is missing: apt-get install bats, brew install bats-core, or npm install -g bats' >&2; exit 1; }

## bench             time the policy against the floor and a conventional policy, entra-auth against bare calls, and a report
bench: modules
	cargo build --locked --release -p e2e-tests --bins
	@$(CARGO_TARGET_DIR)/release/bench
	@echo
	@$(CARGO_TARGET_DIR)/release/bench-check
	@echo
	cargo build --locked --release -p entra-auth --features full --bins --examples
	@$(CARGO_TARGET_DIR)/release/examples/audit_time

## budget            record module size and instructions per fixture in budget.snap
budget: policy.wasm
	$(build_programs) --bin budget
	$(PROGRAMS)/budget --write

## codegen           write what is derived from the rule table
codegen:
	$(build_programs) --bin xtask
	$(PROGRAMS)/xtask codegen

## address           say where releases are published
address:
	@echo '$(RELEASED)'

## publish           push the policy to REPOSITORY with kwctl or oras; sign in first: docs/rollout.md
publish: has-registry-client annotated-policy.wasm
	@if command -v kwctl >/dev/null; then \
		kwctl push $(KWCTL_SOURCES) annotated-policy.wasm $(REFERENCE); \
	else \
		mkdir -p target && printf '{}' >target/wasm-config.json && \
		oras push $(REFERENCE) --config target/wasm-config.json:$(WASM_CONFIG) annotated-policy.wasm:$(WASM_LAYER); \
	fi || { echo '$(REFERENCE) $(UNREACHABLE)' >&2; exit 1; }

## verify            compare what REPOSITORY has with the policy built here; check a release's signature
verify: has-registry-client annotated-policy.wasm
	@if [ '$(REPOSITORY)' = '$(RELEASED)' ]; then \
		command -v cosign >/dev/null || \
			{ echo 'cosign is needed for the signature of a release: https://docs.sigstore.dev' >&2; exit 1; }; \
		cosign verify $(REFERENCE) \
			--certificate-oidc-issuer https://token.actions.githubusercontent.com \
			--certificate-identity-regexp '$(SIGNER)' >/dev/null || exit 1; \
	fi; \
	unreachable() { echo '$(REFERENCE) $(UNREACHABLE)' >&2; exit 1; }; \
	if command -v oras >/dev/null && [ -z '$(SOURCES)' ]; then \
		digest=$$(openssl dgst -sha256 -r annotated-policy.wasm | cut -d ' ' -f 1) && \
		manifest=$$(oras manifest fetch $(REFERENCE)) || unreachable; \
		printf '%s' "$$manifest" | grep -q "sha256:$$digest"; \
	else \
		pulled=$$(mktemp -d) && trap 'rm -rf "$$pulled"' EXIT && \
		kwctl pull $(KWCTL_SOURCES) --output-path "$$pulled/policy.wasm" registry://$(REFERENCE) || unreachable; \
		cmp "$$pulled/policy.wasm" annotated-policy.wasm; \
	fi && echo '$(REFERENCE) is the policy built here' || { echo '$(REFERENCE) is not the policy built here' >&2; exit 1; }

has-registry-client:
	@command -v kwctl >/dev/null || command -v oras >/dev/null || \
		{ echo 'kwctl or oras is needed: https://docs.kubewarden.io or https://oras.land' >&2; exit 1; }
	@[ -z '$(SOURCES)' ] || command -v kwctl >/dev/null || \
		{ echo 'SOURCES is a file of kwctl, which is needed: https://docs.kubewarden.io' >&2; exit 1; }

## dist              archive, wheel, krew manifest and image of entra-auth, in dist/; installs and runs each
dist:
	@scripts/dist

## release-check     go through a release without releasing: versions, builds, a registry on this machine
release-check:
	@scripts/release-check

## clean             remove everything built
clean:
	cargo clean
	rm -f policy.wasm annotated-policy.wasm $(COMPARISONS)
	rm -rf dist $(PAGE)/wasm $(PAGE)/dist $(PAGE)/node_modules
