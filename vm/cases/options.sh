# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Options of the kernel: what is freed and what is allocated is wiped, and heapmod works without debugfs.
#
# boot: -w -a init_on_free=1 -a init_on_alloc=1 -a debugfs=off

# shellcheck source=../guest/case.sh
. /lib/case.sh

check "the kernel wipes memory, and has no debugfs" grep -q "init_on_free=1.*init_on_alloc=1.*debugfs=off" /proc/cmdline
check "there are no files" [ ! -e /sys/kernel/debug/kprobes ]
check "heapmod loads" insmod heapmod.ko
check "a client loads" insmod hello_heap.ko
check "a heap has no files" [ ! -e $debug ]
check "the client unloads" rmmod hello_heap
for flags in 0 8; do
	check "the suites' flags are $flags" insmod suite_flags.ko flags=$flags
	run_suite heap_copy >/tmp/results
	cat /tmp/results
	check "... and has wiped" [ "$(grep -cE '^ok - heap_copy: .*_(is_wiped|wipe)$' /tmp/results)" = 4 ]
	check "the flags unload" rmmod suite_flags
done
check "heapmod unloads" rmmod heapmod

verdict
