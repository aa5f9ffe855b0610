# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by tests on the host: counts checks.

passed=0 failed=0

# check NAME COMMAND... - the command must succeed; its output is printed if it does not
check() {
	local name=$1 output
	shift
	output=$(mktemp)
	if "$@" >"$output" 2>&1; then
		passed=$((passed + 1))
		echo "ok - $name"
	else
		failed=$((failed + 1))
		echo "not ok - $name"
		cat "$output"
	fi
	rm -f "$output"
}
