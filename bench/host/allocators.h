/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * allocators - allocators in userspace, to be compared
 */
#ifndef HOST_ALLOCATORS_H
#define HOST_ALLOCATORS_H

#include <linux/types.h>

/**
 * struct allocator - an allocator
 * @name: as in the results
 * @open: prepare for @bytes, return the state; NULL if the allocator is not installed
 * @alloc: allocate a block
 * @free: free a block
 * @close: undo @open
 * @most: the most live blocks to measure it with; 0 for no limit
 */
struct allocator {
	const char *name;
	void *(*open)(u64 bytes);
	void *(*alloc)(void *state, size_t size);
	void (*free)(void *state, void *ptr);
	void (*close)(void *state);
	u32 most;
};

#define ALLOCATORS 6
extern const struct allocator allocators[ALLOCATORS];

#endif
