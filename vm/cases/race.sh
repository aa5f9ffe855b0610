#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# KCSAN reports two clients that race for a block. It reports nothing when heapmod reads a block that is written.

# shellcheck source=../guest/case.sh
. /lib/case.sh

# races WORDS - the number of reports so far that name a function with these words. The kernel has races of its own.
races() {
	dmesg | grep "BUG: KCSAN: data-race in" | grep -c "$1"
}

# KCSAN samples, so it may miss a race.
reports_the_race() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		insmod heap_race.ko look=block && rmmod heap_race || return
		[ "$(races look_at_block)" = 0 ] || return 0
	done
	return 1
}

check "KCSAN is enabled" grep -q "^enabled: 1$" /sys/kernel/debug/kcsan
check "heapmod loads" insmod heapmod.ko size=0
check "stats, queries and checks while a block is written" insmod heap_race.ko look=heap
check "KCSAN reports nothing" [ "$(races '\[heap')" = 0 ]
check "heap_race unloads" rmmod heap_race
check "KCSAN reports clients that race for a block" reports_the_race
check "KCSAN reports nothing else" [ "$(races '\[heap')" = "$(races look_at_block)" ]
check "heapmod unloads" rmmod heapmod
check "lockdep is still enabled" grep -q "debug_locks: *1$" /proc/lockdep_stats

verdict
