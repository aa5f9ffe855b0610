# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The shell lines of docs/tracing.md, as they stand there: they count what the heap itself counts.
#
# boot: -m docs/tracing.md

# shellcheck source=../guest/case.sh
. /lib/case.sh

mount -t tracefs trace /sys/kernel/tracing
insmod heapmod.ko size=0
insmod heap_stress.ko

# The pieces of shell in the document, a file each.
awk '/^```sh$/ { inside = 1; piece++; next } /^```$/ { inside = 0 } inside { print >"/tmp/piece." piece }' tracing.md

# While somebody waits, the heap works.
cat >/tmp/sleep <<'END'
sleep() {
	echo 3000 >/sys/kernel/debug/heap_stress/run
}
END

# run PIECE - $before and $after are the heap's allocations
run() {
	before=$(stat stress allocs)
	sh -ec ". /tmp/sleep; . /tmp/piece.$1" >/tmp/out 2>&1
	status=$?
	after=$(stat stress allocs)
	[ $status = 0 ] || cat /tmp/out
	return $status
}

# Hits in the histogram, as it says itself, and as its rows add up to.
hits() {
	sed -n 's/^ *Hits: //p' /tmp/out
}

rows() {
	sed -n 's/.*} hitcount: *\([0-9]*\).*/\1/p' /tmp/out | awk '{ sum += $1 } END { print sum + 0 }'
}

counts_all() {
	[ "$after" -gt "$before" ] && [ "$(hits)" = $((after - before)) ] && [ "$(rows)" = $((after - before)) ]
}

check "owners" run 1
check "owners: every allocation is counted" counts_all
check "owners: by name" grep -q "caller: .* work+.*\[heap_stress\].*asked: *[0-9]" /tmp/out
check "sizes" run 2
check "sizes: every allocation is counted" counts_all
check "sizes: in powers of two" grep -q "asked: ~ 2^9 *} hitcount: *[1-9]" /tmp/out
# A synthetic event is an event in an event, and the kernel's ring buffer takes five in each other: too
# few for task, softirq and hard interrupt at once.
rmmod heap_stress
insmod heap_stress.ko interrupts=0
check "lives" run 3
check "lives: every block's is counted" counts_all
check "lives: in powers of two" grep -q "life: ~ 2^" /tmp/out
cat /tmp/out
check "no trigger is left" refute grep -q "^hist" /sys/kernel/tracing/events/heapmod/*/trigger
check "no event is left" [ -z "$(cat /sys/kernel/tracing/synthetic_events)" ]
rmmod heap_stress
check "heapmod unloads" rmmod heapmod

verdict
