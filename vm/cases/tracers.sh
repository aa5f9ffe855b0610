# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The commands of docs/tracing.md for bpftrace and trace-cmd, unchanged: their counts are those of the heap.
#
# boot: -M 1024 -p /usr/bin/bpftrace -p /usr/bin/trace-cmd

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

rmmod heap_stress
check "heapmod unloads" rmmod heapmod

verdict
