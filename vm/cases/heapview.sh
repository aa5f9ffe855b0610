#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# heapview on heaps of the running kernel: as text, in full screen on a serial console, and its errors.
#
# boot: -p build/tools/heapview

# shellcheck source=../guest/case.sh
. /lib/case.sh

# says WORDS COMMAND... - the command fails with 1, and the words are in what it says
says() {
	words=$1
	shift
	"$@" >/tmp/said 2>&1
	[ $? = 1 ] && grep -qF "$words" /tmp/said
}

# In full screen on a serial line it goes on until it is stopped.
on_screen() {
	TERM=$1 heapview --interval 0.2 hello </dev/ttyS2 >/dev/ttyS2 2>/tmp/said &
	sleep 1
	kill $! && [ ! -s /tmp/said ]
}

check "without heapmod it says so" says "heapmod is not loaded" heapview --once
check "heapmod loads" insmod heapmod.ko size=0
check "without a heap it says so" says "there is no heap" heapview --once
check "a client loads" insmod hello_heap.ko
check "the only heap is shown" sh -c 'heapview --once | grep -q "^hello (live): region of 4096 bytes$"'
check "with its owner" sh -c 'heapview --once hello | grep -qE "112B +100.0% +100B +1 A hello_init.*\[hello_heap\]$"'
check "and its block" sh -c 'heapview --once hello | grep -q "^           8|Aaaaaaa[.]*|$"'
check "another one is not there" says 'there is no heap "goodbye"; there are: hello' heapview --once goodbye
check "a second client loads" insmod heap_stress.ko
check "it asks which" says "which heap? There are: hello, stress" heapview --once
for terminal in linux vt100 vt220 xterm-256color; do
	check "full screen on a serial line that is a $terminal" on_screen $terminal
done
check "a terminal that nobody knows is an error" says "TERM=teapot is not known here" sh -c "TERM=teapot heapview hello </dev/ttyS2 >/dev/ttyS2"
umount /sys/kernel/debug
check "without debugfs it says so" says "debugfs is not mounted" heapview --once hello
mount -t debugfs debug /sys/kernel/debug

verdict
