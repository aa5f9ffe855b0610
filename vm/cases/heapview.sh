#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# heapview on heaps of the running kernel: as text, in full screen on a serial console, and its errors.
#
# boot: -p build/tools/heapview -p build/tools/heaptrace -p build/programs/messages

# shellcheck source=../guest/case.sh
. /lib/case.sh

# row HEAP - as heapview prints it, without the growth, of which there is none
row() {
	awk -v name="$1" '
		function human(bytes, unit) { for (unit = 1; bytes >= 1023.95; unit++) bytes /= 1024
			return sprintf(unit > 1 ? "%.1f%s" : "%d%s", bytes, substr("BKMG", unit, 1)) }
		FILENAME ~ /stats/ { number[$1] = $2 }
		FILENAME ~ /owners/ && FNR == 2 { owner = $2 ? $7 " " $8 : "-" }
		END { print name, human(number["region_bytes"] - number["hole_bytes"] - number["edge_bytes"]), human(number["peak_bytes"]),
			human(number["largest_hole_bytes"]), 0, number["failures"], number["findings"] + 0, owner }' "$debug/$1/stats" "$debug/$1/owners"
}

# heap_stress is at rest: its heap is as it is while this runs.
table_matches() {
	heapview --once | sed 's/  */ /g' >/tmp/table
	{ row hello && row stress; } | sort >/tmp/rows
	tail -n +2 /tmp/table | sort | diff - /tmp/rows && head -1 /tmp/table | grep -q "^name used peak hole growth failures findings owner$"
}

# In full screen on a serial line it runs until it is stopped.
on_screen() {
	TERM=$1 heapview --interval 0.2 ${2:+"$2"} </dev/ttyS2 >/dev/ttyS2 2>/tmp/output &
	sleep 1
	kill $! && [ ! -s /tmp/output ]
}

check "heapview without heapmod fails" fails "heapmod is not loaded" heapview --once
check "heapmod loads" insmod heapmod.ko size=0
check "heapview without a heap fails" fails "there is no heap" heapview --once
check "a client loads" insmod hello_heap.ko
check "the heap is shown" sh -c 'heapview --once hello | grep -q "^hello (live): region of 4096 bytes$"'
check "its owner is shown" sh -c 'heapview --once hello | grep -qE "112B +100.0% +100B +1 A hello_init.*\[hello_heap\]$"'
check "its block is shown" sh -c 'heapview --once hello | grep -q "^           8|Aaaaaaa[.]*|$"'
check "an unknown heap is refused" fails 'there is no heap "goodbye"; there are: hello' heapview --once goodbye
check "a second client loads" insmod heap_stress.ko
check "without a name, a row for each heap has the numbers of its stats" table_matches
for terminal in linux vt100 vt220 xterm-256color; do
	check "a heap in full screen on a serial line of type $terminal" on_screen $terminal hello
	check "all heaps in full screen on a serial line of type $terminal" on_screen $terminal
done
check "an unknown terminal is refused" fails "TERM=teapot is not known here" sh -c "TERM=teapot heapview hello </dev/ttyS2 >/dev/ttyS2"
umount /sys/kernel/debug
check "heapview without debugfs fails" fails "debugfs is not mounted" heapview --once hello
mount -t debugfs debug /sys/kernel/debug

verdict
