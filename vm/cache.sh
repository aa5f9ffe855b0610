# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by the scripts of vm/: a cache of files that are slow to fetch or build.
#
# An entry is a folder, named by its kind and a hash of its inputs. It is filled under a
# temporary name and renamed when it is complete: an existing entry is always complete.
# The cache may be deleted at any time.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/heapmod

# cache_entry NAME KEY FILL - print the entry's folder. If it does not exist, run the
# function FILL in a new folder first, while other processes wait.
cache_entry() {
	local name=$1 key=$2 fill=$3 entry
	entry=$cache/$name-$(printf %s "$key" | sha256sum | cut -c1-12)
	if [ ! -d "$entry" ]; then
		mkdir -p "$cache"
		(
			# It is off in a command substitution. On the left of || or && it has no effect: do not
			# call this function there.
			set -e
			exec 9>"$cache/$name.lock"
			flock 9
			[ -d "$entry" ] || cache_fill "$entry" "$fill"
		)
	fi
	[ -d "$entry" ] || return
	echo "$entry"
}

# Runs in a subshell of cache_entry. The trap removes an incomplete folder.
cache_fill() {
	local entry=$1 fill=$2 folder
	folder=$(mktemp -d "$entry.XXXXXX")
	# shellcheck disable=SC2064 # expand the name now
	trap "rm -rf '$folder'" EXIT
	trap 'exit 130' INT TERM HUP
	(cd "$folder"; "$fill" >&2 9>&-)
	mv -T "$folder" "$entry"
	trap - EXIT
}
