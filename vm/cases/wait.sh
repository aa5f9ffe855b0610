# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The KUnit suite heap_wait on two CPUs, many times. The kernel's command line may have repetitions=NUMBER.
#
# boot: -t 1200

# shellcheck source=../guest/case.sh
. /lib/case.sh

repetitions=${repetitions:-1000}
results=/sys/kernel/debug/kunit/heap_wait/results

check "heapmod loads" insmod heapmod.ko size=0
check "suite_flags loads" insmod suite_flags.ko
check "heap_wait loads" insmod heap_wait.ko repetitions="$repetitions"
check "it ran all cases" [ "$(grep -c '^ *ok [0-9]* .*[a-z]' $results)" -gt "$(sed -n 's/^ *1\.\.\([0-9][0-9]*\).*/\1/p' $results | sort -n | tail -n 1)" ]
check "cases were repeated" grep -q '^ *ok .*_repeated$' $results
check "each case with repetitions did all" [ "$(grep -c "repetitions=$repetitions\$" $results)" = "$(grep -c '^ *ok .*_repeated$' $results)" ]
check "no case failed" refute grep "not ok" $results
check "heap_wait unloads" rmmod heap_wait
check "suite_flags unloads" rmmod suite_flags
check "heapmod unloads" rmmod heapmod

verdict
