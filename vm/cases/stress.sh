# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Two CPUs allocate and free, in every context, while readers dump every file of the heap and a
# third checks it. The kernel's command line may say operations=NUMBER.

# shellcheck source=../guest/case.sh
. /lib/case.sh

stress=/sys/kernel/debug/heap_stress
operations=${operations:-320000}

# Every witness once, and no block twice.
sees_witnesses() {
	cat $debug/stress/blocks | awk '$4 == 1111 { count++; twice += seen[$1]++ } END { exit !(count == 200 && !twice) }'
}

# until_over NAME COMMAND... - again and again until the stress is over; it must never fail
until_over() {
	name=$1
	shift
	while [ ! -e /tmp/over ]; do
		"$@" || return
		echo >>"/tmp/rounds.$name"
	done
}

dump() {
	cat $debug/heaps $debug/stress/map $debug/stress/owners $debug/stress/holes >/dev/null && adds_up stress && sees_witnesses &&
		grep -q "^findings 0$" $debug/stress/check
}

is_whole() {
	[ "$(cat $stress/check)" = 0 ]
}

# did CONTEXT - operations in it
did() {
	awk -v context="$1" '$1 == context || context == "all" { sum += $2 } END { print sum }' $stress/operations
}

rounds() {
	wc -l <"/tmp/rounds.$1"
}

check "heapmod loads" insmod heapmod.ko size=0
check "the stress loads" insmod heap_stress.ko
check "on two CPUs" [ "$(grep -c ^processor /proc/cpuinfo)" = 2 ]
until_over one dump & first=$!
until_over two dump & second=$!
until_over checks is_whole & third=$!
check "$operations operations by the thread of each CPU" sh -c "echo $operations >$stress/run"
touch /tmp/over
check "reader 1 saw every witness once, each time" wait $first
check "reader 2 saw every witness once, each time" wait $second
check "the heap was whole at every check" wait $third
for who in one two checks; do
	check "$who: more than twice meanwhile" [ "$(rounds $who)" -gt 2 ]
done
for context in softirq hardirq; do
	check "each CPU did its share in $context" [ "$(did $context)" -ge $((operations / 4)) ]
done
check "$((operations * 5 / 2)) operations in all" [ "$(did all)" -ge $((operations * 5 / 2)) ]
check "stats add up" adds_up stress
searches=$(awk '/^search_steps/ { sum += $2 } END { print sum }' $debug/stress/stats)
check "most allocations searched, none twice" [ "$searches" -gt $(($(stat stress allocs) / 2)) -a "$searches" -le $(($(stat stress allocs) + $(stat stress failures))) ]
check "blocks tile the region" tiles stress
check "owners add up" owners_add_up stress
check "holes add up" holes_add_up stress
check "only the witnesses are left" [ "$(stat stress blocks)" = 200 ]
echo "# operations in task $(did task), softirq $(did softirq), hardirq $(did hardirq); meanwhile" \
	"$(rounds one) and $(rounds two) dumps, $(rounds checks) checks"
check "the stress unloads" rmmod heap_stress
check "the witnesses are reported" said 'heap "stress" is destroyed with 200 blocks alive, 222200 bytes'
check "heapmod unloads" rmmod heapmod

verdict
