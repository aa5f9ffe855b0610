# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# A block is accounted to the function that asked, whatever the compiler made of the call.
#
# boot: -w

# shellcheck source=../guest/case.sh
. /lib/case.sh

# site BYTES FUNCTION - is the block of that many bytes accounted to FUNCTION?
site() {
	grep -qE " used +$1 $2\+0x[0-9a-f]+/0x[0-9a-f]+ \[heap_sites\]$" $debug/sites/blocks
}

check "heapmod loads" insmod heapmod.ko size=0
check "the client loads" insmod heap_sites.ko
cat $debug/sites/blocks
check "a tail call is accounted to the function that makes it" site 1 tail_call
check "... that of a zeroed block, too" site 2 tail_zalloc
check "an inlined call is accounted to the function around it" site 3 surrounds
check "the first call of a function is accounted to it" site 4 calls_twice
check "... and the second" site 5 calls_twice
check "they are two owners" [ "$(grep -c "calls_twice" $debug/sites/owners)" = 2 ]
check "a wrapper passes its caller" site 6 wraps
check "a report names the function whose last call is the free" said "call    tail_free+0x"
check "the client unloads" rmmod heap_sites
check "no block was alive" refute said "alive"
check "heapmod unloads" rmmod heapmod

verdict
