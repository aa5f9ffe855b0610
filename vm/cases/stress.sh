# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Two CPUs allocate and free, in every context, while two readers read every file of the heap and a
# third checks it. The kernel's command line may have operations=NUMBER. stress:percpu has caches (HEAPMOD_PERCPU).

# shellcheck source=../guest/case.sh
. /lib/case.sh

stress=/sys/kernel/debug/heap_stress
operations=${operations:-320000}
flags=0
[ "${how-}" != percpu ] || flags=8

# The witnesses live throughout. A dump has each of them exactly once.
has_witnesses() {
	cat $debug/stress/blocks | awk '$4 == 1111 { count++; twice += seen[$1]++ } END { exit !(count == 200 && !twice) }'
}

# until_over NAME COMMAND... - repeat a command until the stress ends; it must not fail
until_over() {
	name=$1
	shift
	while [ ! -e /tmp/over ]; do
		"$@" || return
		echo >>"/tmp/rounds.$name"
	done
}

dump() {
	cat $debug/heaps $debug/stress/map $debug/stress/owners $debug/stress/holes >/dev/null && adds_up stress && has_witnesses &&
		grep -q "^findings 0$" $debug/stress/check
}

is_intact() {
	[ "$(cat $stress/check)" = 0 ]
}

# did CONTEXT - the number of operations in it
did() {
	awk -v context="$1" '$1 == context || context == "all" { sum += $2 } END { print sum }' $stress/operations
}

rounds() {
	wc -l <"/tmp/rounds.$1"
}

# cached CPU - the blocks in its cache
cached() {
	awk -v cpu="$1" '$1 == cpu { print $2 }' $debug/stress/cpus
}

check "heapmod loads" insmod heapmod.ko size=0
check "the stress loads" insmod heap_stress.ko "flags=$flags"
check "there are two CPUs" [ "$(grep -c ^processor /proc/cpuinfo)" = 2 ]
until_over one dump & first=$!
until_over two dump & second=$!
until_over checks is_intact & third=$!
check "the thread of each CPU does $operations operations" sh -c "echo $operations >$stress/run"
touch /tmp/over
check "each dump of reader 1 has every witness once" wait $first
check "each dump of reader 2 has every witness once" wait $second
check "no check finds anything" wait $third
for reader in one two checks; do
	check "reader $reader ran more than twice" [ "$(rounds $reader)" -gt 2 ]
done
for context in softirq hardirq; do
	check "each CPU did its operations in $context" [ "$(did $context)" -ge $((operations / 4)) ]
done
check "there were $((operations * 5 / 2)) operations in all" [ "$(did all)" -ge $((operations * 5 / 2)) ]
check "stats add up" adds_up stress
searches=$(awk '/^search_steps/ { sum += $2 } END { print sum }' $debug/stress/stats)
check "no allocation searched the index twice" [ "$searches" -le $(($(stat stress allocs) + $(stat stress failures))) ]
check "blocks tile the region" tiles stress
check "owners add up" owners_add_up stress
check "holes add up" holes_add_up stress
check "only the witnesses are live" [ "$(stat stress blocks)" = 200 ]
echo "# operations in task $(did task), softirq $(did softirq), hardirq $(did hardirq);" \
	"$(rounds one) and $(rounds two) dumps, $(rounds checks) checks"
if [ "$flags" = 8 ]; then
	# shellcheck disable=SC2016 # for awk
	check "each CPU allocated from its cache" awk 'NR > 1 && $4 > 1000 { count++ } END { exit count != 2 }' $debug/stress/cpus
	check "cached bytes add up" [ "$(awk 'NR > 1 { sum += $3 } END { print sum }' $debug/stress/cpus)" = "$(stat stress cached_bytes)" ]
	check "the second CPU has cached blocks" [ "$(cached 1)" -gt 0 ]
	check "it goes offline" sh -c "echo 0 >/sys/devices/system/cpu/cpu1/online"
	check "it has none then" [ "$(cached 1)" = 0 ]
	check "stats add up without it" adds_up stress
	check "it comes back" sh -c "echo 1 >/sys/devices/system/cpu/cpu1/online"
else
	check "most allocations searched the index" [ "$searches" -gt $(($(stat stress allocs) / 2)) ]
fi
check "the stress unloads" rmmod heap_stress
check "the witnesses are reported as live blocks" said 'heap "stress" is destroyed with 200 blocks alive, 222200 bytes'
check "heapmod unloads" rmmod heapmod

verdict
