# SPDX-License-Identifier: GPL-2.0-only
#
# The targets for users: `make help` lists them. Kbuild builds the modules, and vm/ has the scripts that boot VMs.

KDIR ?= /lib/modules/$(shell uname -r)/build
# The release that modules are built for. In Debian, include/config/kernel.release differs from it.
RELEASE = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h)
MODULES = /lib/modules/$(RELEASE)/extra
API := /usr/src/heapmod-0.1
BIN := /usr/bin
MAN := /usr/share/man/man1
# A package build must not run depmod: the machine that installs the package does.
DEPMOD = $(if $(DESTDIR),,/sbin/depmod $(RELEASE))
PROGRAMS := build/tools/heapview build/tools/heaptrace tools/heapmod.drgn.py
MANUALS := tools/heapview/heapview.1 tools/heaptrace/heaptrace.1 tools/heapmod.drgn.1
SECONDS := 60
TIERS := vm fuzz host kunit bench dump tools
.DEFAULT_GOAL := all

# Print the groups (`##@ GROUP` lines) and the targets (`TARGET: ... ## TEXT` lines) of this file.
help:
	@awk -F ':.*## ' '/^##@ / { group = substr($$0, 5); next } \
		/^[a-z-]+:.*## / { sub(/TIERS/, "$(TIERS)"); printf "%-9s make %-14s %s\n", group, $$1, $$2; group = "" }' Makefile

##@ Build
all: ## build the modules for the running kernel, or KDIR=
	@scripts/need build
	@test -e $(KDIR)/Makefile || { \
		echo "There are no headers in $(KDIR). Install them: apt-get install linux-headers-$$(uname -r)"; exit 1; }
	scripts/modules host $(KDIR)

tools: ## build heapview and heaptrace in build/tools
	@scripts/need tools
	@mkdir -p build && flock build/tools.lock $(MAKE) -s -C tools

##@ Try
demo: ## boot Debian's kernel in a VM and print a heap
	@vm/demo

vm: ## open a shell in that VM, with all modules
	@vm/shell

##@ Test
test: ## run all of: TIERS
	@scripts/test $(TIERS)

test-host: ## test the core in userspace, with sanitizers
	@scripts/test host

fuzz: ## fuzz the core for 60 seconds, or SECONDS=
	@tests/fuzz/run $(SECONDS)

coverage: ## report the core's code that test-host does not run
	@scripts/need host coverage && $(MAKE) -s -C tests coverage

mutate: ## check that test-host detects planted bugs (slow)
	@scripts/need host mutate && tests/mutate

test-tools: ## test heapview and heaptrace
	@scripts/test tools

test-kunit: ## run the KUnit suites on User-Mode Linux with KASAN
	@scripts/test kunit

test-vm: ## test the modules on Debian's kernel in a VM
	@scripts/test vm

test-race: ## test with lockdep and KCSAN (slow)
	@scripts/test race

test-dump: ## test heapmod.drgn.py on a memory dump of a VM
	@scripts/test dump

test-matrix: ## test on older, newer, rt and cloud kernels (slow)
	@scripts/test matrix

test-bench: ## check that all benchmarks run
	@scripts/test bench

##@ Measure
bench: ## run all benchmarks; results are in build/bench
	@bench/run kernel host scale profile draw

bench-kernel:
	@bench/run kernel

bench-host:
	@bench/run host

bench-scale:
	@bench/run scale

##@ Install
install: all install-tools ## install heapmod.ko, heapmod.h and the tools
	install -D -m 644 -t $(DESTDIR)$(MODULES) build/host/heapmod.ko
	install -D -m 644 -t $(DESTDIR)$(API) heapmod.h build/host/Module.symvers
	$(DEPMOD)

install-tools: tools ## install only the tools and their man pages
	install -D -m 755 -t $(DESTDIR)$(BIN) $(PROGRAMS)
	install -D -m 644 -t $(DESTDIR)$(MAN) $(MANUALS)

uninstall: uninstall-tools ## remove all that `make install` installed
	rm -rf $(DESTDIR)$(MODULES)/heapmod.ko $(DESTDIR)$(API)
	$(DEPMOD)

uninstall-tools:
	rm -f $(addprefix $(DESTDIR)$(BIN)/,$(notdir $(PROGRAMS))) $(addprefix $(DESTDIR)$(MAN)/,$(notdir $(MANUALS)))

##@ Maintain
lint: ## run checkpatch, sparse, kernel-doc and shellcheck
	@scripts/lint

bench-publish: bench ## run all benchmarks and update docs/bench
	@mkdir -p docs/bench && cp build/bench/*.txt build/bench/*.svg docs/bench

fuzz-keep: ## update the fuzzing corpus from what fuzzing found
	@tests/fuzz/run keep

trace: ## record the kmalloc traces in bench/traces again
	@bench/traces/record

pictures: tools ## draw docs/heapview.svg again
	build/tools/heapview --svg docs/heapview.svg --at 80% bench/traces/processes.xz

clean: ## remove build/; ~/.cache/heapmod stays
	rm -rf build

# All targets.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' Makefile)
