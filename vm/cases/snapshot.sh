# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The file snapshot of a heap that two CPUs use in every context: stats, owners and holes are of one moment.

# shellcheck source=../guest/case.sh
. /lib/case.sh

stress=/sys/kernel/debug/heap_stress

# until_over WHAT - read snapshots until the stress ends. Each must add up, and each is counted by what it says.
until_over() {
	while [ ! -e /tmp/over ]; do
		cat $debug/stress/snapshot >/tmp/snapshot && snapshot_adds_up /tmp/snapshot || return
		sed -n 's/^consistent //p' /tmp/snapshot >>/tmp/said
	done
}

# snapshots WORD - how many were read of which the file said WORD
snapshots() {
	grep -c "^$1$" /tmp/said
}

# stressed WORD - while operations are done, every snapshot adds up. On a slow machine they are repeated, until there are
# snapshots of which the file said WORD.
stressed() {
	rm -f /tmp/over
	: >/tmp/said
	until_over & reader=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		echo 100000 >$stress/run || return
		[ "$(snapshots "$1")" -le 5 ] || break
	done
	touch /tmp/over && wait $reader
}

check "heapmod loads" insmod heapmod.ko size=0
check "the stress loads with a small heap" insmod heap_stress.ko size=32768 witnesses=5
check "while it is used, every snapshot adds up" stressed yes
check "... and there were some" [ "$(snapshots yes)" -gt 5 ]
check "the heap was full at times" [ "$(stat stress failures)" -gt 0 ]
check "the stress unloads" rmmod heap_stress
check "the stress loads with a large heap" insmod heap_stress.ko size=4194304
check "while it is used, every snapshot adds up" stressed ".*"
check "... and there were some" [ "$(snapshots ".*")" -gt 5 ]
cat $debug/stress/snapshot >/tmp/snapshot
check "when it is not used, it is consistent" grep -q "^consistent yes$" /tmp/snapshot
check "... and adds up" snapshot_adds_up /tmp/snapshot
check "two snapshots have the same generation" [ "$(grep "^generation " $debug/stress/snapshot)" = "$(grep "^generation " /tmp/snapshot)" ]
check "the stress unloads" rmmod heap_stress
check "heapmod unloads" rmmod heapmod

verdict
