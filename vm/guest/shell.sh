# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Functions for the shell in the VM, which docs/tour.md uses: for examples/heap_shell.c and its heap.

# heap COMMAND... - run a command of heap_shell, and print what the kernel logs; without a command, list the blocks
heap() {
	heap_shell=/sys/kernel/debug/heap_shell/ctl
	[ $# -gt 0 ] || { cat $heap_shell && return; }
	lines=$(dmesg | wc -l)
	status=0
	echo "$*" 2>/dev/null >$heap_shell || status=1
	# On PREEMPT_RT a thread prints the report: wait until the log does not grow any more.
	while said=$(dmesg | wc -l) && sleep 0.2 && [ "$(dmesg | wc -l)" != "$said" ]; do
		:
	done
	dmesg | tail -n +$((lines + 1)) | grep -v "the report is above" | sed -n 's/^\[[^]]*\] \(heap_shell\|heapmod\): //p'
	return $status
}

# show FILE [HEAP] - print a file of a heap in debugfs
show() {
	cat "/sys/kernel/debug/heapmod/${2:-heap_shell}/$1"
}
