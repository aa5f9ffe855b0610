# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # vm/arch.sh sets the architecture
#
# Sourced, after vm/arch.sh, by the scripts that boot a VM: what they have in common.

counting=""			# set: one plain CPU, whose clock counts executed instructions

# Set `qemu`, the command, for `arch`.
# /dev/kvm may exist on a CPU without virtualization, where guests hang: test the CPU's flags, too.
choose_emulator() {
	local words
	qemu=("qemu-system-$emulates")
	if [ "$arch" != amd64 ]; then
		words=$("$here/qemu" "$arch")
		mapfile -t qemu <<<"$words"
		qemu+=(-accel "tcg,thread=multi" -smp 2)
	elif [ -n "$counting" ]; then
		qemu+=(-accel "tcg,thread=single" -icount "shift=0,sleep=off" -cpu qemu64 -smp 1 -rtc "clock=vm,base=2000-01-01")
	elif grep -qwE 'vmx|svm' /proc/cpuinfo && [ -w /dev/kvm ]; then
		qemu+=(-accel kvm -smp 2)
	else
		words=$("$here/qemu")
		mapfile -t qemu <<<"$words"
		qemu+=(-accel "tcg,thread=multi" -smp 2)
	fi
}

# log_errors LOG EXPECTED - print the errors in a kernel's log, other than those that match
log_errors() {
	grep -aE 'BUG:|WARNING:|INFO: trying to register|Oops|Call [Tt]race|KASAN|possible circular|kmemleak:|Kernel panic|Out of memory|oom-kill' \
		"$1" | grep -avE "$2"
}
