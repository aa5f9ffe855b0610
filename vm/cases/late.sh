# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The maximum delay of a timer while a file of a heap is read: a row of JSON for each file. The kernel's command
# line has live=NUMBER[,NUMBER].

# shellcheck source=../guest/case.sh
. /lib/case.sh

lives=$(sed 's/.*live=\([0-9,]*\).*/\1/' /proc/cmdline)
late=/sys/kernel/debug/heap_late/late

# No reader: the shell counts for a while.
idle() {
	i=0
	while [ $i -lt 20000 ]; do
		i=$((i + 1))
	done
}

# measure FILE LIVE COMMAND...
measure() {
	file=$1 count=$2
	shift 2
	cat $late >/dev/null
	"$@" >/dev/null
	echo "{\"reader\":\"$file\",\"live\":$count,\"late\":$(cat $late)}"
}

insmod heapmod.ko size=0
for live in $(echo "$lives" | tr , ' '); do
	check "a heap of $live blocks is created" insmod heap_late.ko "live=$live"
	[ "$(stat late holes)" -ge "$live" ] || { check "it has $live holes" false; continue; }
	measure none "$live" idle
	for file in stats blocks map owners holes check; do
		measure "$file" "$live" cat "$debug/late/$file"
	done
	rmmod heap_late
done

verdict
