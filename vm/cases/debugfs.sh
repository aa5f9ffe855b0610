# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The files of real heaps in debugfs, one of them damaged, are sent to the host, where the command heapmod reads them.
#
# boot: -w -o build/NAME-debugfs.tar

# shellcheck source=../guest/case.sh
. /lib/case.sh

# shell COMMAND... - of heap_shell
shell() {
	echo "$@" >/sys/kernel/debug/heap_shell/ctl
}

check "heapmod loads" insmod heapmod.ko
for client in hello_heap heap_sites heap_stress; do
	check "$client loads" insmod $client.ko
done
check "heap_stress runs" sh -c "echo 300 >/sys/kernel/debug/heap_stress/run"
check "heap_shell loads" insmod heap_shell.ko
check "a block is allocated" shell alloc a 100
check "a block is allocated behind it" shell alloc b 100
check "it is overrun" shell smash a 3
mkdir -p /tmp/debugfs
check "the files are copied" cp -r $debug /tmp/debugfs
stty -F /dev/ttyS2 raw
check "they are sent" tar -C /tmp -cf /dev/ttyS2 debugfs

verdict
