# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# heaptrace records live heaps, on both CPUs. Its trace agrees with the counters of the heaps.
#
# boot: -p build/tools/heapview -p build/tools/heaptrace -p build/programs/messages

# shellcheck source=../guest/case.sh
. /lib/case.sh

tracing=/sys/kernel/tracing
stress=/sys/kernel/debug/heap_stress

check "a recording without heapmod fails" fails "load heapmod" heaptrace record -s 1 stress
check "heapmod loads" insmod heapmod.ko size=0
check "a recording of an unknown heap fails" fails 'there is no heap "none"' heaptrace record -s 1 none
insmod heap_stress.ko resizes=1
check "a recording without tracefs fails" fails "mount -t tracefs none /nowhere" heaptrace record --tracefs /nowhere -s 1 stress
mount -t tracefs trace $tracing 2>/dev/null

# start FILE HEAP [OPTION]... - start a recording, and wait until it has started
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

# events FILE WORD - the number of lines that begin with the word
events() {
	grep -c "^$2 " "$1"
}

# live_bytes FILE - the bytes requested of the blocks that are live at the end
live_bytes() {
	awk '/^(alloc|resize) / { size[$2] = $3 } /^free / { delete size[$2] } END { for (id in size) sum += size[id]; print sum + 0 }' "$1"
}

# foreign_names FILE HEAP - the call sites in the events of allocations that are no owner in debugfs
foreign_names() {
	sed 's/^ *\([0-9]* *\)\{6\}//' "$debug/$2/owners" >/tmp/owners
	sed -n '/^# live/,$s/^alloc [0-9]* [0-9]* //p' "$1" | sort -u | grep -vxFf /tmp/owners
}

# replayed FILE KEY [OPTION]...
replayed() {
	file=$1
	key=$2
	shift 2
	heaptrace replay "$@" "$file" | awk -v key="$key" '$1 == key { print $2 }'
}

# A heap that is idle when the recording begins and ends. The counts are exact, although another heap
# is busy, although blocks are resized, in place or not, and although the recorder is interrupted before it has read an event.
insmod flight_recorder.ko
start /tmp/quiet stress -b 65536
kill -STOP $recorder
echo 5000 >$stress/run
/bin/true
kill -INT $recorder
kill -CONT $recorder
check "an interrupted recording succeeds" wait $recorder
cat /tmp/quiet.log
check "no instance of tracefs is left" [ -z "$(ls $tracing/instances)" ]
check "the trace has every allocation" [ "$(events /tmp/quiet alloc)" = $(($(stat stress allocs) - 200)) ]
check "blocks were resized in place" [ "$(events /tmp/quiet resize)" -gt 100 ]
check "at its end the blocks have the sizes of the heap" [ "$(live_bytes /tmp/quiet)" = "$(stat stress asked_bytes)" ]
check "the trace has every free" [ "$(events /tmp/quiet free)" = $(($(stat stress frees) - 200)) ]
check "its call sites have the names that the kernel prints" [ -z "$(foreign_names /tmp/quiet stress)" ]
check "no event is missing" refute grep -qE "LOST|skipped|unseen" /tmp/quiet.log

# The same while both CPUs allocate and free before and after the start. At the end only the witnesses are live.
while [ ! -e /tmp/over ]; do
	echo 5000 >$stress/run
done & work=$!
sleep 0.5
start /tmp/busy stress -b 65536
allocs=$(stat stress allocs)
touch /tmp/over
wait $work
check "a recording of a busy heap succeeds" stop
cat /tmp/busy.log
check "no event is missing from it" refute grep -qE "LOST|skipped|seen" /tmp/busy.log
check "it has the allocations since its start" \
	[ "$(events /tmp/busy alloc)" -ge $(($(stat stress allocs) - allocs)) ]
check "the witnesses are live at its end" \
	[ $(($(events /tmp/busy alloc) - $(events /tmp/busy free))) = 200 ]
