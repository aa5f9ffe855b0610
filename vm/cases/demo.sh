# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The demonstration: a client records the programs that the kernel executes in a heap of its own.

# shellcheck source=../guest/case.sh
. /lib/case.sh

show() {
	echo
	echo "\$ $*"
	"$@"
}

echo
echo "Linux $(uname -r)"
show insmod heapmod.ko
show insmod flight_recorder.ko size=4096
for file in /etc /bin /lib /proc/cpuinfo /init; do
	/bin/ls $file >/dev/null 2>&1
	/bin/wc -c $file >/dev/null 2>&1
	/bin/md5sum /init >/dev/null
done
show tail -n 12 /sys/kernel/debug/flight_recorder/events
show cat $debug/heaps
show cat $debug/flight_recorder/stats
show head -n 12 $debug/flight_recorder/blocks
show cat $debug/flight_recorder/map
echo
check "the recorder names a program that was executed" grep -q " /bin/md5sum$" /sys/kernel/debug/flight_recorder/events
check "the stats of its heap add up" adds_up flight_recorder

verdict
