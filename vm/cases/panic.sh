# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The kernel panics, and a client allocates and frees meanwhile. The kernel's command line says how=, for
# heap_panic.ko, which tells what it found.
#
# boot: -n 0.01 -a printk.time=0 -e heap_panic:|Fatal.exception -x BUG:.unable.to.handle|Oops:

# shellcheck source=../guest/case.sh
. /lib/case.sh

check "heapmod loads" insmod heapmod.ko size=0
insmod heap_panic.ko how="${how:-task}" && echo "# NMI" && sleep 100
check "the kernel panics" false

verdict
