# SPDX-License-Identifier: GPL-2.0-only
# boot: -t 2400 -p build/tools/heapview -p build/tools/heaptrace -p build/programs/messages
. /lib/case.sh
tracing=/sys/kernel/tracing
stress=/sys/kernel/debug/heap_stress
check "heapmod loads" insmod heapmod.ko size=0
insmod heap_stress.ko resizes=1
mount -t tracefs trace $tracing 2>/dev/null
start() {
	file=$1
	heap=$2
	shift 2
	: >"$file.log"
	heaptrace record "$@" -o "$file" "$heap" 2>"$file.log" & recorder=$!
	while [ -d /proc/$recorder ] && ! grep -q recording "$file.log"; do
		sleep 0.1
	done
}
stop() { kill -INT $recorder; wait $recorder; }
events() { grep -c "^$2 " "$1"; }
exact() {
	rm -f /tmp/over
	while [ ! -e /tmp/over ]; do
		echo 3000 >$stress/run
	done & work=$!
	sleep 0.4
	start /tmp/busy stress -b 65536
	allocs=$(stat stress allocs)
	touch /tmp/over
	wait $work
	stop || return
	cat /tmp/busy.log
	refute grep -qE "LOST|skipped|seen" /tmp/busy.log || return
	[ "$(events /tmp/busy alloc)" -ge $(($(stat stress allocs) - allocs)) ] || return
	[ $(($(events /tmp/busy alloc) - $(events /tmp/busy free))) = 200 ]
}
i=0
while [ $i -lt 50 ]; do
	i=$((i + 1))
	check "recording $i is exact" exact
done
verdict
