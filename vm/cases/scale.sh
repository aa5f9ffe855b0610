# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Runs the benchmark of CPUs that share a heap with the parameters in the kernel's command line
# (scale="live=... pairs=...") and those in the file `sizes`, and prints its rows.

# shellcheck source=../guest/case.sh
. /lib/case.sh

insmod heapmod.ko size=0
# shellcheck disable=SC2046 # several words
check "the benchmark runs" insmod heap_scale.ko $(sed 's/.*scale="\([^"]*\)".*/\1/' /proc/cmdline) "sizes=$(cat sizes)"
check "it has rows" grep '^{' /sys/kernel/debug/heap_scale/rows
verdict
