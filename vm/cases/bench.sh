# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Runs the benchmark with the parameters in the kernel's command line (bench="live=... rounds=...")
# and prints its rows.

# shellcheck source=../guest/case.sh
. /lib/case.sh

insmod heapmod.ko size=0
[ ! -e drm.ko ] || insmod drm.ko
steps=$(grep -ow steps /proc/cmdline)		# vm/boot -s
[ -z "$steps" ] || { echo "# STEPS" && sleep 2; }
# shellcheck disable=SC2046 # several words
check "the benchmark runs" insmod heap_bench.ko $(sed 's/.*bench="\([^"]*\)".*/\1/' /proc/cmdline)
[ -z "$steps" ] || { echo "# STOP" && grep heap /proc/kallsyms >/dev/ttyS2; }
check "it has rows" grep '^{' /sys/kernel/debug/heap_bench/rows
verdict
