# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# A kprobe on each function of heapmod that runs in calls of the API, and on the lock functions, calls the heap that this CPU is inside of.
#
# boot: -w -t 600 -a nr_cpus=1

# shellcheck source=../guest/case.sh
. /lib/case.sh

parameters=/sys/module/heap_nested/parameters
optimization=/proc/sys/debug/kprobes-optimization

# symbols - all functions of the module, from the symbols of the running kernel, and those of its lock
symbols() {
	awk '$4 == "[heapmod]" && tolower($2) == "t" && $3 !~ /\.cold|__pfx|^__|^trace_|^perf_trace|^bpf_trace|_show$|_open$|_init$|_exit$|init_module|cleanup_module/ { print "heapmod:" $3 }' /proc/kallsyms | sort -u
	printf '%s\n' _raw_spin_trylock _raw_spin_lock _raw_spin_unlock _raw_spin_unlock_irqrestore irq_work_queue
}

# probe_all - probe the functions in stdin, and print a line for each function and flags: the function, and what heap_nested has in `outcomes`
probe_all() {
	while read -r symbol; do
		printf %s "$symbol" 2>/dev/null >$parameters/symbol
		sed "s/^/$symbol /" $parameters/outcomes
	done
}

# those CONDITION FILE - print the functions in lines of probe_all
those() {
	awk "{ flags = \$2; hits = \$3; jumps = \$4; busy = \$5; sound = \$6 == \"sound\" } $1 { print \$1 }" "$2"
}

check "heapmod loads" insmod heapmod.ko size=0

optimizes=$(cat $optimization 2>/dev/null)
# Here no probe lasts long enough to become a jump, but while the kernel prepares for one, no other can be registered.
[ "$optimizes" != 1 ] || echo 0 >$optimization
check "the probes load" insmod heap_nested.ko flags=0,3,8
symbols >/tmp/symbols
probe_all </tmp/symbols >/tmp/walk
tried=$(wc -l </tmp/symbols)
skipped=$((tried - $(those "flags == 0" /tmp/walk | wc -l)))
for flags in 0 3 8; do
	hit=$(those "flags == $flags && hits" /tmp/walk | wc -l)
	bad=$(those "flags == $flags && !sound" /tmp/walk | xargs)
	check "flags=$flags: nested calls in $hit of $tried functions leave the heap sound${bad:+, except in $bad}" [ -z "$bad" ]
	check "flags=$flags: many functions were hit ($skipped cannot be probed)" [ "$hit" -ge 20 ]
	those "flags == $flags && busy" /tmp/walk >/tmp/busy
	check "flags=$flags: the lock was busy in $(wc -l </tmp/busy) functions, heap_alloc among them" grep -qx heapmod:heap_alloc /tmp/busy
done

# These run with the lock held, and do not begin with a call of ftrace.
if [ "$optimizes" = 1 ]; then
	echo 1 >$optimization
	echo 1 >$parameters/settle
	printf 'heapmod:%s\n' heap_alloc heap_alloc_aligned heap_claim heap_flush heap_release | probe_all >/tmp/settled
	bad=$(those "!sound" /tmp/settled | xargs)
	check "a jump replaces the probe of $(those jumps /tmp/settled | sort -u | xargs)" [ -n "$(those jumps /tmp/settled)" ]
	check "nested calls after a jump leave the heap sound${bad:+, except in $bad}" [ -z "$bad" ]
	check "after a jump, they find the lock busy" [ -n "$(those "hits && jumps == hits && busy" /tmp/settled)" ]
	echo 0 >$optimization
else
	echo "# skipped on this kernel: jump-optimised probes"
fi
check "the probes unload" rmmod heap_nested
verdict
