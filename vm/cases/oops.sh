# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Frees that were deferred during an oops are completed when the kernel has survived it.
#
# boot: -x BUG:.kernel.NULL|Oops:|Call.Trace

# shellcheck source=../guest/case.sh
. /lib/case.sh

echo 0 >/proc/sys/kernel/panic_on_oops
check "heapmod loads" insmod heapmod.ko size=0
for frees in 1 8 100; do
	check "$frees frees during an oops are completed" insmod heap_oops.ko frees=$frees
	check "there was an oops" [ "$(dmesg | grep -c 'Oops:')" -ge 1 ]
	dmesg -c >/tmp/log
	rmmod heap_oops
done
check "heapmod unloads" rmmod heapmod

verdict
