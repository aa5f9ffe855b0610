# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by the scripts of vm/ that build a kernel from Debian's sources: `name` says which, for what
# `arch`, and vm/$name.config what it adds to allnoconfig. The folder they leave is a KDIR for modules.

: "${name:?}" "${arch:?}" "${here:?}"
. "$here/cache.sh"
fragment=$here/$name.config
source=/usr/src/linux-source-6.1.tar.xz
version=$(dpkg-query -W -f '${Version}' linux-source-6.1)

# Says how far a build has come, once in a while, by the object files it has made.
progress() {
	while sleep 20; do
		echo "$name: $(find . -name '*.o' | wc -l) of about $1 object files" >&2
	done
}

configure() {
	local option
	make -s ARCH="$arch" allnoconfig
	scripts/kconfig/merge_config.sh -m .config "$fragment"
	make -s ARCH="$arch" olddefconfig
	grep -o '^CONFIG_.*' "$fragment" | while read -r option; do
		grep -qx "$option" .config || {
			echo "$name: the kernel's configuration refuses $option" >&2
			return 1
		}
	done
}

# build_kernel TARGET OBJECTS - in the current folder
build_kernel() {
	tar -xf "$source" --strip-components=1
	[ "$(type -t mend)" != function ] || mend
	configure >/dev/null
	progress "$2" &
	# shellcheck disable=SC2064 # the process is known now
	trap "kill $!" EXIT
	make -s ARCH="$arch" -j"$(nproc)" "$1" modules_prepare
	make -s ARCH="$arch" modules	# Module.symvers of the kernel itself
	# What modules do not need to build is half a gigabyte.
	find . -name '*.[oa]' ! -path './scripts/*' ! -path './tools/*' -delete
	rm -rf Documentation drivers sound net fs samples
}

# What the kernel is made of: the cache's key.
kernel_key() {
	cat "$fragment" "$here/kernel.sh" "$here/$name"
	echo "$version"
}
