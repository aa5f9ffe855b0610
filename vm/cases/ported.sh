# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Code of the kernel (rhashtable, XArray, IDA) runs its own tests with a heap in place of kmalloc: see
# vm/ported.
#
# boot: -M 768 -t 1200 -x WARNING:.*ida_free -w

# shellcheck source=../guest/case.sh
. /lib/case.sh

# passes WORDS - has a line of the kernel's log the form `WORDS: 12 of 12 tests passed`?
passes() {
	dmesg | awk -v words="$1: " '
		index($0, words) && / tests passed$/ { sub(".*" words, ""); run = $3; passed = $1 }
		END { exit !(run > 0 && passed == run) }'
}

# clean NAME - nothing is left in the heap, and nothing was found
clean() {
	check "$1 has freed all its blocks" [ "$(stat default blocks)" = 0 ]
	check "... and nothing was found" grep -q "^findings 0$" $debug/default/check
	check "the owners add up after $1" owners_add_up default
}

dmesg_has() {
	dmesg | grep -qF "$1"
}

# took NUMBER - have more blocks than that been allocated since the last call?
took() {
	before=${allocs:-0}
	allocs=$(stat default allocs)
	[ $((allocs - before)) -gt "$1" ]
}

# A kernel module that ends with an error when its tests are done is not loaded.
run() {
	insmod "$@" 2>/dev/null || true
	lsmod | grep -q "^$(basename "$1" .ko)" && rmmod "$(basename "$1" .ko)"
	true
}

check "heapmod loads" insmod heapmod.ko size=256M

run ported_xarray.ko
check "all tests of XArray pass" passes XArray
check "its nodes were in the heap" took 100000
clean "XArray"

run ported_ida.ko
check "all tests of IDA pass" passes IDA
check "its nodes and bitmaps were in the heap" took 100
clean "IDA"

run ported_rhashtable.ko parm_entries=2000 runs=1 tcount=4
check "the tests of rhashtable pass" dmesg_has "Started 4 threads, 0 failed, rhltable test returns 0"
check "... all of them" refute dmesg_has "Test failed"
check "its tables and objects were in the heap" took 20
clean "rhashtable"

check "heapmod unloads" rmmod heapmod

verdict
