# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by the scripts that run tests: builds for a kernel, cases in VMs, totals. A line `# boot: ...` in a case has options for vm/boot, in which
# NAME is the folder of the modules; cases with the same options share a VM. CASE:WORD runs CASE with how=WORD in its environment.

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
	local name=$1 case modules documents options cases key start
	local -A vms=()			# cases, by what their VM has: the options, and the case if it ends the VM
	shift
	mapfile -t modules < <(find "build/$name" -name '*.ko' -printf '-m\n%p\n')
	mapfile -t documents < <(printf -- '-f\n%s\n' docs/*.md)
	for case in "$@"; do
		key=$(sed -n 's/^# boot: //p' "vm/cases/${case%%:*}.sh")
		[[ $key != *"-e "* ]] || key+="#$case"
		vms["$key#"]+="$case "
	done
	for key in "${!vms[@]}"; do
		read -ra options <<<"${key%%#*}" || true
		options=("${options[@]//NAME/$name}")
		echo "# $name: ${vms[$key]}"
		cases=()
		for case in ${vms[$key]}; do
			cases+=("vm/cases/${case%%:*}.sh${case#"${case%%:*}"}")
		done
		start=$SECONDS
		vm/boot "${boot[@]}" "${options[@]}" "${modules[@]}" "${documents[@]}" "${cases[@]}" 2>&1 ||
			echo "not ok - this VM did not report success"
		echo "# $name: $((SECONDS - start)) s: ${vms[$key]}"
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
