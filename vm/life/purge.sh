# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The packages are purged, and nothing of them is left.

# shellcheck source=life.sh
. ./life.sh

# DKMS's own key is not heapmod's, and the second kernel has its own files.
changed_files() {
	all_files | diff /root/files - | grep '^[<>]' | grep -v ' /var/lib/dkms/mok\.' | grep -vE '/(boot|lib/modules|src)/.*-cloud-|linux-.*-cloud-'
}

rm /etc/modules-load.d/heapmod.conf /etc/modprobe.d/heapmod.conf
check "heapmod unloads" rmmod heapmod
check "the packages are purged" quietly apt-get purge -y heapmod-dkms heapmod-dev heapmod-tools heapmod-doc heapmod-tools-dbgsym
check "there is a list of the files from before" [ -s /root/files ]
check "the files are those from before" same "$(changed_files)" ""
check "none has heapmod in its name" same "$(all_files | grep heapmod)" ""
check "no package of heapmod is known" same "$(dpkg-query -W 'heapmod*' 2>/dev/null)" ""
check "DKMS knows no heapmod" same "$(dkms status heapmod)" ""
check "no kernel knows the module" same "$(grep heapmod /lib/modules/*/modules.dep)" ""

verdict
