# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # vm/arch.sh sets the architecture
#
# Sourced, after vm/arch.sh, by the scripts that boot a VM: what they have in common.

# What every kernel has on its command line. An error ends it.
#
# noirqdebug: QEMU's serial port interrupts for each byte. The rt kernel handles thousands of these in one run of a thread,
# counts that as one, and disables the interrupt because of all the others.
#
# tsc=unstable, unless `tsc` says otherwise: a guest calibrates its TSC against a timer interrupt, which a busy host delays.
# Its clock may then run several times too fast, until it reports lockups. The HPET needs no calibration, and is fast enough
# for the tests.
#
# rcu_expedited, unless `rcu` says otherwise: a grace period takes 20 to 100 ms of an idle VM, and modules, probes and heaps
# that come and go wait for thousands.
kernel_line() {
	echo "quiet loglevel=5 panic=-1 oops=panic softlockup_panic=1 no_timer_check noirqdebug tsc=${tsc:-unstable}" \
		"rcupdate.rcu_expedited=${rcu:-1}"
}

counting=""			# set: one plain CPU, whose clock counts executed instructions
steps=""			# set: a file; QEMU logs instructions there
cpus=2

# Set `qemu`, the command, for `arch`.
# /dev/kvm may exist on a CPU without virtualization, where guests hang: test the CPU's flags, too.
choose_emulator() {
	local words
	qemu=("qemu-system-$emulates")
	if [ "$arch" != amd64 ]; then
		words=$("$here/qemu" "$arch")
		mapfile -t qemu <<<"$words"
		qemu+=(-accel "tcg,thread=multi" -smp "$cpus")
	elif [ -n "$counting" ]; then
		qemu+=(-accel "tcg,thread=single" -icount "shift=0,sleep=off" -cpu qemu64 -smp 1 -rtc "clock=vm,base=2000-01-01")
	elif [ -z "$steps" ] && grep -qwE 'vmx|svm' /proc/cpuinfo && [ -w /dev/kvm ]; then
		qemu+=(-accel kvm -smp "$cpus")
	else
		words=$("$here/qemu")
		mapfile -t qemu <<<"$words"
		qemu+=(-accel "tcg,thread=multi" -smp "$cpus")
	fi
}

# log_errors LOG EXPECTED - print the errors in a kernel's log, other than those that match
log_errors() {
	grep -aE 'BUG:|WARNING:|INFO: trying to register|Oops|Call [Tt]race|KASAN|possible circular|kmemleak:|Kernel panic|Out of memory|oom-kill' \
		"$1" | grep -avE "$2"
}
