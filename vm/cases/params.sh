# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The parameters size= and heaps=: every bad one is refused with the right error and a line that says why.

# shellcheck source=../guest/case.sh
. /lib/case.sh

# loads SIZE BYTES
loads() {
	insmod heapmod.ko "size=$1" && [ "$(stat default region_bytes)" = "$2" ] &&
		adds_up default && tiles default && rmmod heapmod
}

# refused SIZE ERROR WORDS
refused() {
	hush
	answer=$(insmod heapmod.ko "size=$1" 2>&1) && return 1
	[ "${answer##*: }" = "$2" ] && [ "$(lines_said)" = 1 ] && said "$3"
}

# The first load of all makes the kernel say that the module is none of its own.
check "size=3M" loads 3M 3145728

number="is no number of bytes"
for size in abc "" -1 1.5M 1MB 1T 0x K 99999999999999999999 18014398509481984K; do
	check "size=$size is no number" refused "$size" "Invalid parameters" "size=$size $number"
done
for size in 1 15 31; do
	check "size=$size is too small" refused $size "Invalid parameters" "too small for one block"
done
check "size=30G is more than there is" refused 30G "Cannot allocate memory" "less memory available"
check "size=65G is above the limit" refused 65G "File too large" "above the format's limit"
check "nobody was killed for it" refute sh -c 'dmesg | grep -qi "out of memory\|oom"'

check "size=32 is the smallest" loads 32 32
check "size=100 is rounded to granules" loads 100 96
check "size=64k" loads 64k 65536
check "size=100M" loads 100M 104857600

check "size=0 loads" insmod heapmod.ko size=0
check "size=0 makes no heap" [ "$(wc -l <$debug/heaps)" = 1 ]
check "size=0 unloads" rmmod heapmod

check "heaps=a:64K,b:1M loads" insmod heapmod.ko size=0 heaps=a:64K,b:1M
check "a has its bytes" [ "$(stat a region_bytes)" = 65536 ]
check "b has its bytes" [ "$(stat b region_bytes)" = 1048576 ]
check "they unload" rmmod heapmod

# refuses HEAPS WORDS - with size=, whose heap must not stay behind
refuses() {
	hush
	insmod heapmod.ko size=64K "heaps=$1" 2>/dev/null && return 1
	said "$2" && [ ! -e $debug ]
}
check "heaps=a is no heap" refuses a "it is name:bytes"
check "heaps=a:x is no number" refuses a:x "heaps=x $number"
check "heaps=a:0 is no heap" refuses a:0 "0 bytes make no heap"
check "heaps=:64K has no name" refuses :64K "it needs a name"
check "heaps=a:64K,a:64K has one twice" refuses a:64K,a:64K "there is one of that name"
check "and it loads after all that" loads 64k 65536

verdict
