# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# heapmod.drgn.py on the running kernel, with Python from the host.

# shellcheck source=../guest/case.sh
. /lib/case.sh

check "heapmod loads" insmod heapmod.ko
check "heap_stress loads" insmod heap_stress.ko
check "heap_stress runs" sh -c "echo 300 >/sys/kernel/debug/heap_stress/run"

drgn() {
	heapmod.drgn -s /files/vmlinux -s heapmod.ko "$@"
}

agrees() {
	drgn "$1" stress >/tmp/drgn && cat "$debug/stress/$1" >/tmp/debugfs && cmp /tmp/drgn /tmp/debugfs && [ "$(wc -l </tmp/debugfs)" -gt 2 ]
}

check "blocks of the running kernel are those of debugfs" agrees blocks
check "owners of the running kernel are those of debugfs" agrees owners
check "stats of the running kernel are those of debugfs" agrees stats
check "holes of the running kernel are those of debugfs" agrees holes
check "the check of the running kernel finds nothing" drgn check

verdict
