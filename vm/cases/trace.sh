# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Records the kernel's calls of kmalloc() and kfree() during a workload, which its command line names
# (work=boot, files or processes). Sends them to /dev/ttyS2, compressed: a line `alloc ID SIZE` or `free ID` for each
# event.

# shellcheck source=../guest/case.sh
. /lib/case.sh

tracing=/sys/kernel/tracing
mount -t tracefs tracing $tracing
work=$(sed 's/.*work=\([a-z]*\).*/\1/' /proc/cmdline)

# A file system in a file: many small files in it are copied, searched, sorted, archived, removed.
files() {
	for module in crc16 crc32c_generic mbcache jbd2 ext4 loop; do
		insmod $module.ko
	done
	dd if=/dev/zero of=/tmp/image bs=1M count=64 2>/dev/null
	mke2fs -F /tmp/image >/dev/null 2>&1
	mount -t ext4 -o loop /tmp/image /mnt
	for copy in 1 2 3 4; do
		mkdir "/mnt/$copy"
		cp -r /sys/module /sys/devices/system /sys/bus /proc/sys "/mnt/$copy" 2>/dev/null
		find /mnt /sys -name '*a*' | sort -r >"/mnt/list.$copy"
		tar -C /mnt -cf - "$copy" | gzip -1 >"/mnt/$copy.gz"
		[ "$copy" = 1 ] || rm -r "/mnt/${copy:?}"
		sync
	done
	umount /mnt
}

# Many processes, alone and in pipes, with the pipes and tables that they need.
processes() {
	for i in $(seq 60); do
		seq "$i" | sort -r | tr 0-9 a-j | head -n 3 >/dev/null
		(ps; cat /proc/*/status /proc/*/maps; ls -lR /proc/self) >/dev/null 2>&1 &
		sh -c "sh -c 'sleep 0.2' & sh -c true; wait" &
	done
	wait
}

mkdir -p /mnt
case $work in
files | processes)
	echo 1 >$tracing/events/kmem/kmalloc/enable
	echo 1 >$tracing/events/kmem/kfree/enable
	$work
	;;
esac
echo 0 >$tracing/tracing_on

# An address that is allocated again was freed in a way that has no event.
awk '
	$0 ~ /: kmalloc: / { pointer = $0; sub(/.*ptr=/, "", pointer); sub(/ .*/, "", pointer)
		size = $0; sub(/.*bytes_req=/, "", size); sub(/ .*/, "", size)
		if (pointer in id) print "free", id[pointer]
		id[pointer] = ++count; print "alloc", count, size }
	$0 ~ /: kfree: / { pointer = $0; sub(/.*ptr=/, "", pointer); sub(/ .*/, "", pointer)
		if (pointer in id) { print "free", id[pointer]; delete id[pointer] } }
' $tracing/trace >/tmp/trace
echo "# $(wc -l </tmp/trace) events"
check "the trace has events" [ "$(wc -l </tmp/trace)" -gt 50000 ]
sed -n 's/^# entries/# entries/p' $tracing/trace
# shellcheck disable=SC2016 # for awk
check "no event was lost" awk -F'[ /:]+' '/entries-in-buffer/ { exit $4 != $5 }' $tracing/trace
stty -F /dev/ttyS2 raw
gzip -c /tmp/trace >/dev/ttyS2
verdict
