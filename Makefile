# SPDX-License-Identifier: GPL-2.0-only
#
# The targets for users: `make help` lists them. Kbuild builds the modules, and vm/ has the scripts that boot VMs.

KDIR ?= /lib/modules/$(shell uname -r)/build
# The release that modules are built for. In Debian, include/config/kernel.release differs from it.
RELEASE = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h 2>/dev/null)
include tools/version.mk

# Where `make install` puts things. DESTDIR is for packages, INSTALL_MOD_PATH for another root of modules.
PREFIX ?= /usr/local
MODULES = $(DESTDIR)$(INSTALL_MOD_PATH)/lib/modules/$(RELEASE)/extra
SYMVERS = $(DESTDIR)/var/lib/heapmod/$(RELEASE)
SHARE := $(DESTDIR)$(PREFIX)/share
# A package build must not run depmod: the machine that installs the package does.
DEPMOD ?= $(if $(DESTDIR),:,PATH=$$PATH:/sbin depmod $(if $(INSTALL_MOD_PATH),-b $(INSTALL_MOD_PATH)))
STRIP ?= strip
PROGRAMS := build/tools/heapview build/tools/heaptrace
COMPLETIONS := $(SHARE)/bash-completion/completions
COMPLETED := heaptrace heapview heapmod.drgn
MANUALS := tools/heapview/heapview.1 tools/heaptrace/heaptrace.1 tools/heapmod.drgn.1 tools/heapmod.1
SECONDS := 60
TIERS := vm fuzz host kunit bench dump tools
.DEFAULT_GOAL := all

# Print the groups (`##@ GROUP` lines) and the targets (`TARGET: ... ## TEXT` lines) of this file.
help:
	@awk -F ':.*## ' '/^##@ / { group = substr($$0, 5); next } \
		/^[a-z-]+:.*## / { sub(/TIERS/, "$(TIERS)"); printf "%-9s make %-14s %s\n", group, $$1, $$2; group = "" }' Makefile

##@ Build
all: ## build heapmod.ko for the running kernel, or KDIR=
	@scripts/prerequisites module $(KDIR)
	@scripts/modules module $(KDIR) HEAPMOD_EXTRAS=
	@echo "build/module/heapmod.ko is for $(RELEASE)"

examples: ## build the examples and the modules of the tests, too
	@scripts/prerequisites module $(KDIR)
	scripts/modules host $(KDIR)

tools: ## build heapview and heaptrace in build/tools
	@scripts/prerequisites tools
	@mkdir -p build && flock build/tools.lock $(MAKE) -s -C tools

docs: ## make HTML of the API in build/html, and man pages in build/man
	@scripts/manual $(VERSION) $(KDIR)

##@ Try
demo: ## boot Debian's kernel in a VM and print a heap; ARCH=arm64
	@MAKEFLAGS= vm/demo $(ARCH)

vm: ## open a shell in that VM, with all modules; ARCH=arm64
	@MAKEFLAGS= vm/shell $(ARCH)

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

test-tools: ## test heapview, heaptrace and heapmod
	@scripts/test tools

test-kunit: ## run the KUnit suites on User-Mode Linux with KASAN
	@scripts/test kunit

test-vm: ## test the modules on Debian's kernel in a VM
	@scripts/test vm

test-race: ## test with lockdep and KCSAN (slow)
	@scripts/test race

test-litmus: ## test what is read without the lock in the kernel's memory model
	@scripts/test litmus

test-dump: ## test heapmod.drgn.py on a memory dump of a VM
	@scripts/test dump

# With KERNELS=, as for vm/test-matrix, these alone.
test-matrix: ## test on other kernels and architectures, and the packages (slow); KERNELS=
	@$(if $(KERNELS),vm/test-matrix $(KERNELS),scripts/test matrix install)

test-install: ## test make install, make docs, make dist and the packages
	@scripts/test install

test-bench: ## check that all benchmarks run
	@scripts/test bench

##@ Measure
bench: ## run all benchmarks; results are in build/bench
	@bench/run kernel host scale profile api draw

bench-kernel:
	@bench/run kernel

bench-host:
	@bench/run host

bench-scale:
	@bench/run scale

