# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Heaps whose memory is to be dumped, some of them damaged. What debugfs says of them goes to the host.
#
# boot: -w

# shellcheck source=../guest/case.sh
. /lib/case.sh

check "heapmod loads" insmod heapmod.ko
check "clients load" insmod hello_heap.ko
check "clients load" insmod flight_recorder.ko
check "clients load" insmod heap_stress.ko
check "clients load" insmod heap_shell.ko size=1048576 flags=3
check "a client works" sh -c "echo 300 >/sys/kernel/debug/heap_stress/run"
check "a client comes" insmod heap_forget.ko
check "and goes, and leaves a block" rmmod heap_forget
check "a client makes mistakes" insmod heap_abuse.ko

# A redzone is overrun, and further on a header; and a hole is left.
command() {
	check "$*" sh -c "echo $* >/sys/kernel/debug/heap_shell/ctl"
}
for command in "alloc a 100" "alloc b 200" "alloc c 300" "alloc d 4000" "alloc e 50" "free b" "smash a 3" "smash c 40"; do
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
save heaps ./*/blocks ./*/check
# Looking merges what is freed. This is the last that happens to the heap, and is kept.
command "alloc z 40"
command "free z"
save ./*/owners

verdict
