# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# On the second kernel: the module is there, a client is built for it, heapmod is upgraded to a version with other private
# structs, and the client still loads.

# shellcheck source=life.sh
. ./life.sh

check "this is the second kernel" [ "${release#*-cloud-}" != "$release" ]
check_loaded_at_boot
check "the autopkgtest passes, which builds a client for it" quietly build_client
check_client "it"
old=$(heapmod_version)
check "heapmod is upgraded" quietly apt-get install -y ./heapmod-*.deb
check "... to a later version" dpkg --compare-versions "$(heapmod_version)" gt "$old"
check "DKMS has built it for this kernel, and keeps no older one" same "$(dkms status heapmod)" "$(built_for "$release")"
check "the loaded module is the old one" same "$(cat /sys/module/heapmod/version)" "$old"
check "it unloads" rmmod heapmod
check "the new one loads" modprobe heapmod
check "... and is the new one" same "$(cat /sys/module/heapmod/version)" "$(heapmod_version)"
check_client "the client that was built before"

verdict
