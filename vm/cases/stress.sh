# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Two CPUs allocate and free while readers dump every file of the heap.

# shellcheck source=../guest/case.sh
. /lib/case.sh

stress=/sys/kernel/debug/heap_stress
operations=300000

# dump NUMBER - reads all files until the stress is over; every dump must show each witness once
dump() {
	while [ ! -e /tmp/over ]; do
		cat $debug/stress/map $debug/heaps >/dev/null || return
		adds_up stress || return
		count=$(cat $debug/stress/blocks | awk '$4 == 1111 { count++; seen[$1]++ } END { for (o in seen) if (seen[o] > 1) exit 1; print count }')
		[ "$count" = 200 ] || return
		[ "$(cat $stress/check)" = 0 ] || return
		echo >>"/tmp/dumps.$1"
	done
}

check "heapmod loads" insmod heapmod.ko size=0
check "the stress loads" insmod heap_stress.ko
check "on two CPUs" [ "$(grep -c ^processor /proc/cpuinfo)" = 2 ]
dump 1 & first=$!
dump 2 & second=$!
check "$operations operations on each CPU" sh -c "echo $operations >$stress/run"
touch /tmp/over
check "reader 1 saw every witness once, each time" wait $first
check "reader 2 saw every witness once, each time" wait $second
check "they read meanwhile" [ "$(cat /tmp/dumps.* | wc -l)" -gt 4 ]
check "stats add up" adds_up stress
check "blocks tile the region" tiles stress
check "only the witnesses are left" [ "$(stat stress blocks)" = 200 ]
echo "# $(stat stress allocs) allocations, $(cat /tmp/dumps.* | wc -l) dumps meanwhile"
check "the stress unloads" rmmod heap_stress
check "the witnesses are reported" said 'heap "stress" is destroyed with 200 blocks alive, 222200 bytes'
check "heapmod unloads" rmmod heapmod

verdict
