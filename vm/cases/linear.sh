# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Blocks of a linear heap are encrypted by the kernel's cipher, and mapped for DMA.

# shellcheck source=../guest/case.sh
. /lib/case.sh

dma=/sys/kernel/debug/dma-api

# Does this kernel check mappings? With DMA_API_DEBUG it does.
checks_mappings() {
	[ -e $dma ] || refute echo "# skipped on this kernel: mappings"
}

# The kernel has seen mappings, and no error in them.
mappings_are_sound() {
	[ "$(cat $dma/error_count)" = 0 ] && [ "$(cat $dma/min_free_entries)" -lt "$(cat $dma/nr_total_entries)" ]
}

check "heapmod loads" insmod heapmod.ko size=0
check "a block is encrypted, and blocks are mapped for DMA" insmod heap_dma.ko
if checks_mappings; then
	check "the kernel finds no error in the mappings" mappings_are_sound
fi
check "its heap adds up" adds_up dma
check "the client unloads" rmmod heap_dma
check "no block of it was alive" refute said "alive"
check "heapmod unloads" rmmod heapmod

verdict
