# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Sourced by the cases: counts checks. A case without a check fails.

passed=0
failed=0
debug=/sys/kernel/debug/heapmod

# busybox tries two system calls to load a module; kmod uses one, as on a real system.
insmod() {
	/sbin/insmod "$@"
}

# check NAME COMMAND... - the command must succeed
check() {
	name=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
		echo "ok - $name"
	else
		failed=$((failed + 1))
		echo "not ok - $name"
	fi
}

refute() {
	! "$@"
}

# fails WORDS COMMAND... - the command fails with status 1, and its message contains the words
fails() {
	words=$1
	shift
	"$@" >/tmp/output 2>&1
	[ $? = 1 ] && grep -qF "$words" /tmp/output
}

# Does this kernel have kmemleak? All of User-Mode Linux but vm/newest do.
knows_leaks() {
	[ -e /sys/kernel/debug/kmemleak ] || refute echo "# skipped on this kernel: kmemleak"
}

# leaks - print what kmemleak reports. It reports only objects that are older than five seconds.
leaks() {
	for _ in 1 2; do
		sleep 6
		echo scan >/sys/kernel/debug/kmemleak || echo "kmemleak does not scan"
	done
	cat /sys/kernel/debug/kmemleak
}

# said WORDS - have they been logged since the last call of hush?
said() {
	dmesg | grep -F "heapmod: " | tail -n +"$((hushed + 1))" | grep -qF "$1"
}

lines_said() {
	echo $(($(dmesg | grep -cF "heapmod: ") - hushed))
}

hush() {
	hushed=$(dmesg | grep -cF "heapmod: ")
}

# stat HEAP KEY - print a number from a heap's stats
stat() {
	awk -v key="$2" '$1 == key { print $2 }' "$debug/$1/stats"
}

# The parts in stats add up to the region exactly.
adds_up() {
	awk '$1 == "region_bytes" { region = $2 }
	     $1 ~ /^(asked|slack|header|hole|quarantine|pending|cached|redzone|edge)_bytes$/ { parts++; sum += $2 }
	     END { exit !(parts == 9 && region > 0 && sum == region) }' "$debug/$1/stats"
}

# The blocks cover the region without gaps, and stats counts as many. cat reads in large pieces, where
# awk would read small ones, so a piece spans several batches of the kernel's walk.
tiles() {
	cat "$debug/$1/blocks" | awk -v region="$(stat "$1" region_bytes)" -v blocks="$(stat "$1" blocks)" -v holes="$(stat "$1" holes)" '
		NR == 1 { end = 8; next }
		$1 != end { gap = 1 }
		{ end = $1 + $2; count[$3]++ }
		END { exit !(NR > 1 && !gap && end == region - 8 && count["used"] + 0 == blocks && count["hole"] + 0 == holes) }'
}

# The sums over the owners match stats, and owners are sorted by live bytes. Not valid after a header was lost.
owners_add_up() {
	cat "$debug/$1/owners" >/tmp/owners
	awk -v stats="$(stat "$1" blocks) $(stat "$1" asked_bytes) $(stat "$1" allocs) $(stat "$1" frees) $(stat "$1" failures)" '
		NR == 1 { last = 1e20; next }
		$2 > last || $2 > $3 || $1 != $4 - $5 || NF < 7 { wrong = 1 }
		{ last = $2; live += $1; bytes += $2; allocs += $4; frees += $5; failures += $6 }
		END {
			sums = live + 0 " " bytes + 0 " " allocs + 0 " " frees + 0 " " failures + 0
			if (NR > 1 && !wrong && stats == sums) exit 0
			print "# stats: " stats "; owners: " sums "; in the file:"
			exit 1
		}' /tmp/owners || refute cat /tmp/owners
}

# owner HEAP WORDS - print the numbers of an owner whose name contains WORDS
owner() {
	awk -v words="$2" 'NR > 1 && index($0, words) { print $1, $2, $3, $4, $5, $6 }' "$debug/$1/owners"
}

