# SPDX-License-Identifier: GPL-2.0-only
#
# What a person types. How modules are built is in Kbuild; how a VM is booted, in vm/.

KDIR ?= /lib/modules/$(shell uname -r)/build
VERSION := 0.1
HEADERS := $(DESTDIR)/usr/src/heapmod-$(VERSION)

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

test: ## all tests: host, KUnit, VM
	@scripts/test host kunit vm

test-host: ## the core in userspace: against the oracle, with sanitizers, 64 and 32 bit
	@scripts/test host

test-kunit: ## KUnit on User-Mode Linux with KASAN, lockdep and kmemleak
	@scripts/test kunit

test-vm: ## the modules on Debian's stock kernel in QEMU
	@scripts/test vm

lint: ## checkpatch, sparse, W=1, kernel-doc, shellcheck, SPDX
	@scripts/lint

install: all ## install the modules for KDIR, and the API in /usr/src
	$(MAKE) -C $(KDIR) M=$(CURDIR)/build/host INSTALL_MOD_PATH=$(DESTDIR) modules_install
	install -D -m 644 -t $(HEADERS) heapmod.h build/host/Module.symvers

uninstall: ## take that away again
	rm -rf $(HEADERS)
	find $(DESTDIR)/lib/modules -name heapmod.ko -o -name flight_recorder.ko -o -name hello_heap.ko | xargs -r rm -v

clean: ## forget what was built here; the cache stays
	rm -rf build

.PHONY: help all demo vm test test-host test-kunit test-vm lint install uninstall clean
