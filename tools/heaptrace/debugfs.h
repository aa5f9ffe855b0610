/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * debugfs - what heapmod says of its heaps in /sys/kernel/debug/heapmod
 */
#ifndef DEBUGFS_H
#define DEBUGFS_H

#include "ftrace.h"

struct live {
	struct record *blocks;		/* as if their allocation were traced, by address */
	size_t count;
	size_t room;
};

u32 debugfs_id(const char *root, const char *heap);
struct live debugfs_live(const char *root, const char *heap);

#endif
