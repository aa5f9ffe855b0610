/* SPDX-License-Identifier: GPL-2.0-only */
/* Stub: the order of bytes in userspace. */
#ifndef TESTS_ASM_BYTEORDER_H
#define TESTS_ASM_BYTEORDER_H

#include <endian.h>

#define le64_to_cpup(word) le64toh(*(word))

#endif
