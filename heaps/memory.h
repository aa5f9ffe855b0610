/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory - the region of a heap, from vmalloc(), or with HEAPMOD_LINEAR from the page allocator
 */
#ifndef HEAPMOD_MEMORY_H
#define HEAPMOD_MEMORY_H

#include <linux/types.h>

#include "heapmod.h"

/* The largest region of linear memory, in bytes. */
u64 heapmod_linear_max(void);

/* Most memory that heapmod_memory_alloc() takes. */
u64 heapmod_memory_bytes(size_t size, unsigned int flags, int node);

/* Memory of @size bytes, or NULL. May sleep. Invokes the OOM killer only if @node is given. */
void *heapmod_memory_alloc(size_t size, unsigned int flags, int node);

/* @memory may be NULL; the other arguments are those of its allocation. */
void heapmod_memory_free(void *memory, size_t size, unsigned int flags);

#endif
