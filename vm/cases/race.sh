#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# KCSAN sees two clients race for a block, and nothing where heapmod looks at a block that is written.

# shellcheck source=../guest/case.sh
. /lib/case.sh

# races [WORDS] - reports so far of races, in which WORDS are
races() {
	dmesg | grep "BUG: KCSAN: data-race in" | grep -c "$1"
}

# A race that is there is not seen each time.
sees_the_race() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		insmod heap_race.ko look=block && rmmod heap_race || return
		[ "$(races look_at_block)" = 0 ] || return 0
	done
	return 1
}

check "KCSAN watches" grep -q "^enabled: 1$" /sys/kernel/debug/kcsan
check "heapmod loads" insmod heapmod.ko size=0
check "stats, questions and checks while a block is written" insmod heap_race.ko look=heap
check "no race" [ "$(races .)" = 0 ]
check "unloads" rmmod heap_race
check "KCSAN reports clients that race for a block" sees_the_race
check "and nothing else" [ "$(races .)" = "$(races look_at_block)" ]
check "heapmod unloads" rmmod heapmod
check "lockdep looks still" grep -q "debug_locks: *1$" /proc/lockdep_stats

verdict
