# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What a shell in the VM knows: two words for examples/heap_shell.c and its heap, as docs/tour.md uses them.

# heap COMMAND... - do it, and print what the kernel says; without a command, what there is
heap() {
	heap_shell=/sys/kernel/debug/heap_shell/ctl
	[ $# -gt 0 ] || { cat $heap_shell && return; }
	lines=$(dmesg | wc -l)
	status=0
	echo "$*" 2>/dev/null >$heap_shell || status=1
	# On PREEMPT_RT it is a thread that reports, and may not be done yet.
	while said=$(dmesg | wc -l) && sleep 0.2 && [ "$(dmesg | wc -l)" != "$said" ]; do
		:
	done
	dmesg | tail -n +$((lines + 1)) | grep -v "the report is above" | sed -n 's/^\[[^]]*\] \(heap_shell\|heapmod\): //p'
	return $status
}

# show FILE [HEAP] - what debugfs shows of a heap
show() {
	cat "/sys/kernel/debug/heapmod/${2:-heap_shell}/$1"
}
