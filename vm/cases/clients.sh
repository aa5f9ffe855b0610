# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Other modules use heapmod: the examples, and a client that is unloaded with live blocks.
#
# boot: -w

# shellcheck source=../guest/case.sh
. /lib/case.sh

# heap_line HEAP - its line in the file heaps, without the padding
heap_line() {
	awk -v heap="$1" '$1 == heap { $1 = $1; print }' $debug/heaps
}

check "heapmod loads" insmod heapmod.ko
check "a client loads" insmod hello_heap.ko
check "its heap is listed" [ "$(heap_line hello)" = "hello 4096 112 112 3968 1 0" ]
check "its block has an owner" grep -qE "^ +8 +112 used +100 hello_init.*\[hello_heap\]$" $debug/hello/blocks
check "the owner is listed with one block" [ "$(owner hello "hello_init+")" = "1 100 100 1 0 0" ]
check "its stats add up" adds_up hello
check "its blocks tile the region" tiles hello
check "heapmod does not unload while a client uses it" refute rmmod heapmod
check "the stats still add up" adds_up hello
check "the client unloads" rmmod hello_heap
check "its heap is removed from debugfs" [ ! -e $debug/hello ]
check "no block of it was alive" refute said "alive"

check "the recorder loads" insmod flight_recorder.ko size=2048
i=0
while [ $i -lt 100 ]; do
	/bin/true
	/bin/uname >/dev/null
	i=$((i + 1))
done
check "the recorder names a program that was executed" grep -q " /bin/uname$" /sys/kernel/debug/flight_recorder/events
check "the oldest records were freed" [ "$(head -n 1 /sys/kernel/debug/flight_recorder/events | cut -d' ' -f1)" -gt 50 ]
check "its heap is nearly full" [ "$(stat flight_recorder hole_bytes)" -lt 200 ]
check "its blocks tile the region" tiles flight_recorder
check "its stats add up" adds_up flight_recorder
check "its owners add up" owners_add_up flight_recorder
check "its holes add up" holes_add_up flight_recorder
check "failed allocations are accounted to their call site" [ "$(owner flight_recorder record_exec | cut -d' ' -f6)" -gt 50 ]
check "the recorder unloads" rmmod flight_recorder
check "no block of it was alive" refute said "alive"

check "a client with a mempool loads" insmod heap_pool.ko
check "the reserve serves requests in a full heap" [ "$(dmesg | grep -c "heap_pool: 4 requests were served in a full heap")" = 1 ]
check "the reserve belongs to the function that created the pool" [ "$(owner pool "pool_init+")" = "4 800 800 4 0 5" ]
check "its own file shows the heap" grep -q " 800 .* pool_init+.*\[heap_pool\]$" /sys/kernel/debug/heap_pool
cat /sys/kernel/debug/heap_pool >/tmp/snapshot
check "... and adds up" snapshot_adds_up /tmp/snapshot
check "it unloads" rmmod heap_pool
check "no block of it was alive" refute said "alive"

check "a careless client loads" insmod heap_forget.ko
check "its interior pointer is refused" said "interior in heap \"default\" at offset 128"
check "the report names the call site" said "call    forget+"
check "an alignment that is not allowed is logged, whatever the flags" said "cannot align to 3 bytes, requested by forget+"
check "the report has no bytes of a heap without poison and redzones" refute said "00 00 00 00 00 00 00 00"
check "a client cannot destroy the default heap" said "the default heap is destroyed when the module is unloaded"
check "its blocks are live" [ "$(stat default blocks)" = 3 ]
check "stats add up" adds_up default
check "three call sites own them, most live bytes first" [ "$(awk 'NR > 1 { printf "%s ", $2 }' $debug/default/owners)" = "100 77 23 " ]
check "owners add up" owners_add_up default
check "a block of __init text keeps the name" grep -q " 77 forget_init.*\[heap_forget\]$" $debug/default/blocks
hush
text=$(cat /sys/module/heap_forget/sections/.text)
check "the client unloads with live blocks" rmmod heap_forget
check "live blocks are reported when their module is unloaded" said 'module heap_forget is unloaded, but heap "default" still has 1 blocks, 77 bytes allocated by forget_init'
check "... of all call sites" said "100 bytes allocated by forget+"
check "owners keep their names when their module is unloaded" [ "$(grep -c "\[heap_forget\]$" $debug/default/owners)" = 3 ]
check "... and so do blocks" [ "$(grep -c "\[heap_forget\]$" $debug/default/blocks)" = 3 ]
hush
check "another module loads" insmod heap_forget.ko failures=100
check "... at the same addresses" [ "$(cat /sys/module/heap_forget/sections/.text)" = "$text" ]
check "its blocks are no others" [ "$(grep -c " forget.*\[heap_forget\]$" $debug/default/blocks)" = 3 ]
check "its failures are accounted" [ "$(owner default "fail_each+")" = "0 0 0 0 0 100" ]
check "failures of a heap are rate limited" [ "$(dmesg | grep -c 'heap "default": no hole for')" -lt 20 ]
check "they do not silence another heap" said 'heap "quiet": no hole for'
check "... nor does a wrong alignment" said 'heap "quiet": cannot align to 3 bytes'
check "... nor a pointer that is refused while the lock is busy" said 'foreign in heap "quiet": refused'
check "the other module unloads" rmmod heap_forget
check "it is not blamed for the blocks" refute said "is unloaded, but"
check "a call site without a block gives its slot back" [ "$(owner default "fail_each+")" = "" ]
check "its failures are in other" [ "$(owner default other)" = "0 0 0 0 0 100" ]
check "owners add up after both" owners_add_up default
# With a hook, a deferred free is left to a work item.
mount -t tracefs trace /sys/kernel/tracing 2>/dev/null
hooks=/sys/kernel/tracing/events/heapmod/heapmod_free/enable
for round in 1 2 3 4 5; do
	check "a client loads, round $round" insmod heap_forget.ko late=1
	echo 1 >$hooks
	check "its exit frees its block, while the lock is busy" rmmod heap_forget
	echo 0 >$hooks
	check "the block is not reported" refute said "module heap_forget is unloaded, but"
done
check "it is freed" [ "$(stat default blocks)" = 3 ]
check "a third module loads" insmod heap_forget.ko
check "... at the same addresses" [ "$(cat /sys/module/heap_forget/sections/.text)" = "$text" ]
check "its blocks have owners of their own" [ "$(grep -c "\[heap_forget\]$" $debug/default/owners)" = 6 ]
check "it unloads" rmmod heap_forget
check "heapmod unloads after the clients" rmmod heapmod
check "suppressed messages are counted" [ "$(dmesg | grep -c 'heap "default": [0-9]* messages about failed allocations were suppressed')" -ge 1 ]
check "... and suppressed reports" [ "$(dmesg | grep -c 'heap "default": [0-9]* reports were suppressed')" -ge 1 ]
check "live blocks are reported when their heap is destroyed" said 'heap "default" is destroyed with 6 blocks alive, 400 bytes'
check "... with their call site" said "1 blocks, 77 bytes, the first at 8, allocated by forget_init+0x"

check "heapmod loads again" insmod heapmod.ko
check "a client leaves a heap in a block of another one" insmod heap_forget.ko inside=1
check "it unloads" rmmod heap_forget
hush
check "heapmod unloads, and destroys both" rmmod heapmod
check "... the inner one first, with their blocks" [ "$(dmesg | sed -n 's/.*heap "\(.*\)" is destroyed with 1 blocks alive.*/\1/p' | xargs)" = "inside default" ]

verdict
