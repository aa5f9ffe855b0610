# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The packages are installed, DKMS builds the module for the running kernel, and a client is built and loaded.

# shellcheck source=life.sh
. ./life.sh

all_files >/root/files
check "the packages install" quietly apt-get install -y ./heapmod-*.deb
check "DKMS has built the module for this kernel" same "$(dkms status heapmod)" "$(built_for "$release")"
check "modinfo has the version" same "$(modinfo -F version heapmod)" "$(heapmod_version)"
check "... and the signer" same "$(modinfo -F signer heapmod)" "DKMS module signing key"
check "modprobe loads it" modprobe heapmod
check "... with the default heap" adds_up default
check "the command heapmod lists it" same "$(heapmod list | awk 'NR > 1 { print $1 }')" default
check "the autopkgtest passes, which builds a client" quietly build_client
check_client "it"
check "heapmod unloads" rmmod heapmod
mkdir said
check "a client is built as docs/install.md says" quietly sh -euxc "cd said; $(commands "A client" hello_heap.c)"
check "... and loaded, with heapmod" quietly sh -euxc "cd said/client; $(commands "A client" depmod)"
check "... and has its block" same "$(stat hello blocks)" 1
check "it and heapmod unload" rmmod client heapmod
rm "/lib/modules/$release/updates/client.ko"
depmod

# For the next boots
echo heapmod >/etc/modules-load.d/heapmod.conf
echo 'options heapmod size=3M' >/etc/modprobe.d/heapmod.conf

verdict
