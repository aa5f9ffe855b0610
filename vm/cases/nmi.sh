# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# NMIs allocate and free: while the lock is free, while the interrupted code holds it, while another CPU holds it.
#
# boot: -w -n 0.002

# shellcheck source=../guest/case.sh
. /lib/case.sh

nmi=/sys/kernel/debug/heap_nmi

count() {
	awk -v key="$1" '$1 == key { print $2 }' $nmi/counts
}

# destroyed [WORDS] - how many heaps were destroyed with live blocks, and with these words in the message
destroyed() {
	dmesg | grep -c "is destroyed with${1-}"
}

# run CPUS FLAGS - until the lock was free in 100 NMIs and held in 100 NMIs
run() {
	echo "$2" >/sys/module/heap_nmi/parameters/flags
	check "NMIs interrupt $1 CPUs that allocate and free, flags=$2" sh -c "echo $1 >$nmi/run"
	check "the lock was free in $(count free) NMIs and held in $(count held)" \
		[ "$(count free)" -ge 100 -a "$(count held)" -ge 100 ]
	check "$(count bursts) times there were more deferred frees than slots" [ "$(count bursts)" -ge 1 ]
	check "$(count wrong) wrong pointers were refused" [ "$(stat nmi refused)" = "$(count wrong)" ]
	check "two blocks are live" [ "$(stat nmi blocks)" = 2 ]
	check "stats add up" adds_up nmi
	check "blocks tile the region" tiles nmi
	check "owners add up" owners_add_up nmi
}

check "heapmod loads" insmod heapmod.ko size=0
check "heap_nmi loads" insmod heap_nmi.ko
echo "# NMI"
run 1 0
run 2 1
run 1 8
run 2 8
check "heap_nmi unloads" rmmod heap_nmi
check "four heaps were destroyed, each with its two live blocks" [ "$(destroyed) $(destroyed " 2 blocks alive, 200 bytes")" = "4 4" ]

verdict
