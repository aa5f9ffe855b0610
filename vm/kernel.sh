# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by the scripts of vm/ that build kernel `name` for `arch` from Debian's sources, with the arguments `tools` of
# make. vm/kernel.config and vm/$name.config have the options to add to allnoconfig; a script may name more `fragments`.
# The folder that a build leaves is a KDIR for modules.

: "${name:?}" "${arch:?}" "${here:?}"
. "$here/cache.sh"
fragments=("$here/kernel.config" "$here/$name.config")
source=/usr/src/linux-source-6.1.tar.xz
version=$(dpkg-query -W -f '${Version}' linux-source-6.1)
tools=()

kernel_make() {
	make -s ARCH="$arch" "${tools[@]}" "$@"
}

# progress TOTAL - report the number of object files from time to time
progress() {
	while sleep 20; do
		echo "$name: $(find . -name '*.o' | wc -l) of about $1 object files" >&2
	done
}

configure() {
	local option
	kernel_make allnoconfig
	scripts/kconfig/merge_config.sh -m .config "${fragments[@]}"
	kernel_make olddefconfig
	grep -oh '^CONFIG_.*' "${fragments[@]}" | while read -r option; do
		grep -qx "$option" .config || {
			echo "$name: $option is missing from the resulting .config" >&2
			return 1
		}
	done
}

# build_kernel TARGET OBJECTS - in the current folder
build_kernel() {
	tar -xf "$source" --strip-components=1
	[ "$(type -t fix_sources)" != function ] || fix_sources
	configure >/dev/null
	progress "$2" &
	# shellcheck disable=SC2064 # expand the process id now
	trap "kill $!" EXIT
	kernel_make -j"$(nproc)" "$1" modules_prepare
	kernel_make modules	# Module.symvers of the kernel itself
	# Modules need none of this to build, and it is large.
	find . -name '*.[oa]' ! -path './scripts/*' ! -path './tools/*' -delete
	rm -rf Documentation drivers sound net fs samples
}

# The cache's key: all inputs of the build.
kernel_key() {
	cat "${fragments[@]}" "$here/kernel.sh" "$here/$name"
	echo "$version"
}
