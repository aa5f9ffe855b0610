# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# A debug kernel warns of a reset during a call that allocates. It warns once, so heapmod is loaded again for each call.
#
# boot: -x BUG:.KCSAN|WARNING:.*heapmod]|Call.Trace

# shellcheck source=../guest/case.sh
. /lib/case.sh

for call in alloc aligned grow shrink move memdup strdup printf; do
	check "heapmod loads" insmod heapmod.ko size=0
	hush
	check "a reset during $call" insmod heap_reset.ko call=$call
	check "it is warned of" said 'heap "reset" was reset during a call that allocates'
	rmmod heap_reset
	check "heapmod unloads" rmmod heapmod
done

verdict
