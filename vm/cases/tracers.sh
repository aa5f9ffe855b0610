# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The lines of docs/tracing.md for bpftrace and trace-cmd, as they stand there: they count what the heap itself counts.
#
# boot: -M 1024 -p /usr/bin/bpftrace -p /usr/bin/trace-cmd -f docs/tracing.md

# shellcheck source=../guest/case.sh
. /lib/case.sh

mount -t tracefs trace /sys/kernel/tracing
insmod heapmod.ko size=0
insmod heap_stress.ko interrupts=0
cd /tmp || exit

# The pieces of shell of each section, a file each: "bpftrace 1".
awk '/^## / { section = $NF; piece = 0 } /^```sh$/ { inside = 1; piece++; next } /^```$/ { inside = 0 }
	inside { print >section " " piece }' /files/tracing.md

# While they ask, the heap works instead of sleeping.
echo "echo 3000 >/sys/kernel/debug/heap_stress/run" >work
sed -i 's/sleep 10/sh work/' bpftrace* trace-cmd*

# run SECTION PIECE - $allocs and $bytes are what the heap has counted meanwhile
run() {
	allocs=$(stat stress allocs)
	sh -ec ". './$1 $2'" >out 2>said
	status=$?
	allocs=$(($(stat stress allocs) - allocs))
	[ $status = 0 ] || cat out said
	return $status
}

# The bars of bpftrace's histogram, a number each.
bars() {
	sed -n 's/^\[.* \([0-9][0-9]*\) *|.*|$/\1/p' out
}

# value NAME - of a map of bpftrace with one key, the function that allocates
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

# Whoever looks, heap_stress asks for the same sizes in every run: so both must have seen the same.
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
check "bpftrace: lives: every block's is counted" counts "$(bars | sum)"
check "bpftrace: lives: nothing else is left to print" refute grep -q "@born" out

check "trace-cmd: owners" run trace-cmd 1
cat out said
check "trace-cmd: owners: every allocation is counted" counts "$(column 1 | sum)"
check "trace-cmd: owners: by name, with the bytes that bpftrace saw" grep -qE "^[0-9]+ $bytes work\+0x[0-9a-f]+" out
recorded=$allocs
check "trace-cmd: sizes" run trace-cmd 2
cat out
check "trace-cmd: sizes: every allocation is counted" [ "$(column 2 | sum)" = "$recorded" ]
check "trace-cmd: sizes: as bpftrace saw them" [ "$(column 2)" = "$sizes" ]
check "trace-cmd: lives" run trace-cmd 3
cat out
check "trace-cmd: lives: every block's is counted" [ "$(column 2 | sum)" = "$recorded" ]

rmmod heap_stress
check "heapmod unloads" rmmod heapmod

verdict
