# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The KUnit suite heap_wait on two CPUs, many times.
#
# boot: -t 1200

# shellcheck source=../guest/case.sh
. /lib/case.sh

results=/sys/kernel/debug/kunit/heap_wait/results

check "heapmod loads" insmod heapmod.ko size=0
check "heap_wait loads" insmod heap_wait.ko repetitions=1000
check "it ran all cases" [ "$(grep -c '^ *ok [0-9]* [a-z_]*$' $results)" = 13 ]
check "no case failed" refute grep "not ok" $results
check "heap_wait unloads" rmmod heap_wait
check "heapmod unloads" rmmod heapmod

verdict
