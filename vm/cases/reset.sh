# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# A debug kernel warns of a reset during a call that allocates. It warns once, so heapmod is loaded again for each call.
#
# boot: -x BUG:.KCSAN|WARNING:.*heapmod]|Call.Trace

# shellcheck source=../guest/case.sh
. /lib/case.sh

# warned CALL FLAGS
warned() {
	check "heapmod loads" insmod heapmod.ko size=0
	hush
	check "a reset during $1, flags $2" insmod heap_reset.ko call="$1" flags="$2"
	check "it is warned of" said 'heap "reset" was reset during a call that allocates'
	rmmod heap_reset
	check "heapmod unloads" rmmod heapmod
}

for call in alloc zalloc bulk aligned grow shrink move memdup strdup printf; do
	warned $call 0
done
# From a cache.
for call in alloc zalloc; do
	warned $call 8
done

verdict
