# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# After a boot, the module and the client are there. A second kernel is installed, and DKMS builds for it.

# shellcheck source=life.sh
. ./life.sh

check_loaded_at_boot
check_client "the client"
check "a second kernel installs" quietly apt-get install -y /root/cloud/*.deb
second=$(cd /lib/modules && echo *-cloud-*)
check "DKMS has built the module for both" same "$(dkms status heapmod | sort)" "$(built_for "$release" "$second")"

verdict
