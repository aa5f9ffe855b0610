# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# lockdep finds nothing in calls under a raw spinlock, with kmemleak and fault injection.

# shellcheck source=../guest/case.sh
. /lib/case.sh

fail=/sys/kernel/debug/fail_heapmod

check "kmemleak is enabled" [ -e /sys/kernel/debug/kmemleak ]
check "heapmod loads" insmod heapmod.ko size=0
for probability in 0 50; do
	echo -1 >$fail/times
	echo $probability >$fail/probability
	for flags in 0 3; do
		check "calls under a raw lock, flags=$flags, failures=$probability%" insmod heap_raw.ko flags=$flags
		rmmod heap_raw
	done
done
check "heapmod unloads" rmmod heapmod
check "lockdep is still enabled" grep -q "debug_locks: *1$" /proc/lockdep_stats

verdict
