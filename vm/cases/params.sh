# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The parameters size= and heaps=: a bad value is refused with the right error and one line that says why.

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

# The first load also prints the kernel's message about an out-of-tree module.
check "size=3M loads" loads 3M 3145728

number="is no number of bytes"
for size in abc "" -1 1.5M 1MB 1T 0x K 99999999999999999999 18014398509481984K; do
	check "size=$size is not a number" refused "$size" "Invalid parameters" "size=$size $number"
done
for size in 1 15 31; do
	check "size=$size is too small" refused $size "Invalid parameters" "too small for one block"
done
case $(uname -m) in
*64 | s390x)
	check "size=30G is more than the memory" refused 30G "Cannot allocate memory" "less memory available"
	check "size=65G is above the limit" refused 65G "File too large" "above the format's limit"
	;;
*)
	check "size=3G is more than the memory" refused 3G "Cannot allocate memory" "less memory available"
	check "size=4G has more than 32 bits" refused 4G "File too large" "more than this machine can address"
	;;
esac
check "no process was killed" refute sh -c 'dmesg | grep -qi "out of memory\|oom"'

check "size=32 is the smallest" loads 32 32
check "size=100 is rounded down to granules" loads 100 96
check "size=64k loads" loads 64k 65536
check "size=100M loads" loads 100M 104857600

check "size=0 loads" insmod heapmod.ko size=0
check "size=0 creates no heap" [ "$(wc -l <$debug/heaps)" = 1 ]
check "size=0 unloads" rmmod heapmod

check "heaps=a:64K,b:1M loads" insmod heapmod.ko size=0 heaps=a:64K,b:1M
check "a has its size" [ "$(stat a region_bytes)" = 65536 ]
check "b has its size" [ "$(stat b region_bytes)" = 1048576 ]
# 6 KiB and 2.1% of the region; what README says of the costs of a heap. The index of 1 MiB takes whole pages.
page=$(($(sed -n '/^KernelPageSize/{s/[^0-9]//g;p;q}' /proc/self/smaps) * 1024))
check "64 KiB cost at most 7520 bytes of metadata" [ "$(stat a metadata_bytes)" -le 7520 ]
check "1 MiB costs at most 4.1% of metadata" [ "$(stat b metadata_bytes)" -le $((43000 - 4096 + page)) ]
check "heapmod unloads with both" rmmod heapmod
check "size=1M,percpu heaps=a:1M:percpu,b:1M loads" insmod heapmod.ko size=1M,percpu heaps=a:1M:percpu,b:1M
check "default has caches" [ "$(wc -l <$debug/default/cpus)" = 3 ]
check "a has caches" [ "$(wc -l <$debug/a/cpus)" = 3 ]
check "b has none" [ ! -e $debug/b/cpus ]
check "heapmod unloads with caches" rmmod heapmod

# vmalloc_bytes PARAMETER... - of all memory from vmalloc() while the module is loaded
vmalloc_bytes() {
	insmod heapmod.ko "$@" || return
	echo $(($(sed -n 's/^VmallocUsed: *\([0-9]*\) kB/\1/p' /proc/meminfo) * 1024))
	rmmod heapmod
}
without=$(vmalloc_bytes size=0)

# costs BYTES - of the memory of ten heaps of BYTES at most an eighth is wasted, beside 4.1% of metadata
costs() {
	heaps=h0:$1
	for i in 1 2 3 4 5 6 7 8 9; do heaps=$heaps,h$i:$1; done
	taken=$(($(vmalloc_bytes size=0 "heaps=$heaps") - without)) || return
	echo "# ten heaps of $1: $taken bytes"
	[ $taken -ge $((10 * $1)) ] && [ $taken -le $((10 * $1 * 8 / 7 + 10 * $1 * 41 / 1000)) ]
}
for bytes in 1048576 2097152 2113536 3145728 7340032 8388608; do
	check "ten heaps of $bytes bytes waste at most an eighth" costs $bytes
done

# refuses HEAPS WORDS - with size= in front; its heap must not be left
refuses() {
	hush
	insmod heapmod.ko size=64K "heaps=$1" 2>/dev/null && return 1
	said "$2" && [ ! -e $debug ]
}
check "heaps=a has no size" refuses a "it is name:bytes"
check "heaps=a:x has no number" refuses a:x "heaps=x $number"
check "heaps=a:64K:fast has an unknown flag" refuses a:64K:fast "may only be :percpu"
check "size=64K,fast has an unknown flag" refused 64K,fast "Invalid parameters" "may only be ,percpu"
check "heaps=a:0 has no bytes" refuses a:0 "0 bytes make no heap"
check "heaps=:64K has no name" refuses :64K "it needs a name"
longest=$(printf "%063d" 0)
check "a name of 63 bytes loads" insmod heapmod.ko size=0 "heaps=$longest:64K"
check "a name of 63 bytes is in debugfs" [ "$(stat "$longest" region_bytes)" = 65536 ]
check "a name of 63 bytes is in heaps" grep -q "^$longest  *65536 " $debug/heaps
check "heapmod unloads with the name" rmmod heapmod
check "a name of 64 bytes is refused" refuses "${longest}0:64K" "the name is longer than 63 bytes"
check "heaps=a:64K,a:64K has a name twice" refuses a:64K,a:64K "the name is in use"
check "heapmod loads after all refusals" loads 64k 65536

verdict
