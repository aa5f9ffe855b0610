# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# heapmod loads with its default heap and unloads, once with all files checked and then many times.

# shellcheck source=../guest/case.sh
. /lib/case.sh

cat >/tmp/heaps <<'END'
name          region         used         peak      largest    blocks  failures
default      1048576            0            0      1048560         0         0
END

check "heapmod loads" insmod heapmod.ko
check "the load is logged" said "loaded, default heap of 1M bytes"
check "the file heaps has aligned columns" cmp -s /tmp/heaps $debug/heaps
check "stats add up" adds_up default
check "stats have no findings" [ "$(tail -n 1 $debug/default/stats)" = "findings 0" ]
check "stats have the largest hole" [ "$(stat default largest_hole_bytes)" = 1048560 ]
check "blocks tile the region" tiles default
check "the heap is one hole" [ "$(stat default holes)" = 1 ]
check "the map is all holes" grep -qE "^ +8 \|[.]{64}\|$" $debug/default/map
check "there are no owners" [ "$(wc -l <$debug/default/owners)" = 1 ]
check "the file holes has it in one class" [ "$(tail -n 1 $debug/default/holes)" = "      524288      1048575         1      1048560" ]
check "there is no fragmentation" grep -qx "fragmentation 0.000" $debug/default/holes
check "only root may read the files" [ "$(find $debug -type f -perm 0400 | wc -l)" = "$(find $debug -type f | wc -l)" ]
check "heapmod unloads" rmmod heapmod
check "its directory in debugfs is removed" [ ! -e $debug ]

many() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		insmod heapmod.ko && cat $debug/default/blocks >/dev/null && rmmod heapmod || return
	done
}
check "heapmod loads and unloads again and again" many

verdict
