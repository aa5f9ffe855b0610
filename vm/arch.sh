# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # the variables are for the script that sources this
#
# Sourced by the scripts of vm/: what differs between architectures.

# set_arch ARCH - set, for an architecture by its name in Debian:
#	target		the compiler's name of it; empty if this machine's own compiler builds for it
#	compile		the compiler's option for it
#	karch		the kernel's name of it
#	emulates	QEMU's name of it
#	machine		QEMU's options for a VM
#	console		the serial port of the console. Only x86 has a second one.
set_arch() {
	arch=$1 target="" compile="" karch=$1 emulates=$1 machine=() console=ttyAMA0
	case $1 in
	amd64) karch=x86 emulates=x86_64 machine=(-M q35) console=ttyS0 ;;
	i386) compile=-m32 karch=x86 machine=(-M q35) console=ttyS0 ;;
	arm64) target=aarch64-linux-gnu emulates=aarch64 machine=(-M "virt,mte=on" -cpu "max,pauth-impdef=on") ;;
	armhf) target=arm-linux-gnueabihf karch=arm emulates=arm machine=(-M "virt,highmem=off" -cpu cortex-a15) ;;
	s390x) target=s390x-linux-gnu karch=s390 machine=(-M s390-ccw-virtio) console=ttysclp0 ;;
	riscv64) target=riscv64-linux-gnu karch=riscv machine=(-M virt) console=ttyS0 ;;
	ppc64) target=powerpc64-linux-gnu karch=powerpc ;;	# only the tests of the core
	*)
		echo "no such architecture: $1" >&2
		return 1
		;;
	esac
}

# flavour_arch FLAVOUR - print the architecture of a flavour of Debian's kernel
flavour_arch() {
	case $1 in
	*amd64) echo amd64 ;;
	686*) echo i386 ;;
	arm64*) echo arm64 ;;
	armmp*) echo armhf ;;
	*) echo "$1" ;;
	esac
}

# flavour_of ARCH - print the flavour of its stock kernel
flavour_of() {
	case $1 in
	i386) echo 686-pae ;;
	armhf) echo armmp ;;
	*) echo "$1" ;;
	esac
}

# kunit_tools KERNEL - print the argument of make that chooses the compiler for a kernel of vm/kunit and its modules
kunit_tools() {
	local vm=${BASH_SOURCE[0]%/*}
	case $1 in
	*/cfi)
		"$vm/../scripts/need" llvm
		echo LLVM=-16
		;;
	*) echo "CROSS_COMPILE=$("$vm/cross" "${1%/*}")" ;;
	esac
}
