# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# A kprobe on each function of heapmod that runs in calls of the API, and on the lock functions, calls the heap that this CPU is inside of.
#
# boot: -w -t 900 -a nr_cpus=1

# shellcheck source=../guest/case.sh
. /lib/case.sh

parameters=/sys/module/heap_nested/parameters

# probe SYMBOL - 0 if nothing went wrong; adds to the counts
probe() {
	if printf %s "$1" 2>/dev/null >$parameters/symbol; then
		[ "$(cat $parameters/hits)" = 0 ] || hit=$((hit + 1))
		return 0
	fi
	[ "$(cat $parameters/hits)" = -1 ] || return 1
	skipped=$((skipped + 1))
}

# probe_all FLAGS - all functions of the module, from the symbols of the running kernel, and those of its lock
probe_all() {
	tried=0 hit=0 skipped=0 bad=
	insmod heap_nested.ko flags="$1"
	for symbol in $(awk '$4 == "[heapmod]" && tolower($2) == "t" && $3 !~ /\.cold|__pfx|^__|^trace_|^perf_trace|^bpf_trace|_show$|_open$|_init$|_exit$|init_module|cleanup_module/ { print "heapmod:" $3 }' /proc/kallsyms | sort -u) \
		_raw_spin_trylock _raw_spin_lock _raw_spin_unlock _raw_spin_unlock_irqrestore irq_work_queue; do
		tried=$((tried + 1))
		probe "$symbol" || bad="$bad $symbol"
	done
	rmmod heap_nested
}

check "heapmod loads" insmod heapmod.ko size=0
# With one CPU, the work of an interrupt can be counted.
check "the suites' flags load" insmod suite_flags.ko
run_suite heap_bound
check "they unload" rmmod suite_flags
for flags in 0 3 8; do
	probe_all $flags
	check "flags=$flags: nested calls in $hit of $tried functions leave the heap sound${bad:+, except in$bad}" [ -z "$bad" ]
	check "flags=$flags: many functions were hit ($skipped cannot be probed)" [ "$hit" -ge 20 ]
done
verdict
