# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by the scripts of vm/: the cache of what is slow to fetch or build.
#
# An entry is a folder, named for what it is and for a hash of what went into it. It is
# filled under a temporary name and renamed when complete, so an entry that is there is
# whole. Losing the cache costs time and nothing else.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/heapmod

# cache_entry NAME KEY FILL - print the entry's folder; when it is not there,
# run the function FILL in a new folder first. Other processes wait meanwhile.
cache_entry() {
	local name=$1 key=$2 fill=$3 entry
	entry=$cache/$name-$(printf %s "$key" | sha256sum | cut -c1-12)
	if [ ! -d "$entry" ]; then
		mkdir -p "$cache"
		(
			exec 9>"$cache/$name.lock"
			flock 9
			[ -d "$entry" ] || cache_fill "$entry" "$fill"
		)
	fi
	echo "$entry"
}

# Runs in a subshell of cache_entry: the trap leaves no half-filled folder behind.
cache_fill() {
	local entry=$1 fill=$2 folder
	folder=$(mktemp -d "$entry.XXXXXX")
	# shellcheck disable=SC2064 # the name is wanted as it is now
	trap "rm -rf '$folder'" EXIT
	trap 'exit 130' INT TERM HUP
	(set -e; cd "$folder"; "$fill" >&2 9>&-)
	mv -T "$folder" "$entry"
	trap - EXIT
}
