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
for parameters in frees=1 frees=8 frees=100 "frees=100 percpu=1"; do
	# shellcheck disable=SC2086 # several words
	check "$parameters: frees during an oops are completed" insmod heap_oops.ko $parameters
	check "there was an oops" [ "$(dmesg | grep -c 'Oops:')" -ge 1 ]
	dmesg -c >/tmp/log
	rmmod heap_oops
done
check "heapmod unloads" rmmod heapmod

verdict
