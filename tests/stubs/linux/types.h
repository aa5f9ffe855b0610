/* SPDX-License-Identifier: GPL-2.0-only */
/* Stub: the kernel's types in userspace, beside the system's own. */
#ifndef TESTS_LINUX_TYPES_H
#define TESTS_LINUX_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

/* The system's __le64 may not alias u64, for they are two types of the same size. */
#define __le64 u64

#endif
