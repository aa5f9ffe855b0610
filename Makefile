# SPDX-License-Identifier: GPL-2.0-only
#
# What a person types. How modules are built is in Kbuild; how a VM is booted, in vm/.

KDIR ?= /lib/modules/$(shell uname -r)/build
# As modules say it; kernel.release is another word for it in Debian.
RELEASE = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h)
MODULES = /lib/modules/$(RELEASE)/extra
API := /usr/src/heapmod-0.1
BIN := /usr/bin
MAN := /usr/share/man/man1
# A package being built leaves this to the machine that it is installed on.
DEPMOD = $(if $(DESTDIR),,/sbin/depmod $(RELEASE))
PROGRAMS := build/tools/heapview build/tools/heaptrace tools/heapmod.drgn.py
MANUALS := tools/heapview/heapview.1 tools/heaptrace/heaptrace.1 tools/heapmod.drgn.1
SECONDS := 60
.DEFAULT_GOAL := all

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

all: ## build the modules for the running kernel, or for KDIR=
	@scripts/need build
	@test -e $(KDIR)/Makefile || { \
		echo "There are no headers in $(KDIR). Install them: apt-get install linux-headers-$$(uname -r)"; exit 1; }
	scripts/modules host $(KDIR)

tools: ## heapview, which shows heaps in a terminal, and heaptrace, which records them: build/tools
	@scripts/need tools
	@mkdir -p build && flock build/tools.lock $(MAKE) -s -C tools

demo: ## boot Debian's kernel in a VM and see programs recorded in a heap
	@vm/demo

vm: ## the same VM with a shell in it, modules at hand
	@vm/shell

test: ## all tests: host, a minute of fuzzing, tools, KUnit, VM, and that the benchmarks run
	@scripts/test vm fuzz host kunit bench dump tools

test-host: ## the core in userspace: against the oracle, with sanitizers, 64 and 32 bit
	@scripts/test host

fuzz: ## libFuzzer, then AFL++ on the core, against the oracle, for SECONDS=60 in all
	@tests/fuzz/run $(SECONDS)

fuzz-keep: ## ... and what they found into the corpus that they begin with
	@tests/fuzz/run keep

coverage: ## lines and branches of the core that the host tests run, and those they miss
	@scripts/need host coverage && $(MAKE) -s -C tests coverage

mutate: ## small mistakes planted in the core, one at a time: do the host tests notice? (minutes)
	@scripts/need host mutate && tests/mutate

test-tools: ## the programs in tools/, on the host
	@scripts/test tools

test-kunit: ## KUnit on User-Mode Linux with KASAN, lockdep and kmemleak
	@scripts/test kunit

test-vm: ## the modules on Debian's stock kernel in QEMU
	@scripts/test vm

test-race: ## the modules on a kernel with lockdep and KCSAN, two CPUs (builds it: 10 minutes, once)
	@scripts/test race

test-dump: ## heapmod.drgn.py on the dumped memory of a VM (builds a kernel: 3 minutes, once)
	@scripts/test dump

test-matrix: ## the modules on 6.1, its rt and cloud, 6.12 and 5.10; KUnit on 7.x with two CPUs (half an hour, once)
	@scripts/test matrix

test-bench: ## a short run of the benchmarks, of which no figure is judged
	@scripts/test bench

bench: ## all benchmarks, tables and plots in build/bench
	@bench/run kernel host scale profile draw

bench-kernel: ## instructions a call in Debian's kernel, beside kmalloc, gen_pool and others
	@bench/run kernel

bench-host: ## nanoseconds a call in userspace, beside glibc, mimalloc and jemalloc; footprints
	@bench/run host

bench-scale: ## operations a second of two CPUs that share a heap or have one each, and how long they wait
	@bench/run scale

bench-publish: bench ## ... and the tables and plots in docs/bench anew
	@mkdir -p docs/bench && cp build/bench/*.txt build/bench/*.svg docs/bench

trace: ## record anew what a kernel asks of kmalloc while it works
	@bench/traces/record

pictures: tools ## the pictures in docs that heapview draws, anew
	build/tools/heapview --svg docs/heapview.svg --at 80% bench/traces/processes.xz

lint: ## checkpatch, sparse, W=1, kernel-doc, shellcheck, SPDX
	@scripts/lint

install: all install-tools ## install heapmod.ko for the same kernel, the API in /usr/src, and the tools
	install -D -m 644 -t $(DESTDIR)$(MODULES) build/host/heapmod.ko
	install -D -m 644 -t $(DESTDIR)$(API) heapmod.h build/host/Module.symvers
	$(DEPMOD)

install-tools: tools ## install the tools alone, with their man pages
	install -D -m 755 -t $(DESTDIR)$(BIN) $(PROGRAMS)
	install -D -m 644 -t $(DESTDIR)$(MAN) $(MANUALS)

uninstall: uninstall-tools ## take that away again
	rm -rf $(DESTDIR)$(MODULES)/heapmod.ko $(DESTDIR)$(API)
	$(DEPMOD)

uninstall-tools: ## take the tools away alone
	rm -f $(addprefix $(DESTDIR)$(BIN)/,$(notdir $(PROGRAMS))) $(addprefix $(DESTDIR)$(MAN)/,$(notdir $(MANUALS)))

clean: ## forget what was built here; the cache stays
	rm -rf build

# Every target, as `make help` finds them.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' Makefile)
