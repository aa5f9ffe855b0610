# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Waits, resets, watches, shutdown, destroy and rmmod race against each other. The kernel's command line may have
# lives=NUMBER and resets=NUMBER.

# shellcheck source=../guest/case.sh
. /lib/case.sh

# unload_watchers - count them in /tmp/unloaded, until the heaps are over
unload_watchers() {
	while [ ! -e /tmp/over ]; do
		insmod heap_watcher.ko && rmmod heap_watcher || return
		echo >>/tmp/unloaded
	done
}

has_returned() {
	dmesg | grep -qF "heap_watcher: the callback returns"
}

check "heapmod loads" insmod heapmod.ko size=8192
check "a module whose callback runs loads" insmod heap_watcher.ko hold=1
check "... and unloads" rmmod heap_watcher
check "... not before the callback returns" has_returned
unload_watchers & watchers=$!
for flags in 0 3; do
	check "${lives:-4} heaps live through ${resets:-500} resets each, flags=$flags" \
		insmod heap_lives.ko lives="${lives:-4}" resets="${resets:-500}" flags=$flags
	dmesg | grep "heap_lives: .* resets" | tail -n 1
	rmmod heap_lives
done
check "a block that a waiter is about to return is taken back by a reset" insmod heap_reset.ko call=wait
rmmod heap_reset
check "... and by the end of the heap" insmod heap_reset.ko call=wait destroy=1
rmmod heap_reset
touch /tmp/over
check "a module that watches is unloaded, $(wc -l </tmp/unloaded) times" wait $watchers
check "heapmod unloads" rmmod heapmod

verdict