# The file holes matches stats and blocks: every hole is counted in its class.
holes_add_up() {
	awk '
		FILENAME ~ /stats$/ { stats[$1] = $2; next }
		FILENAME ~ /blocks$/ { if ($3 == "hole") { size[++count] = $2; if ($2 > largest) largest = $2 }; next }
		NF == 2 { said[$1] = $2; next }
		$1 == "from" { rows = 1; next }
		{
			rows++; holes += $3; bytes += $4; seen = here = 0
			for (i = 1; i <= count; i++) if (size[i] >= $1 && size[i] <= $2) { seen++; here += size[i] }
			if (seen != $3 || here != $4) wrong = 1
		}
		END {
			split_up = bytes ? int((bytes - largest) * 1000 / bytes) : 0
			exit !(rows && !wrong && said["version"] == 2 && holes + 0 == stats["holes"] && bytes + 0 == stats["hole_bytes"] &&
			       said["hole_bytes"] == bytes + 0 && said["largest_bytes"] == largest + 0 &&
			       said["fragmentation"] == sprintf("%d.%03d", split_up / 1000, split_up % 1000))
		}' "$debug/$1/stats" "$debug/$1/blocks" "$debug/$1/holes"
}

# snapshot_adds_up FILE - stats, owners and, if it is consistent, holes of a snapshot match. Not valid after a header was lost.
snapshot_adds_up() {
	awk '
		/^$/ { part++; next }
		part == 0 { head[$1] = $2 }
		part == 1 { stats[$1] = $2; if ($1 ~ /^(asked|slack|header|hole|quarantine|pending|redzone|edge)_bytes$/) sum += $2 }
		part == 2 && $1 != "live_blocks" {
			owners++; live += $1; bytes += $2; allocs += $4; frees += $5; failures += $6
			if ($1 != $4 - $5 || $2 > $3) wrong = 1
		}
		part == 3 && NF == 2 { free[$1] = $2 }
		part == 3 && NF == 4 && $1 != "from" { holes += $3; hole_bytes += $4 }
		END {
			match_holes = holes == stats["holes"] && hole_bytes == stats["hole_bytes"] && free["hole_bytes"] == stats["hole_bytes"] &&
				free["largest_bytes"] == stats["largest_hole_bytes"]
			exit !(part == 3 && head["version"] == 2 && head["generation"] > 0 && head["consistent"] ~ /^(yes|no)$/ &&
			       owners && !wrong && sum == stats["region_bytes"] && live == stats["blocks"] && bytes == stats["asked_bytes"] &&
			       allocs == stats["allocs"] && frees == stats["frees"] && failures == stats["failures"] &&
			       (match_holes || head["consistent"] == "no"))
		}' "$1"
}

# The bytes of a line of a dump that are the same in each run: those before the seal of a header. On a big-endian machine, the
# size before the seal is in another order, too.
# shellcheck disable=SC2034 # for cases
case $(printf '\001\000' | od -An -d) in
*256) unsealed=8 ;;
*) unsealed=12 ;;
esac

# run_suite SUITE - load a suite on a kernel without KUnit: a check for each case
run_suite() {
	check "$1 runs" insmod "$1.ko"
	check "$1 has results" grep -q "ok 1 " "/sys/module/$1/parameters/results"
	while read -r line; do
		case $line in
		"") ;;
		"ok "*" # SKIP "*) echo "# skipped: $1: ${line#ok }" ;;
		*) check "$1: ${line##* }" [ "${line%% *}" = ok ] ;;
		esac
	done <"/sys/module/$1/parameters/results"
	check "$1 unloads" rmmod "$1"
}

verdict() {
	echo "# $passed passed, $failed failed"
	[ "$passed" -gt 0 ] && [ "$failed" -eq 0 ]
}

hush
