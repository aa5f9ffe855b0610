# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# A client leaks 64 bytes a second, among five that do not: a recording of a minute names it, and no other.
#
# boot: -p build/tools/heaptrace -o build/NAME-leaks.tar

# shellcheck source=../guest/case.sh
. /lib/case.sh

mount -t tracefs trace /sys/kernel/tracing 2>/dev/null
insmod heapmod.ko size=0
check "the clients load" insmod heap_leak.ko
sleep 3
# Each tenth of a second, the owners: for `heapmod leaks`, which the host runs.
keep_looks() {
	look=0
	mkdir /tmp/looks
	while :; do
		look=$((look + 1))
		cat $debug/leaky/owners >/tmp/look
		mv /tmp/look /tmp/looks/$look
		sleep 0.1
	done
}
keep_looks &
allocs=$(stat leaky allocs)
check "they are recorded for a minute" heaptrace record -s 60 -b 32768 -o /tmp/trace leaky
kill $!
stty -F /dev/ttyS2 raw
check "the owners are sent" tar -C /tmp -cf /dev/ttyS2 looks
echo "# $(($(stat leaky allocs) - allocs)) allocations"
heaptrace leaks /tmp/trace >/tmp/leaks
check "the exit status tells of a leak" [ $? = 2 ]
cat /tmp/leaks
check "the function that leaks is named" grep -q "^leak .* leak_requests+.*\[heap_leak\]$" /tmp/leaks
check "no other is" [ "$(grep -c '^leak' /tmp/leaks)" = 1 ]
check "all six are in the table" [ "$(grep -c '\[heap_leak\]$' /tmp/leaks)" = 6 ]
heaptrace leaks --json /tmp/trace >/tmp/json
check "the JSON has one leak" grep -q '"leaks": 1,' /tmp/json
heaptrace size /tmp/trace >/tmp/size
check "size warns of it" grep -q "^! a leak, .* leak_requests+" /tmp/size
rmmod heap_leak
check "heapmod unloads" rmmod heapmod

verdict
