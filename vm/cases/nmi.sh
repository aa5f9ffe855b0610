# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# NMIs allocate and free: while the lock is free, while the interrupted code has it, while another CPU has it.
#
# boot: -w -n 0.002

# shellcheck source=../guest/case.sh
. /lib/case.sh

nmi=/sys/kernel/debug/heap_nmi

count() {
	awk -v key="$1" '$1 == key { print $2 }' $nmi/counts
}

# run CPUS FLAGS - until NMIs found the lock free, and held, a hundred times each
run() {
	echo "$2" >/sys/module/heap_nmi/parameters/flags
	check "NMIs with $1 CPUs at work, flags $2" sh -c "echo $1 >$nmi/run"
	check "some found the lock free ($(count free)), some held ($(count held))" \
		[ "$(count free)" -ge 100 -a "$(count held)" -ge 100 ]
	check "there were more frees than slots ($(count bursts))" [ "$(count bursts)" -ge 1 ]
	check "each wrong pointer was refused ($(count wrong))" [ "$(stat nmi refused)" = "$(count wrong)" ]
	check "two blocks are left" [ "$(stat nmi blocks)" = 2 ]
	check "stats add up" adds_up nmi
	check "blocks tile the region" tiles nmi
	check "owners add up" owners_add_up nmi
}

check "heapmod loads" insmod heapmod.ko size=0
check "the NMIs have a handler" insmod heap_nmi.ko
echo "# NMI"
run 1 0
run 2 0
run 1 1
run 2 1
check "nothing was alive but what was to be" [ "$(dmesg | grep -c 'is destroyed with')" = "$(dmesg | grep -c 'is destroyed with 2 blocks alive, 200 bytes')" ]

verdict
