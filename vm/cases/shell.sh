# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# examples/heap_shell.c, a heap with commands. A bad command is refused with a reason. Random commands, the same in
# each run, are compared with a model, and the heap stays consistent.
#
# boot: -w

# shellcheck source=../guest/case.sh
. /lib/case.sh

ctl=/sys/kernel/debug/heap_shell/ctl

heap() {
	send "$*" 2>/dev/null
}

send() {
	echo "$1" >$ctl
}

# refused ERROR WORDS COMMAND - the command fails with the error and one line in the log; nothing changes
refused() {
	before=$(cat $ctl $debug/heap_shell/blocks)
	dmesg -c >/dev/null
	answer=$(send "$3" 2>&1) && return 1
	[ "${answer##*: }" = "$1" ] && [ "$(dmesg | grep -c heap_shell)" = 1 ] &&
		dmesg | grep -qF "heap_shell: refused: $2" && [ "$before" = "$(cat $ctl $debug/heap_shell/blocks)" ]
}

seed=1
# random COUNT - sets $r, from 0 to COUNT - 1
random() {
	seed=$(((seed * 1103515245 + 12345) & 0x7fffffff))
	r=$(((seed >> 12) % $1))
}

# A line of random bytes without a newline, most of them printable.
garbage() {
	line=
	random 70
	for _ in $(seq $((r + 1))); do
		random 400
		[ $r -lt 256 ] || r=$((32 + r % 95))
		[ $r != 10 ] || r=32
		line="$line\\$((r / 64))$((r / 8 % 8))$((r % 8))"
	done
	# shellcheck disable=SC2059 # the format has the bytes
	printf "$line" 2>/dev/null >$ctl
}

is_consistent() {
	adds_up heap_shell && tiles heap_shell && owners_add_up heap_shell && holes_add_up heap_shell
}

is_intact() {
	is_consistent && grep -q "^findings 0$" $debug/heap_shell/check && refute sh -c 'dmesg | grep -q "does not hold"'
}

# step - a random command; $live, the model, has " NAME:SIZE" for each live block
step() {
	random 16
	block=n$r
	random 12000
	bytes=$((r + 1))
	old=${live##* "$block":}
	if [ "$old" = "$live" ]; then old=; else old=${old%% *}; fi
	rest=${live%" $block:"*}${live#*" $block:$old"}
	random 8
	case $r in
	0 | 1 | 2)
		if heap alloc $block $bytes; then
			[ -z "$old" ] && live="$live $block:$bytes"
		else
			[ -n "$old" ] || ! has_room $bytes
		fi
		;;
	3 | 4)
		if heap resize $block $bytes; then
			[ -n "$old" ] && live="$rest $block:$bytes"
		else
			[ -z "$old" ] || ! has_room $bytes
		fi
		;;
	5 | 6)
		if heap free $block; then
			[ -n "$old" ] && live=$rest
		else
			[ -z "$old" ]
		fi
		;;
	7)
		refute garbage
		;;
	esac
}

# has_room BYTES - is a hole large enough for a block of that many bytes?
has_room() {
	[ "$(awk '$1 == "largest_bytes" { print $2 }' $debug/heap_shell/holes)" -ge $((($1 + 8 + 15) / 16 * 16)) ]
}

steps() {
	live=
	for i in $(seq 200); do
		step || { echo "# step $i: $block $bytes, live:$live" && return 1; }
		[ $((i % 50)) != 0 ] || is_intact || { echo "# after step $i" && return 1; }
	done
}

listed() {
	for entry in $live; do
		echo "${entry%:*} ${entry#*:}"
	done | sort >/tmp/expected
	awk 'NR > 1 { print $1, $3 }' $ctl | sort >/tmp/listed
	[ -s /tmp/listed ] && cmp -s /tmp/expected /tmp/listed
}

# The file blocks has each block of the file ctl at the same offset.
placed() {
	awk 'FILENAME ~ /blocks$/ { asked[$1] = $4; next } FNR > 1 && asked[$2] != $3 { wrong = 1 } END { exit wrong }' \
		$debug/heap_shell/blocks $ctl
}

# A counter of zero is not in stats.
findings() {
	awk '$1 == "overrun" || $1 == "corrupt_header" { sum += $2 } END { print sum + 0 }' $debug/heap_shell/stats
}

# The size of an overrun block is not a multiple of the granule size, so there is slack with the pattern.
smashes() {
	for i in $(seq 25); do
		for block in a b c; do
			random 300
			heap alloc $block $((r % 16 == 7 ? r : r + 1)) || return
		done
		random 40
		before=$(findings)
		heap smash b $((r + 1)) || return
		for block in b c a; do
			heap free $block || return
		done
		is_consistent_but_owners || return
		[ "$(findings)" -gt "$before" ] || { echo "# overrun $i was not found" && return 1; }
	done
}

