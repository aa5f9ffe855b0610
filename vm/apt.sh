# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced, after vm/cache.sh, by the scripts of vm/ that fetch Debian packages, from this machine's suite or
# another one, or of another architecture. Their package lists are in the cache; the machine's own lists do not change.

foreign=""			# the architecture to fetch for, if it is not this machine's

# The Debian mirror that this machine uses.
mirror() {
	# shellcheck disable=SC2016 # for apt to expand
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1
}

# with_lists FOLDER PROGRAM ARGUMENT... - run an apt program with the lists in FOLDER alone
with_lists() {
	local folder=$1 program=$2
	shift 2
	"$program" -qq -o Dir::Etc::SourceList="$folder/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$folder/lists" -o Dir::State::Status=/dev/null -o Dir::Cache="$folder" \
		${foreign:+-o "APT::Architecture=$foreign" -o "APT::Architectures=$foreign"} \
		-o Acquire::Languages=none -o APT::Sandbox::User=root "$@"
}

read_lists() {
	local keys=/usr/share/keyrings/debian-archive-keyring.gpg
	echo "apt: fetching the package lists of $suite${foreign:+ for $foreign} (seconds, once)" >&2
	mkdir lists
	echo "deb [signed-by=$keys] $(mirror) $suite main" >sources.list
	with_lists "$PWD" apt-get update -o APT::Update::Error-Mode=any
}

# from_suite SUITE PROGRAM ARGUMENT... - run an apt program for SUITE, or, if that is empty, for this machine's own
from_suite() {
	local suite=$1 lists
	shift
	if [ -z "$suite" ]; then
		"$1" -qq -o APT::Sandbox::User=root "${@:2}"
		return
	fi
	lists=$(cache_entry "lists-$suite${foreign:+-$foreign}" "$(mirror)" read_lists)
	[ -n "$lists" ] || return
	with_lists "$lists" "$@" && return
	echo "apt: the lists of $suite may be out of date: if so, remove $lists" >&2
	return 1
}

# unpack SUITE PACKAGE... - fetch packages and unpack them in the current folder
unpack() {
	local package
	from_suite "$1" apt-get download "${@:2}"
	for package in *.deb; do
		dpkg-deb -x "$package" .
	done
	rm ./*.deb
}

# depends SUITE PACKAGE PATTERN - the dependencies of its newest version whose names begin with PATTERN
depends() {
	from_suite "$1" apt-cache depends "$2" | sed -n "s/^ *Depends: \($3.*\)/\1/p"
}

# kernel_source SUITE - print the name of its newest package with the kernel's sources, and its version
kernel_source() {
	local package
	package=$(depends "$1" linux-source linux-source-)
	from_suite "$1" apt-cache show --no-all-versions "$package" | sed -n "s/^Version: /$package /p"
}

# newest_source SUITE - set `package` and `version` to what kernel_source prints
newest_source() {
	local newest
	newest=$(kernel_source "$1")
	# shellcheck disable=SC2034 # for its callers
	read -r package version <<<"$newest"
}

# fetch_source SUITE PACKAGE - print the sources in it, a .tar.xz
fetch_source() {
	from_suite "$1" apt-get download "$2" >&2
	dpkg-deb --fsys-tarfile "$2"_*.deb | tar -xO "./usr/src/$2.tar.xz"
	rm "$2"_*.deb
}
