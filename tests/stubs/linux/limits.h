/* SPDX-License-Identifier: GPL-2.0-only */
/* Stub: the kernel's limits in userspace, beside the system's own. */
#include_next <linux/limits.h>
#include <stdint.h>

#define U32_MAX UINT32_MAX