##@ Install
install: all install-dev ## install heapmod.ko, and what clients need to build
	install -D -m 644 build/module/heapmod.ko $(MODULES)/heapmod.ko
	$(STRIP) --strip-debug $(MODULES)/heapmod.ko
	install -D -m 644 -t $(SYMVERS) build/module/Module.symvers
	$(DEPMOD) $(RELEASE)

install-dev:
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/include/heapmod heapmod.h
	install -d $(SHARE)/heapmod $(SHARE)/pkgconfig
	sed 's,@PREFIX@,$(PREFIX),' packaging/heapmod.mk.in >$(SHARE)/heapmod/heapmod.mk
	sed 's,@PREFIX@,$(PREFIX),; s,@VERSION@,$(VERSION),' packaging/heapmod.pc.in >$(SHARE)/pkgconfig/heapmod.pc

install-tools: tools ## install the tools, their man pages and completion
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(PROGRAMS)
	install -m 755 tools/heapmod.drgn.py $(DESTDIR)$(PREFIX)/bin/heapmod.drgn
	install -m 755 tools/heapmod.py $(DESTDIR)$(PREFIX)/bin/heapmod
	sed -i 's/^VERSION = .*/VERSION = "$(VERSION)"/' $(DESTDIR)$(PREFIX)/bin/heapmod $(DESTDIR)$(PREFIX)/bin/heapmod.drgn
	install -D -m 644 -t $(SHARE)/man/man1 $(MANUALS)
	install -D -m 644 tools/completion $(COMPLETIONS)/heapmod
	$(foreach program,$(COMPLETED),ln -sf heapmod $(COMPLETIONS)/$(program) &&) :

# The sources that DKMS builds from.
install-dkms:
	install -d $(DESTDIR)$(PREFIX)/src/heapmod-$(VERSION)/packaging
	cp -r Kbuild LICENSE heapmod.[ch] heap_core.[ch] core heaps debugfs $(DESTDIR)$(PREFIX)/src/heapmod-$(VERSION)
	install -t $(DESTDIR)$(PREFIX)/src/heapmod-$(VERSION)/packaging packaging/symvers
	sed 's,#MODULE_VERSION#,$(VERSION),' packaging/dkms.conf >$(DESTDIR)$(PREFIX)/src/heapmod-$(VERSION)/dkms.conf

uninstall: ## remove all that `make install` and `make install-tools` installed
	rm -f $(MODULES)/heapmod.ko $(SYMVERS)/Module.symvers $(SHARE)/pkgconfig/heapmod.pc
	rm -rf $(DESTDIR)$(PREFIX)/include/heapmod $(SHARE)/heapmod
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(PROGRAMS)) heapmod.drgn heapmod) $(addprefix $(SHARE)/man/man1/,$(notdir $(MANUALS)))
	rm -f $(addprefix $(COMPLETIONS)/,heapmod $(COMPLETED))
	-rmdir $(SYMVERS) $(DESTDIR)/var/lib/heapmod
	$(DEPMOD) $(RELEASE)

##@ Package
dist: ## pack the last commit: build/heapmod-VERSION.tar.xz
	@scripts/dist $(VERSION)

deb: ## build Debian packages of the last commit in build/
	@scripts/deb $(VERSION)

rpm: ## build RPM packages of the last commit in build/
	@scripts/rpm $(VERSION)

in-tree: ## put heapmod into the sources of a kernel: LINUX=
	@scripts/in-tree "$(or $(LINUX),$(error LINUX= is not given))"

patch: ## write that as patches for git am to build/patches: LINUX=
	@scripts/in-tree "$(or $(LINUX),$(error LINUX= is not given))" build/patches && ls build/patches

##@ Maintain
lint: ## run checkpatch, sparse, kernel-doc and shellcheck
	@scripts/lint

bench-publish: bench ## run all benchmarks and update docs/bench
	@mkdir -p docs/bench && cp build/bench/*.txt build/bench/*.svg docs/bench

fuzz-keep: ## update the fuzzing corpus from what fuzzing found
	@tests/fuzz/run keep

trace: ## record the kmalloc traces in bench/traces again
	@bench/traces/record

pictures: tools ## draw the pictures of heaps in docs again
	build/tools/heapview --svg docs/heapview.svg --at 80% bench/traces/processes.xz
	build/tools/heapview --animate docs/first-fit.svg --from 222 --to 268 --region 13K bench/traces/files.xz

clean: ## remove build/; ~/.cache/heapmod stays
	rm -rf build

# All targets.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' Makefile)
