# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The commands of docs/tracing.md for bpftrace and trace-cmd, unchanged: their counts are those of the heap. heaptrace
# imports what trace-cmd has recorded.
#
# boot: -M 1024 -p /usr/bin/bpftrace -p /usr/bin/trace-cmd -p build/tools/heaptrace

# shellcheck source=../guest/case.sh
. /lib/case.sh

mount -t tracefs trace /sys/kernel/tracing
insmod heapmod.ko size=0
insmod heap_stress.ko interrupts=0
cd /tmp || exit

# Each piece of shell goes to a file: "bpftrace 1" is the first of that section.
awk '/^## / { section = $NF; piece = 0 } /^```sh$/ { inside = 1; piece++; next } /^```$/ { inside = 0 }
	inside { print >section " " piece }' /files/tracing.md

# The heap is busy while the commands would sleep.
echo "echo 3000 >/sys/kernel/debug/heap_stress/run" >work
sed -i 's/sleep 10/sh work/' bpftrace* trace-cmd*

# run SECTION PIECE - and set $allocs to the number of allocations during it
run() {
	allocs=$(stat stress allocs)
	sh -ec ". './$1 $2'" >out 2>errors
	status=$?
	allocs=$(($(stat stress allocs) - allocs))
	[ $status = 0 ] || cat out errors
	return $status
}

# The counts in bpftrace's histogram, one on each line.
bars() {
	sed -n 's/^\[.* \([0-9][0-9]*\) *|.*|$/\1/p' out
}

# value NAME - in a map of bpftrace, for the function that allocates
value() {
	sed -n "s/^@$1\[work\]: //p" out
}

column() {
	awk -v column="$1" '{ print $column }' out
}

sum() {
	awk '{ sum += $1 } END { print sum + 0 }'
}

counts() {
	[ "$allocs" -gt 0 ] && [ "$1" = "$allocs" ]
}

# heap_stress requests the same sizes in each run, so both tracers must see the same.
check "bpftrace: owners" run bpftrace 1
cat out
check "bpftrace: owners: every allocation is counted" counts "$(value allocs)"
bytes=$(value bytes)
check "bpftrace: sizes" run bpftrace 2
cat out
check "bpftrace: sizes: every allocation is counted" counts "$(bars | sum)"
sizes=$(bars)
check "bpftrace: lives" run bpftrace 3
cat out
check "bpftrace: lives: the life of every block is counted" counts "$(bars | sum)"
check "bpftrace: lives: no other map is printed" refute grep -q "@born" out

check "trace-cmd: owners" run trace-cmd 1
cat out errors
check "trace-cmd: owners: every allocation is counted" counts "$(column 1 | sum)"
check "trace-cmd: owners: by name, with the bytes that bpftrace counted" grep -qE "^[0-9]+ $bytes work\+0x[0-9a-f]+" out
recorded=$allocs
check "trace-cmd: sizes" run trace-cmd 2
cat out
check "trace-cmd: sizes: every allocation is counted" [ "$(column 2 | sum)" = "$recorded" ]
check "trace-cmd: sizes: as bpftrace counted them" [ "$(column 2)" = "$sizes" ]
check "trace-cmd: lives" run trace-cmd 3
cat out
check "trace-cmd: lives: the life of every block is counted" [ "$(column 2 | sum)" = "$recorded" ]

# imports_dat - trace.dat is imported as the report of it is, and has every allocation
imports_dat() {
	heaptrace import -o dat trace.dat && trace-cmd report 2>/dev/null | heaptrace import -o text - &&
		cmp dat text && counts_in dat
}

counts_in() {
	[ "$(grep -c '^alloc ' "$1")" = "$recorded" ] && grep -q '^alloc .* work+0x' "$1"
}

# loses_dat - a small buffer loses events, and the import counts them as the report does
loses_dat() {
	trace-cmd record -q -b 4 -C mono -e heapmod -o lossy.dat sh work >/dev/null || return
	heaptrace import -o dat lossy.dat && trace-cmd report lossy.dat 2>/dev/null | heaptrace import -o text - || return
	head -n 1 dat text
	cmp dat text && grep -q '^# heaptrace 2 lost [1-9]' dat
}

# refuses_cut - a trace.dat that lacks its end
refuses_cut() {
	head -c -4096 trace.dat >cut.dat
	heaptrace import -o dat cut.dat 2>errors
	[ $? = 1 ] && grep "cannot read this trace.dat of version [67]: it is truncated" errors
}

check "heaptrace imports trace.dat as it imports the report" imports_dat
check "heaptrace counts the events that trace-cmd lost" loses_dat
check "heaptrace refuses a trace.dat that is cut" refuses_cut

rmmod heap_stress
check "heapmod unloads" rmmod heapmod

verdict
