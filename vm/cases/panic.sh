# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The kernel panics, and a client allocates and frees in the panic notifier. The kernel's command line has how=, for
# heap_panic.ko, which prints the results.
#
# boot: -n 0.01 -a printk.time=0 -e heap_panic:|Fatal.exception -x BUG:.unable.to.handle|Oops

# shellcheck source=../guest/case.sh
. /lib/case.sh

check "heapmod loads" insmod heapmod.ko size=0
insmod heap_panic.ko how="${how:-task}" && echo "# NMI" && sleep 100
check "the kernel panics" false

verdict
