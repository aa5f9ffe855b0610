# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The commands of docs/tour.md print what stands under them there.
#
# boot: -w -f docs/tour.md

# shellcheck source=../guest/case.sh
. /lib/case.sh
# shellcheck source=../guest/shell.sh
. /lib/shell.sh

# In a block of the kind `console`, a line `# ...` is a command, and what follows is its output.
split_tour() {
	mkdir -p /tmp/tour
	awk '/^```/ { console = /^```console$/; next }
	     console && /^# / { step++; print substr($0, 3) >"/tmp/tour/" step ".command"; next }
	     console { print >"/tmp/tour/" step ".expected" }' /files/tour.md
}

# What is another in each build or run: how far into a function a call is, and the header's seal in a dump.
plain() {
	sed -e 's|+0x[0-9a-f]*/0x[0-9a-f]*|+|g' -e 's/^\( *[0-9]*  *\([ >][0-9a-f][0-9a-f]\)\{12\}\).*/\1/' "$1"
}

step() {
	command=$(cat "/tmp/tour/$1.command")
	touch "/tmp/tour/$1.expected"
	eval "$command" >"/tmp/tour/$1.got" 2>&1
	plain "/tmp/tour/$1.got" >/tmp/tour/got
	plain "/tmp/tour/$1.expected" >/tmp/tour/expected
	cmp -s /tmp/tour/got /tmp/tour/expected && return
	echo "# it printed:"
	cat "/tmp/tour/$1.got"
	return 1
}

split_tour
steps=$(find /tmp/tour -name '*.command' | wc -l)
check "the tour has its ten commands, and then some" [ "$steps" -ge 10 ]
for number in $(seq "$steps"); do
	check "$(cat "/tmp/tour/$number.command")" step "$number"
done
check "the heap adds up" adds_up heap_shell
check "all of it unloads" sh -c "rmmod heap_shell && rmmod heapmod"

verdict
