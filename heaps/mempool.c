// SPDX-License-Identifier: GPL-2.0-only
/*
 * mempool - a heap behind the kernel's mempool_t
 */
#include <linux/export.h>

#include "heaps/compat.h"
#include "heapmod.h"

void *heapmod_mempool_alloc(gfp_t gfp, void *pool_data)
{
	const struct heapmod_mempool *source = pool_data;

	return heapmod_alloc_caller(source->heap, source->size, gfp, source->caller);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_mempool_alloc);

void heapmod_mempool_free(void *element, void *pool_data)
{
	const struct heapmod_mempool *source = pool_data;

	heapmod_free_caller(source->heap, element, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_mempool_free);
