#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# KASAN reports a read behind a block and a read of a freed block, and heapmod names the owner. kmemleak reports a
# lost block. KASAN does not report the mistakes of heap_shell, which heapmod must find.

# shellcheck source=../guest/case.sh
. /lib/case.sh

check "heapmod loads" insmod heapmod.ko size=0
check "the shell loads" insmod heap_shell.ko
ctl=/sys/kernel/debug/heap_shell/ctl
for command in "alloc a 100" "alloc b 100" "smash a 20" "resize a 50" "double b"; do
	check "$command" sh -c "echo $command >$ctl"
done
check "heapmod finds an overrun" [ "$(stat heap_shell overrun)" = 1 ]
check "heapmod finds a corrupt header" [ "$(stat heap_shell corrupt_header)" = 1 ]
check "heapmod finds a double free" [ "$(stat heap_shell double_free)" = 1 ]
check "KASAN does not report them" refute sh -c 'dmesg | grep -q "BUG: KASAN"'
check "the shell unloads" rmmod heap_shell
check "the client loads" insmod heap_peek.ko
check "KASAN reports two reads" [ "$(dmesg | grep -c "BUG: KASAN: .* in peek_init")" = 2 ]
check "heapmod names the heap of both addresses" [ "$(dmesg | grep -c 'heapmod: the address is at offset [0-9]* of heap "peek"')" = 2 ]
check "heapmod names the owner of the block" said "45 bytes allocated by peek_init"
if knows_leaks; then
	leaks >/tmp/leaks
	check "kmemleak reports the lost block" grep -q "size 77" /tmp/leaks
	check "kmemleak names its call site" grep -q "peek_init" /tmp/leaks
	cat /tmp/leaks
fi
check "the client unloads" rmmod heap_peek
check "heapmod unloads" rmmod heapmod

verdict
