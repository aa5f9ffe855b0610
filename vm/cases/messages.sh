# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The example message_queue, used by a program that sleeps and polls.
#
# boot: -p build/tools/heapview -p build/tools/heaptrace -p build/programs/messages

# shellcheck source=../guest/case.sh
. /lib/case.sh

# The last messages are freed after a grace period.
has_no_blocks() {
	for _ in $(seq 100); do
		[ "$(stat message_queue blocks)" != 0 ] || return 0
		sleep 0.1
	done
	return 1
}

check "heapmod loads" insmod heapmod.ko
check "the queue loads" insmod message_queue.ko
check "programs can use it" messages
check "all its messages are freed" has_no_blocks
exec 5<>/dev/message_queue
check "it does not unload while a file is open" refute rmmod message_queue
exec 5<&-
check "its blocks tile the region" tiles message_queue
check "its stats add up" adds_up message_queue
head -c 100 /dev/urandom >/dev/message_queue
check "the queue unloads with a message in it" rmmod message_queue
check "no block was alive" refute said "alive"
check "heapmod unloads" rmmod heapmod

verdict
