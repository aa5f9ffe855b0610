# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by vm/test-vm and vm/test-race: run cases, each in its own VM. A line `# boot: ...` in a case has
# options for vm/boot. CASE:WORD runs CASE with how=WORD on the kernel's command line.

. vm/arch.sh

boot=()				# options of vm/boot for all cases

# kernel_name WHICH - the folder in build/ with the modules for a kernel of vm/debian (`debian` for the stock kernel)
kernel_name() {
	local name=debian-${1//\//-}
	echo "${name%-amd64}"
}

# build_modules WHICH NAME KDIR - for a kernel of vm/debian, with the compiler for its architecture
build_modules() {
	local cross
	cross=$(vm/cross "$(flavour_arch "${1##*/}")")
	scripts/modules "$2" "$3" ${cross:+"CROSS_COMPILE=$cross"}
}

# builds_with_warnings NAME - did the last build of the modules in build/NAME print a warning?
builds_with_warnings() {
	grep -E ':[0-9]+: warning: |^WARNING: ' "build/$1.log"
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
			echo "not ok - the VM of $case did not report success"
	done
}

# totals TIER LOG - print the last line of a tier; fail unless all its tests passed
totals() {
	local passed failed
	passed=$(grep -ac '^ok' "$2" || true)
	failed=$(grep -ac '^not ok' "$2" || true)
	echo "$1: $passed passed, $failed failed"
	[ "$failed" = 0 ] && [ "$passed" != 0 ]
}
