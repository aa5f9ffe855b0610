/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * contest - allocators in userspace, side by side
 */
#ifndef HOST_CONTEST_H
#define HOST_CONTEST_H

#include <linux/types.h>

/**
 * struct contestant - an allocator
 * @name: as in the results
 * @open: makes it ready for @bytes, returns its state; NULL when this machine has it not
 * @alloc: a block
 * @free: gives it back
 * @close: undoes @open
 * @most: more live blocks than that would take hours; 0 for no limit
 */
struct contestant {
	const char *name;
	void *(*open)(u64 bytes);
	void *(*alloc)(void *state, size_t size);
	void (*free)(void *state, void *ptr);
	void (*close)(void *state);
	u32 most;
};

#define CONTESTANTS 5
extern const struct contestant contestants[CONTESTANTS];

#endif
