# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# A client that was built before continues to load when private members are added to heapmod: see vm/abi.
#
# boot: -f build/abi/heapmod.ko

# shellcheck source=../guest/case.sh
. /lib/case.sh

check "the other build is another module" refute cmp -s heapmod.ko /files/heapmod.ko
check "heapmod with more members loads" insmod /files/heapmod.ko
check "a client that was built before loads" insmod hello_heap.ko
check "... and has its block" [ "$(stat hello blocks)" = 1 ]
check "its stats add up" adds_up hello
check "it unloads" rmmod hello_heap
check "heapmod unloads" rmmod heapmod

verdict
