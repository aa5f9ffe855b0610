#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Every mistake of a client is found, reported, traced and contained.
#
# boot: -w

# shellcheck source=../guest/case.sh
. /lib/case.sh

mount -t tracefs trace /sys/kernel/tracing 2>/dev/null
tracing=/sys/kernel/tracing

# traced EVENT WORDS - the trace has such an event
traced() {
	grep " $1: " $tracing/trace | grep -q "$2"
}

check "heapmod loads" insmod heapmod.ko size=0
check "its tracepoints can be enabled" sh -c "echo 1 >$tracing/events/heapmod/enable"
check "the client loads" insmod heap_abuse.ko
sleep 1

for verdict in foreign misaligned interior "double free" "wrong heap" overrun "corrupt header" "use after free"; do
	check "$verdict is reported" said "$verdict"
	check "$verdict is traced" traced heapmod_verdict "verdict=$verdict "
done
for key in foreign misaligned interior overrun corrupt_header; do
	check "$key is counted in its heap" [ "$(stat abuse $key)" = 1 ]
done
for key in double_free wrong_heap use_after_free; do
	check "$key is counted in its heap" [ "$(stat poison $key)" = 1 ]
done
for mistake in foreign misaligned interior double_free wrong_heap overrun corrupt_header use_after_free; do
	check "the report names the call in $mistake()" said "  call    $mistake+"
done
check "the report names the heap of a foreign pointer" said 'in heap "abuse"'
check "the report names the owner" said "100 bytes allocated by abuse_init"
check "the report names the earlier free" said "freed by use_after_free"
check "allocations are traced" traced heapmod_alloc "asked=100 bytes=112 caller=abuse_init"
check "frees are traced" traced heapmod_free "asked=50 bytes=64 caller=double_free"
check "the damaged block is in quarantine" grep -qE "^ +120 +112 quarantined +- -$" $debug/abuse/blocks
check "its bytes are counted" [ "$(stat abuse quarantine_bytes)" = 112 ]
check "its owner still has it" [ "$(owner abuse abuse_init | sort | tail -n 1)" = "1 100 100 1 0 0" ]
check "stats add up" adds_up abuse
check "blocks tile the region" tiles abuse
check "the check finds nothing more" grep -q "^findings 0$" $debug/abuse/check
check "only the first finding is a warning" [ "$(dmesg | grep -c "WARNING: .* heapmod_report")" = 1 ]
check "the client unloads" rmmod heap_abuse
check "heapmod unloads" rmmod heapmod
dmesg | grep -F "heapmod: " | sed 's/^[^h]*//'

verdict
