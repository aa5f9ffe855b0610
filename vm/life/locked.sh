# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Secure Boot is on, and DKMS's key is not enrolled: the module is refused.

# shellcheck source=life.sh
. ./life.sh

check "Secure Boot is on" same "$(mokutil --sb-state)" "SecureBoot enabled"
check "heapmod was not loaded at boot" refute grep -q '^heapmod ' /proc/modules
check "it is refused, with a message that docs/install.md quotes" refuses "$(modinfo -n heapmod)"
check "a client without a signature is refused, too" refuses "$client/hello_heap.ko"
check "DKMS's key is not enrolled" same "$(mokutil --test-key /var/lib/dkms/mok.pub)" "/var/lib/dkms/mok.pub is not enrolled"
mokutil --generate-hash=heapmod >password
check "mokutil takes it" mokutil --import /var/lib/dkms/mok.pub --hash-file password

verdict
