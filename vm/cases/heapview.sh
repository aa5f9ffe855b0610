#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# heapview on heaps of the running kernel: as text, in full screen on a serial console, and its errors.
#
# boot: -p build/tools/heapview

# shellcheck source=../guest/case.sh
. /lib/case.sh

# fails WORDS COMMAND... - the command fails with status 1, and its message contains the words
fails() {
	words=$1
	shift
	"$@" >/tmp/output 2>&1
	[ $? = 1 ] && grep -qF "$words" /tmp/output
}

# In full screen on a serial line it runs until it is stopped.
on_screen() {
	TERM=$1 heapview --interval 0.2 hello </dev/ttyS2 >/dev/ttyS2 2>/tmp/output &
	sleep 1
	kill $! && [ ! -s /tmp/output ]
}

check "heapview without heapmod fails" fails "heapmod is not loaded" heapview --once
check "heapmod loads" insmod heapmod.ko size=0
check "heapview without a heap fails" fails "there is no heap" heapview --once
check "a client loads" insmod hello_heap.ko
check "the only heap is shown" sh -c 'heapview --once | grep -q "^hello (live): region of 4096 bytes$"'
check "its owner is shown" sh -c 'heapview --once hello | grep -qE "112B +100.0% +100B +1 A hello_init.*\[hello_heap\]$"'
check "its block is shown" sh -c 'heapview --once hello | grep -q "^           8|Aaaaaaa[.]*|$"'
check "an unknown heap is refused" fails 'there is no heap "goodbye"; there are: hello' heapview --once goodbye
check "a second client loads" insmod heap_stress.ko
check "heapview needs a name when there are two heaps" fails "which heap? There are: hello, stress" heapview --once
for terminal in linux vt100 vt220 xterm-256color; do
	check "full screen on a serial line of type $terminal" on_screen $terminal
done
check "an unknown terminal is refused" fails "TERM=teapot is not known here" sh -c "TERM=teapot heapview hello </dev/ttyS2 >/dev/ttyS2"
umount /sys/kernel/debug
check "heapview without debugfs fails" fails "debugfs is not mounted" heapview --once hello
mount -t debugfs debug /sys/kernel/debug

verdict
