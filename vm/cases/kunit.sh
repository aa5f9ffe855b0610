# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Loads every suite, once for heaps without caches and once for heaps with them, and prints its results. Then
# kmemleak, if the kernel has it, must report nothing.

# shellcheck source=../guest/case.sh
. /lib/case.sh

# Fault injection fails the allocations of a task that requests it, also those that may sleep; without a log line.
fail=/sys/kernel/debug
for which in failslab fail_page_alloc; do
	echo N >$fail/$which/ignore-gfp-wait
	echo 0 >$fail/$which/verbose
done
echo N >$fail/fail_page_alloc/ignore-gfp-highmem
echo 0 >$fail/fail_page_alloc/min-order

echo "# $(nproc) CPUs"
echo "# $(dmesg | grep -o 'KernelAddressSanitizer initialized.*')"
check "heapmod loads" insmod heapmod.ko size=0
for flags in 0 8; do
	check "the suites' flags are $flags" insmod suite_flags.ko flags=$flags
	for suite in heap_*.ko; do
		suite=${suite%.ko}
		check "$suite loads" insmod "$suite.ko"
		echo "RESULTS $suite flags=$flags"
		cat "/sys/kernel/debug/kunit/$suite/results"
		echo "END"
		check "$suite unloads" rmmod "$suite"
	done
	check "the flags unload" rmmod suite_flags
done
check "heapmod unloads" rmmod heapmod
if knows_leaks; then
	check "kmemleak reports nothing" [ -z "$(leaks | tee /dev/stderr)" ]
fi

verdict
