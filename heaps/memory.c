// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory - the region of a heap, from vmalloc(), or with HEAPMOD_LINEAR from the page allocator
 */
#include <linux/gfp.h>
#include <linux/kmemleak.h>
#include <linux/mm.h>

#include "heaps/compat.h"
#include "heaps/memory.h"

u64 heapmod_linear_max(void)
{
	return (u64)MAX_ORDER_NR_PAGES << PAGE_SHIFT;
}

/*
 * alloc_pages_exact() with a node: the pages behind the last one are returned. As vmalloc(), it
 * registers one object with kmemleak, which does not know the pages of the page allocator.
 */
static void *alloc_linear(size_t size, int node)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL;
	unsigned int order = get_order(size);
	struct page *page = alloc_pages_node(node, gfp, order);
	void *memory;

	if (!page)
		return NULL;
	memory = page_address(page);
	split_page(page, order);
	free_pages_exact(memory + PAGE_ALIGN(size), (PAGE_SIZE << order) - PAGE_ALIGN(size));
	kmemleak_alloc(memory, size, 1, GFP_KERNEL);
	return memory;
}

u64 heapmod_memory_bytes(size_t size, unsigned int flags, int node)
{
	if (flags & HEAPMOD_LINEAR)
		return (u64)PAGE_SIZE << get_order(size);
	return heapmod_vmalloc_bytes(size, node);
}

void *heapmod_memory_alloc(size_t size, unsigned int flags, int node)
{
	return flags & HEAPMOD_LINEAR ? alloc_linear(size, node) : heapmod_vmalloc(size, node);
}

void heapmod_memory_free(void *memory, size_t size, unsigned int flags)
{
	if (!(flags & HEAPMOD_LINEAR)) {
		vfree(memory);
	} else if (memory) {
		kmemleak_free(memory);
		free_pages_exact(memory, size);
	}
}
