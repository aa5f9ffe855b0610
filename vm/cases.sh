# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by vm/test-vm and vm/test-race: cases, each in a VM of its own. A case can name options of
# vm/boot in a line `# boot: ...`. To CASE:WORD the kernel's command line says how=WORD.

boot=()				# options of vm/boot for all of them

# kernel_name WHICH - what the modules for a kernel of vm/debian are built in; the stock kernel's, in `debian`
kernel_name() {
	local name=debian-${1//\//-}
	echo "${name%-amd64}"
}

# run_cases NAME CASE... - with the modules in build/NAME
run_cases() {
	local name=$1 case file modules options
	shift
	mapfile -t modules < <(find "build/$name" -name '*.ko' -printf '-m\n%p\n')
	for case in "$@"; do
		echo "# $name: $case"
		file=vm/cases/${case%:*}.sh
		read -ra options < <(sed -n 's/^# boot: //p' "$file") || true
		vm/boot "${boot[@]}" "${options[@]}" -a "how=${case#*:}" "${modules[@]}" "$file" 2>&1 ||
			echo "not ok - the VM of $case ended without a verdict of success"
	done
}

# totals TIER LOG - the last line of a tier, and its verdict
totals() {
	local passed failed
	passed=$(grep -ac '^ok' "$2" || true)
	failed=$(grep -ac '^not ok' "$2" || true)
	echo "$1: $passed passed, $failed failed"
	[ "$failed" = 0 ] && [ "$passed" != 0 ]
}
