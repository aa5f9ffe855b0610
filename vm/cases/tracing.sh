# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The shell commands of docs/tracing.md, unchanged: their counts are those of the heap.

# shellcheck source=../guest/case.sh
. /lib/case.sh

mount -t tracefs trace /sys/kernel/tracing
insmod heapmod.ko size=0
insmod heap_stress.ko resizes=1

# Each piece of shell in the document goes to a file.
awk '/^```sh$/ { inside = 1; piece++; next } /^```$/ { inside = 0 } inside { print >"/tmp/piece." piece }' /files/tracing.md

# The heap is busy while the commands would sleep.
cat >/tmp/sleep <<'END'
sleep() {
	echo 3000 >/sys/kernel/debug/heap_stress/run
}
END

# run PIECE - and set $before and $after to the heap's number of allocations
run() {
	before=$(stat stress allocs)
	sh -ec ". /tmp/sleep; . /tmp/piece.$1" >/tmp/out 2>&1
	status=$?
	after=$(stat stress allocs)
	[ $status = 0 ] || cat /tmp/out
	return $status
}

# total NAME - of the histogram. Besides its hits it counts what it has dropped: events in an interrupt that arrived while
# the row of the same key was being added.
total() {
	sed -n "s/^ *$1: //p" /tmp/out
}

# The sum of its rows.
rows() {
	sed -n 's/.*} hitcount: *\([0-9]*\).*/\1/p' /tmp/out | awk '{ sum += $1 } END { print sum + 0 }'
}

counts_all() {
	[ "$after" -gt "$before" ] && [ "$(rows)" = "$(total Hits)" ] && [ $(($(total Hits) + $(total Dropped))) = $((after - before)) ]
}

check "the format of an event has the numbers of the verdicts" refute grep -q HEAP_ /sys/kernel/tracing/events/heapmod/heapmod_verdict/format
check "owners" run 1
check "owners: every allocation is counted" counts_all
check "owners: call sites have names" grep -q "caller: .* work+.*\[heap_stress\].*asked: *[0-9]" /tmp/out
check "sizes" run 2
check "sizes: every allocation is counted" counts_all
check "sizes: the classes are powers of two" grep -q "asked: ~ 2^9 *} hitcount: *[1-9]" /tmp/out
# A synthetic event is nested in another event. The ring buffer allows too few levels for task, softirq and hard
# interrupt at once.
rmmod heap_stress
insmod heap_stress.ko resizes=1 interrupts=0
check "lives" run 3
check "lives: the life of every block is counted" counts_all
check "lives: the classes are powers of two" grep -q "life: ~ 2^" /tmp/out
cat /tmp/out
check "no trigger is left" refute grep -q "^hist" /sys/kernel/tracing/events/heapmod/*/trigger
check "no event is left" [ -z "$(cat /sys/kernel/tracing/synthetic_events)" ]
rmmod heap_stress
check "heapmod unloads" rmmod heapmod

verdict
