# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The KUnit suite heap_random, longer. The kernel's command line may have rounds=NUMBER and seed=NUMBER.
#
# boot: -x BUG:.KCSAN|WARNING:.*heapmod_report|Call.Trace

# shellcheck source=../guest/case.sh
. /lib/case.sh

results=/sys/kernel/debug/kunit/heap_random/results

check "heapmod loads" insmod heapmod.ko size=0
check "suite_flags loads" insmod suite_flags.ko
check "heap_random loads" insmod heap_random.ko rounds="${rounds:-100000}" seed="${seed:-0}"
cat $results
check "it did as many rounds as requested" [ "$(grep -c "rounds=${rounds:-100000}$" $results)" = 3 ]
check "it ran all cases" [ "$(grep -c '^ *ok [0-9]* random_calls' $results)" = 3 ]
check "no case failed" refute grep "not ok" $results
check "heap_random unloads" rmmod heap_random
check "heapmod unloads" rmmod heapmod

verdict
