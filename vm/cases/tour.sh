# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Each command of docs/tour.md prints what the document has under it.
#
# boot: -w

# shellcheck source=../guest/case.sh
. /lib/case.sh
# shellcheck source=../guest/shell.sh
. /lib/shell.sh

# In a block ```console, a line `# ...` is a command. The lines below are its output.
split_tour() {
	mkdir -p /tmp/tour
	awk '/^```/ { console = /^```console$/; next }
	     console && /^# / { step++; print substr($0, 3) >"/tmp/tour/" step ".command"; next }
	     console { print >"/tmp/tour/" step ".expected" }' /files/tour.md
}

# Mask what differs between builds and runs: the offset in a function, and the seal of a header.
mask() {
	sed -e 's|+0x[0-9a-f]*/0x[0-9a-f]*|+|g' -e 's/^\( *[0-9]*  *\([ >][0-9a-f][0-9a-f]\)\{'$unsealed'\}\).*/\1/' "$1"
}

step() {
	command=$(cat "/tmp/tour/$1.command")
	touch "/tmp/tour/$1.expected"
	eval "$command" >"/tmp/tour/$1.got" 2>&1
	mask "/tmp/tour/$1.got" >/tmp/tour/got
	mask "/tmp/tour/$1.expected" >/tmp/tour/expected
	cmp -s /tmp/tour/got /tmp/tour/expected && return
	echo "# it printed:"
	cat "/tmp/tour/$1.got"
	return 1
}

split_tour
steps=$(find /tmp/tour -name '*.command' | wc -l)
check "the tour has commands" [ "$steps" -ge 10 ]
for number in $(seq "$steps"); do
	check "$(cat "/tmp/tour/$number.command")" step "$number"
done
check "the stats of the heap add up" adds_up heap_shell
check "the modules unload" sh -c "rmmod heap_shell && rmmod heapmod"

verdict
