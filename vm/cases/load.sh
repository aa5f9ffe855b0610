# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# heapmod loads, shows its default heap, unloads; twenty times.

# shellcheck source=../guest/case.sh
. /lib/case.sh

check "loads" insmod heapmod.ko
check "says so" said "loaded, default heap of 1M bytes"
check "heaps names the default heap" grep -q "^default 1048576 0 0$" $debug/heaps
check "stats add up" adds_up default
check "blocks tile the region" tiles default
check "one hole" [ "$(stat default holes)" = 1 ]
check "the map is all holes" grep -qE "^ +8 \|[.]{64}\|$" $debug/default/map
check "nobody owns anything" [ "$(wc -l <$debug/default/owners)" = 1 ]
check "all that is free is one hole" [ "$(tail -n 1 $debug/default/holes)" = "524288 1048575 1 1048560" ]
check "which is no fragmentation" grep -qx "fragmentation 0.000" $debug/default/holes
check "files are for root alone" [ "$(find $debug -type f -perm 0400 | wc -l)" = 7 ]
check "unloads" rmmod heapmod
check "debugfs is gone" [ ! -e $debug ]

many() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		insmod heapmod.ko && cat $debug/default/blocks >/dev/null && rmmod heapmod || return
	done
}
check "loads and unloads 20 times" many

verdict
