// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_linear - heaps of physically contiguous memory
 *
 * Ciphers and DMA are tested in the VM, by tests/kernel/heap_dma.c.
 */
#include <linux/kasan.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "heaps/compat.h"
#include "suite.h"

#define LARGEST	((size_t)MAX_ORDER_NR_PAGES << PAGE_SHIFT)

/* The block is in the direct map, and its pages follow each other. */
static void expect_linear(struct kunit *test, u8 *ptr, size_t size)
{
	unsigned long first = page_to_pfn(virt_to_page(ptr));
	size_t i;

	KUNIT_EXPECT_FALSE(test, is_vmalloc_addr(ptr));
	KUNIT_EXPECT_TRUE(test, virt_addr_valid(ptr));
	for (i = 0; i < size; i += PAGE_SIZE)
		KUNIT_EXPECT_EQ(test, page_to_pfn(virt_to_page(PTR_ALIGN_DOWN(ptr, PAGE_SIZE) + i)),
				first + i / PAGE_SIZE);
}

/* So a client can tell its blocks from memory of kmalloc(): see docs/from-kmalloc.md. */
static void other_heaps_are_from_vmalloc(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, SZ_64K);
	void *ptr = suite_alloc(test, 100);

	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(ptr));
	heapmod_free(heap, ptr);
}

static void blocks_are_contiguous(struct kunit *test)
{
	struct heapmod *heap = suite_heap_flags(test, SZ_64K + 100, HEAPMOD_LINEAR);
	u8 *small = suite_alloc(test, 100);
	u8 *large = suite_alloc(test, 50000);

	expect_linear(test, small, 100);
	expect_linear(test, large, 50000);
	memset(large, 1, 50000);
	heapmod_free(heap, small);
	heapmod_free(heap, large);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).region_bytes, round_down(SZ_64K + 100, 16));
}

static void all_flags_together(struct kunit *test)
{
	struct heapmod *heap = suite_heap_flags(test, SZ_64K, HEAPMOD_LINEAR | HEAPMOD_POISON |
						HEAPMOD_REDZONE);
	int i;

	for (i = 1; i < 100; i++) {
		u8 *ptr = suite_alloc(test, 37 * i);

		memset(ptr, i, 37 * i);
		ptr = heapmod_realloc(heap, ptr, 30 * i, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, ptr);
		KUNIT_EXPECT_EQ(test, ptr[30 * i - 1], i);
		heapmod_free(heap, ptr);
	}
	KUNIT_EXPECT_EQ(test, suite_stats(heap).holes, 1);
}

static void a_node_can_be_chosen(struct kunit *test)
{
	struct heapmod *heap = heapmod_create_node("linear", SZ_64K, HEAPMOD_LINEAR,
						   first_online_node);
	u8 *ptr;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	ptr = heapmod_alloc(heap, 100, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(ptr)), first_online_node);
	heapmod_free(heap, ptr);
	heapmod_destroy(heap);
}

/* The page allocator has no larger block. The largest itself may not be available. */
static void sizes_are_limited(struct kunit *test)
{
	struct heapmod *heap;

	heap = heapmod_create("linear", LARGEST + 16, HEAPMOD_LINEAR);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(heap), -EFBIG);
	heap = heapmod_create("linear", LARGEST, HEAPMOD_LINEAR);
	KUNIT_EXPECT_TRUE(test, !IS_ERR(heap) || PTR_ERR(heap) == -ENOMEM);
	heapmod_destroy(heap);
	heap = heapmod_create("linear", 32, HEAPMOD_LINEAR);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(heap), 0);
	heapmod_destroy(heap);
}

static void memory_of_the_caller_is_refused(struct kunit *test)
{
	void *mem = kunit_kzalloc(test, 1024, GFP_KERNEL);
	struct heapmod *heap = heapmod_create_in("linear", mem, 1024, HEAPMOD_LINEAR);

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(heap), -EINVAL);
}

/* All memory comes back, also the pages behind an odd size: what a mistake would lose is large. */
static void memory_is_returned(struct kunit *test)
{
	long before = si_mem_available();
	struct heapmod *heap;
	int i;

	for (i = 0; i < 50; i++) {
		heap = heapmod_create("linear", SZ_1M + SZ_4K, HEAPMOD_LINEAR);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
		heapmod_destroy(heap);
	}
	KUNIT_EXPECT_LT(test, before - si_mem_available(), (long)(SZ_32M / PAGE_SIZE));
}

/* A buffer for DMA shares no cache line with a header or another block. */
static void aligned_blocks_share_no_cache_line(struct kunit *test)
{
	struct heapmod *heap = suite_heap_flags(test, SZ_64K, HEAPMOD_LINEAR);
	u8 *blocks[3];
	int i;

	for (i = 0; i < 3; i++) {
		blocks[i] = heapmod_alloc_aligned(heap, 256, 128, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
		KUNIT_EXPECT_EQ(test, (unsigned long)blocks[i] % 128, 0);
	}
	for (i = 1; i < 3; i++)
		KUNIT_EXPECT_GE(test, blocks[i] - blocks[i - 1], 256 + (long)sizeof(u64));
}

/* This file is built without KASAN, so it may read the shadow. */
static void kasan_denies_what_is_free(struct kunit *test)
{
#if HEAPMOD_KASAN
	struct heapmod *heap = suite_heap_flags(test, SZ_64K, HEAPMOD_LINEAR);
	u8 *ptr = suite_alloc(test, 96);

	KUNIT_EXPECT_EQ(test, *(u8 *)kasan_mem_to_shadow(ptr), 0);
	KUNIT_EXPECT_EQ(test, *(u8 *)kasan_mem_to_shadow(ptr + 95), 0);
	KUNIT_EXPECT_NE(test, *(u8 *)kasan_mem_to_shadow(ptr + 96), 0);
	KUNIT_EXPECT_NE(test, *(u8 *)kasan_mem_to_shadow(ptr - 8), 0);
	heapmod_free(heap, ptr);
	KUNIT_EXPECT_NE(test, *(u8 *)kasan_mem_to_shadow(ptr), 0);
#else
	kunit_skip(test, "this kernel marks no memory as free");
#endif
}

static struct kunit_case cases[] = {
	KUNIT_CASE(other_heaps_are_from_vmalloc),
	KUNIT_CASE(blocks_are_contiguous),
	KUNIT_CASE(all_flags_together),
	KUNIT_CASE(a_node_can_be_chosen),
	KUNIT_CASE(sizes_are_limited),
	KUNIT_CASE(memory_of_the_caller_is_refused),
	KUNIT_CASE(memory_is_returned),
	KUNIT_CASE(aligned_blocks_share_no_cache_line),
	KUNIT_CASE(kasan_denies_what_is_free),
	{}
};

SUITE(cases);
