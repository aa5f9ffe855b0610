#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Every mistake of a client is found, reported, traced and contained. docs/reports.md quotes these reports.
#
# boot: -w

# shellcheck source=../guest/case.sh
. /lib/case.sh

mount -t tracefs trace /sys/kernel/tracing 2>/dev/null
tracing=/sys/kernel/tracing

# traced EVENT WORDS - the trace has such an event
traced() {
	grep " $1: " $tracing/trace | grep -q "$2"
}

# The first report of VERDICT in a file: a line that begins with it, and the lines behind that begin with blanks.
report_of() {
	awk -v verdict="$1" '!inside && index($0, verdict " ") == 1 { inside = 1; print; next }
	     inside && !/^  / { exit }
	     inside' "$2"
}

# Mask what differs between kernels and runs: the offset in a function, a hashed address, the seal of a header, and the
# bytes in front of the first block.
mask() {
	sed -e 's|+0x[0-9a-f]*/0x[0-9a-f]*|+|' -e 's/^  pointer [^ ]*$/  pointer/' -e 's/^\( *0 \) .*/\1/' \
		-e 's/^\( *[0-9]*  *\([ >][0-9a-f][0-9a-f]\)\{'$unsealed'\}\).*/\1/'
}

# documented VERDICT - is the report in the log the one that docs/reports.md quotes? Otherwise print where they differ.
documented() {
	report_of "$1" /tmp/log | mask >/tmp/logged
	report_of "$1" /files/reports.md | mask >/tmp/quoted
	[ -s /tmp/logged ] && cmp -s /tmp/logged /tmp/quoted && return
	echo "# the first line that differs, in docs/reports.md (-) and in the log (+):"
	awk 'FILENAME == ARGV[1] { quoted[++lines] = $0; next }
	     $0 != quoted[++line] { print "# -" quoted[line]; print "# +" $0; found = 1; exit }
	     END { if (!found) print "# -" quoted[line + 1] "\n# +" }' /tmp/quoted /tmp/logged
	return 1
}

# Quotes are the blocks of code of the document that have no language.
quotes() {
	awk '!inside && /^```/ { inside = 1; count += /^```$/; next }
	     /^```$/ { inside = 0 }
	     END { print count + 0 }' /files/reports.md
}

# The reports in the document have the memory, too.
check "heapmod loads" insmod heapmod.ko size=0 show_bytes=1
check "its tracepoints can be enabled" sh -c "echo 1 >$tracing/events/heapmod/enable"
check "the client loads" insmod heap_abuse.ko
sleep 1
dmesg | sed -n 's/^[^h]*heapmod: //p' >/tmp/log

for verdict in foreign misaligned interior "double free" "wrong heap" overrun "corrupt header" "use after free" \
	"corrupt index"; do
	check "$verdict is reported" said "$verdict"
	check "$verdict is traced" traced heapmod_verdict "verdict=$verdict "
	check "the report of $verdict is the one in docs/reports.md" documented "$verdict"
done
check "docs/reports.md quotes one report for each verdict" [ "$(quotes)" = 9 ]
for key in foreign misaligned interior overrun corrupt_header; do
	check "$key is counted in its heap" [ "$(stat abuse $key)" = 1 ]
done
for key in double_free wrong_heap use_after_free; do
	check "$key is counted in its heap" [ "$(stat poison $key)" = 1 ]
done
for mistake in foreign misaligned interior double_free wrong_heap overrun corrupt_header use_after_free corrupt_index check_index; do
	check "the report names the call in $mistake()" said "  call    $mistake+"
done
check "the report names the heap of a foreign pointer" said 'in heap "abuse"'
check "the report names the owner" said "100 bytes allocated by abuse_init"
check "the report names the earlier free" said "freed by use_after_free"
check "allocations are traced" traced heapmod_alloc "asked=100 bytes=112 caller=abuse_init"
check "frees are traced" traced heapmod_free "asked=50 bytes=64 caller=double_free"
check "the damaged block is in quarantine" grep -qE "^ +120 +112 quarantined +- -$" $debug/abuse/blocks
check "its bytes are counted" [ "$(stat abuse quarantine_bytes)" = 112 ]
check "its owner still has it" [ "$(owner abuse abuse_init | sort | tail -n 1)" = "1 100 100 1 0 0" ]
check "stats add up" adds_up abuse
check "blocks tile the region" tiles abuse
check "the check finds nothing more" grep -q "^findings 0$" $debug/abuse/check
check "only the first finding is a warning" [ "$(dmesg | grep -c "WARNING: .* heapmod_report")" = 1 ]
check "the client unloads" rmmod heap_abuse
check "it loads again, with a heap that is damaged everywhere" insmod heap_abuse.ko ruin=1
cat $debug/ruin/check >/tmp/check
check "a read prints ten overruns" [ "$(grep -c '^overrun' /tmp/check)" = 10 ]
check "... and then a corrupt index" [ "$(grep '^[^ ]' /tmp/check | tail -n 2 | cut -d' ' -f1-2 | xargs)" = "corrupt index findings 11" ]
check "the heap is frozen" [ "$(stat ruin frozen)" = 1 ]
check "the client unloads again" rmmod heap_abuse
check "heapmod unloads" rmmod heapmod
sed 's/^/heapmod: /' /tmp/log

verdict
