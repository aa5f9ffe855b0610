# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# DKMS's key was enrolled, and the kernel runs with Secure Boot and module.sig_enforce=1: signed modules load, others do not.

# shellcheck source=life.sh
. ./life.sh

check "Secure Boot is on" same "$(mokutil --sb-state)" "SecureBoot enabled"
check "signatures are enforced" same "$(cat /sys/module/module/parameters/sig_enforce)" Y
check "DKMS's key is enrolled" same "$(mokutil --test-key /var/lib/dkms/mok.pub)" "/var/lib/dkms/mok.pub is already enrolled"
check_loaded_at_boot
check "its default heap adds up" adds_up default
check "a client without a signature is refused, with a message that docs/install.md quotes" refuses "$client/hello_heap.ko"
cp "$client/hello_heap.ko" client.ko
check "a client is signed as docs/install.md says" sh -euxc "$(commands "Secure Boot" client.ko)"
mv client.ko "$client/hello_heap.ko"
check_client "it"
rmmod heapmod
strip --strip-debug -o unsigned.ko "$(modinfo -n heapmod)"
check "heapmod without its signature is refused, too" refuses unsigned.ko

verdict
