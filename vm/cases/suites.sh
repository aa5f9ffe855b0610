# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Loads every suite on a kernel without KUnit, once for heaps without caches and once for heaps with them. Each case is a check.
#
# boot: -w -t 1200

# shellcheck source=../guest/case.sh
. /lib/case.sh

check "heapmod loads" insmod heapmod.ko size=0
suites=0
for flags in 0 8; do
	check "the suites' flags are $flags" insmod suite_flags.ko flags=$flags
	for suite in heap_*.ko; do
		suite=${suite%.ko}
		tr '\0' '\n' <"$suite.ko" | grep -q "^parm=results:" || continue
		suites=$((suites + 1))
		run_suite "$suite"
	done
	check "the flags unload" rmmod suite_flags
done
check "there were suites" [ "$suites" -gt 40 ]
check "heapmod unloads" rmmod heapmod

verdict
