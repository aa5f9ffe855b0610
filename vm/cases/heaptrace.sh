# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# heaptrace records live heaps, on both CPUs, and its trace is what the heaps count themselves.
#
# boot: -p build/tools/heaptrace

# shellcheck source=../guest/case.sh
. /lib/case.sh

tracing=/sys/kernel/tracing
stress=/sys/kernel/debug/heap_stress

# told WORDS COMMAND... - the command fails, and says so
told() {
	words=$1
	shift
	"$@" >/tmp/told 2>&1
	[ $? = 1 ] && grep -qF "$words" /tmp/told
}

check "that heapmod is not loaded is told" told "load heapmod" heaptrace record -s 1 stress
check "heapmod loads" insmod heapmod.ko size=0
check "that there is no such heap is told" told 'there is no heap "none"' heaptrace record -s 1 none
insmod heap_stress.ko
check "a missing tracefs is told" told "mount -t tracefs none /nowhere" heaptrace record --tracefs /nowhere -s 1 stress
mount -t tracefs trace $tracing 2>/dev/null

# start FILE HEAP [OPTION]... - begins a recording, and waits until it has begun
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

stop() {
	kill -INT $recorder
	wait $recorder
}

# events FILE WORD - how many there are
events() {
	grep -c "^$2 " "$1"
}

# replayed FILE KEY [OPTION]...
replayed() {
	file=$1
	key=$2
	shift 2
	heaptrace replay "$@" "$file" | awk -v key="$key" '$1 == key { print $2 }'
}

# A heap that is quiet when the recording begins and ends: the counts are its own, though another
# heap is busy, and though the recorder is interrupted when it has read nothing of it yet.
insmod flight_recorder.ko
start /tmp/quiet stress -b 65536
kill -STOP $recorder
echo 5000 >$stress/run
/bin/true
kill -INT $recorder
kill -CONT $recorder
check "a recording that is interrupted succeeds" wait $recorder
cat /tmp/quiet.log
check "and leaves no instance" [ -z "$(ls $tracing/instances)" ]
check "every allocation is in it" [ "$(events /tmp/quiet alloc)" = $(($(stat stress allocs) - 200)) ]
check "every free is in it" [ "$(events /tmp/quiet free)" = $(($(stat stress frees) - 200)) ]
check "nothing is missing" refute grep -qE "LOST|skipped|unseen" /tmp/quiet.log

# whole FILE - nothing is missing but, on each CPU, the free of a block that was pending at the begin
whole() {
	! grep -qE "LOST|unseen" "$1.log" &&
		[ "$(awk '/ frees are skipped/ { count = $2 } END { print count + 0 }' "$1.log")" -le 2 ]
}

# The same while both CPUs are at work before, during and after: what lives is the witnesses again.
while [ ! -e /tmp/over ]; do
	echo 5000 >$stress/run
done & work=$!
sleep 0.5
start /tmp/busy stress -b 65536
allocs=$(stat stress allocs)
touch /tmp/over
wait $work
check "a recording that begins in the middle succeeds" stop
cat /tmp/busy.log
check "it is whole" whole /tmp/busy
check "what was allocated since is in it" \
	[ "$(events /tmp/busy alloc)" -ge $(($(stat stress allocs) - allocs)) ]
check "and what is not freed are the witnesses" \
	[ $(($(events /tmp/busy alloc) - $(events /tmp/busy free))) = 200 ]
check "of which each has its caller" [ "$(grep -c '^alloc [0-9]* 1111 [^?]' /tmp/busy)" = 200 ]
check "the region that the heap has serves it" [ "$(replayed /tmp/busy failures --region 1048576)" = 0 ]
check "the size that is recommended is less" [ "$(heaptrace size /tmp/busy | awk 'NR == 1 { print $1 }')" -lt 1048576 ]

# A real client.
rmmod heap_stress
rmmod flight_recorder
insmod flight_recorder.ko size=65536
start /tmp/flight flight_recorder
i=0
while [ $i -lt 60 ]; do
	/bin/true
	/bin/uname >/dev/null
	i=$((i + 1))
done
# As every program counts, this is read by none.
while read -r key value; do
	[ "$key" != peak_bytes ] || peak=$value
	[ "$key" != blocks ] || blocks=$value
done <$debug/flight_recorder/stats
check "a client is recorded" stop
check "its blocks are those that it had" [ $(($(events /tmp/flight alloc) - $(events /tmp/flight free))) = "$blocks" ]
check "its peak is the heap's" [ "$(replayed /tmp/flight peak)" = "$peak" ]
cat /tmp/flight.log
heaptrace size /tmp/flight | tee /tmp/size
size=$(awk 'NR == 1 { print $1 }' /tmp/size)
check "the recorder is the caller at the peak" grep -q " record_exec+.*\[flight_recorder\]$" /tmp/size
check "the size that is recommended serves it" [ "$(replayed /tmp/flight failures --region "$size")" = 0 ]

# A heap that is too small fails, and that is in the trace.
rmmod flight_recorder
insmod flight_recorder.ko size=1024
start /tmp/small flight_recorder -s 3
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	/bin/true
done
check "a recording of three seconds ends by itself" wait $recorder
check "requests that failed are in it" grep -q "^# fail [0-9]* record_exec+" /tmp/small
check "size says so" sh -c "heaptrace size /tmp/small | grep -q '^! [0-9]* requests failed'"

# The buffer is too small for what happens meanwhile: that must be told.
rmmod flight_recorder
insmod heap_stress.ko
start /tmp/lost stress -b 4
kill -STOP $recorder
echo 20000 >$stress/run
kill -CONT $recorder
check "a recording that loses events ends well" stop
cat /tmp/lost.log
check "it tells of the loss" grep -q "EVENTS WERE LOST" /tmp/lost.log
check "and so does its trace" grep -q "^# lost [1-9]" /tmp/lost
check "which replays nevertheless" [ "$(replayed /tmp/lost failures)" = 0 ]

# What tracefs has recorded otherwise can be imported.
echo 1 >$tracing/events/heapmod/enable
echo 100 >$stress/run
echo 0 >$tracing/events/heapmod/enable
check "a saved trace is imported" sh -c "heaptrace import $tracing/trace >/tmp/imported 2>/tmp/imported.log"
cat /tmp/imported.log
check "with as many allocations" [ "$(events /tmp/imported alloc)" = "$(grep -c 'heapmod_alloc: ' $tracing/trace)" ]
skipped=$(awk '/frees are skipped/ { print $2 }' /tmp/imported.log)
check "and all frees, of their blocks or skipped" \
	[ $(($(events /tmp/imported free) + ${skipped:-0})) = "$(grep -c 'heapmod_free: ' $tracing/trace)" ]

rmmod heap_stress
check "heapmod unloads" rmmod heapmod

verdict
