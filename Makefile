# SPDX-License-Identifier: GPL-2.0-only
#
# What a person types. How modules are built is in Kbuild; how a VM is booted, in vm/.

KDIR ?= /lib/modules/$(shell uname -r)/build
# As modules say it; kernel.release is another word for it in Debian.
RELEASE = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h)
MODULES = /lib/modules/$(RELEASE)/extra
API := /usr/src/heapmod-0.1
# A package being built leaves this to the machine that it is installed on.
DEPMOD = $(if $(DESTDIR),,/sbin/depmod $(RELEASE))
.DEFAULT_GOAL := all

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

all: ## build the modules for the running kernel, or for KDIR=
	@scripts/need build
	@test -e $(KDIR)/Makefile || { \
		echo "There are no headers in $(KDIR). Install them: apt-get install linux-headers-$$(uname -r)"; exit 1; }
	scripts/modules host $(KDIR)

demo: ## boot Debian's kernel in a VM and see programs recorded in a heap
	@vm/demo

vm: ## the same VM with a shell in it, modules at hand
	@vm/shell

test: ## all tests: host, KUnit, VM, and that the benchmarks run
	@scripts/test host kunit vm bench

test-host: ## the core in userspace: against the oracle, with sanitizers, 64 and 32 bit
	@scripts/test host

test-kunit: ## KUnit on User-Mode Linux with KASAN, lockdep and kmemleak
	@scripts/test kunit

test-vm: ## the modules on Debian's stock kernel in QEMU
	@scripts/test vm

test-bench: ## a short run of the benchmarks, of which no figure is judged
	@scripts/test bench

bench: ## all benchmarks, tables and plots in build/bench
	@bench/run kernel host profile draw

bench-kernel: ## instructions a call in Debian's kernel, beside kmalloc, gen_pool and others
	@bench/run kernel

bench-host: ## nanoseconds a call in userspace, beside glibc, mimalloc and jemalloc; footprints
	@bench/run host

bench-publish: bench ## ... and the tables and plots in docs/bench anew
	@mkdir -p docs/bench && cp build/bench/*.txt build/bench/*.svg docs/bench

trace: ## record anew what a kernel asks of kmalloc while it works
	@bench/traces/record

lint: ## checkpatch, sparse, W=1, kernel-doc, shellcheck, SPDX
	@scripts/lint

install: all ## install heapmod.ko for the same kernel, and the API in /usr/src
	install -D -m 644 -t $(DESTDIR)$(MODULES) build/host/heapmod.ko
	install -D -m 644 -t $(DESTDIR)$(API) heapmod.h build/host/Module.symvers
	$(DEPMOD)

uninstall: ## take that away again
	rm -rf $(DESTDIR)$(MODULES)/heapmod.ko $(DESTDIR)$(API)
	$(DEPMOD)

clean: ## forget what was built here; the cache stays
	rm -rf build

.PHONY: help all demo vm test test-host test-kunit test-vm test-bench bench bench-kernel bench-host
.PHONY: bench-publish trace lint install uninstall clean
