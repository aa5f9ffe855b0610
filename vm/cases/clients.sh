# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Other modules use heapmod: the examples, one that holds it, one that forgets its blocks.
#
# boot: -w

# shellcheck source=../guest/case.sh
. /lib/case.sh

check "heapmod loads" insmod heapmod.ko
check "a client loads" insmod hello_heap.ko
check "its heap is listed" grep -q "^hello 4096 112 1$" $debug/heaps
check "its block has an owner" grep -q "^8 112 used 100 hello_init.*\[hello_heap\]$" $debug/hello/blocks
check "which is listed with what it has" [ "$(owner hello "hello_init+")" = "1 100 100 1 0 0" ]
check "its stats add up" adds_up hello
check "its blocks tile the region" tiles hello
check "heapmod does not unload while it is used" refute rmmod heapmod
check "and goes on" adds_up hello
check "the client unloads" rmmod hello_heap
check "its heap is gone" [ ! -e $debug/hello ]
check "and left nothing" refute said "alive"

check "the recorder loads" insmod flight_recorder.ko size=2048
i=0
while [ $i -lt 100 ]; do
	/bin/true
	/bin/uname >/dev/null
	i=$((i + 1))
done
check "the recorder names a program that ran" grep -q " /bin/uname$" /sys/kernel/debug/flight_recorder/events
check "the oldest made room" [ "$(head -n 1 /sys/kernel/debug/flight_recorder/events | cut -d' ' -f1)" -gt 50 ]
check "its heap is nearly full" [ "$(stat flight_recorder hole_bytes)" -lt 200 ]
check "its blocks tile the region" tiles flight_recorder
check "its stats add up" adds_up flight_recorder
check "its owners add up" owners_add_up flight_recorder
check "its holes add up" holes_add_up flight_recorder
check "allocations without room count to who asked" [ "$(owner flight_recorder record_exec | cut -d' ' -f6)" -gt 50 ]
check "the recorder unloads" rmmod flight_recorder
check "and left nothing" refute said "alive"

check "a careless client loads" insmod heap_forget.ko
check "its bad pointer was refused" said "interior in heap \"default\" at offset 32"
check "its caller was named" said "call    forget_init"
check "the default heap is not his to destroy" said "the default heap goes with the module"
check "its blocks live" [ "$(stat default blocks)" = 3 ]
check "stats add up" adds_up default
check "three call sites own them, most bytes first" [ "$(awk 'NR > 1 { printf "%s ", $2 }' $debug/default/owners)" = "100 77 23 " ]
check "owners add up" owners_add_up default
hush
check "heapmod unloads when the client is gone" sh -c "rmmod heap_forget && rmmod heapmod"
check "who leaves blocks is told of when he goes" said 'module heap_forget goes and leaves in heap "default": 1 blocks, 77 bytes allocated by forget_init'
check "and says how many blocks lived" said 'heap "default" is destroyed with 3 blocks alive, 200 bytes'
check "and by which caller" said "1 blocks, 77 bytes, the first at 152, allocated by "

verdict
