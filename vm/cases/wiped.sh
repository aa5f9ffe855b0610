# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# On a kernel that wipes what is freed, nothing of a block's contents stays in the heap.
#
# boot: -a init_on_free=1

# shellcheck source=../guest/case.sh
. /lib/case.sh

check "the kernel wipes free memory" grep -qw init_on_free=1 /proc/cmdline
check "heapmod loads" insmod heapmod.ko size=0
for flags in 0 8; do
	check "the suites' flags are $flags" insmod suite_flags.ko flags=$flags
	check "heap_copy runs" insmod heap_copy.ko
	results=$(tr -d '\0' </sys/module/heap_copy/parameters/results)
	check "free memory is wiped" [ "$(printf '%s\n' "$results" | grep -c '^ok .*free_memory_is_wiped$')" = 1 ]
	check "no case failed" refute grep -q '^not ok' /sys/module/heap_copy/parameters/results
	check "heap_copy unloads" rmmod heap_copy
	check "the flags unload" rmmod suite_flags
done
check "heapmod unloads" rmmod heapmod

verdict