# A corrupt header has no owner, so owners need not add up.
is_consistent_but_owners() {
	adds_up heap_shell && tiles heap_shell && holes_add_up heap_shell
}

check "heapmod loads" insmod heapmod.ko size=0
for size in 0 1048577; do
	check "size=$size is refused" refute insmod heap_shell.ko size=$size 2>/dev/null
done
check "size=16 is refused" refute insmod heap_shell.ko size=16 2>/dev/null
check "flags=4 is refused" refute insmod heap_shell.ko flags=4 2>/dev/null
check "no heap is left" [ "$(wc -l <$debug/heaps)" = 1 ]
check "the shell loads" insmod heap_shell.ko
check "a block is allocated" heap alloc a 100

invalid="Invalid argument"
for command in "" " " "help" "alloc" "alloc b" "alloc b 1 2" "free" "free a b" "resize a" "smash a" "double" "ALLOC b 1" "alloc,b,1"; do
	check "'$command' is refused" refused "$invalid" "expected: " "$command"
done
check "a refusal prints the usage" refused "$invalid" "expected: resize NAME SIZE" "resize a"
for number in x 0 -1 +5 0x10 1.5 4K 1048577 4294967297 99999999999999999999; do
	check "SIZE $number is refused" refused "$invalid" "expected: SIZE, a number from 1 to 1048576" "alloc b $number"
	check "BYTES $number is refused" refused "$invalid" "expected: BYTES, a number from 1 to 1048576" "smash a $number"
done
for name in _ a/b a.b "$(printf '\303\244')" abcdefghijklmnop; do
	check "the name $name is refused" refused "$invalid" "expected: a name of 1 to 15 letters and digits" "alloc $name 10"
done
check "a line of 64 bytes is too long" refused "$invalid" "expected: a command of less than 64 bytes" "free a$(printf '%57s' '')"
check "a longer line is too long" refused "$invalid" "expected: a command of less than 64 bytes" "$(seq 100000)"
check "a line with a zero byte is refused" refute sh -c "printf 'free a\\000' 2>/dev/null >$ctl"
check "a name in use is refused" refused "File exists" "there is a block named a" "alloc a 10"
for command in "free b" "resize b 10" "smash b 1" "double b"; do
	check "'$command' is refused without a block b" refused "No such file or directory" "there is no block named b" "$command"
done
check "an allocation without a hole fails" refused "Cannot allocate memory" "no hole for 65536 bytes" "alloc b 65536"
check "a resize without a hole fails" refused "Cannot allocate memory" "no hole for 65536 bytes" "resize a 65536"
check "a smash beyond the heap is refused" refused "Numerical result out of range" "the heap ends 65420 bytes behind a" "smash a 65421"
check "a line of 63 bytes is accepted" heap "free a$(printf '%56s' '')"
check "failures are accounted to the call site" [ "$(owner heap_shell do_alloc+), $(owner heap_shell do_resize+)" = "0 0 100 1 1 1, 0 0 0 0 0 1" ]

for i in $(seq 64); do
	heap alloc "name$i" 10 || break
done
check "64 names are in use" [ "$(wc -l <$ctl)" = 65 ]
check "one more name is refused" refused "No space left on device" "64 names are in use" "alloc more 10"
for i in $(seq 64); do
	heap free "name$i" || break
done
check "all blocks are freed" [ "$(stat heap_shell hole_bytes)" = 65520 ]

dmesg -c >/dev/null
check "random commands do what the model does" steps
check "the file ctl lists the live blocks" listed
check "the file ctl has their offsets" placed
check "some allocations failed" [ "$(stat heap_shell failures)" -gt 10 ]
check "there are no findings" [ "$(findings)" = 0 ]
check "the shell unloads with live blocks" rmmod heap_shell
check "it frees them" refute sh -c 'dmesg | grep -q alive'

for flags in 0 1 2 3; do
	check "the shell loads, flags=$flags" insmod heap_shell.ko flags=$flags
	check "overruns are found and the heap stays consistent" smashes
	check "it is not frozen" [ "$(stat heap_shell frozen)" = 0 ]
	check "the check finds no more than is quarantined" [ "$(tail -n 1 $debug/heap_shell/check | cut -d' ' -f2)" -le "$(stat heap_shell quarantine_blocks)" ]
	echo "# $(findings) findings, $(stat heap_shell quarantine_blocks) blocks in quarantine, $(tail -n 1 $debug/heap_shell/check)"
	check "a block is allocated" heap alloc a 10
	check "it is freed twice" heap double a
	check "the double free is counted" [ "$(stat heap_shell double_free)" = 1 ]
	check "the shell unloads" rmmod heap_shell
done
check "heapmod unloads" rmmod heapmod

verdict
