# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Loads every suite on a kernel without KUnit, once for heaps without caches and once for heaps with them. Each case is a check.
#
# boot: -w -t 1200

# shellcheck source=../guest/case.sh
. /lib/case.sh

# cases SUITE - a check for each line of its results
cases() {
	while read -r line; do
		case $line in
		"") ;;
		*" # SKIP "*) echo "# skipped: $1: ${line#ok }" ;;
		*) check "$1: ${line##* }" [ "${line%% *}" = ok ] ;;
		esac
	done <"/sys/module/$1/parameters/results"
}

check "heapmod loads" insmod heapmod.ko size=0
for flags in 0 8; do
	check "the suites' flags are $flags" insmod suite_flags.ko flags=$flags
	for suite in heap_*.ko; do
		suite=${suite%.ko}
		tr '\0' '\n' <"$suite.ko" | grep -q "^parm=results:" || continue
		check "$suite runs" insmod "$suite.ko"
		cases "$suite"
		check "$suite unloads" rmmod "$suite"
	done
	check "the flags unload" rmmod suite_flags
done
check "heapmod unloads" rmmod heapmod

verdict
