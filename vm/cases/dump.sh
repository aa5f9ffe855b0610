# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Heaps whose memory is to be dumped, some of them damaged. The files of debugfs go to the host.
#
# boot: -w

# shellcheck source=../guest/case.sh
. /lib/case.sh

check "heapmod loads" insmod heapmod.ko
check "hello_heap loads" insmod hello_heap.ko
check "flight_recorder loads" insmod flight_recorder.ko
check "heap_stress loads" insmod heap_stress.ko flags=8
check "heap_shell loads" insmod heap_shell.ko size=1048576 flags=3
check "heap_stress runs" sh -c "echo 300 >/sys/kernel/debug/heap_stress/run"
check "heap_forget loads" insmod heap_forget.ko
check "heap_forget is unloaded with live blocks" rmmod heap_forget
check "heap_abuse loads" insmod heap_abuse.ko

# A redzone and the header behind another block are overrun. A block of 256 bytes, with header and redzone, is freed: the hole has the
# size at which a class of the file holes begins.
command() {
	check "$*" sh -c "echo $* >/sys/kernel/debug/heap_shell/ctl"
}
for command in "alloc a 100" "alloc b 232" "alloc c 300" "alloc d 4000" "alloc e 50" "free b" "smash a 3" "smash c 40"; do
	command "$command"
done

# save FILE... - in debugfs
save() {
	for file in "$@"; do
		echo "=== ${file#./}"
		cat "$file"
	done >/dev/ttyS2
}
cd $debug || exit
save heaps ./*/blocks ./*/check ./*/cpus ./*/holes ./*/stats
# A read of debugfs coalesces the quick list. After the last command a block is on it.
command "alloc z 40"
command "free z"
save ./*/owners

verdict
