# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# heapmod.drgn.py on the kernel that runs it, with Python from the host.

# shellcheck source=../guest/case.sh
. /lib/case.sh

check "heapmod loads" insmod heapmod.ko
check "a client loads" insmod heap_stress.ko
check "a client works" sh -c "echo 300 >/sys/kernel/debug/heap_stress/run"
tar -xf /files/python.tar -C / && rm /files/python.tar

look() {
	"$(ls /bin/python3*)" /files/heapmod.drgn.py -s /files/vmlinux -s heapmod.ko "$@"
}

agrees() {
	look "$1" stress >/tmp/looked && cat "$debug/stress/$1" >/tmp/said && cmp /tmp/looked /tmp/said && [ "$(wc -l </tmp/said)" -gt 2 ]
}

check "live: each block is as debugfs says" agrees blocks
check "live: each owner is as debugfs says" agrees owners
check "live: all is well" look check

verdict
