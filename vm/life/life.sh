# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Sourced by the cases of vm/test-install.

# shellcheck source=../guest/case.sh
. ./case.sh
release=$(uname -r)

# quietly COMMAND... - print its output only if it fails
quietly() {
	"$@" >out 2>&1 || { cat out && false; }
}

same() {
	[ "$1" = "$2" ] || { printf 'is:        %s\nshould be: %s\n' "$1" "$2" && false; }
}

# All files, but those that a running system writes.
all_files() {
	find / -xdev \( -path /root -o -path /tmp -o -path /var/tmp -o -path /var/log -o -path /var/cache -o -path /var/lib/apt \) -prune \
		-o -print | sort
}

heapmod_version() {
	dpkg-query -W -f '${Version}' heapmod-dkms | cut -d- -f1
}

# built_for RELEASE... - what `dkms status heapmod` prints if the module is installed for these kernels, and no other one
built_for() {
	for kernel in "$@"; do
		echo "heapmod/$(heapmod_version), $kernel, $(uname -m): installed"
	done
}

# The module has been loaded at boot, with the parameters that install.sh has written to /etc/modprobe.d.
check_loaded_at_boot() {
	check "heapmod was loaded at boot" grep -q '^heapmod ' /proc/modules
	check "... with its parameters" said "loaded, default heap of 3M bytes"
}

# The autopkgtest builds hello_heap for the running kernel, in /root/client-RELEASE, and loads it.
client=/root/client-$release
build_client() {
	mkdir "$client"
	AUTOPKGTEST_TMP=$client sh ./client
}

# commands HEADING WORD - print the commands of that section of docs/install.md that has WORD among them, without other text
commands() {
	awk -v heading="## $1" -v word="$2" '
		/^## / { inside = $0 == heading }
		!inside { next }
		/^```/ { fence = !fence; if (!fence && index(block, word)) printf "%s", block; block = ""; next }
		fence { block = block $0 "\n" }' install.md
}

# check_client WHICH
check_client() {
	check "$1 loads" insmod "$client/hello_heap.ko"
	check "... and has its block" same "$(stat hello blocks)" 1
	check "... in a heap that adds up" adds_up hello
	check "... and unloads" rmmod hello_heap
}

# refuses MODULE - insmod must refuse it, with a message that docs/install.md quotes
refuses() {
	! insmod "$1" 2>message || return 1
	reason=$(sed 's/.*: //' message)
	echo "# $reason"
	grep -qF "\`$reason\`" install.md
}

hushed=0			# said() looks at all messages since the boot