check "each witness has a call site" [ "$(grep -c '^alloc [0-9]* 1111 [^?]' /tmp/busy)" = 200 ]
check "a replay in a region of the same size has no failures" [ "$(replayed /tmp/busy failures --region 1048576)" = 0 ]
check "the recommended size is smaller" [ "$(heaptrace size /tmp/busy | awk 'NR == 1 { print $1 }')" -lt 1048576 ]

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
# Each program that is executed is an event. So the shell itself reads this file.
while read -r key value; do
	[ "$key" != peak_bytes ] || peak=$value
	[ "$key" != blocks ] || blocks=$value
done <$debug/flight_recorder/stats
check "a client is recorded" stop
check "its live blocks are those of the heap" [ $(($(events /tmp/flight alloc) - $(events /tmp/flight free))) = "$blocks" ]
check "its call sites have the names that the kernel prints" [ -z "$(foreign_names /tmp/flight flight_recorder)" ]
check "its peak is that of the heap" [ "$(replayed /tmp/flight peak)" = "$peak" ]
cat /tmp/flight.log
heaptrace size /tmp/flight | tee /tmp/size
size=$(awk 'NR == 1 { print $1 }' /tmp/size)
check "the recorder is the call site at the peak" grep -q " record_exec+.*\[flight_recorder\]$" /tmp/size
check "a replay in the recommended size has no failures" [ "$(replayed /tmp/flight failures --region "$size")" = 0 ]

# A heap that is too small: its failed allocations are in the trace.
rmmod flight_recorder
insmod flight_recorder.ko size=1024
start /tmp/small flight_recorder -s 3
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	/bin/true
done
check "a recording of three seconds ends" wait $recorder
check "failed allocations are in the trace" grep -q "^# fail [0-9]* record_exec+" /tmp/small
check "size reports them" sh -c "heaptrace size /tmp/small | grep -q '^! [0-9]* requests failed'"

# The buffer is too small for the events: the loss must be reported.
rmmod flight_recorder
insmod heap_stress.ko
start /tmp/lost stress -b 4
kill -STOP $recorder
echo 20000 >$stress/run
kill -CONT $recorder
check "a recording that loses events succeeds" stop
cat /tmp/lost.log
check "it reports the loss" grep -q "EVENTS WERE LOST" /tmp/lost.log
check "the trace records the loss" grep -q "^# lost [1-9]" /tmp/lost
check "the first line tells of it" sh -c "head -n 1 /tmp/lost | grep -qx '# heaptrace 2 lost [1-9][0-9]*'"
check "the trace can be replayed" [ "$(replayed /tmp/lost failures)" = 0 ]

# A trace that was saved from tracefs can be imported. The default clock does not order the events of two CPUs.
echo mono >$tracing/trace_clock
# On 6.1 the first recorder that sets the size of its own buffer leaves this one at a page.
echo 1024 >$tracing/buffer_size_kb
echo 1 >$tracing/events/heapmod/enable
echo 100 >$stress/run
echo 0 >$tracing/events/heapmod/enable
check "a saved trace is imported" sh -c "heaptrace import $tracing/trace >/tmp/imported 2>/tmp/imported.log"
cat /tmp/imported.log
check "the import has every allocation" [ "$(events /tmp/imported alloc)" = "$(grep -c 'heapmod_alloc: ' $tracing/trace)" ]
check "the import has every free" [ "$(events /tmp/imported free)" = "$(grep -c 'heapmod_free: ' $tracing/trace)" ]
for suffix in xz zst; do
	check "its trace is compressed by $suffix" sh -c "heaptrace import -o /tmp/imported.$suffix $tracing/trace 2>/dev/null &&
		heaptrace size /tmp/imported.$suffix >/tmp/size && heaptrace size /tmp/imported | diff - /tmp/size"
done
check "no event is missing from the import" refute grep -qE "LOST|skipped|unseen" /tmp/imported.log

rmmod heap_stress
check "heapmod unloads" rmmod heapmod

verdict
