# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Sourced by the cases: checks that are counted. A case without a check fails.

passed=0
failed=0
debug=/sys/kernel/debug/heapmod

# busybox would try a module twice, by two system calls; kmod does it once, as on a machine.
insmod() {
	/sbin/insmod "$@"
}

# check NAME COMMAND... - the command must succeed
check() {
	name=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
		echo "ok - $name"
	else
		failed=$((failed + 1))
		echo "not ok - $name"
	fi
}

refute() {
	! "$@"
}

# said WORDS - was it logged since the last call of hush?
said() {
	dmesg | grep -F "heapmod: " | tail -n +"$((hushed + 1))" | grep -qF "$1"
}

lines_said() {
	echo $(($(dmesg | grep -cF "heapmod: ") - hushed))
}

hush() {
	hushed=$(dmesg | grep -cF "heapmod: ")
}

# stat HEAP KEY - a number from a heap's stats
stat() {
	awk -v key="$2" '$1 == key { print $2 }' "$debug/$1/stats"
}

# The parts in stats add up to the region exactly.
adds_up() {
	awk '$1 == "region_bytes" { region = $2 }
	     $1 ~ /^(asked|slack|header|hole|quarantine|pending|redzone|edge)_bytes$/ { parts++; sum += $2 }
	     END { exit !(parts == 8 && region > 0 && sum == region) }' "$debug/$1/stats"
}

# The blocks follow each other without a gap from edge to edge, and there are as many as stats says.
# cat reads in large pieces, awk would in small ones: batches must meet without a gap in a piece.
tiles() {
	cat "$debug/$1/blocks" | awk -v region="$(stat "$1" region_bytes)" -v blocks="$(stat "$1" blocks)" -v holes="$(stat "$1" holes)" '
		NR == 1 { end = 8; next }
		$1 != end { gap = 1 }
		{ end = $1 + $2; count[$3]++ }
		END { exit !(NR > 1 && !gap && end == region - 8 && count["used"] + 0 == blocks && count["hole"] + 0 == holes) }'
}

verdict() {
	echo "# $passed passed, $failed failed"
	[ "$passed" -gt 0 ] && [ "$failed" -eq 0 ]
}

hush
