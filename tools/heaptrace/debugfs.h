/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * debugfs - reader of /sys/kernel/debug/heapmod
 */
#ifndef DEBUGFS_H
#define DEBUGFS_H

#include "records.h"

/*
 * Blocks in address order: live ones as records of their allocations, pending ones as records of
 * their frees. The event of such a free may precede the state, or follow it.
 */
struct live {
	struct record *blocks;
	size_t count;
	size_t room;
};

/* The id of a heap in tracepoints. @root is the mount point of debugfs. */
u32 debugfs_id(const char *root, const char *heap);

/*
 * The live and pending blocks. They are not read all at the same moment. It is fatal if the heap is
 * not @id, or is so no more.
 */
struct live debugfs_live(const char *root, const char *heap, u32 id);

#endif
