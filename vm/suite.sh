# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced, after vm/cache.sh, by the scripts of vm/ that fetch packages, which can be from another suite
# of Debian than this machine's. The cache has lists of it; the machine's own sources stay as they are.

# The mirror that this machine has Debian from.
mirror() {
	# shellcheck disable=SC2016 # for apt to expand
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1
}

# with_lists FOLDER PROGRAM ARGUMENT... - a program of apt's, that knows no other lists
with_lists() {
	local folder=$1 program=$2
	shift 2
	"$program" -qq -o Dir::Etc::SourceList="$folder/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$folder/lists" -o Dir::State::Status=/dev/null -o Dir::Cache="$folder" \
		-o Acquire::Languages=none -o APT::Sandbox::User=root "$@"
}

read_lists() {
	local keys=/usr/share/keyrings/debian-archive-keyring.gpg
	echo "suite: reading the lists of $suite (seconds, once)" >&2
	mkdir lists
	echo "deb [signed-by=$keys] $(mirror) $suite main" >sources.list
	with_lists "$PWD" apt-get update
}

# from_suite SUITE PROGRAM ARGUMENT... - a program of apt's in a suite, or, if that is empty, in this machine's own
from_suite() {
	local suite=$1 lists
	shift
	if [ -z "$suite" ]; then
		"$1" -qq -o APT::Sandbox::User=root "${@:2}"
		return
	fi
	lists=$(cache_entry "lists-$suite" "$(mirror)" read_lists)
	with_lists "$lists" "$@" && return
	echo "suite: if $suite has changed since its lists were read, remove $lists" >&2
	return 1
}

# unpack SUITE PACKAGE... - fetches packages, and unpacks them in the current folder
unpack() {
	local package
	from_suite "$1" apt-get download "${@:2}"
	for package in *.deb; do
		dpkg-deb -x "$package" .
	done
	rm ./*.deb
}

# depends SUITE PACKAGE PATTERN - those of the packages it needs that begin with the pattern, in its newest version
depends() {
	from_suite "$1" apt-cache depends "$2" | sed -n "s/^ *Depends: \($3.*\)/\1/p"
}
